"""What is certified where a run ended: a minimum, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import torch

from gdsolve.objective.separated import Separation
from gdsolve.objective.spectrum import Spectrum

MOST_STEPS = 100
NEGLIGIBLE = 1e-10


class NoMinimum(StrEnum):
    """Why no minimum is certified, as it is told."""

    NONSMOOTH = "the loss is not differentiable everywhere, so that second derivatives cannot show a minimum"
    TOO_LARGE = "the problem is too large to look for one by Newton's method"
    STREAMED = "its rows are read anew every epoch, and none are kept to look for one"
    INTERRUPTED = "the search for one was interrupted"
    NOT_FOUND = f"Newton's method finds none within {MOST_STEPS} steps from here"
    NOT_FINITE = "the curvature there is not finite"
    SADDLE = "the curvature is negative in some direction: this is a saddle point, not a minimum"
    MAXIMUM = "the curvature is negative in every direction: this is a maximum, not a minimum"
    INFLECTION = "the loss falls in a direction in which it does not curve: this is no minimum"
    RUNAWAY = "a parameter runs to infinity: there is no minimum in this direction"
    SEPARATED = "the classes or counts are separated: no weights are large enough"
    FLAT = "the curvature there is zero"
    NO_POINT = "no method reached a point to look from"


@dataclass(frozen=True, slots=True)
class Minimum:
    """A minimum, (p, 1) in descent's coordinates, its value, and the curvature there.

    `spectrum` is of the Hessian over the weights that no bound holds, None where the loss has corners instead;
    `is_global` is True where no point is lower. Where it is not unique, `ranges`, (p, 2), may be those of the user's
    weights over all minima.
    """

    w: torch.Tensor
    value: float
    hessian: torch.Tensor | None
    spectrum: Spectrum | None
    unique: bool
    is_global: bool
    ranges: torch.Tensor | None = None

    def gap(self, w: torch.Tensor, value: float) -> float:
        """L(w) − L*, by the curvature where the difference of the values would cancel."""
        difference = value - self.value
        if self.hessian is None or abs(difference) > NEGLIGIBLE * max(abs(value), abs(self.value)):
            return max(0.0, difference)
        away = (w - self.w).to(self.hessian)
        return max(0.0, 0.5 * float(away.mT @ self.hessian @ away))


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is known of the place where a run ended: a minimum, or why there is none; None and None after divergence.

    `gap` is how far the loss is above the minimum, in the user's units; `separation` is why a likelihood has none, and
    `running` are the places of the weights that run to infinity. `duality_gap` bounds the gap with an l1 penalty.
    `arrived` is False where the gradient shows that the run ended away from any minimum.
    """

    minimum: Minimum | None
    reason: NoMinimum | None = None
    gap: float | None = None
    separation: Separation | None = None
    running: tuple[int, ...] = ()
    duality_gap: float | None = None
    arrived: bool = True

    @property
    def interrupted(self) -> bool:
        """True where the search was."""
        return self.reason is NoMinimum.INTERRUPTED

    @property
    def spectrum(self) -> Spectrum | None:
        """The eigenvalues of the Hessian at the minimum, where there is one."""
        return None if self.minimum is None else self.minimum.spectrum
