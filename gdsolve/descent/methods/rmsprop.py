"""RMSprop: a rate for every weight, from a running mean of the square of its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.descent.methods.base import Advance, Point
from gdsolve.descent.methods.blind import BlindRule, Factors, descended
from gdsolve.descent.methods.bounds import project
from gdsolve.descent.rates import Rate
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box


@dataclass(frozen=True, slots=True)
class RMSprop(BlindRule):
    """v ← β·v + (1 − β)g², then w ← P(w − α_k·g/(√v + ε)), with v = 0 at the start.

    The figures are those of `torch.optim.RMSprop` without momentum, not centred. Where the gradient only changes its
    sign a step is as long as α_k, however near the minimum is. Memory: v, (p, 1).
    Source: Tieleman and Hinton (2012), Neural Networks for Machine Learning, lecture 6.5.
    """

    rate: Rate
    beta: float = 0.99
    epsilon: float = 1e-8
    box: Box | None = None

    def begin(self, objective: Objective, start: Point) -> Tensor:
        """v = 0."""
        return torch.zeros_like(start.w)

    def advance(self, objective: Objective, point: Point, memory: Tensor, factors: Factors) -> Advance:
        """One step along the gradient, each weight by its own rate."""
        gradient = point.now.gradient
        square = torch.lerp(memory, gradient.square(), 1.0 - self.beta)
        w = descended(point.w, gradient, factors[0], square.sqrt() + self.epsilon)
        return Advance(Point.at(objective, project(self.box, w)), square)
