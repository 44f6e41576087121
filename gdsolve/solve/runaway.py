"""Parameters that run to infinity along a valley without a minimum."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import LeftDomain
from gdsolve.objective.box import Box, Boxed
from gdsolve.objective.surroundings import Direction, Surroundings, Trend
from gdsolve.solve.problem import Problem
from gdsolve.status import Status

RATIO = 1e2
MOVING = 0.1
STEEPEST = 10.0
DOUBLINGS = 6
INWARD = 1e-6
STRIDE = 4.0
MOST_STEPS = 20


def running_weights(problem: Problem, place: Surroundings, direction: Direction) -> tuple[int, ...]:
    """The weights that run to infinity along a direction in which the loss hardly changes; empty where none does.

    They have grown a hundred times beyond their start, or the loss is level where they grow and rises where they
    shrink, which no smooth loss is at a minimum. The one that has grown most is held at multiples of its value,
    and the others brought to their best: further out, up to 64 times, the loss does not rise, while on the way back to
    the start it changes. So what there is of a minimum lies at infinity; where the valley is level all along, it is one
    of many minima.
    """
    w, start = place.w, problem.start
    grown = (w.abs() / torch.where(start.abs() > 1.0, start.abs(), 1.0))[:, 0]
    rate = torch.where(w != 0.0, direction.vector.to(w) / w, 0.0)[:, 0]
    rate = torch.where(rate.abs() <= STEEPEST, rate, 0.0)
    moved = w.abs()[:, 0] > (1.0 + MOVING) * start.abs()[:, 0]
    running = (rate.abs() > MOVING) & moved & ((grown >= RATIO) | _is_level_outward(problem, direction, rate))
    if not bool(running.any()):
        return ()
    first = int(torch.where(running, grown, 0.0).argmax())
    rate = rate / rate[first]
    outward = _changes(problem, place, rate, first, [1.0] * DOUBLINGS)
    if any(change > direction.tolerance for change in outward):
        return ()
    back = math.ceil(math.log2(float(grown[first]) / INWARD))
    strides = [-min(STRIDE * 2.0**step, back) for step in range(max(1, back.bit_length()))]
    changes = any(abs(change) > direction.tolerance for change in _changes(problem, place, rate, first, strides))
    return tuple(running.nonzero()[:, 0].tolist()) if changes else ()


def running_together(problem: Problem, place: Surroundings, tolerance: float) -> tuple[int, ...]:
    """All weights, where the loss does not rise if all are multiplied at once, by up to 64, and rises on the way back.

    So run the weights of a likelihood whose rows are separated.
    """
    moved = (place.w.abs() > (1.0 + MOVING) * problem.start.abs())[:, 0]
    if not problem.smooth or problem.box is not None or not bool(moved.any()):
        return ()
    changes = [_change_together(problem, place, power) for power in (1.0, 2.0, 6.0, -1.0, -STRIDE, -2.0 * STRIDE)]
    outward, inward = changes[:3], changes[3:]
    if any(change > tolerance for change in outward) or not any(change > tolerance for change in inward):
        return ()
    return tuple(moved.nonzero()[:, 0].tolist())


def _change_together(problem: Problem, place: Surroundings, power: float) -> float:
    change = float(problem.objective.evaluate(place.w * 2.0**power).value) - place.value
    return change if math.isfinite(change) else math.inf


def _is_level_outward(problem: Problem, direction: Direction, rate: Tensor) -> Tensor:
    """True, (p,), for weights that the loss does not keep from growing, though it keeps them from shrinking."""
    ahead, behind = (side.trend is Trend.RISES for side in direction.sides)
    if not problem.smooth or ahead == behind:
        return torch.zeros_like(rate, dtype=torch.bool)
    return rate < 0.0 if ahead else rate > 0.0


def _changes(
    problem: Problem, place: Surroundings, rate: Tensor, first: int, powers: Sequence[float]
) -> Iterator[float]:
    """L − L(w) where weight number `first` is multiplied by 2^power again and again, and the others are at their best.

    Each search begins where the last one ended, moved on as the last one has moved; infinite where the loss is not
    defined.
    """
    point, slope = place.w, rate[:, None] * math.log(2.0)
    for power in powers:
        before = point
        point, value = _profile(problem, point * (slope * power).clamp(-500.0, 500.0).exp(), first)
        yield value - place.value if math.isfinite(value) else math.inf
        moved = (point / before).log() / power
        slope = torch.where(torch.isfinite(moved), moved, slope)


def _profile(problem: Problem, point: Tensor, first: int) -> tuple[Tensor, float]:
    """The point with the others at their best, as far as Newton's method gets in a few steps, and the loss there."""
    lower, upper = torch.full_like(point, -math.inf), torch.full_like(point, math.inf)
    if problem.box is not None:
        lower, upper = problem.box.lower.clone(), problem.box.upper.clone()
        point = problem.box.project(point)
    lower[first] = upper[first] = point[first]
    box = Box(lower, upper)
    found = iterate(
        Boxed(problem.objective, box),
        point,
        Newton(box),
        (LeftDomain(),),
        max_iter=MOST_STEPS,
        schedule=Schedule("log"),
    )
    if found.status is Status.INTERRUPTED:
        raise KeyboardInterrupt
    return found.w, found.value
