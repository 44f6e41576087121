"""When to stop: one rule a class, each alone and without memory."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Protocol

from gdsolve.objective.namespace import Array
from gdsolve.status import Status

EXPLOSION = 1e12
# Ten digits of every weight that is not so much smaller than the largest.
DIGITS = 1e-9
COUNTED = 1e-9
AGREES = 1e-6
ROUNDINGS = 8.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a small update is held against: Σ|∇Lᵢwᵢ|, and the least counted and the largest |wᵢ|."""

    pull: float
    least: float
    largest: float


@dataclass(frozen=True, slots=True)
class Step:
    """What a rule may look at after `k` updates.

    `update` is max|wᵢ_k − wᵢ_(k−1)|; it and `previous_value` are None at k = 0. `trend` is the mean of all
    log(update_k/update_(k−1)), the later half counting most, and `envelope` the largest update so far, each shrunk by
    the trend since: accelerated descent swings, and turns with a small one. They and `sizes` are there where a rule
    asks for them. Figures are in descent's coordinates.
    """

    k: int
    value: float
    previous_value: float | None
    gradient_norm: float
    update: float | None
    trend: float = 0.0
    envelope: float = 0.0
    sizes: Sizes | None = None


class StopRule(Protocol):
    """A reason to stop, by the name under which results report it."""

    @property
    def name(self) -> str:
        """The value of `stopped_by`."""
        ...

    def check(self, step: Step) -> Status | None:
        """The status to end with after `step`, or None to go on."""
        ...


@dataclass(frozen=True, slots=True)
class SmallUpdate:
    """Converged when max|wᵢ_new − wᵢ_old| < tolerance (docs/design.md, section 2)."""

    tolerance: float

    @property
    def name(self) -> str:
        """`tol`."""
        return "tol"

    def check(self, step: Step) -> Status | None:
        """Converged on a small update; never before the first."""
        return Status.CONVERGED if step.update is not None and step.update < self.tolerance else None


@dataclass(frozen=True, slots=True)
class SettledUpdate(SmallUpdate):
    """Converged on an update below `tolerance` that also means a small error, where gdsolve chose the rate.

    Updates that shrink by r a step have update/(1 − r) to go: that must be within ten digits of every weight. And the
    gradient must agree: Σ|∇Lᵢwᵢ| ≤ 10⁻⁶ of the loss, here or at the start, whose size is `reference`, since a rate that
    is far too small for some weights makes all updates small. An update of 0, or of a few roundings of the largest
    weight, is the last there is.
    """

    reference: float

    def check(self, step: Step) -> Status | None:
        """Converged on such an update; never before the first."""
        if step.update is None or step.update >= self.tolerance:
            return None
        return Status.CONVERGED if step.update == 0.0 or self._settled(step.update, step) else None

    def _settled(self, update: float, step: Step) -> bool:
        sizes = step.sizes
        if sizes is None or not sizes.pull <= AGREES * max(self.reference, abs(step.value)):
            return False
        if update <= ROUNDINGS * sys.float_info.epsilon * sizes.largest:
            return True
        return step.trend < 0.0 and max(update, step.envelope) <= -math.expm1(step.trend) * DIGITS * sizes.least


@dataclass(frozen=True, slots=True)
class SmallLossChange:
    """Converged when |L_new − L_old| < tolerance (docs/design.md, section 2)."""

    tolerance: float

    @property
    def name(self) -> str:
        """`loss_tol`."""
        return "loss_tol"

    def check(self, step: Step) -> Status | None:
        """Converged on a small change of the loss; never before the first update."""
        if step.previous_value is None:
            return None
        return Status.CONVERGED if abs(step.value - step.previous_value) < self.tolerance else None


@dataclass(frozen=True, slots=True)
class SmallGradient:
    """Converged when ‖∇L‖₂ < tolerance, at the start too (docs/design.md, section 2)."""

    tolerance: float

    @property
    def name(self) -> str:
        """`grad_tol`."""
        return "grad_tol"

    def check(self, step: Step) -> Status | None:
        """Converged on a small gradient."""
        return Status.CONVERGED if step.gradient_norm < self.tolerance else None


@dataclass(frozen=True, slots=True)
class Divergence:
    """Diverged when L is not finite or exceeds 10¹² times `reference`, the loss at the start.

    Relative to the problem, never absolute; a stable rate of plain descent cannot set it off, since its loss never
    rises. With momentum the loss of a stable rate may rise for a while, in theory even so far.
    """

    reference: float

    @property
    def threshold(self) -> float:
        """The loss beyond which the run has diverged."""
        return EXPLOSION * self.reference

    @property
    def name(self) -> str:
        """`explosion`."""
        return "explosion"

    def check(self, step: Step) -> Status | None:
        """Diverged on an exploding loss."""
        return None if math.isfinite(step.value) and step.value <= self.threshold else Status.DIVERGED


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """A rule of many runs, each with a threshold of its own: for the closed form, which judges them all at once.

    Shapes: `thresholds` is (q,), and stands in place of the one of `rule`.
    """

    rule: SmallUpdate | SmallLossChange | SmallGradient | Divergence
    thresholds: Array

    @property
    def name(self) -> str:
        """That of the rule."""
        return self.rule.name

    def check(self, step: Step) -> Status | None:
        """Never asked of a single step.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"{self.name}: the thresholds of many runs, and one step")


@dataclass(frozen=True, slots=True)
class BadStart:
    """Failed when L or ∇L is not finite at the start: there is nothing to descend from."""

    @property
    def name(self) -> str:
        """`start`."""
        return "start"

    def check(self, step: Step) -> Status | None:
        """Failed before the first update, or never."""
        finite = math.isfinite(step.value) and math.isfinite(step.gradient_norm)
        return Status.FAILED if step.k == 0 and not finite else None


@dataclass(frozen=True, slots=True)
class LeftDomain:
    """Failed when L is not a number: the formula is not defined where descent has come to."""

    @property
    def name(self) -> str:
        """`domain`."""
        return "domain"

    def check(self, step: Step) -> Status | None:
        """Failed on NaN."""
        return Status.FAILED if math.isnan(step.value) else None


@dataclass(frozen=True, slots=True)
class Unbounded:
    """Diverged when L falls below −10¹² times `reference`, a size of L near the start: it has no minimum."""

    reference: float

    @property
    def name(self) -> str:
        """`unbounded`."""
        return "unbounded"

    def check(self, step: Step) -> Status | None:
        """Diverged on a loss that falls without end."""
        return Status.DIVERGED if step.value < -EXPLOSION * self.reference else None


def first_to_stop(stops: tuple[StopRule, ...], step: Step) -> tuple[StopRule, Status] | None:
    """The first rule, in order, that ends the run at `step`."""
    for rule in stops:
        status = rule.check(step)
        if status is not None:
            return rule, status
    return None
