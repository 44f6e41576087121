"""The only loop: one update after the other, on any objective."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from gdsolve.descent.methods.base import Advance, Halt, Method, Point
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution, Trace
from gdsolve.descent.stop import Step, StopRule, first_to_stop
from gdsolve.objective.base import Objective
from gdsolve.status import Status

BLOCK = 64
LONG_STEP = 200_000

# Told the latest step after every block of updates that was read.
Observer = Callable[[Step], None]


@dataclass(slots=True)
class _Journal:
    """What the driver keeps while it runs: the reported columns, the best iterate, and the evaluations so far."""

    iterations: list[int] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    best: tuple[float, int, Tensor] | None = None
    evaluations: int = 1

    def note(self, step: Step, w: Tensor, *, reported: bool) -> None:
        if self.best is None or step.value < self.best[0]:
            self.best = (step.value, step.k, w)
        if reported and (not self.iterations or self.iterations[-1] != step.k):
            self.iterations.append(step.k)
            self.weights.append(w)
            self.steps.append(step)

    def trace(self, objective: Objective) -> Trace:
        weights = torch.cat(self.weights, dim=1)
        errors = objective.sse(weights)
        return Trace(
            tuple(self.iterations),
            weights,
            (None,) * len(self.steps) if errors is None else tuple(errors.tolist()),
            tuple(step.value for step in self.steps),
            tuple(step.gradient_norm for step in self.steps),
            tuple(step.update for step in self.steps),
        )


def iterate(
    objective: Objective,
    start: Tensor,
    method: Method,
    stops: tuple[StopRule, ...],
    *,
    max_iter: int,
    schedule: Schedule,
    at_limit: Status = Status.MAX_ITER,
    observe: Observer | None = None,
) -> Solution:
    """Descend from `start`, (p, 1), by `method`, until a rule stops it or after `max_iter` updates.

    Blind steps are taken in blocks without looking, then read at once and checked one by one: on an accelerator nothing
    waits for the host inside a block, and the k that is returned is still the first at which a rule holds. Ctrl-C ends
    the run with status `interrupted` and what was reached. `observe` is told the latest step after every block.
    """
    large = objective.step_elements > LONG_STEP and start.device.type == "cpu"
    block = BLOCK if method.blind and not large else 1
    journal = _Journal()
    point = Point.at(objective, start)
    step = Step(0, float(point.now.value), None, float(point.now.gradient.norm()), None)
    w, k, memory, halt = start, 0, method.begin(objective, point), None
    journal.note(step, w, reported=True)
    ended = first_to_stop(stops, step)
    try:
        while ended is None and halt is None and k < max_iter:
            path, memory, halt = _walk(objective, method, point, memory, range(k, min(k + block, max_iter)))
            for after, advance in zip(_read(path, w, step), path, strict=True):
                step, w = after, advance.point.w
                journal.evaluations += advance.evaluations
                journal.note(step, w, reported=schedule.includes(step.k))
                ended = first_to_stop(stops, step)
                if ended is not None:
                    break
            k, point = step.k, path[-1].point if path else point
            if observe is not None:
                observe(step)
    except KeyboardInterrupt:
        return _conclude(objective, journal, step, w, Status.INTERRUPTED, None)
    if ended is not None:
        return _conclude(objective, journal, step, w, ended[1], ended[0].name)
    if halt is not None:
        found = Status.CONVERGED if halt is Halt.ROUNDING else Status.FAILED
        return _conclude(objective, journal, step, w, found, halt.value)
    return _conclude(objective, journal, step, w, at_limit, "max_iter")


def _walk(
    objective: Objective, method: Method, point: Point, memory: Any, updates: range
) -> tuple[list[Advance], Any, Halt | None]:
    path: list[Advance] = []
    for k in updates:
        advance = method.step(objective, point, memory, k)
        if isinstance(advance, Halt):
            return path, memory, advance
        point, memory = advance.point, advance.memory
        path.append(advance)
    return path, memory, None


def _read(path: list[Advance], w: Tensor, before: Step) -> list[Step]:
    """The steps of a block as numbers, fetched from the device in one transfer."""
    if not path:
        return []
    points = [advance.point for advance in path]
    weights = torch.cat([w, *(point.w for point in points)], dim=1)
    updates = weights.diff(dim=1).abs().amax(dim=0)
    norms = torch.cat([point.now.gradient for point in points], dim=1).norm(dim=0)
    values = torch.stack([point.now.value for point in points])
    steps = []
    for value, norm, update in torch.stack([values, norms, updates]).T.tolist():
        before = Step(before.k + 1, value, before.value, norm, update)
        steps.append(before)
    return steps


def _conclude(
    objective: Objective, journal: _Journal, step: Step, w: Tensor, status: Status, stopped_by: str | None
) -> Solution:
    journal.note(step, w, reported=True)
    value, best_k = step.value, step.k
    if status in (Status.DIVERGED, Status.FAILED) and journal.best is not None:
        value, best_k, w = journal.best
    return Solution(w, value, status, stopped_by, step.k, best_k, journal.evaluations, journal.trace(objective))
