"""Which walk goes through all rows of a design."""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

from torch import Tensor

from gdsolve.objective.compiled_walk import compiled_walk
from gdsolve.objective.elementwise import Rowwise
from gdsolve.objective.fused import FusedWalk
from gdsolve.objective.fused_kernel import shape_of
from gdsolve.objective.row_blocks import Walk
from gdsolve.objective.whole import RowWalk, WholeWalk

# Smaller tables are read by two products from the cache of the device: a kernel of their own is not worth the time of
# its compiler, a third of a second once on a machine.
LEAST_BYTES = 1 << 19


@runtime_checkable
class Hastened(Protocol):
    """An objective whose evaluations become cheaper by work that only many of them repay."""

    def hastened(self) -> Self:
        """The same objective, for many updates."""
        ...


def walk_of(design: Tensor, *columns: Tensor, loss: Rowwise, many: bool, offset: Tensor | None = None) -> RowWalk:
    """The walk for a design, (m, p), and the columns beside it, (m, 1) each: target and, where there are, weights.

    An `offset`, (m, 1), is added to the products before the loss is taken.

    `loss` is what visits a block, weights aside, computes: l and ∂l/∂z of every row. On the host, code is compiled for
    it where `many` updates repay that.
    """
    if design.device.type == "cpu":
        compiled = compiled_walk(loss, design, *columns, offset=offset) if many else None
        return compiled or Walk(design, *columns, offset=offset)
    whole = WholeWalk(design, *columns, offset=offset)
    large = design.numel() * design.element_size() >= LEAST_BYTES
    if design.device.type != "cuda" or not large or shape_of(design, weighted=False) is None:
        return whole
    return FusedWalk(loss, whole, design, *columns, offset=offset)
