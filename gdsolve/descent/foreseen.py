"""What rounding hides from a loop, and the rules that the closed form must judge for it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.leap import Form, find_stops
from gdsolve.descent.stop import (
    BadStart,
    Divergence,
    LeftDomain,
    SmallGradient,
    SmallLossChange,
    SmallUpdate,
    Step,
    StopRule,
    Unbounded,
)
from gdsolve.objective.modes import Modes
from gdsolve.status import Status

SAFETY = 4.0


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A rule that holds from update `k` on in exact arithmetic, where a loop could not tell; None if it never holds.

    `floor` is what rounding alone can make of the figure that the rule looks at.
    """

    rule: StopRule
    k: int | None
    floor: float

    @property
    def name(self) -> str:
        """That of the rule."""
        return self.rule.name

    def check(self, step: Step) -> Status | None:
        """Converged once the closed form says so."""
        return Status.CONVERGED if self.k is not None and step.k >= self.k else None


@dataclass(frozen=True, slots=True)
class Floors:
    """Sizes below which an update, a gradient norm and a change of the loss may be rounding alone."""

    update: float
    gradient: float
    change: float

    @classmethod
    def of(cls, modes: Modes, form: Form, dtype: torch.dtype) -> Floors:
        """The floors of a loop in `dtype` at the one rate of `form`.

        What a step is rounded by comes back a step later, in a mode that overshoots by |d| or whose roots have modulus
        |d|, so that updates up to that by 1 − |d| never die out. The loss is a sum that is rounded to ε·L, and its
        changes follow from the updates as L_max·u²/2.
        """
        epsilon, rate, largest = torch.finfo(dtype).eps, float(form.rates[0, 0]), modes.spectrum.largest
        kept = _share_lost(form)
        if modes.spectrum.rank == 0 or kept <= 0.0:
            return cls(0.0, 0.0, 0.0)
        update = rounding_of_step(modes, dtype) / kept
        change = SAFETY * epsilon * float(form.minimum) + 0.5 * largest * update**2
        return cls(update, update / rate, change)


def rounding_of_step(modes: Modes, dtype: torch.dtype) -> float:
    """What a step is rounded by: ε·s with s = max|w*| + 2‖b‖/σ_max, weights and gradient together."""
    target = modes.quadratic.aim()
    longest = (modes.spectrum.largest / modes.quadratic.curvature_scale) ** 0.5
    size = float(modes.minimiser.abs().amax()) + 2.0 * float(target.norm()) / longest
    rounding: float = SAFETY * float(torch.finfo(dtype).eps) * size
    return rounding


def _share_lost(form: Form) -> float:
    """The share of a step's rounding that is gone one step later, in the mode that keeps it longest."""
    if isinstance(form, ClosedForm):
        # Without an overshoot a rounding error is drawn back like any other, a little every step.
        overshooting = form.log_decay[(form.flips & form.excited)]
        return -float(torch.expm1(overshooting.amax())) if len(overshooting) else 1.0
    return -float(torch.expm1(form.slowest()[0]))


def converges(rule: StopRule) -> bool:
    """True for a rule that ends a run well."""
    return isinstance(rule, SmallUpdate | SmallLossChange | SmallGradient | Foreseen)


def of_quadratic(stops: tuple[StopRule, ...]) -> tuple[StopRule, ...]:
    """The rules that can hold on a convex quadratic, which is defined everywhere and bounded below."""
    return tuple(rule for rule in stops if not isinstance(rule, BadStart | LeftDomain | Unbounded))


def judge(stops: tuple[StopRule, ...], modes: Modes, form: Form, dtype: torch.dtype) -> tuple[StopRule, ...]:
    """The rules for a loop in `dtype`: those whose threshold lies below rounding become `Foreseen`."""
    floors = Floors.of(modes, form, dtype)
    judged: list[StopRule] = []
    for rule in stops:
        match rule:
            case SmallUpdate():
                threshold, floor = rule.tolerance, floors.update
            case SmallGradient():
                threshold, floor = rule.tolerance, floors.gradient
            case SmallLossChange():
                threshold, floor = rule.tolerance, floors.change
            case _:
                threshold, floor = 0.0, 0.0
        judged.append(_foreseen(rule, form, stops, floor) if threshold < floor else rule)
    return tuple(judged)


def _foreseen(rule: StopRule, form: Form, stops: tuple[StopRule, ...], floor: float) -> Foreseen:
    explosions = tuple(other for other in stops if isinstance(other, Divergence))
    (stop,) = find_stops(form, (*explosions, rule), None)
    return Foreseen(rule, stop.iterations if stop.stopped_by == rule.name else None, floor)
