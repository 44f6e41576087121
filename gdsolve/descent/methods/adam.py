"""Adam: a rate for every weight, from running means of its gradient."""

from __future__ import annotations

import math
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
class Moments:
    """The running means of the gradient and of its square, (p, 1) each, 0 at the start."""

    mean: Tensor
    square: Tensor


@dataclass(frozen=True, slots=True)
class Adam(BlindRule):
    """m ← β₁m + (1 − β₁)g, s ← β₂s + (1 − β₂)g², then w ← P(w − α_k·m̂/(√ŝ + ε)).

    With t = k + 1, m̂ = m/(1 − β₁ᵗ) and ŝ = s/(1 − β₂ᵗ) undo the bias towards the start at 0; the figures are those of
    `torch.optim.Adam`. A bound stops a weight: where P moves one, m is 0 from there on.
    Source: Kingma and Ba (2015), Adam, algorithm 1.
    """

    rate: Rate
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    box: Box | None = None

    def factors(self, k: int) -> tuple[float, ...]:
        """α_k/(1 − β₁ᵗ) and √(1 − β₂ᵗ)."""
        mean_bias, square_bias = 1.0 - self.beta1 ** (k + 1), 1.0 - self.beta2 ** (k + 1)
        return self.rate.at(k) / mean_bias, math.sqrt(square_bias)

    def begin(self, objective: Objective, start: Point) -> Moments:
        """Both means are 0."""
        return Moments(torch.zeros_like(start.w), torch.zeros_like(start.w))

    def advance(self, objective: Objective, point: Point, memory: Moments, factors: Factors) -> Advance:
        """One step along the mean gradient, each weight by its own rate."""
        gradient = point.now.gradient
        mean = torch.lerp(memory.mean, gradient, 1.0 - self.beta1)
        square = torch.lerp(memory.square, gradient.square(), 1.0 - self.beta2)
        rate, root_of_bias = factors
        w = descended(point.w, mean, rate, square.sqrt() / root_of_bias + self.epsilon)
        within = project(self.box, w)
        if self.box is not None:
            mean = torch.where(within == w, mean, 0.0)
        return Advance(Point.at(objective, within), Moments(mean, square))
