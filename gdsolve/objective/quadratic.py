"""Least squares with a ridge penalty as one quadratic, on all rows or on the triangle alike."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation
from gdsolve.objective.coordinates import Coordinates


@dataclass(frozen=True, slots=True)
class Penalty:
    """The ridge penalty λ·Σw_j² on the user's weights as rows ‖Pw − q‖², whatever the coordinates.

    With w_user = T·w + t its rows are √λ·T_j/s_y and −√λ·t_j/s_y, so that scaling never moves the minimiser.
    Shapes: `rows` is (r, p), `target` is (r, 1); r = 0 without ridge.
    """

    rows: Tensor
    target: Tensor

    @classmethod
    def ridge(cls, ridge: float, coordinates: Coordinates, *, penalize_intercept: bool) -> Penalty:
        """The penalty of strength `ridge`, on the SSE scale (docs/design.md, section 2)."""
        count = 0 if ridge == 0.0 else coordinates.p if penalize_intercept else coordinates.n
        root = ridge**0.5 / coordinates.target_scale
        return cls(root * coordinates.matrix()[:count], -root * coordinates.offset()[:count])

    def to(self, dtype: torch.dtype, device: torch.device) -> Penalty:
        """The same penalty in another precision or place."""
        return Penalty(self.rows.to(device, dtype), self.target.to(device, dtype))


@dataclass(frozen=True, slots=True)
class Quadratic:
    """c/2·(‖Bw − b‖² + ‖Pw − q‖²), where B is the triangle's design factor.

    Gradient c·(Bᵀ(Bw − b) + Pᵀ(Pw − q)). As BᵀB = XᵀX, descent on it is descent on the rows, at a cost that does not
    depend on their number. Shapes: `design` B is (r, p), `target` b is (r, 1). Source: docs/design.md, section 2.
    """

    design: Tensor
    target: Tensor
    penalty: Penalty
    curvature_scale: float

    @property
    def p(self) -> int:
        """The number of weights."""
        return self.design.shape[1]

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation."""
        return 2 * (self.design.numel() + self.penalty.rows.numel())

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        residual = torch.addmm(self.target, self.design, w, beta=-1)
        squares = torch.sum(residual * residual)
        gradient = self.curvature_scale * (self.design.mT @ residual)
        if self.penalty.rows.shape[0]:
            excess = torch.addmm(self.penalty.target, self.penalty.rows, w, beta=-1)
            squares = squares + torch.sum(excess * excess)
            gradient = gradient + self.curvature_scale * (self.penalty.rows.mT @ excess)
        return Evaluation(0.5 * self.curvature_scale * squares, gradient)

    def sse(self, weights: Tensor) -> Tensor:
        """‖B wᵢ − b‖² for every column of `weights`, (p, q): a tensor (q,)."""
        return (self.design @ weights - self.target).square().sum(dim=0)

    def value(self, weights: Tensor) -> Tensor:
        """The objective at every column of `weights`, (p, q): a tensor (q,)."""
        excess = (self.penalty.rows @ weights - self.penalty.target).square().sum(dim=0)
        return 0.5 * self.curvature_scale * (self.sse(weights) + excess)

    def stacked(self) -> tuple[Tensor, Tensor]:
        """[B; P], (r, p), and [b; q], (r, 1): the penalty as rows of data."""
        return torch.cat([self.design, self.penalty.rows]), torch.cat([self.target, self.penalty.target])

    def residuals(self, w: Tensor) -> Tensor:
        """[B; P]w − [b; q], (r, 1)."""
        stacked, target = self.stacked()
        return stacked @ w - target

    def jacobian(self, w: Tensor) -> Tensor:
        """[B; P], (r, p), wherever `w` is."""
        return self.stacked()[0]

    def hessian(self, w: Tensor) -> Tensor:
        """c·[B; P]ᵀ[B; P], (p, p), for Newton's method alone: descent itself never forms it."""
        stacked = self.stacked()[0]
        return self.curvature_scale * (stacked.mT @ stacked)

    def to(self, dtype: torch.dtype, device: torch.device) -> Quadratic:
        """The same quadratic in another precision or place."""
        design, target = self.design.to(device, dtype), self.target.to(device, dtype)
        return Quadratic(design, target, self.penalty.to(dtype, device), self.curvature_scale)
