"""Which walk goes through all rows of a design."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from gdsolve.objective.elementwise import Rowwise, squares
from gdsolve.objective.fused import LEAST_BYTES, FusedWalk
from gdsolve.objective.row_blocks import Visit, Walk


class RowWalk(Protocol):
    """A way through all rows."""

    def sums(self, w: Tensor, visit: Visit) -> tuple[Tensor, Tensor]:
        """Σ of the losses, (), and Xᵀ·slopes, (p, 1), at `w`, (p, 1)."""
        ...


def walk_of(design: Tensor, *columns: Tensor, loss: Rowwise = squares) -> RowWalk:
    """The walk for a design, (m, p), and the columns beside it, (m, 1) each: target and, where there are, weights.

    `loss` is the same as what visits a block, weights aside. Small tables on CUDA stay in its cache, and are read by
    the products of its library.
    """
    if design.device.type == "cuda" and design.numel() * design.element_size() >= LEAST_BYTES:
        return FusedWalk(loss, design, *columns)
    return Walk(design, *columns)
