"""Gradient descent with momentum: the heavy ball."""

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
class Momentum(BlindRule):
    """v ← β·v + ∇L(w), then w ← P(w − α_k·v), with v = 0 at the start, and where P moves a weight: a bound stops it.

    The convention of `torch.optim.SGD` with dampening 0: the rate multiplies the whole of v, the new gradient enters
    with weight 1, and on a constant gradient g the step grows to α·g/(1 − β). Memory: v, (p, 1).
    Source: Polyak (1964), Some methods of speeding up the convergence of iteration methods, equation 9.
    """

    rate: Rate
    beta: float = 0.9
    box: Box | None = None

    def begin(self, objective: Objective, start: Point) -> Tensor:
        """v = 0."""
        return torch.zeros_like(start.w)

    def advance(self, objective: Objective, point: Point, memory: Tensor, factors: Factors) -> Advance:
        """One step along the velocity."""
        velocity = torch.add(point.now.gradient, memory, alpha=self.beta)
        w = descended(point.w, velocity, factors[0])
        within = project(self.box, w)
        if self.box is not None:
            velocity = torch.where(within == w, velocity, 0.0)
        return Advance(Point.at(objective, within), velocity)
