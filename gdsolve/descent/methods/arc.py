"""Backtracking along an arc of trial points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.descent.methods.base import Halt, Point
from gdsolve.descent.methods.rounding import Trial, rounding, verdict
from gdsolve.objective.base import Objective

SUFFICIENT = 1e-4
MOST_TRIALS = 100


@dataclass(frozen=True, slots=True)
class Found:
    """The trial that was taken: the point, its rate t, its loss on the host, and the evaluations that it took."""

    point: Point
    rate: float
    value: float
    evaluations: int


def backtrack(
    objective: Objective,
    point: Point,
    arc: Callable[[float], Tensor],
    first: float,
    *,
    ceiling: float | None = None,
    longest: float = 0.0,
) -> Found | Halt:
    """The first w_t = arc(t), t = `first`, `first`/2, …, with L(w_t) ≤ `ceiling` − c₁·∇L(w)ᵀ(w − w_t), c₁ = 10⁻⁴.

    The ceiling is L(w) unless given. A trial where loss or gradient is not finite is outside of the domain and never
    taken. Halving ends where no weight moves any more, or where the promise falls below rounding. Then all is tried
    again from `longest`, if that is longer, with L(w) as the ceiling: rates that once became short, at a kink or by
    rounding, must not look like a minimum. Each trial reads its numbers in one transfer.
    Sources: Armijo (1966); Nocedal and Wright, Numerical Optimization, 2nd ed., equation 3.4 and algorithm 3.1; along
    an arc, Bertsekas, Nonlinear Programming, 2nd ed., equation 2.35.
    """
    trials: list[Trial] = []
    floor = 0.0
    rate, exhausted = first, True
    for count in range(1, MOST_TRIALS + 1):
        tried = attempt(objective, point, arc(rate), rate)
        trial, value = tried.trial, tried.before
        floor = rounding(value, point.w.dtype)
        if not tried.moved:
            break
        above = 0.0 if ceiling is None else value - ceiling
        if trial.finite and trial.promised > 0.0 and above + trial.change <= -SUFFICIENT * trial.promised:
            return Found(tried.point, rate, value + trial.change, count)
        trials.append(trial)
        if math.isfinite(trial.change) and abs(trial.promised) <= 0.125 * floor:
            break
        rate *= 0.5
    else:
        exhausted = False
    if longest > first:
        found = backtrack(objective, point, arc, longest)
        return replace(found, evaluations=found.evaluations + count) if isinstance(found, Found) else found
    return verdict(trials, floor) if exhausted else Halt.NO_STEP


@dataclass(frozen=True, slots=True)
class Attempt:
    """The point that was tried, what came of it, whether any weight moved, and the loss before, on the host."""

    point: Point
    trial: Trial
    moved: bool
    before: float


def attempt(objective: Objective, point: Point, w: Tensor, rate: float) -> Attempt:
    """Try w, (p, 1), at `rate` from `point`; all numbers come in one transfer."""
    reached = Point.at(objective, w)
    step = w - point.w
    figures = torch.stack(
        [
            reached.now.value,
            torch.sum(point.now.gradient * step),
            torch.sum(reached.now.gradient * step),
            step.abs().amax(),
            point.now.value,
        ]
    )
    after, before_slope, after_slope, length, value = figures.tolist()
    turned = 1.0 - after_slope / before_slope if before_slope else float("nan")
    return Attempt(reached, Trial(rate, -before_slope, after - value, turned), length != 0.0, value)
