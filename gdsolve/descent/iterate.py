"""The only loop: one update after the other, on any objective."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution, Trace
from gdsolve.descent.stop import Step, StopRule, first_to_stop
from gdsolve.objective.base import Evaluation, Objective
from gdsolve.status import Status

BLOCK = 64
LONG_STEP = 200_000


@dataclass(slots=True)
class _Journal:
    """What the driver keeps while it runs: the reported columns and the best iterate."""

    iterations: list[int] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    best: tuple[float, int, Tensor] | None = None

    def note(self, step: Step, w: Tensor, *, reported: bool) -> None:
        if self.best is None or step.value < self.best[0]:
            self.best = (step.value, step.k, w)
        if reported and (not self.iterations or self.iterations[-1] != step.k):
            self.iterations.append(step.k)
            self.weights.append(w)
            self.steps.append(step)

    def trace(self, objective: Objective) -> Trace:
        weights = torch.cat(self.weights, dim=1)
        return Trace(
            tuple(self.iterations),
            weights,
            tuple(objective.sse(weights).tolist()),
            tuple(step.value for step in self.steps),
            tuple(step.gradient_norm for step in self.steps),
            tuple(step.update for step in self.steps),
        )


def iterate(
    objective: Objective,
    start: Tensor,
    learning_rate: float,
    stops: tuple[StopRule, ...],
    *,
    max_iter: int,
    schedule: Schedule,
    at_limit: Status = Status.MAX_ITER,
) -> Solution:
    """Descend from `start`, (p, 1): w ← w − α·∇L(w), until a rule stops it or after `max_iter` updates.

    Steps are taken in blocks without looking, then read at once and checked one by one: on an accelerator nothing waits
    for the host inside a block, and the k that is returned is still the first at which a rule holds. Ctrl-C ends the
    run with status `interrupted` and what was reached.
    """
    block = 1 if objective.step_elements > LONG_STEP and start.device.type == "cpu" else BLOCK
    journal = _Journal()
    now = objective.evaluate(start)
    step = Step(0, float(now.value), None, float(now.gradient.norm()), None)
    w, k = start, 0
    journal.note(step, w, reported=True)
    ended = first_to_stop(stops, step)
    try:
        while ended is None and k < max_iter:
            path = _walk(objective, w, now, learning_rate, min(block, max_iter - k))
            for after, reached in _read(path, w, step):
                step, w = after, reached
                journal.note(step, w, reported=schedule.includes(step.k))
                ended = first_to_stop(stops, step)
                if ended is not None:
                    break
            k, now = step.k, path[-1][1]
    except KeyboardInterrupt:
        return _conclude(objective, journal, step, w, Status.INTERRUPTED, None)
    if ended is None:
        return _conclude(objective, journal, step, w, at_limit, "max_iter")
    return _conclude(objective, journal, step, w, ended[1], ended[0].name)


def _walk(
    objective: Objective, w: Tensor, now: Evaluation, learning_rate: float, steps: int
) -> list[tuple[Tensor, Evaluation]]:
    path = []
    for _ in range(steps):
        w = torch.sub(w, now.gradient, alpha=learning_rate)
        now = objective.evaluate(w)
        path.append((w, now))
    return path


def _read(path: list[tuple[Tensor, Evaluation]], w: Tensor, before: Step) -> list[tuple[Step, Tensor]]:
    """The steps of a block as numbers, fetched from the device in one transfer."""
    weights = torch.cat([w, *(point for point, _ in path)], dim=1)
    updates = weights.diff(dim=1).abs().amax(dim=0)
    norms = torch.cat([now.gradient for _, now in path], dim=1).norm(dim=0)
    values = torch.stack([now.value for _, now in path])
    steps = []
    rows = torch.stack([values, norms, updates]).T.tolist()
    for (point, _), (value, norm, update) in zip(path, rows, strict=True):
        before = Step(before.k + 1, value, before.value, norm, update)
        steps.append((before, point))
    return steps


def _conclude(
    objective: Objective, journal: _Journal, step: Step, w: Tensor, status: Status, stopped_by: str | None
) -> Solution:
    journal.note(step, w, reported=True)
    value, best_k = step.value, step.k
    if status is Status.DIVERGED and journal.best is not None:
        value, best_k, w = journal.best
    return Solution(w, value, status, stopped_by, step.k, best_k, journal.trace(objective))
