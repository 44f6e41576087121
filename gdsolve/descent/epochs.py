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


class GivenGradient:
    """The objective of a method that is given every gradient before it asks: the one of the batch at hand."""

    def __init__(self, like: Tensor) -> None:
        self._nothing = like.new_zeros(())
        self._gradient = like

    @property
    def step_elements(self) -> int:
        """Nothing is read."""
        return 0

    def sse(self, weights: Tensor) -> Tensor | None:
        """None: it has no rows."""

    def hold(self, gradient: Tensor) -> Evaluation:
        """What is found from now on, wherever it is asked for."""
        self._gradient = gradient
        return Evaluation(self._nothing, gradient)

    def evaluate(self, w: Tensor) -> Evaluation:
        """The gradient that was given."""
        return Evaluation(self._nothing, self._gradient)


@dataclass(frozen=True, slots=True)
class EpochPlan:
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
    """Where a run stands, and what it has reported: `now` is what was found at the end of the last epoch."""

    w: Tensor
    memory: Any
    k: int
    now: Point
    step: Step
    sum: Tensor | None = None
    summed: int = 0
    values: list[float] = field(default_factory=list)
    weights: list[Tensor] = field(default_factory=list)
    reported: list[Step] = field(default_factory=list)
    best: tuple[float, int, Tensor] | None = None
    evaluations: int = 1

    @classmethod
    def begin(cls, objective: Objective, start: Tensor, method: BlindRule, course: EpochPlan) -> _Run:
        """A run that stands at its start."""
        point = Point.at(objective, start)
        total = torch.zeros(start.shape, dtype=torch.float64, device=start.device) if course.average else None
        step = Step(0, float(point.now.value), None, float(point.now.gradient.norm()), None)
        run = cls(start, method.begin(objective, point), 0, point, step, total)
        run.note(reported=True)
        return run

    @classmethod
    def of(cls, state: SolverState) -> _Run:
        """The run that stood there, between two epochs."""
        memory, values = state.memory
        return cls(
            state.point.w,
            memory,
            state.step.k,
            state.point,
            state.step,
            values=values.tolist(),
            weights=list(torch.split(state.weights, 1, dim=1)),
            reported=list(state.reported),
            best=state.best,
            evaluations=state.evaluations,
        )

    def state(self) -> SolverState:
        """Where it stands, at the end of an epoch."""
        assert self.best is not None
        values = torch.tensor(self.values, dtype=torch.float64, device="cpu")
        weights = torch.cat(self.weights, dim=1)
        memory = (self.memory, values)
        return SolverState(self.now, memory, self.step, tuple(self.reported), weights, self.best, self.evaluations)

    def look(self, objective: Objective, *, reported: bool) -> Step:
        """Loss and gradient of all rows, at the iterate or at the mean of those that are averaged."""
        before, seen = self.step, self.now.w
        w = self.w if self.sum is None or not self.summed else (self.sum / self.summed).to(self.w.dtype)
        now = objective.evaluate(w)
        moved = (w - seen).abs().amax().to(now.value)
        value, length, update = torch.stack([now.value, now.gradient.norm(), moved]).tolist()
        self.now, self.step = Point(w, now), Step(self.k, value, before.value, length, update)
        self.evaluations += 1
        self.values.append(value)
        self.note(reported=reported)
        return self.step

    def note(self, *, reported: bool) -> None:
        """Keep what was found, where it is the best so far, or is reported."""
        if self.best is None or self.step.value < self.best[0]:
            self.best = (self.step.value, self.step.k, self.now.w)
        if reported:
            self.reported.append(self.step)
            self.weights.append(self.now.w)


def descend_by_epochs(
    batches: Batches,
    objective: Objective,
    start: Tensor,
    method: BlindRule,
    stops: tuple[StopRule, ...],
    course: EpochPlan,
    *,
    schedule: Schedule,
    observe: Observer | None = None,
    checkpointer: StateKeeper | None = None,
) -> Solution:
    """Descend from `start`, (p, 1), one batch an update, through all epochs, or until a rule stops it.

    Rules look at the end of an epoch alone: at loss and gradient of all rows, and at how far the weights have come in
    it. `objective` is that of all rows. The schedule counts epochs. A run of the same batches has the same bits
    whenever it was interrupted: where it goes on at `checkpointer`'s word that is between two epochs.
    """
    per_epoch = updates_in_epoch(batches.rows, batches.size)
    earlier = None if checkpointer is None else checkpointer.begin(start)
    run = _Run.begin(objective, start, method, course) if earlier is None else _Run.of(earlier)
    status, stopped_by, mark = Status.MAX_ITER, "max_iter", run.state()
    ended, epoch = first_to_stop(stops, run.step), run.k // per_epoch
    try:
        if checkpointer is not None and earlier is None:
            checkpointer.keep(mark, last=False)
        if observe is not None:
            observe(run.step)
        while ended is None and run.k < course.limit:
            _take(run, batches, method, epoch, min(per_epoch, course.limit - run.k), course)
            epoch += 1
            ended = first_to_stop(stops, run.look(objective, reported=schedule.includes(epoch)))
            if observe is not None:
                observe(run.step)
            if checkpointer is not None and run.k == epoch * per_epoch:
                mark = run.state()
                if checkpointer.due():
                    checkpointer.keep(mark, last=False)
    except KeyboardInterrupt:
        status, stopped_by = Status.INTERRUPTED, ""
        if run.step.k < run.k:
            run.look(objective, reported=True)
    if checkpointer is not None:
        checkpointer.keep(mark, last=True)
    if ended is not None:
        status, stopped_by = ended[1], ended[0].name
    elif status is Status.MAX_ITER and run.k >= per_epoch * course.epochs:
        stopped_by = "epochs"
    return _conclude(run, objective, status, stopped_by or None)


def _take(run: _Run, batches: Batches, method: BlindRule, epoch: int, count: int, course: EpochPlan) -> None:
    """`count` updates of an epoch."""
    slope, memory, w, k = GivenGradient(run.w), run.memory, run.w, run.k
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


def _conclude(run: _Run, objective: Objective, status: Status, stopped_by: str | None) -> Solution:
    last, w = run.step, run.now.w
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
    found = Solution(w, last.value, status, stopped_by, last.k, last.k, run.evaluations, trace, tuple(run.values))
    if status in (Status.DIVERGED, Status.FAILED) and run.best is not None:
        value, k, best = run.best
        return replace(found, w=best, value=value, best_iteration=k)
    return found
