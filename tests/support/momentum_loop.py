"""The two lines of heavy ball and of Nesterov's method as a loop, for the tests of the closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from problems import Posed, pose, random_table

from gdsolve.descent.characteristic import ConstantMomentum, MomentumKind, largest_stable_rate
from gdsolve.descent.ends import limit_status
from gdsolve.descent.iterate import iterate
from gdsolve.descent.leap import leap
from gdsolve.descent.methods.base import Advance, Point
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.descent.stop import Divergence, StopRule
from gdsolve.objective.base import Objective

HEAVY_BALL, NESTEROV = MomentumKind.HEAVY_BALL, MomentumKind.NESTEROV


@dataclass(frozen=True)
class Loop:
    """The textbook's two lines, for the loop of gdsolve."""

    momentum: ConstantMomentum
    rate: float
    blind: bool = True

    def begin(self, objective: Objective, start: Point) -> torch.Tensor:
        return start.w if self.momentum.kind is NESTEROV else torch.zeros_like(start.w)

    def step(self, objective: Objective, point: Point, memory: torch.Tensor, k: int) -> Advance:
        if self.momentum.kind is HEAVY_BALL:
            velocity = self.momentum.beta * memory + point.now.gradient
            return Advance(Point.at(objective, point.w - self.rate * velocity), velocity)
        ahead = point.w + self.momentum.beta * (point.w - memory)
        return Advance(Point.at(objective, ahead - self.rate * objective.evaluate(ahead).gradient), point.w, 2)


def posed_of(seed: int, n: int = 3, m: int = 12) -> Posed:
    return pose(random_table(seed, m, n), 1.0 / m)


def form_of(posed: Posed, momentum: ConstantMomentum, *rates: float) -> LinearRecurrence:
    return LinearRecurrence.of(posed.modes, posed.start, torch.tensor(rates, dtype=torch.float64), momentum)


def stable(posed: Posed, momentum: ConstantMomentum) -> float:
    rate = largest_stable_rate(momentum, posed.modes.spectrum.largest)
    assert rate is not None
    return rate


def critical(posed: Posed, kind: MomentumKind, rate: float, mode: int = 0) -> float:
    """The β at which a mode has a double root."""
    root = math.sqrt(rate * float(posed.modes.eigenvalues[mode]))
    return (1.0 - root) ** 2 if kind is HEAVY_BALL else (1.0 - root) / (1.0 + root)


def walk(posed: Posed, momentum: ConstantMomentum, rate: float, updates: int) -> list[Point]:
    """All iterates, each with what is known there."""
    method = Loop(momentum, rate)
    point = Point.at(posed.quadratic, posed.start)
    memory, path = method.begin(posed.quadratic, point), [point]
    for k in range(updates):
        advance = method.step(posed.quadratic, point, memory, k)
        point, memory = advance.point, advance.memory
        path.append(point)
    return path


def both_ways(
    posed: Posed, momentum: ConstantMomentum, rate: float, rules: tuple[StopRule, ...], max_iter: int, every: int = 100
) -> tuple[Solution, Solution]:
    stops = (Divergence(float(posed.quadratic.value(posed.start))), *rules)
    (at_limit,) = limit_status(form_of(posed, momentum, rate))
    loop = iterate(
        posed.quadratic,
        posed.start,
        Loop(momentum, rate),
        stops,
        max_iter=max_iter,
        schedule=Schedule(every),
        at_limit=at_limit,
    )
    leapt = leap(posed.modes, posed.start, rate, stops, max_iter=max_iter, schedule=Schedule(every), momentum=momentum)
    return loop, leapt


def assert_same(loop: Solution, leapt: Solution, rtol: float = 1e-9) -> None:
    assert (leapt.iterations, leapt.status, leapt.stopped_by) == (loop.iterations, loop.status, loop.stopped_by)
    assert leapt.best_iteration == loop.best_iteration
    assert leapt.trace.iterations == loop.trace.iterations
    largest = loop.trace.weights.abs().amax(dim=0).cummax(dim=0).values
    assert bool(((leapt.trace.weights - loop.trace.weights).abs() <= rtol * largest).all())
    torch.testing.assert_close(leapt.w, loop.w, rtol=rtol, atol=1e-12)
    assert leapt.trace.values == pytest.approx(loop.trace.values, rel=rtol)
    gradients = loop.trace.gradient_norms
    assert leapt.trace.gradient_norms == pytest.approx(gradients, rel=rtol, abs=1e-9 * max(gradients[0], 1e-3))
