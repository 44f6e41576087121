"""The only loop: one update after the other, on any objective."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from gdsolve.descent.blocks import BLOCK, UpdateBlock
from gdsolve.descent.graphs import taker
from gdsolve.descent.methods.base import Condensing, Halt, Point, UpdateRule
from gdsolve.descent.methods.extent import norm
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution, Trace
from gdsolve.descent.solver_state import SolverState, StateKeeper
from gdsolve.descent.stop import SettledUpdate, Sizes, Step, StopRule, first_to_stop
from gdsolve.objective.base import Objective
from gdsolve.status import Status

LONG_STEP = 200_000
COLUMNS = 1024

# Told the start, every step of the first block of updates, and then the latest step after every block that was read.
Observer = Callable[[Step], None]


@dataclass(frozen=True, slots=True)
class _Mark:
    """A place between two blocks to which the journal can be cut back."""

    point: Point
    memory: Any
    step: Step
    reported: int
    best: tuple[float, int, Tensor]
    evaluations: int


@dataclass(slots=True)
class _Journal:
    """What the driver keeps while it runs: the reported columns, the best iterate, and the evaluations so far."""

    iterations: list[int] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    best: tuple[float, int, Tensor] | None = None
    evaluations: int = 1

    @classmethod
    def of(cls, state: SolverState) -> _Journal:
        """The journal of a run that stood there."""
        iterations, columns = [step.k for step in state.reported], torch.split(state.weights, 1, dim=1)
        return cls(iterations, list(columns), list(state.reported), state.best, state.evaluations)

    def mark(self, point: Point, memory: Any, step: Step) -> _Mark:
        """Here, with all that is noted so far."""
        assert self.best is not None
        return _Mark(point, memory, step, len(self.steps), self.best, self.evaluations)

    def state(self, mark: _Mark, method: UpdateRule) -> SolverState:
        """Where the run stood at `mark`, whatever was noted since."""
        memory = method.condense(mark.memory) if isinstance(method, Condensing) else mark.memory
        steps, weights = tuple(self.steps[: mark.reported]), torch.cat(self.weights[: mark.reported], dim=1)
        return SolverState(mark.point, memory, mark.step, steps, weights, mark.best, mark.evaluations)

    def note(self, step: Step, w: Tensor, *, reported: bool) -> None:
        if self.best is None or step.value < self.best[0]:
            self.best = (step.value, step.k, w)
        if reported and (not self.iterations or self.iterations[-1] != step.k):
            self.iterations.append(step.k)
            self.weights.append(w)
            self.steps.append(step)

    def hold(self, noted: int, k: int) -> None:
        """Copy what was noted of the updates after k, all columns but the first `noted`: it will be overwritten."""
        if self.weights[noted:]:
            self.weights[noted:] = torch.split(torch.cat(self.weights[noted:], dim=1), 1, dim=1)
        if self.best is not None and self.best[1] > k:
            self.best = (*self.best[:2], self.best[2].clone())

    def trace(self, objective: Objective) -> Trace:
        weights = torch.cat(self.weights, dim=1)
        # Some at a time: the errors of all rows at all iterations would not fit in memory.
        errors = [objective.sse(part) for part in torch.split(weights, COLUMNS, dim=1)]
        sse = [error for part in errors if part is not None for error in part.tolist()]
        return Trace(
            tuple(self.iterations),
            weights,
            tuple(sse) or (None,) * len(self.steps),
            tuple(step.value for step in self.steps),
            tuple(step.gradient_norm for step in self.steps),
            tuple(step.update for step in self.steps),
        )


def iterate(
    objective: Objective,
    start: Tensor,
    method: UpdateRule,
    stops: tuple[StopRule, ...],
    *,
    max_iter: int,
    schedule: Schedule,
    at_limit: Status = Status.MAX_ITER,
    observe: Observer | None = None,
    checkpointer: StateKeeper | None = None,
    begin: Callable[[], None] = lambda: None,
) -> Solution:
    """Descend from `start`, (p, 1), by `method`, until a rule stops it or after `max_iter` updates.

    Blind steps are taken in blocks without looking, then read at once and checked one by one: on an accelerator nothing
    waits for the host inside a block, and the k that is returned is still the first at which a rule holds. Ctrl-C ends
    the run with status `interrupted` and what was reached. `observe` is told the start, every step of the first block,
    and the latest step after every block. `begin` is called before the first update, and may interrupt the run.

    `checkpointer` says where to begin, and is given where the run stands: always between two blocks, which are those of
    a run that never stops, since what is summed over a block is rounded by its length. What was taken of the block in
    which the run ended is taken again by one that goes on.
    """
    large = objective.step_elements > LONG_STEP and start.device.type == "cpu"
    block = BLOCK if method.blind and not large else 1
    journal, point, memory, step = _begin(objective, start, method, checkpointer)
    w, k, halt, mark = point.w, step.k, None, journal.mark(point, memory, step)
    # What a run starts from says which weights are small: a start at 0 says nothing.
    unit = float(start.abs().amax()) if any(isinstance(rule, SettledUpdate) for rule in stops) else None
    take = taker(objective, method, unit, max_iter, start.device)
    ended = first_to_stop(stops, step)
    try:
        begin()
        if observe is not None:
            observe(step)
        while ended is None and halt is None and k < max_iter:
            if checkpointer is not None:
                mark = journal.mark(point, memory, step)
                if checkpointer.due():
                    checkpointer.keep(journal.state(mark, method), last=False)
            taken = take(point, memory, range(k, min(k + block, max_iter)))
            noted = len(journal.steps)
            for after, reached, evaluations in _read(taken, step):
                step, w = after, reached
                journal.evaluations += evaluations
                journal.note(step, w, reported=schedule.includes(step.k))
                if observe is not None and step.k < block:
                    observe(step)
                ended = first_to_stop(stops, step)
                if ended is not None:
                    break
            if taken.fleeting:
                journal.hold(noted, k)
                w = taken.point.w if ended is None else w
            k, point, memory, halt = step.k, taken.point, taken.memory, taken.halt
            if observe is not None and k >= block:
                observe(step)
        status, stopped_by = _ending(ended, halt, at_limit)
    except KeyboardInterrupt:
        status, stopped_by = Status.INTERRUPTED, None
    if checkpointer is not None:
        if status is at_limit and stopped_by == "max_iter" and k % block == 0:
            mark = journal.mark(point, memory, step)
        checkpointer.keep(journal.state(mark, method), last=True)
    return _conclude(objective, journal, step, w, status, stopped_by)


def _begin(
    objective: Objective, start: Tensor, method: UpdateRule, checkpointer: StateKeeper | None
) -> tuple[_Journal, Point, Any, Step]:
    """At the start, or where an earlier run stood."""
    state = None if checkpointer is None else checkpointer.begin(start)
    if state is not None:
        memory = state.memory
        if isinstance(method, Condensing):
            memory = method.expand(objective, state.point, memory)
        return _Journal.of(state), state.point, memory, state.step
    journal, point = _Journal(), Point.at(objective, start)
    step = Step(0, float(point.now.value), None, float(norm(point.now.gradient)), None)
    journal.note(step, start, reported=True)
    return journal, point, method.begin(objective, point), step


def _ending(ended: tuple[StopRule, Status] | None, halt: Halt | None, at_limit: Status) -> tuple[Status, str]:
    if ended is not None:
        return ended[1], ended[0].name
    if halt is not None:
        return Status.CONVERGED if halt is Halt.ROUNDING else Status.FAILED, halt.value
    return at_limit, "max_iter"


def _read(block: UpdateBlock, before: Step) -> Iterator[tuple[Step, Tensor, int]]:
    """The steps of a block as numbers, fetched from the device in one transfer, each with its w and evaluations."""
    if block.figures is None:
        return
    columns = block.figures.T.tolist()
    for (value, length, update, *sizes), w, evaluations in zip(columns, block.weights, block.evaluations, strict=True):
        after = Step(before.k + 1, value, before.value, length, update)
        before = _followed(before, after, Sizes(*sizes)) if sizes else after
        yield before, w, evaluations


def _followed(before: Step, after: Step, sizes: Sizes) -> Step:
    """The step `after` another, with trend, each new ratio having a share of 2/k in it, envelope and sizes."""
    update, trend = after.update or 0.0, before.trend
    if before.update and 0.0 < update < math.inf:
        trend += 2.0 / (before.k + 1.0) * (math.log(update / before.update) - trend)
    envelope = max(update, before.envelope * math.exp(min(trend, 0.0)))
    return replace(after, trend=trend, envelope=envelope, sizes=sizes)


def _conclude(
    objective: Objective, journal: _Journal, step: Step, w: Tensor, status: Status, stopped_by: str | None
) -> Solution:
    journal.note(step, w, reported=True)
    value, best_k = step.value, step.k
    if status in (Status.DIVERGED, Status.FAILED) and journal.best is not None:
        value, best_k, w = journal.best
    return Solution(w, value, status, stopped_by, step.k, best_k, journal.evaluations, journal.trace(objective))
