"""The engine `rows`: every step reads every row, block by block."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.elementwise import squares
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.row_blocks import Block, empty_design, split_rows, sum_of_blocks
from gdsolve.objective.shipment import bring_rows
from gdsolve.objective.walks import walk_of
from gdsolve.objective.whole import RowWalk


@dataclass(frozen=True, slots=True)
class Rows:
    """c/2·(‖√ω(Xw − y)‖² + ‖Pw − q‖²) over all rows, in descent's coordinates.

    X is walked in blocks, so that a step reads it from memory once, not twice (`walks.walk_of`).
    Shapes: `design` X is (m, p), intercept last, `target` is (m, 1); both already multiplied by √ω. `many` updates are
    to be taken, so that what they need may be compiled.
    """

    design: Tensor
    target: Tensor
    penalty: Penalty
    curvature_scale: float
    many: bool = False
    _walk: RowWalk = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_walk", walk_of(self.design, self.target, loss=squares, many=self.many))

    def hastened(self) -> Self:
        """The same for many updates: see `walk_of`."""
        return replace(self, many=True)

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation."""
        return self.design.numel() + 2 * self.penalty.elements

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        total, gradient = self._walk.sums(w, _square_residuals)
        if self.penalty.counts:
            excess = self.penalty.excess(w)
            total += torch.sum(excess * excess)
            gradient += self.penalty.pulled(excess)
        return Evaluation(0.5 * self.curvature_scale * total, self.curvature_scale * gradient)

    def sse(self, weights: Tensor) -> Tensor:
        """‖X wᵢ − y‖² for every column of `weights`, (p, q): a tensor (q,)."""
        blocks = split_rows(self.design, self.target, width=weights.shape[1])
        return sum_of_blocks(blocks, lambda design, target: (design @ weights - target).square().sum(dim=0))

    def residuals(self, w: Tensor) -> Tensor:
        """[√ω(Xw − y); Pw − q], (m + r, 1)."""
        return torch.cat([self.design @ w - self.target, self.penalty.excess(w)])

    def jacobian(self, w: Tensor) -> Tensor:
        """[√ωX; P], (m + r, p), wherever `w` is."""
        return torch.cat([self.design, self.penalty.rows]) if self.penalty.counts else self.design

    def hessian(self, w: Tensor) -> Tensor:
        """c·(XᵀωX + PᵀP), (p, p), for Newton's method alone: descent itself never forms it."""
        squared = self.design.mT @ self.design + self.penalty.gram()
        return self.curvature_scale * squared


def _square_residuals(block: Block, v: Tensor, residual: Tensor) -> Tensor:
    """‖Xv − y‖² of a block; the slopes are the residuals themselves."""
    torch.addmv(block.columns[0], block.design, v, beta=-1, out=residual)
    torch.dot(residual, residual, out=block.value)
    return residual


def collect_rows(
    kept: KeptRows,
    coordinates: Coordinates,
    penalty: Penalty,
    curvature_scale: float,
    device: torch.device,
    *,
    weighty: bool = False,
) -> Rows:
    """The kept rows in `coordinates`, on `device`, as the objective `Rows`; `kept` is empty thereafter.

    Where they are `weighty`, rows of weight 0 are left out.
    """
    m, dtype = kept.positive if weighty else kept.rows, kept.dtype
    design = empty_design(m, coordinates.p, dtype=dtype, device=device)
    target = torch.empty(m, 1, dtype=dtype, device=device)
    bring_rows(kept, coordinates, _weighty if weighty else _weighed, (design, target))
    return Rows(design, target, penalty.to(dtype, device), curvature_scale)


def _weighed(design: Tensor, target: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
    """Both multiplied by √ω."""
    if weight is None:
        return design, target
    root = weight.sqrt()
    return design * root, target * root


def _weighty(design: Tensor, target: Tensor, weight: Tensor | None) -> tuple[Tensor, Tensor]:
    """The same without rows of weight 0."""
    if weight is None:
        return design, target
    there = weight[:, 0] > 0.0
    return _weighed(design[there], target[there], weight[there])
