"""The engine `autograd`: least squares on all rows, its gradient left to PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation
from gdsolve.objective.differentiate import value_and_gradient
from gdsolve.objective.rows import Rows


@dataclass(frozen=True, slots=True)
class AutogradRows(Rows):
    """The same as `Rows`, c/2·(‖√ω(Xw − y)‖² + ‖Pw − q‖²), with ∇L by a backward pass instead of its formula."""

    def hastened(self) -> Self:
        """The same: autograd takes the steps, and there is nothing to compile."""
        return self

    def value(self, w: Tensor) -> Tensor:
        """L(w), (), tracked by autograd."""
        squares = (self.design @ w - self.target).square().sum()
        if self.penalty.counts:
            squares = squares + torch.sum(self.penalty.excess(w).square())
        return 0.5 * self.curvature_scale * squares

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        return value_and_gradient(self.value, w)
