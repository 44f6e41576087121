"""Descent from many starts at once: one damped step of all of them after the other, each until it has arrived.

Points are rows here: W is (N, p), one start a row, where descent elsewhere moves one column, (p, 1).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from gdsolve.descent.many_ends import End, ManyEnds, StartRows, joined
from gdsolve.descent.many_kinked import descend_over_kinks
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box
from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.degree import kinked
from gdsolve.objective.formula import Formula
from gdsolve.objective.many_points import LocalModels, models_of, points_at_once
from gdsolve.objective.threads import one_thread

FIRST_DAMPING = 1e-3
LEAST_DAMPING = 1e-30
LARGEST_DAMPING = 1e30
SUFFICIENT = 1e-4
REACH = 10.0
KEPT = 0.5
MOST_STEPS = 300
ROUND = 8
"""Steps between two looks at which starts have ended: until then they are computed on, and not moved."""
BENT = -1e-6
ARRIVED = {torch.float64: 450.0, torch.float32: 8.0}
"""Times the rounding of a number of the size of the loss: what a step may still promise where a start has arrived."""
NEARLY = 1e6
"""Times that: what it may promise where losses resolve no step any more."""
CORNERED = 1e4
"""Times as much of both where the loss has corners: reweighting comes to them slowly."""
CURVED = 1e-6
"""Of the largest curvature: what counts as one."""
LONG = {torch.float64: 1e-3, torch.float32: 0.05}
UNBOUNDED = 1e12
NEAR = 40
"""Reweighted steps before those that know of corners."""
TRIALS = 10
"""Of a line search count so many as one step."""


@dataclass(frozen=True, slots=True)
class _State(StartRows):
    """Starts, a row each, with all that their next step needs.

    `lengths` are those of the columns of F, (N, p), and `scale` D is their forgetful maximum.
    `spectrum` and `vectors` are the eigenvalues of D⁻¹BD⁻¹, (N, p), and their vectors, (N, p, p), over the weights that
    no bound holds; `pull` is D⁻¹g along the vectors, (N, p), and `promise` ½gᵀB⁻¹g, (N,).
    """

    points: Tensor
    value: Tensor
    gradient: Tensor
    scale: Tensor
    lengths: Tensor
    spectrum: Tensor
    vectors: Tensor
    pull: Tensor
    promise: Tensor
    bent: Tensor
    damping: Tensor
    growth: Tensor
    steps: Tensor
    end: Tensor


def descend_many(
    objective: Objective,
    starts: Tensor,
    box: Box | None = None,
    *,
    max_steps: int = MOST_STEPS,
    told: Callable[[int, int], None] | None = None,
) -> ManyEnds:
    """The ends of damped descents on a curve or a formula from `starts`, (N, p), within the bounds.

    A step is s = −D⁻¹(D⁻¹BD⁻¹ + μI)⁻¹D⁻¹g, with gradient g and the matrix B of `gdsolve.objective.many_points`: that of
    Levenberg and Marquardt for squares, a damped Newton step for a formula. μ falls with the ratio of the decrease of
    the loss to the promised one, −gᵀs − ½sᵀBs, and rises until that is positive; every start has its own. Weights that
    a bound holds stay, and steps are cut at bounds. No step is longer than 10·‖Dw‖ in the norm ‖Ds‖, unless w = 0. A
    start has arrived where ½gᵀB⁻¹g is at most 450 times the rounding of the loss, 10⁻¹³ of it in float64. At most
    `max_steps` evaluations are made a start; `told` hears how many of how many starts have ended. No figure is read on
    the host but every 8 steps, and memory is bounded.

    Sources: Madsen, Nielsen and Tingleff (2004), Methods for non-linear least squares problems, algorithm 3.16; Nocedal
    and Wright, Numerical Optimization, 2nd ed., sections 3.4 and 10.3; Bertsekas (1982), Projected Newton methods.

    Raises:
        TypeError: an objective that is neither a curve nor a formula.
    """
    # Factorisations of a batch of small matrices take several times as long on two threads.
    with one_thread() if starts.device.type == "cpu" else nullcontext():
        if isinstance(objective, Formula) and kinked(objective.expression, objective.layout.names):
            return descend_over_kinks(objective, starts, box, max_steps=TRIALS * max_steps, told=told)
        if isinstance(objective, PointwiseCurve) and not objective.loss.differentiable:
            return _to_corners(objective, starts, box, max_steps, told)
        return _damped(objective, starts, box, max_steps, told)


def _to_corners(
    objective: PointwiseCurve,
    starts: Tensor,
    box: Box | None,
    max_steps: int,
    told: Callable[[int, int], None] | None,
) -> ManyEnds:
    """A loss with corners: reweighted squares lead near one, and quasi-Newton steps into it."""
    near = _damped(objective, starts, box, NEAR, None)
    found = descend_over_kinks(objective, near.points, box, max_steps=TRIALS * max_steps, told=told)
    lost = (near.ends == End.NOT_FINITE) | (near.ends == End.RUNAWAY)
    ends = torch.where(lost, near.ends, found.ends)
    return ManyEnds(found.points, found.values, near.steps + found.steps, ends)


def _damped(
    objective: Objective, starts: Tensor, box: Box | None, max_steps: int, told: Callable[[int, int], None] | None
) -> ManyEnds:
    count, p = starts.shape
    at_once, found = points_at_once(objective, p, starts.device), []
    for first in range(0, max(1, count), at_once):
        begun = starts[first : first + at_once]
        found.append(_Walk.of(objective, begun, box).descend(begun, max_steps, partial(_tell, told, first, count)))
    return joined(found)


def _tell(told: Callable[[int, int], None] | None, before: int, count: int, ended: int) -> None:
    if told is not None:
        told(before + ended, count)


@dataclass(frozen=True, slots=True)
class _Walk:
    """`reach` is how far from 0 the starts are, (p,); `size` is that of a loss at a good start, ().

    `joined` is True for a loss that is a sum of terms of either sign, whose rounding is that of its terms; `patience`
    multiplies what a step may promise at the end.
    """

    models: Callable[[Tensor], LocalModels]
    box: Box | None
    reach: Tensor
    size: Tensor
    joined: bool
    patience: float

    @staticmethod
    def of(objective: Objective, starts: Tensor, box: Box | None) -> _Walk:
        """What all starts share."""
        cornered = isinstance(objective, PointwiseCurve) and not objective.loss.differentiable
        size = starts.new_tensor(torch.inf)
        if isinstance(objective, Curve):
            target = objective.target if objective.root_weight is None else objective.root_weight * objective.target
            size = 0.5 * objective.curvature_scale * target.square().sum()
        reach = starts.abs().amax(0) if len(starts) else starts.new_zeros(starts.shape[1])
        reach = torch.where(reach > 0.0, reach, 1.0)
        joined = not isinstance(objective, Curve)
        return _Walk(models_of(objective), box, reach, size, joined, CORNERED if cornered else 1.0)

    def descend(self, starts: Tensor, max_steps: int, tell: Callable[[int], object]) -> ManyEnds:
        """All of them, each until it has ended."""
        walk, state = self._begin(starts)
        ended = state
        for k in range(max_steps + 1):
            if k % ROUND == 0 or k == max_steps:
                ended = ended.filing(state)
                moving = (state.end == End.MOVING).nonzero()[:, 0]
                tell(len(starts) - len(moving))
                if not len(moving) or k == max_steps:
                    break
                state = state.rows(moving)
            state = walk._step(state)
        return ManyEnds(ended.points, ended.value, ended.steps, ended.end)

    def _begin(self, starts: Tensor) -> tuple[_Walk, _State]:
        points = self._project(starts)
        found = self.models(points)
        count, p = points.shape
        # The loss of a good start: what is nothing beside its rounding is nothing.
        finite = found.value[torch.isfinite(found.value)].abs()
        usual = finite.quantile(0.25) if len(finite) else self.size
        walk = replace(self, size=torch.minimum(usual, self.size))
        nothing, one = torch.zeros_like(points), torch.ones_like(found.value)
        end = torch.full((count,), End.MOVING.value, dtype=torch.int64, device=points.device)
        end = torch.where(found.finite, end, End.NOT_FINITE.value)
        state = _State(
            place=torch.arange(count, device=points.device),
            points=points,
            value=found.value,
            gradient=found.gradient,
            scale=nothing,
            lengths=nothing,
            spectrum=nothing,
            vectors=points.new_zeros(count, p, p),
            pull=nothing,
            promise=one,
            bent=found.bent,
            damping=FIRST_DAMPING * one,
            growth=2.0 * one,
            steps=torch.zeros_like(end),
            end=end,
        )
        return walk, walk._judged(walk._at(state, points, found), tight=torch.zeros_like(found.finite))

    def _step(self, state: _State) -> _State:
        """One trial of every start that is moving, taken where it lowers the loss enough."""
        trial = self._project(state.points + self._move(state))
        moved = trial - state.points
        found = self.models(trial)
        turned = (state.vectors.mT @ (state.scale * moved)[:, :, None])[:, :, 0]
        predicted = -(state.gradient * moved).sum(1) - 0.5 * (state.spectrum * turned.square()).sum(1)
        actual = state.value - found.value
        ratio = torch.where(predicted > 0.0, actual / predicted, -1.0)
        there = self._at(state, trial, found)
        # Once losses resolve no step any more, full steps go on while they promise less and less.
        noise = 8.0 * self._noise(state)
        resolved = (predicted > noise) | (actual.abs() > noise)
        good = found.finite & torch.where(resolved, ratio > SUFFICIENT, there.promise < 0.5 * state.promise)
        fall = (1.0 - (2.0 * ratio.clamp(max=1.0) - 1.0) ** 3).clamp(min=1.0 / 3.0)
        damping = state.damping * torch.where(resolved, fall, 1.0 / 3.0)
        taken = replace(there, damping=damping.clamp(min=LEAST_DAMPING), growth=torch.full_like(damping, 2.0))
        refused = replace(state, damping=state.damping * state.growth, growth=2.0 * state.growth)
        following = taken.where(good, refused)
        short = (moved.abs() <= torch.finfo(moved.dtype).eps * trial.abs()).all(1)
        tight = short | (following.damping > LARGEST_DAMPING) | (~resolved & ~good)
        following = self._judged(replace(following, steps=state.steps + 1), tight)
        return following.where(state.end == End.MOVING, state)

    def _move(self, state: _State) -> Tensor:
        """s, (N, p), no longer than it may be."""
        solved = state.pull / (state.spectrum + state.damping[:, None])
        step = -(state.vectors @ solved[:, :, None])[:, :, 0]
        size, longest = step.norm(dim=1), REACH * (state.scale * state.points).norm(dim=1)
        short = torch.where((longest > 0.0) & (size > longest), longest / size, 1.0)
        held = self._held(state.points, state.gradient)
        return torch.where(held, 0.0, short[:, None] * step / state.scale)

    def _at(self, state: _State, points: Tensor, found: LocalModels) -> _State:
        """The state at other points."""
        held = self._held(points, found.gradient)
        off = held | ~found.finite[:, None]
        factor = torch.where(off[:, None, :], 0.0, found.factor)
        lengths = factor.norm(dim=1)
        scale = torch.maximum(KEPT * state.scale, lengths)
        scale = torch.where(scale > 0.0, scale, 1.0)
        _, singular, right = torch.linalg.svd(factor / scale[:, None, :])
        spectrum = singular.square()
        pull = (right @ torch.where(off, 0.0, found.gradient / scale)[:, :, None])[:, :, 0]
        # In a direction without curvature the rounding of the slope must not promise much.
        least = torch.finfo(pull.dtype).eps * spectrum.amax(1, keepdim=True)
        curved = torch.maximum(spectrum, least.clamp(min=torch.finfo(pull.dtype).tiny))
        return replace(
            state,
            points=points,
            value=found.value,
            gradient=found.gradient,
            scale=scale,
            lengths=lengths,
            spectrum=spectrum,
            vectors=right.mT,
            pull=pull,
            promise=0.5 * (pull.square() / curved).sum(1),
            bent=found.bent,
        )

    def _judged(self, state: _State, tight: Tensor) -> _State:
        """The state with those that have ended marked; `tight` is where no step leads on, (N,)."""
        few = self.patience * ARRIVED[state.value.dtype]
        rounding = few * self._rounding(state)
        level = state.promise <= rounding
        there = torch.where(state.bent < BENT, End.SADDLE.value, End.ARRIVED.value)
        there = torch.where(self._runs_away(state), End.RUNAWAY.value, there)
        end = torch.where(level, there, End.MOVING.value)
        close = state.promise <= torch.maximum(NEARLY * rounding, few * self._noise(state))
        nearly = torch.where(close, there, End.STUCK.value)
        end = torch.where(tight & ~level, nearly, end)
        gone = (state.value < -UNBOUNDED * self.size) | ~torch.isfinite(state.points).all(1)
        end = torch.where(gone, End.RUNAWAY.value, end)
        return replace(state, end=torch.where(state.end == End.MOVING, end, state.end))

    def _runs_away(self, state: _State) -> Tensor:
        """Where the ground is level since nothing is left of a slope, (N,).

        A full step would still be a long one, or a weight has no effect that the loss could tell, however it moves.
        """
        size = torch.maximum(state.points.abs(), self.reach)
        few = ARRIVED[size.dtype] * self._rounding(state)
        idle = (0.5 * (size * state.lengths).square() <= few[:, None]) & ~self._held(state.points, state.gradient)
        curved = state.spectrum > CURVED * state.spectrum.amax(1, keepdim=True)
        solved = torch.where(curved, state.pull / torch.where(curved, state.spectrum, 1.0), 0.0)
        step = (state.vectors @ solved[:, :, None])[:, :, 0] / state.scale
        long = step.abs() > LONG[step.dtype] * (state.points.abs() + self.reach)
        return (idle | long).any(1)

    def _rounding(self, state: _State) -> Tensor:
        """What a loss is rounded by at least, (N,); of a small one that of its square root counts."""
        eps = torch.finfo(state.value.dtype).eps
        return eps * torch.maximum(state.value.abs(), eps * self.size)

    def _noise(self, state: _State) -> Tensor:
        """What it may be rounded by, (N,)."""
        if not self.joined:
            return self._rounding(state)
        return torch.finfo(state.value.dtype).eps * torch.maximum(state.value.abs(), self.size)

    def _held(self, points: Tensor, gradient: Tensor) -> Tensor:
        """Where a bound holds a weight, (N, p)."""
        if self.box is None:
            return torch.zeros_like(points, dtype=torch.bool)
        return self.box.held(points.mT, gradient.mT).mT

    def _project(self, points: Tensor) -> Tensor:
        return points if self.box is None else self.box.project(points.mT).mT
