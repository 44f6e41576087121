"""All rows of a design as one block, and what any walk over them gives."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from gdsolve.objective.row_blocks import Block, Visit


class RowWalk(Protocol):
    """A way through all rows."""

    def sums(self, w: Tensor, visit: Visit) -> tuple[Tensor, Tensor]:
        """Σ of the losses, (), and Xᵀ·slopes, (p, 1), at `w`, (p, 1)."""
        ...


class WholeWalk:
    """All rows as one block, for a device that shares every product among its own processors, and pays for launches.

    Shapes: `design` is (m, p), `columns` are (m, 1) each.
    """

    def __init__(self, design: Tensor, *columns: Tensor, offset: Tensor | None = None) -> None:
        self._design, self._columns = design, tuple(column[:, 0] for column in columns)
        self._offset = None if offset is None else offset[:, 0]

    def sums(self, w: Tensor, visit: Visit) -> tuple[Tensor, Tensor]:
        """Σ of the losses, (), and Xᵀ·slopes, (p, 1), at `w`, (p, 1), by one `visit` to all rows."""
        block = Block(self._design, self._design.mT, self._columns, w.new_empty(()), self._offset)
        slopes = visit(block, w[:, 0], w.new_empty(len(self._design)))
        return block.value, torch.mv(block.transposed, slopes)[:, None]
