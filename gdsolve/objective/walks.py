"""Which walk goes through all rows of a design."""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

from torch import Tensor

from gdsolve.objective.compiled_walk import compiled_walk
from gdsolve.objective.elementwise import Rowwise
from gdsolve.objective.row_blocks import Visit, Walk


class RowWalk(Protocol):
    """A way through all rows."""

    def sums(self, w: Tensor, visit: Visit) -> tuple[Tensor, Tensor]:
        """Σ of the losses, (), and Xᵀ·slopes, (p, 1), at `w`, (p, 1)."""
        ...


@runtime_checkable
class Hastened(Protocol):
    """An objective whose evaluations become cheaper by work that only many of them repay."""

    def hastened(self) -> Self:
        """The same objective, for many updates."""
        ...


def walk_of(design: Tensor, *columns: Tensor, loss: Rowwise, many: bool) -> RowWalk:
    """The walk for a design, (m, p), and the columns beside it, (m, 1) each: target and, where there are, weights.

    `loss` is the same as what visits a block, weights aside. Code is compiled for it where `many` updates repay that.
    """
    compiled = compiled_walk(loss, design, *columns) if many else None
    return compiled or Walk(design, *columns)
