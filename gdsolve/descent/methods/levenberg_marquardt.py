"""The method of Levenberg and Marquardt for sums of squares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter

import torch
from torch import Tensor

from gdsolve.descent.methods.arc import backtrack
from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.bounds import held, project, sum_of_squares
from gdsolve.descent.methods.damped import DampedModel
from gdsolve.descent.methods.rounding import rounding, unresolved
from gdsolve.objective.base import Evaluation, Objective, SumOfSquares
from gdsolve.objective.box import Box

FIRST_DAMPING = 1e-3
LEAST_DAMPING = 1e-30
LARGEST_DAMPING = 1e60
MOST_TRIALS = 60
SUFFICIENT = 1e-4
REACH = 10.0
KEPT = 0.5
AHEAD = 0.1
BENT = 0.75


@dataclass(frozen=True, slots=True)
class State:
    """What is known at a point: residuals r, (m, 1), Jacobian J, (m, p), and the damping.

    `scale` D, (p, 1), is the forgetful maximum of the norms of J's columns, `damping` μ, `growth` the factor by which
    the next rejection raises it. `faint` is the last promise if it was below rounding, else None.
    """

    residuals: Tensor
    jacobian: Tensor
    scale: Tensor
    damping: float
    growth: float
    faint: float | None


@dataclass(frozen=True, slots=True)
class Condensed:
    """The same without residuals and Jacobian, which are as large as the data and follow from w."""

    scale: Tensor
    damping: float
    growth: float
    faint: float | None


@dataclass(frozen=True, slots=True)
class LevenbergMarquardt:
    """w ← P(w + d), d the least-squares solution of [J; √μ·D]·d = [−r; 0], for an objective c/2·‖r(w)‖².

    μ falls when the gain ratio, (actual decrease)/(decrease of ½‖r + Jd‖²), is good, and rises until it is positive. A
    trial that is not finite, or whose Jacobian is not, is rejected. No step is longer than 10·‖Dw‖ in the norm ‖Dd‖,
    unless w = 0. D is the maximum of the norms of J's columns so far, but forgets half of itself a step, so that a
    start with huge derivatives does not hold the weights for ever. Weights that a bound holds stay; where a step
    leads beyond a bound, the weight is set to it and the others are solved for anew, and the gain ratio is that of the
    step taken. A step within bounds is bent by ½a, where a is the same solution for the second derivative of r along d
    in place of r, by a difference, unless that is so long that it says nothing: in a narrow curved valley the bent step
    is many times longer. If no μ gives a step, backtracking along −D⁻²∇L does, or says why not.

    Once losses no longer resolve a step, undamped steps go on while each promises at most half of the last, so that the
    weights have the digits of the residuals. Every evaluation of residuals or Jacobian counts as one.

    Sources: Marquardt (1963); Moré (1978), The Levenberg-Marquardt algorithm: implementation and theory, equation 6.3
    for D and section 7 for the bound on the step; Nielsen (1999) and Madsen, Nielsen and Tingleff (2004), Methods for
    non-linear least squares problems, algorithm 3.16, with τ = 10⁻³ in the units of D; Transtrum and Sethna (2012),
    Improvements to the Levenberg-Marquardt algorithm for nonlinear least-squares minimization, for a: arXiv:1201.5885.
    """

    box: Box | None = None

    @property
    def blind(self) -> bool:
        """False: every trial is judged by its residuals."""
        return False

    def begin(self, objective: Objective, start: Point) -> None:
        """Nothing: the first step evaluates residuals and Jacobian, so that they are counted."""

    def condense(self, memory: State | None) -> Condensed | None:
        """Damping and scale."""
        if memory is None:
            return None
        return Condensed(memory.scale, memory.damping, memory.growth, memory.faint)

    def expand(self, objective: Objective, point: Point, condensed: Condensed | None) -> State | None:
        """The state at a point, residuals and Jacobian evaluated anew and not counted."""
        if condensed is None:
            return None
        squares = sum_of_squares(objective)
        residuals, jacobian = squares.residuals(point.w), squares.jacobian(point.w)
        kept = (condensed.scale, condensed.damping, condensed.growth, condensed.faint)
        return State(residuals, jacobian, *kept)

    def step(self, objective: Objective, point: Point, memory: State | None, k: int) -> Advance | Halt:
        """One damped step, or why there is none."""
        squares = sum_of_squares(objective)
        spent = 0 if memory is not None else 2
        state = memory or _first(squares, point.w)
        if state is None:
            return Halt.NO_STEP
        descent = self._gradient(point.w, state)
        free = ~held(self.box, point.w, descent)
        model = DampedModel.of(state.residuals, state.jacobian * free.mT, state.scale, point.w)
        halt = Halt.ROUNDING
        if state.faint is None and model.promise > rounding(model.value, point.w.dtype):
            advance, trials = self._descend(squares, point, state, model)
            if advance is not None:
                return replace(advance, evaluations=spent + trials)
            steepest = torch.where(free, descent / model.scale.square(), 0.0)
            found = backtrack(objective, point, lambda t: project(self.box, point.w - t * steepest), 1.0)
            if not isinstance(found, Halt):
                following = self._arrive(squares, found.point.w, squares.residuals(found.point.w), state)
                spent += trials + found.evaluations + 2
                return Halt.NO_STEP if following is None else replace(following, evaluations=spent)
            halt = found
        return self._refine(squares, point, state, model, spent) if halt is Halt.ROUNDING else halt

    def _gradient(self, w: Tensor, state: State) -> Tensor:
        """Jᵀr, (p, 1), and 0 along weights that a bound holds."""
        gradient = state.jacobian.mT @ state.residuals
        return torch.where(held(self.box, w, gradient), 0.0, gradient)

    def _descend(
        self, squares: SumOfSquares, point: Point, state: State, model: DampedModel
    ) -> tuple[Advance | None, int]:
        """The first damped step that lowers ½‖r‖² enough, None if there is none, and the evaluations made."""
        floor = rounding(model.value, point.w.dtype)
        damping, growth, evaluations = model.damping_within(REACH, state.damping), state.growth, 0
        for _ in range(MOST_TRIALS):
            straight = self._trial(state, point.w, model, partial(DampedModel.step, damping=damping))
            w = self._bend(squares, state, point.w, straight, model, damping)
            residuals = squares.residuals(w)
            evaluations += 2
            predicted, actual, length = _compare(state, straight - point.w, residuals)
            if length == 0.0 or 0.0 < predicted <= 0.125 * floor or damping > LARGEST_DAMPING:
                break
            ratio = actual / predicted if predicted > 0.0 else -1.0
            if ratio > SUFFICIENT:
                fall = max(1.0 / 3.0, 1.0 - (2.0 * min(ratio, 1.0) - 1.0) ** 3)
                following = replace(state, damping=max(fall * damping, LEAST_DAMPING), growth=2.0)
                advance = self._arrive(squares, w, residuals, following)
                evaluations += 1
                if advance is not None:
                    return advance, evaluations
            damping, growth = damping * growth, 2.0 * growth
        return None, evaluations

    def _trial(self, state: State, w: Tensor, model: DampedModel, solve: Callable[[DampedModel], Tensor]) -> Tensor:
        """P(w + d), (p, 1); weights that it clips are set to their bounds, and the step of the others solved anew."""
        if self.box is None:
            return w + solve(model)
        free = ~held(self.box, w, self._gradient(w, state))
        # Columns of zeros are no steps of zero: rounding leaves some of the others' on weights that are held.
        ahead = w + torch.where(free, solve(model), 0.0)
        trial = project(self.box, ahead)
        while bool((clipped := free & (trial != ahead)).any()):
            free = free & ~clipped
            moved = torch.where(free, 0.0, trial - w)
            rest = DampedModel.of(state.residuals + state.jacobian @ moved, state.jacobian * free.mT, state.scale, w)
            ahead = w + moved + solve(rest)
            trial = torch.where(free, project(self.box, ahead), trial)
        return trial

    def _bend(
        self, squares: SumOfSquares, state: State, w: Tensor, straight: Tensor, model: DampedModel, damping: float
    ) -> Tensor:
        """w + d + ½a, (p, 1), for the step d to `straight`; w + d where ‖Da‖ > 0.75·‖Dd‖, or a bound clips d."""
        step = straight - w
        slopes = (squares.residuals(w + AHEAD * step) - state.residuals) / AHEAD
        half = model.towards((slopes - state.jacobian @ step) / AHEAD, damping)
        moving = step != 0.0
        usable = 2.0 * (model.scale * half).norm() <= BENT * (model.scale * step).norm()
        if self.box is not None:
            usable &= (~moving | ((straight > self.box.lower) & (straight < self.box.upper))).all()
        return project(self.box, torch.where(moving & usable, straight + half, straight))

    def _arrive(self, squares: SumOfSquares, w: Tensor, residuals: Tensor, state: State) -> Advance | None:
        """The state at w with the Jacobian there; None where it is not finite."""
        jacobian = squares.jacobian(w)
        norms = jacobian.norm(dim=0)[:, None]
        if not (torch.isfinite(norms).all() & torch.isfinite(residuals).all()):
            return None
        scale = torch.maximum(KEPT * state.scale, norms)
        reached = replace(state, residuals=residuals, jacobian=jacobian, scale=scale)
        value = 0.5 * squares.curvature_scale * torch.sum(residuals.square())
        gradient = squares.curvature_scale * self._gradient(w, reached)
        return Advance(Point(w, Evaluation(value, gradient)), reached)

    def _refine(
        self, squares: SumOfSquares, point: Point, state: State, model: DampedModel, spent: int
    ) -> Advance | Halt:
        """An undamped step that only the gradient can judge, as long as the loss stays about what it is."""
        dtype = point.w.dtype
        resolved = rounding(rounding(model.value, dtype), dtype)
        if model.promise <= resolved or (state.faint is not None and model.promise > 0.5 * state.faint):
            return Halt.ROUNDING
        w = self._trial(state, point.w, model, attrgetter("undamped"))
        if torch.equal(w, point.w):
            return Halt.ROUNDING
        following = replace(state, faint=model.promise)
        residuals = squares.residuals(w)
        # Where columns are nearly dependent, a step that promises next to nothing may be a long one.
        if not unresolved(0.5 * float(residuals.square().sum()) - model.value, model.value, dtype):
            return Halt.ROUNDING
        advance = self._arrive(squares, w, residuals, following)
        return Halt.ROUNDING if advance is None else replace(advance, evaluations=spent + 2)


def _compare(state: State, moved: Tensor, residuals: Tensor) -> tuple[float, float, float]:
    """The decrease of ½‖r + Jd‖² and of ½‖r‖² over a step d, and max|dᵢ|.

    The second is ½(r − r⁺)ᵀ(r + r⁺), which loses fewer digits than the difference of two sums of squares.
    """
    linear = state.jacobian @ moved
    predicted = -torch.sum(linear * (state.residuals + 0.5 * linear))
    actual = 0.5 * torch.sum((state.residuals - residuals) * (state.residuals + residuals))
    first, second, length = torch.stack([predicted, actual, moved.abs().amax()]).tolist()
    return first, second, length


def _first(squares: SumOfSquares, w: Tensor) -> State | None:
    """The state at the start; None where it is not finite."""
    residuals, jacobian = squares.residuals(w), squares.jacobian(w)
    norms = jacobian.norm(dim=0)[:, None]
    if not (torch.isfinite(norms).all() & torch.isfinite(residuals).all()):
        return None
    return State(residuals, jacobian, norms, FIRST_DAMPING, 2.0, None)
