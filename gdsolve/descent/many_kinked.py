"""Descent from many starts at once on what has kinks: quasi-Newton steps whose line search crosses them.

Points are rows here: W is (N, p), one start a row, where descent elsewhere moves one column, (p, 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.descent.many_ends import End, ManyEnds, StartRows, joined
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box
from gdsolve.objective.many_points import points_at_once, slopes_of

ROUND = 16
"""Trials between two looks at which starts have ended."""
OF_A_STEP = 40
"""Trials of a line search; where none of them is taken there is no way down."""
SUFFICIENT = 1e-4
FLATTER = 0.5
GAIN = 1e-10
SMALL = 1e-4
PATIENCE = 8
"""Steps, one after the other, that gain next to nothing of the loss: then a start has arrived."""
ANEW = 1e-7
OUTSIDE = 2.0
UNBOUNDED = 1e12


@dataclass(frozen=True, slots=True)
class _State(StartRows):
    """Starts, a row each: gradients, inverse Hessians (N, p, p), and the line searches that they are in.

    A search looks `along` a direction, (N, p), at `length` times it, which is between `low` and `high`. `idle` counts
    steps that gained nothing, `fresh` is True where the inverse Hessian is the identity still, and `before` is the loss
    where it last was.
    """

    points: Tensor
    value: Tensor
    gradient: Tensor
    inverse: Tensor
    along: Tensor
    length: Tensor
    low: Tensor
    high: Tensor
    trials: Tensor
    idle: Tensor
    fresh: Tensor
    before: Tensor
    steps: Tensor
    end: Tensor


def descend_over_kinks(
    objective: Objective,
    starts: Tensor,
    box: Box | None = None,
    *,
    max_steps: int,
    told: Callable[[int, int], None] | None = None,
) -> ManyEnds:
    """The ends of BFGS from `starts`, (N, p), with a line search that brackets a point lower and less steep.

    A trial is too long where the loss has not fallen by 10⁻⁴ of what the slope promises, and too short where the slope
    along the step is still half of what it was: halved or doubled until neither. Outside of bounds the loss is that of
    the nearest point within, and rises from there by twice the steepest slope at the starts. Where no trial is taken,
    or eight steps gain no more than 10⁻¹⁰ of the loss each, the inverse Hessian is forgotten; a start has arrived where
    that has gained less than 10⁻⁷ of the loss. At most `max_steps` evaluations are made a start.

    Source: Lewis and Overton (2013), Nonsmooth optimization via quasi-Newton methods, Mathematical Programming 141.
    """
    count, p = starts.shape
    at_once, found = points_at_once(objective, p, starts.device), []
    for first in range(0, max(1, count), at_once):
        begun = starts[first : first + at_once]
        found.append(_Walk.of(objective, begun, box).descend(begun, max_steps, told, first, count))
    return joined(found)


@dataclass(frozen=True, slots=True)
class _Walk:
    """`steepness` is the slope outside of bounds, and `size` that of a loss at the starts, () each."""

    slopes: Callable[[Tensor], tuple[Tensor, Tensor]]
    box: Box | None
    steepness: Tensor
    size: Tensor

    @staticmethod
    def of(objective: Objective, starts: Tensor, box: Box | None) -> _Walk:
        """What all starts share: of the losses and slopes there those that are finite count."""
        slopes = slopes_of(objective)
        value, gradient = slopes(_projected(starts, box))
        sizes, steep = (torch.nan_to_num(one.abs(), 0.0, 0.0, 0.0) for one in (value, gradient))
        if not len(starts):
            return _Walk(slopes, box, value.new_ones(()), value.new_ones(()))
        return _Walk(slopes, box, OUTSIDE * steep.amax(), sizes.median())

    def descend(
        self, starts: Tensor, max_steps: int, told: Callable[[int, int], None] | None, before: int, count: int
    ) -> ManyEnds:
        """All of them, each until it has ended."""
        state = ended = self._begin(starts)
        for k in range(max_steps + 1):
            if k % ROUND == 0 or k == max_steps:
                ended = ended.filing(state)
                moving = (state.end == End.MOVING).nonzero()[:, 0]
                if told is not None:
                    told(before + len(starts) - len(moving), count)
                if not len(moving) or k == max_steps:
                    break
                state = state.rows(moving)
            state = self._trial(state)
        return ManyEnds(_projected(ended.points, self.box), ended.value, ended.steps, ended.end)

    def _begin(self, starts: Tensor) -> _State:
        points = _projected(starts, self.box)
        value, gradient = self._look(points)
        count, p = points.shape
        whole = torch.zeros(count, dtype=torch.int64, device=points.device)
        one = torch.ones_like(value)
        finite = torch.isfinite(value) & torch.isfinite(gradient).all(1)
        identity = torch.eye(p, dtype=points.dtype, device=points.device).repeat(count, 1, 1)
        return _State(
            place=torch.arange(count, device=points.device),
            points=points,
            value=value,
            gradient=gradient,
            inverse=identity,
            along=self._along(points, gradient, identity),
            length=one / gradient.norm(dim=1).clamp(min=1.0),
            low=0.0 * one,
            high=torch.inf * one,
            trials=whole,
            idle=whole,
            fresh=finite,
            before=value,
            steps=whole,
            end=torch.where(finite, whole + End.MOVING, whole + End.NOT_FINITE),
        )

    def _look(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and gradient, (N,) and (N, p), with the slope outside of bounds."""
        inside = _projected(points, self.box)
        value, gradient = self.slopes(inside)
        beyond = points - inside
        value = value + self.steepness * beyond.abs().sum(1)
        return value, torch.where(beyond == 0.0, gradient, self.steepness * beyond.sign())

    def _trial(self, state: _State) -> _State:
        """One trial of every line search; where it is taken the next search begins."""
        trial = state.points + state.length[:, None] * state.along
        value, gradient = self._look(trial)
        slope, there = ((one * state.along).sum(1) for one in (state.gradient, gradient))
        finite = torch.isfinite(value) & torch.isfinite(gradient).all(1)
        long = ~finite | (value > state.value + SUFFICIENT * state.length * slope)
        short = ~long & (there < FLATTER * slope)
        low, high = torch.where(short, state.length, state.low), torch.where(long, state.length, state.high)
        length = torch.where(torch.isfinite(high), 0.5 * (low + high), 2.0 * state.length)
        searching = replace(state, low=low, high=high, length=length, trials=state.trials + 1)
        following = self._turned(state, trial, value, gradient).where(~(long | short), searching)
        following = replace(following, steps=state.steps + 1)
        over = (following.trials >= OF_A_STEP) | (slope >= 0.0) | (following.idle >= PATIENCE)
        anew = following.before - following.value > ANEW * self._size(following.value)
        following = self._forgetful(following).where(over & anew, following)
        end = torch.where(over & ~anew, End.ARRIVED.value, following.end)
        gone = (following.value < -UNBOUNDED * self.size) | ~torch.isfinite(following.points).all(1)
        end = torch.where(gone | (~torch.isfinite(following.length)), End.RUNAWAY.value, end)
        return replace(following, end=end).where(state.end == End.MOVING, state)

    def _along(self, points: Tensor, gradient: Tensor, inverse: Tensor) -> Tensor:
        """−H∇L, (N, p), without what leads out of bounds at once."""
        if self.box is None:
            return -(inverse @ gradient[:, :, None])[:, :, 0]
        free = torch.where(self.box.held(points.mT, gradient.mT).mT, 0.0, gradient)
        along = -(inverse @ free[:, :, None])[:, :, 0]
        return torch.where(self.box.held(points.mT, -along.mT).mT, 0.0, along)

    def _size(self, value: Tensor) -> Tensor:
        return torch.maximum(value.abs(), SMALL * self.size)

    def _forgetful(self, state: _State) -> _State:
        """The same points with the identity for the inverse Hessian: what was learnt led nowhere."""
        count, p = state.points.shape
        identity = torch.eye(p, dtype=state.points.dtype, device=state.points.device).repeat(count, 1, 1)
        return replace(
            state,
            inverse=identity,
            along=self._along(state.points, state.gradient, identity),
            length=1.0 / state.gradient.norm(dim=1).clamp(min=1.0),
            low=torch.zeros_like(state.low),
            high=torch.full_like(state.high, torch.inf),
            trials=torch.zeros_like(state.trials),
            idle=torch.zeros_like(state.idle),
            fresh=torch.ones_like(state.fresh),
            before=state.value,
        )

    def _turned(self, state: _State, points: Tensor, value: Tensor, gradient: Tensor) -> _State:
        """The state at the next point, with the inverse Hessian brought up to date."""
        s, y = points - state.points, gradient - state.gradient
        sy = (s * y).sum(1)
        usable = sy > 0.0
        over = torch.where(usable, sy, 1.0)
        scale = torch.where(state.fresh, over / y.square().sum(1).clamp(min=torch.finfo(y.dtype).tiny), 1.0)
        inverse = scale[:, None, None] * state.inverse
        hy = (inverse @ y[:, :, None])[:, :, 0]
        both = (1.0 + (y * hy).sum(1) / over) / over
        update = both[:, None, None] * s[:, :, None] * s[:, None, :]
        update = update - (s[:, :, None] * hy[:, None, :] + hy[:, :, None] * s[:, None, :]) / over[:, None, None]
        inverse = torch.where(usable[:, None, None], inverse + update, state.inverse)
        gained = state.value - value > GAIN * self._size(value)
        return replace(
            state,
            points=points,
            value=value,
            gradient=gradient,
            inverse=inverse,
            along=self._along(points, gradient, inverse),
            length=torch.ones_like(state.length),
            low=torch.zeros_like(state.low),
            high=torch.full_like(state.high, torch.inf),
            trials=torch.zeros_like(state.trials),
            idle=torch.where(gained, 0, state.idle + 1),
            fresh=state.fresh & ~usable,
        )


def _projected(points: Tensor, box: Box | None) -> Tensor:
    return points if box is None else box.project(points.mT).mT
