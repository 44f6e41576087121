"""The way `rows`: every step reads every row, block by block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.row_blocks import rows_in, split_rows, stacked
from gdsolve.objective.triangle import RowBlock


@dataclass(frozen=True, slots=True)
class Rows:
    """c/2·(‖√ω(Xw − y)‖² + ‖Pw − q‖²) over all rows, in descent's coordinates.

    X is walked in blocks, so that a step reads it from memory once, not twice.
    Shapes: `design` X is (m, p), intercept last, `target` is (m, 1); both already multiplied by √ω.
    """

    design: Tensor
    target: Tensor
    penalty: Penalty
    curvature_scale: float

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation."""
        return self.design.numel() + 2 * self.penalty.rows.numel()

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        squares = torch.zeros((), dtype=w.dtype, device=w.device)
        gradient = torch.zeros_like(w)
        for design, target in split_rows(self.design, self.target):
            residual = torch.addmm(target, design, w, beta=-1)
            squares += torch.sum(residual * residual)
            gradient.addmm_(design.mT, residual)
        if self.penalty.rows.shape[0]:
            excess = torch.addmm(self.penalty.target, self.penalty.rows, w, beta=-1)
            squares += torch.sum(excess * excess)
            gradient.addmm_(self.penalty.rows.mT, excess)
        return Evaluation(0.5 * self.curvature_scale * squares, self.curvature_scale * gradient)

    def sse(self, weights: Tensor) -> Tensor:
        """‖X wᵢ − y‖² for every column of `weights`, (p, q): a tensor (q,)."""
        total = torch.zeros(weights.shape[1], dtype=weights.dtype, device=weights.device)
        for design, target in split_rows(self.design, self.target):
            total += (design @ weights - target).square().sum(dim=0)
        return total

    def residuals(self, w: Tensor) -> Tensor:
        """[√ω(Xw − y); Pw − q], (m + r, 1)."""
        return torch.cat([self.design @ w - self.target, self.penalty.rows @ w - self.penalty.target])

    def jacobian(self, w: Tensor) -> Tensor:
        """[√ωX; P], (m + r, p), wherever `w` is."""
        return torch.cat([self.design, self.penalty.rows]) if self.penalty.rows.shape[0] else self.design

    def hessian(self, w: Tensor) -> Tensor:
        """c·(XᵀωX + PᵀP), (p, p), for Newton's method alone: descent itself never forms it."""
        squared = self.design.mT @ self.design + self.penalty.rows.mT @ self.penalty.rows
        return self.curvature_scale * squared


def collect_rows(
    batches: Iterable[RowBlock],
    coordinates: Coordinates,
    penalty: Penalty,
    curvature_scale: float,
    dtype: torch.dtype,
    device: torch.device,
) -> Rows:
    """Bring the batches into memory, in `coordinates`, as the objective `Rows`."""
    designs: list[Tensor] = []
    targets: list[Tensor] = []
    for design, target, weight in rows_in(batches, coordinates, dtype):
        root = None if weight is None else weight.sqrt()
        designs.append((design if root is None else design * root).to(device, dtype))
        targets.append((target if root is None else target * root).to(device, dtype))
    design, target = stacked(designs, coordinates.p, dtype, device), stacked(targets, 1, dtype, device)
    return Rows(design, target, penalty.to(dtype, device), curvature_scale)
