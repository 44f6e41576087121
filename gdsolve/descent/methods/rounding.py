"""Where the digits of a loss end, and what it means that no trial lowered it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from gdsolve.descent.methods.base import Halt

UNITS = 4.0
RESOLVED = 8.0


def rounding(value: float, dtype: torch.dtype) -> float:
    """What a change of a loss `value` must exceed to mean anything: 4·ε·|L|."""
    return UNITS * torch.finfo(dtype).eps * abs(value)


def unresolved(change: float, value: float, dtype: torch.dtype) -> bool:
    """True unless a loss rose by more than √ε·|L|, which is far more than rounding: then a step went astray."""
    return change <= math.sqrt(torch.finfo(dtype).eps) * abs(value)


@dataclass(frozen=True, slots=True)
class Trial:
    """One point w_t that was tried from w, at rate `rate`.

    `promised` is −∇L(w)ᵀ(w_t − w), the decrease to first order; `change` is L(w_t) − L(w); `turned` is
    1 − ∇L(w_t)ᵀ(w_t − w)/∇L(w)ᵀ(w_t − w): 0 where the slope is what it was, 1 at a minimum along the line.
    """

    rate: float
    promised: float
    change: float
    turned: float

    @property
    def finite(self) -> bool:
        """True where loss and gradient exist."""
        return math.isfinite(self.change) and math.isfinite(self.turned)


@dataclass(frozen=True, slots=True)
class Faint:
    """How steps fare that promise less than rounding: the least promise, and steps since it was last halved.

    Losses cannot judge such steps, promises can: while they keep falling the gradient is still on its way to 0.
    """

    least: float = math.inf
    idle: int = 0

    def after(self, promise: float) -> Faint:
        """The same with one more step."""
        return Faint(promise) if promise < 0.5 * self.least else Faint(self.least, self.idle + 1)


def verdict(trials: list[Trial], floor: float) -> Halt:
    """Why no trial lowered the loss, for trials down to the shortest that promise a change above rounding, `floor`.

    A smooth function with the right gradient falls along every short enough step, unless its rounding hides that. So
    it is `NO_STEP` if

    - no trial lies in the domain,
    - the slope, unchanged over the step, promises a decrease well above the noise, and there is none: the gradient is
      not that of the loss; or
    - the slope turns within a short step and hardly more within a far longer one that promises a decrease well above
      the noise: a kink, where a smooth function's slope would have turned in proportion to the length;

    and `ROUNDING` otherwise. The noise is what the loss changed by over the three shortest steps.
    """
    if not trials:
        return Halt.ROUNDING
    finite = sorted((trial for trial in trials if trial.finite), key=lambda trial: trial.rate)
    if not finite:
        return Halt.NO_STEP
    noise = max(floor, *(abs(trial.change) for trial in finite[:3]))
    if any(trial.turned < 0.5 and trial.promised > RESOLVED * noise for trial in finite):
        return Halt.NO_STEP
    longest = finite[-1]
    bends = (trial for trial in finite if trial.turned >= 0.5 and 16.0 * trial.rate <= longest.rate)
    bend = next(bends, None)
    kinked = (
        bend is not None
        and longest.promised > RESOLVED * noise
        and longest.turned <= bend.turned * math.sqrt(longest.rate / bend.rate)
    )
    return Halt.NO_STEP if kinked else Halt.ROUNDING
