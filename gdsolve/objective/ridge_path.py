"""Ridge regression for many penalties from one decomposition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.folds import squared_errors
from gdsolve.objective.triangle import Triangle

HALVINGS = 200
# Strengths between these parts of the squares of singular values are told apart.
LEAST, MOST = 1e-18, 1e18


@dataclass(frozen=True, slots=True)
class RidgePath:
    """The minimisers of ‖Xw − y‖² + λ‖w‖² for any λ, in the user's units, the intercept not penalised.

    With X − x̄ = U·S·Vᵀ they are V·(S/(S² + λ))·Uᵀ(y − ȳ). Shapes: `values` S is (r,), `right` V is (n, r), `along`,
    Uᵀ(y − ȳ), is (r, 1).
    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 3.4.1.
    """

    triangle: Triangle
    coordinates: Coordinates
    values: Tensor
    right: Tensor
    along: Tensor

    @classmethod
    def of(cls, triangle: Triangle, *, intercept: bool) -> RidgePath:
        """The path of the rows of a triangle."""
        block = triangle.centred() if intercept else triangle.raw()[:, [*range(triangle.n), triangle.n + 1]]
        left, values, right = torch.linalg.svd(block[:, :-1], full_matrices=False)
        # What rounding leaves of columns that depend on each other is no direction of theirs.
        there = values > torch.finfo(values.dtype).eps * max(block.shape) * values[:1]
        left, values, right = left[:, there], values[there], right[there]
        coordinates = Coordinates.raw(triangle.n, intercept=intercept, device=block.device)
        if intercept:
            means = triangle.means()
            coordinates = Coordinates(coordinates.scale, means[:-1], 1.0, float(means[-1]), intercept=True)
        return cls(triangle, coordinates, values, right.mT, left.mT @ block[:, -1:])

    def weights(self, strengths: Sequence[float]) -> Tensor:
        """The minimisers, (p, q) in `coordinates`, for q penalties; for 0 that of least norm."""
        values, penalty = self.values[:, None], self.values.new_tensor(list(strengths))[None, :]
        linear = self.right @ (values / (values.square() + penalty) * self.along)
        if not self.coordinates.intercept:
            return linear
        return torch.cat([linear, linear.new_zeros(1, linear.shape[1])])

    def errors(self, held: Triangle, strengths: Sequence[float]) -> Tensor:
        """The RMSE, (q,), of the minimisers on rows of another triangle."""
        found = squared_errors(held, self.weights(strengths), self.coordinates, self.triangle)
        return (found / held.total_weight).sqrt()

    def freedom(self, strength: float) -> float:
        """The effective degrees of freedom, Σ s²/(s² + λ), and 1 for the intercept."""
        squares = self.values.square()
        return float((squares / (squares + strength)).sum()) + self.coordinates.intercept

    def strength(self, freedom: float) -> float | None:
        """The λ of so many degrees of freedom: 0 where there are no more, None where no λ leaves as few."""
        if freedom >= self.freedom(0.0) * (1.0 - 1e-12):
            return 0.0
        if freedom <= self.coordinates.intercept + 1e-12:
            return None
        low, high = self._largest() ** 2 * LEAST, self._largest() ** 2 * MOST
        for _ in range(HALVINGS):
            middle = (low * high) ** 0.5
            low, high = (middle, high) if self.freedom(middle) > freedom else (low, middle)
        return float((low * high) ** 0.5)

    def _largest(self) -> float:
        return float(self.values[0]) if len(self.values) else 0.0
