"""What methods need of bounds and of an l1 penalty: steps that keep to them, and the objective beneath them."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from gdsolve.descent.methods.blind import descended
from gdsolve.objective.base import Objective, SumOfSquares, TwiceDifferentiable
from gdsolve.objective.box import Box, Boxed
from gdsolve.objective.shrinkage import Limits, Shrinkage


def project(box: Box | None, w: Tensor) -> Tensor:
    """P(w), (p, 1), or w itself where there are no bounds."""
    return w if box is None else box.project(w)


def taken(limits: Limits | None, w: Tensor, direction: Tensor, rate: float | Tensor) -> Tensor:
    """The end of a step −α·d from `w`, (p, 1): within bounds, or with an l1 penalty by its proximal map."""
    if isinstance(limits, Shrinkage):
        return limits.step(w, direction, rate)
    return project(limits, descended(w, direction, rate))


def led(limits: Limits | None, w: Tensor) -> Tensor:
    """A point ahead, (p, 1), where only bounds matter: a loss need not exist beyond them."""
    return limits.project(w) if isinstance(limits, Box) else w


def held(box: Box | None, w: Tensor, gradient: Tensor) -> Tensor:
    """True, (p, 1), where a weight stands at a bound and its gradient does not lead away from it.

    A gradient of 0 at a bound counts as held, so that the answer is the same for an objective that is `Boxed`.
    """
    if box is None:
        return torch.zeros_like(w, dtype=torch.bool)
    return ((w <= box.lower) & (gradient >= 0)) | ((w >= box.upper) & (gradient <= 0))


def twice_differentiable(objective: Objective) -> TwiceDifferentiable:
    """The objective with its Hessian, beneath its bounds if it has any.

    Raises:
        TypeError: it has none; which methods suit an objective is decided before the run.
    """
    return cast(TwiceDifferentiable, _beneath(objective, TwiceDifferentiable))


def sum_of_squares(objective: Objective) -> SumOfSquares:
    """The objective with its residuals, beneath its bounds if it has any.

    Raises:
        TypeError: it has none; which methods suit an objective is decided before the run.
    """
    return cast(SumOfSquares, _beneath(objective, SumOfSquares))


def _beneath(objective: Objective, kind: type) -> Objective:
    bare = objective.objective if isinstance(objective, Boxed) else objective
    if not isinstance(bare, kind):
        raise TypeError(f"{type(bare).__name__} is not {kind.__name__}")
    return bare
