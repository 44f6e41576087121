"""Stochastic descent: one update a batch of rows, and a look at all rows at the end of every epoch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from gdsolve.descent.iterate import Observer
from gdsolve.descent.methods.base import Point
from gdsolve.descent.methods.blind import BlindRule
from gdsolve.descent.methods.nesterov import Ahead
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution, Trace
from gdsolve.descent.solver_state import SolverState, StateKeeper
from gdsolve.descent.stop import Step, StopRule, first_to_stop
from gdsolve.objective.base import Evaluation, Objective
from gdsolve.objective.minibatches import Batches, updates_in_epoch
from gdsolve.status import Status


class _Slope:
    """The objective of a method that is given every gradient before it asks: the one of the batch at hand."""

    def __init__(self, like: Tensor) -> None:
        self._nothing = like.new_zeros(())
        self._gradient = like

    @property
    def step_elements(self) -> int:
        return 0

    def sse(self, weights: Tensor) -> Tensor | None:
        return None

    def hold(self, gradient: Tensor) -> Evaluation:
        self._gradient = gradient
        return Evaluation(self._nothing, gradient)

    def evaluate(self, w: Tensor) -> Evaluation:
        return Evaluation(self._nothing, self._gradient)


@dataclass(frozen=True, slots=True)
class Course:
    """How long a stochastic descent is: `epochs` of them, at most `limit` updates, and whether it ends by an average.

    With `average` what is looked at is the mean of the iterates of the second half of all updates, once it has begun:
    what noise leaves in single iterates averages out, and what is left of the start is not in the mean.
    Source: Polyak and Juditsky (1992); its tail: Jain, Kakade, Kidambi, Netrapalli and Sidford (2018), Parallelizing
    stochastic gradient descent for least squares regression, JMLR 18, section 2.
    """

    epochs: int
    limit: int
    average: bool = False


@dataclass(slots=True)
class _Run:
    """Where a run stands, and what it has reported."""

    w: Tensor
    memory: Any
    k: int
    seen: Tensor
    sum: Tensor | None = None
    summed: int = 0
    steps: list[Step] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)
    reported: list[Step] = field(default_factory=list)
    best: tuple[float, int, Tensor] | None = None
    evaluations: int = 1

    def looked_at(self) -> Tensor:
        """The iterate, or the mean of those that are averaged."""
        return self.w if self.sum is None or not self.summed else (self.sum / self.summed).to(self.w.dtype)


def descend_by_epochs(
    batches: Batches,
    objective: Objective,
    start: Tensor,
    method: BlindRule,
    stops: tuple[StopRule, ...],
    course: Course,
    *,
    schedule: Schedule,
    observe: Observer | None = None,
    checkpointer: StateKeeper | None = None,
) -> Solution:
    """Descend from `start`, (p, 1), one batch an update, through all epochs, or until a rule stops it.

    Rules look at the end of an epoch alone: at loss and gradient of all rows, and at how far the weights have come in
    it. `objective` is that of all rows. The schedule counts epochs. A run of the same batches has
    the same bits whenever it was interrupted: where it goes on at `checkpointer`'s word that is between two epochs.
    """
    per_epoch = updates_in_epoch(batches.rows, batches.size)
    run = _begin(objective, start, method, checkpointer, course)
    status, stopped_by = Status.MAX_ITER, "max_iter"
    ended = first_to_stop(stops, run.steps[-1])
    epoch = run.k // per_epoch
    try:
        if observe is not None:
            observe(run.steps[-1])
        while ended is None and run.k < course.limit:
            count = min(per_epoch, course.limit - run.k)
            _take(run, batches, method, epoch, count, course)
            epoch += 1
            ended = first_to_stop(stops, _look(run, objective, reported=schedule.includes(epoch)))
            if observe is not None:
                observe(run.steps[-1])
            if checkpointer is not None and run.k % per_epoch == 0:
                last = ended is not None or run.k >= course.limit
                if last or checkpointer.due():
                    checkpointer.keep(_state(run, objective), last=last)
    except KeyboardInterrupt:
        status, stopped_by = Status.INTERRUPTED, ""
        if run.steps[-1].k < run.k:
            _look(run, objective, reported=True)
    if ended is not None:
        status, stopped_by = ended[1], ended[0].name
    elif status is Status.MAX_ITER and run.k >= per_epoch * course.epochs:
        stopped_by = "epochs"
    return _conclude(run, objective, status, stopped_by or None)


def _take(run: _Run, batches: Batches, method: BlindRule, epoch: int, count: int, course: Course) -> None:
    """`count` updates of an epoch."""
    slope, memory, w, k = _Slope(run.w), run.memory, run.w, run.k
    half = course.limit // 2
    leads = isinstance(memory, Ahead)
    for gradient in islice(batches.epoch(epoch), count):
        now = slope.hold(gradient(memory.y if leads else w))
        taken = method.advance(slope, Point(w, now), memory, method.factors(k))
        w, memory = taken.point.w, taken.memory
        k += 1
        if run.sum is not None and k > half:
            run.sum.add_(w)
            run.summed += 1
        # An interrupted run tells what it has reached.
        run.w, run.memory, run.k = w, memory, k


def _begin(
    objective: Objective, start: Tensor, method: BlindRule, checkpointer: StateKeeper | None, course: Course
) -> _Run:
    """At the start, or where an earlier run stood."""
    state = None if checkpointer is None else checkpointer.begin(start)
    if state is not None:
        columns = list(torch.split(state.weights, 1, dim=1))
        steps = [*state.reported, state.step]
        return _Run(
            state.point.w,
            state.memory,
            state.step.k,
            state.point.w,
            steps=steps,
            weights=columns,
            reported=list(state.reported),
            best=state.best,
            evaluations=state.evaluations,
        )
    point = Point.at(objective, start)
    total = torch.zeros(start.shape, dtype=torch.float64, device=start.device) if course.average else None
    run = _Run(start, method.begin(objective, point), 0, start, total)
    step = Step(0, float(point.now.value), None, float(point.now.gradient.norm()), None)
    _note(run, step, start, reported=True)
    if checkpointer is not None:
        checkpointer.keep(_state(run, objective), last=False)
    return run


def _look(run: _Run, objective: Objective, *, reported: bool) -> Step:
    """Loss and gradient of all rows where the run stands, which is noted."""
    before, w = run.steps[-1], run.looked_at()
    now = objective.evaluate(w)
    moved = (w - run.seen).abs().amax()
    run.seen = w
    value, length, update = torch.stack([now.value, now.gradient.norm(), moved.to(now.value)]).tolist()
    step = Step(run.k, value, before.value, length, update)
    run.evaluations += 1
    _note(run, step, w, reported=reported)
    return step


def _note(run: _Run, step: Step, w: Tensor, *, reported: bool) -> None:
    if run.best is None or step.value < run.best[0]:
        run.best = (step.value, step.k, w)
    run.steps.append(step)
    if not run.reported or reported:
        run.reported.append(step)
        run.weights.append(w)


def _state(run: _Run, objective: Objective) -> SolverState:
    assert run.best is not None
    point = Point.at(objective, run.w)
    return SolverState(
        point, run.memory, run.steps[-1], tuple(run.reported), torch.cat(run.weights, dim=1), run.best, run.evaluations
    )


def _conclude(run: _Run, objective: Objective, status: Status, stopped_by: str | None) -> Solution:
    last, w = run.steps[-1], run.looked_at()
    if run.reported[-1].k != last.k:
        run.reported.append(last)
        run.weights.append(w)
    weights = torch.cat(run.weights, dim=1)
    errors = objective.sse(weights)
    sse = (None,) * len(run.reported) if errors is None else tuple(errors.tolist())
    trace = Trace(
        tuple(step.k for step in run.reported),
        weights,
        sse,
        tuple(step.value for step in run.reported),
        tuple(step.gradient_norm for step in run.reported),
        tuple(step.update for step in run.reported),
    )
    values = tuple(step.value for step in run.steps[1:])
    found = Solution(w, last.value, status, stopped_by, last.k, last.k, run.evaluations, trace, values)
    if status in (Status.DIVERGED, Status.FAILED) and run.best is not None:
        value, k, best = run.best
        return replace(found, w=best, value=value, best_iteration=k)
    return found
