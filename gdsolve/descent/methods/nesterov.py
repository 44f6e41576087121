"""Nesterov's accelerated gradient: the gradient is taken ahead, where momentum leads."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.descent.methods.arc import backtrack
from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.blind import BlindRule, Factors
from gdsolve.descent.methods.bounds import led, taken
from gdsolve.descent.methods.rounding import Faint, rounding, unresolved
from gdsolve.descent.rates import Rate
from gdsolve.objective.base import Objective
from gdsolve.objective.shrinkage import Limits

GROWTH = 1.25
MOST_TRIALS = 100
FAINT = 1e-10
PATIENCE = 50
NONE = Faint()


@dataclass(frozen=True, slots=True)
class Ahead:
    """The point y, (p, 1), where the next gradient is taken, FISTA's t, (), and the rate found by backtracking.

    `faint` is the state of the steps whose promise −∇L(y)ᵀ(x⁺ − y) was below rounding.
    """

    y: Tensor
    t: Tensor
    rate: float
    faint: Faint = NONE


@dataclass(frozen=True, slots=True)
class _Step:
    """What a search found: the point, its rate, its trials, and how faint steps fare."""

    point: Point
    rate: float
    trials: int
    faint: Faint


@dataclass(frozen=True, slots=True)
class Nesterov(BlindRule):
    """x_{k+1} = P(y_k − α_k·∇L(y_k)) and y_{k+1} = P(x_{k+1} + β_k·(x_{k+1} − x_k)), y_0 = x_0; w is x.

    P projects onto the bounds, if there are any. With an l1 penalty the first P is its proximal map, and the second
    leaves y as it is: FISTA.

    With a number for `beta`, β_k = β. Without bounds and with a constant rate the y_k are then the iterates of
    `torch.optim.SGD(momentum=β, nesterov=True)`: its buffer b obeys b_{k+1} = βb_k + ∇L(y_k) and its step is
    −α(∇L(y_k) + βb_{k+1}), and x_{k+1} − x_k = −αb_{k+1}; its k-th iterate is x_k + β(x_k − x_{k−1}).

    With None, β_k = (t_k − 1)/t_{k+1}, t_0 = 1, t_{k+1} = (1 + √(1 + 4t_k²))/2, and momentum starts anew, t = 1, y = x,
    whenever it leads uphill: (y_k − x_{k+1})ᵀ(x_{k+1} − x_k) > 0. y is projected as x is, since a loss need not
    exist beyond its bounds.

    With `backtrack` the first rate is α_0 of `rate`, each step tries 1.25 times the last, and halves it until
    L(x⁺) ≤ L(y) + ∇L(y)ᵀ(x⁺ − y) + ‖x⁺ − y‖²/(2α); where the losses differ by less than 10⁻¹⁰ of themselves, until
    (∇L(x⁺) − ∇L(y))ᵀ(x⁺ − y) ≤ ‖x⁺ − y‖²/α, which rounding does not blur. Steps that promise less than rounding may
    raise the loss, until fifty of them have not halved the least promise. Then, and where a step without momentum does
    not lower the loss, plain backtracking gives the step or the verdict.

    A step costs two evaluations, at y and at x, or one where y is x, and one for every further trial.
    Sources: Nesterov (1983); Beck and Teboulle (2009), A fast iterative shrinkage-thresholding algorithm, equations 4.1
    to 4.3 and, for backtracking, section 4; O'Donoghue and Candès (2015), Adaptive restart for accelerated gradient
    schemes, equation 12; the second test: Becker, Candès and Grant (2011), Templates for convex cone problems,
    section 5.3.
    """

    rate: Rate
    beta: float | None = None
    limits: Limits | None = None
    backtrack: bool = False

    @property
    def blind(self) -> bool:
        """True unless the rate is found by backtracking: the restart is an operation on tensors."""
        return not self.backtrack

    def begin(self, objective: Objective, start: Point) -> Ahead:
        """y = x, t = 1."""
        return Ahead(start.w, torch.ones((), dtype=start.w.dtype, device=start.w.device), self.rate.at(0))

    def step(self, objective: Objective, point: Point, memory: Ahead, k: int) -> Advance | Halt:
        """One step from the point ahead."""
        if not self.backtrack:
            return BlindRule.step(self, objective, point, memory, k)
        ahead, evaluations = _ahead(objective, point, memory)
        found = self._search(objective, point, ahead, memory.faint, memory.rate if k == 0 else GROWTH * memory.rate)
        if isinstance(found, Halt):
            return found
        following = replace(self._next(point, memory, found.point, found.rate), faint=found.faint)
        return Advance(found.point, following, evaluations + found.trials)

    def advance(self, objective: Objective, point: Point, memory: Ahead, factors: Factors) -> Advance:
        """One step from the point ahead with the rate given."""
        ahead, evaluations = _ahead(objective, point, memory)
        reached = Point.at(objective, self._from(ahead, factors[0]))
        return Advance(reached, self._next(point, memory, reached, memory.rate), evaluations + 1)

    def _from(self, ahead: Point, rate: float | Tensor) -> Tensor:
        return taken(self.limits, ahead.w, ahead.now.gradient, rate)

    def _next(self, point: Point, memory: Ahead, reached: Point, rate: float) -> Ahead:
        moved = reached.w - point.w
        if self.beta is not None:
            return Ahead(led(self.limits, torch.add(reached.w, moved, alpha=self.beta)), memory.t, rate)
        uphill = torch.sum((memory.y - reached.w) * moved) > 0
        following = 0.5 * (1.0 + torch.sqrt(1.0 + 4.0 * memory.t.square()))
        factor = torch.where(uphill, 0.0, (memory.t - 1.0) / following)
        following = torch.where(uphill, 1.0, following)
        return Ahead(led(self.limits, torch.addcmul(reached.w, factor, moved)), following, rate)

    def _search(self, objective: Objective, point: Point, ahead: Point, faint: Faint, rate: float) -> _Step | Halt:
        value, before = torch.stack([ahead.now.value, point.now.value]).tolist()
        for trial in range(1, MOST_TRIALS + 1):
            reached = Point.at(objective, self._from(ahead, rate))
            step = reached.w - ahead.w
            figures = [
                reached.now.value,
                torch.sum(ahead.now.gradient * step),
                torch.sum(reached.now.gradient * step),
                torch.sum(step * step),
                (ahead.w - point.w).abs().amax(),
            ]
            after, slope, turned, squares, lead = torch.stack(figures).tolist()
            if math.isfinite(after) and math.isfinite(turned):
                blurred = abs(after - value) <= FAINT * max(abs(after), abs(value))
                if turned - slope <= squares / rate if blurred else after <= value + slope + 0.5 * squares / rate:
                    hidden = 0.0 < -slope <= rounding(before, step.dtype)
                    if hidden and unresolved(after - before, before, step.dtype):
                        faint = faint.after(-slope)
                        if faint.idle < PATIENCE:
                            return _Step(reached, rate, trial, faint)
                    if after >= before and (lead == 0.0 or -slope <= rounding(before, step.dtype)):
                        return self._plain(objective, point, faint, rate, trial)
                    return _Step(reached, rate, trial, faint)
            rate *= 0.5
        return Halt.NO_STEP

    def _plain(self, objective: Objective, point: Point, faint: Faint, rate: float, trials: int) -> _Step | Halt:
        """A step of plain descent that must lower the loss, or the verdict that none does."""
        found = backtrack(objective, point, lambda shorter: self._from(point, shorter), rate, longest=self.rate.at(0))
        return found if isinstance(found, Halt) else _Step(found.point, found.rate, trials + found.evaluations, faint)


def _ahead(objective: Objective, point: Point, memory: Ahead) -> tuple[Point, int]:
    """The point ahead, and what evaluating there has cost: nothing where it is `point` itself."""
    return (point, 0) if memory.y is point.w else (Point.at(objective, memory.y), 1)
