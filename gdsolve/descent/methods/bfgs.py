"""The method of Broyden, Fletcher, Goldfarb and Shanno with a line search that kinks do not stop."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.rounding import rounding
from gdsolve.objective.base import Objective

SUFFICIENT = 1e-4
CURVED = 0.5
MOST_TRIALS = 60
RESTARTS = 3
PATIENCE = 30


@dataclass(frozen=True, slots=True)
class Shape:
    """The inverse Hessian so far, (p, p); steps in a row that gained no more than rounding, and restarts so far."""

    inverse: Tensor
    idle: int = 0
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class BFGS:
    """w ← w − t·B·∇L(w), B the inverse Hessian that all changes so far imply, t by a weak Wolfe search.

    The weak condition, that the slope along the step rises to half of what it was, can be met across a kink, where the
    strong one cannot: so B learns the kinks as directions of large curvature, and the method ends at a corner. `sizes`,
    (p, 1), are those of the weights, from which B begins. It ends where thirty steps in a row have gained nothing, or
    where a search fails with B begun anew three times.
    Source: Lewis and Overton (2013), Nonsmooth optimization via quasi-Newton methods, Mathematical Programming 141.
    """

    sizes: Tensor

    @property
    def blind(self) -> bool:
        """False: the line search looks at every trial."""
        return False

    def begin(self, objective: Objective, start: Point) -> Shape:
        """Nothing is known of the curvature: a first step changes weights by a hundredth of their size at most."""
        return Shape(self._fresh(start))

    def step(self, objective: Objective, point: Point, memory: Shape, k: int) -> Advance | Halt:
        """One step, or why there is none."""
        if memory.idle >= PATIENCE:
            return Halt.ROUNDING
        evaluations = 0
        while memory.restarts <= RESTARTS:
            direction = -(memory.inverse @ point.now.gradient)
            found, tried = _weak_wolfe(objective, point, direction)
            evaluations += tried
            if found is not None:
                gained = float(point.now.value - found.now.value)
                idle = 0 if gained > rounding(float(found.now.value), point.w.dtype) else memory.idle + 1
                learnt = replace(memory, inverse=_learn(memory.inverse, point, found), idle=idle)
                return Advance(found, learnt, evaluations)
            memory = Shape(self._fresh(point), memory.idle, memory.restarts + 1)
        return Halt.ROUNDING

    def _fresh(self, point: Point) -> Tensor:
        square = self.sizes.square()
        length = (square * point.now.gradient / self.sizes).abs().amax()
        share = 0.01 / length if float(length) > 0.0 else length.new_ones(())
        return torch.diag((square * share)[:, 0])


def _weak_wolfe(objective: Objective, point: Point, direction: Tensor) -> tuple[Point | None, int]:
    """The first t of a bisection with L(w + td) ≤ L + c₁t∇Lᵀd and a slope of at least ½∇Lᵀd; and the evaluations."""
    slope = float((point.now.gradient * direction).sum())
    value = float(point.now.value)
    low, high, t = 0.0, float("inf"), 1.0
    best: Point | None = None
    if not slope < 0.0:
        return None, 0
    for trial in range(1, MOST_TRIALS + 1):
        reached = Point.at(objective, point.w + t * direction)
        change = float(reached.now.value) - value
        if not change <= SUFFICIENT * t * slope:
            high = t
        else:
            best = reached if change < 0.0 else best
            if not float((reached.now.gradient * direction).sum()) < CURVED * slope:
                return reached, trial
            low = t
        t = 2.0 * t if high == float("inf") else 0.5 * (low + high)
    return best, MOST_TRIALS


def _learn(inverse: Tensor, before: Point, after: Point) -> Tensor:
    moved, bent = after.w - before.w, after.now.gradient - before.now.gradient
    curvature = (moved * bent).sum()
    if not bool((curvature > 0.0) & torch.isfinite(curvature) & torch.isfinite(1.0 / curvature)):
        return inverse
    identity = torch.eye(len(moved), dtype=moved.dtype, device=moved.device)
    across = identity - moved @ bent.mT / curvature
    return across @ inverse @ across.mT + moved @ moved.mT / curvature
