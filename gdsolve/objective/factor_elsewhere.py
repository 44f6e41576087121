"""The factor of all rows of a table on an accelerator, while the host makes the next rows ready."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from gdsolve.objective.factor_tree import HOST, Grown, shift_of
from gdsolve.objective.row_cuts import Cut
from gdsolve.objective.shipment import Shipment

# Rows that are factorised together: an accelerator needs many at a time to be busy.
BLOCK_BYTES = 64 << 20
LEAST_HEIGHT = 8
# Rows of one copy through pinned memory.
COPY_BYTES = 8 << 20


def rows_elsewhere(columns: int) -> int:
    """The rows of a block of so many columns."""
    return max(BLOCK_BYTES // (8 * columns), LEAST_HEIGHT * columns)


def grow_elsewhere(cuts: Iterable[Cut], dtypes: Sequence[torch.dtype], device: torch.device) -> tuple[Grown, ...]:
    """The factors of all rows, of the cells rounded to each dtype, on the host; a block is copied to `device` once.

    R ← qr([R; block]) there. Nothing is waited for until the last block is under way.
    Memory there: a block, three times for each dtype; and pinned on the host, some copies.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.2.
    """
    factors: list[_Factor] = []
    rows, shipment = 0, Shipment(device)
    for cut in cuts:
        rows += cut.rows
        with shipment:
            cells, weights = _shipped(cut, shipment, device)
        if not factors:
            factors = [_Factor(shift_of(cells.to(dtype).to(torch.float64)), dtype) for dtype in dtypes]
        for factor in factors:
            factor.add(cells, weights)
    return tuple(factor.grown(rows) for factor in factors)


class _Factor:
    """R, on the device of the shift; and Σω for each block."""

    def __init__(self, shift: Tensor, dtype: torch.dtype) -> None:
        self._shift = shift
        self._dtype = dtype
        self._R = shift.new_zeros(0, len(shift) + 1)
        self._weights: list[Tensor] = []

    def add(self, cells: Tensor, weights: Tensor | None) -> None:
        top = len(self._R)
        block = cells.new_empty(len(self._shift) + 1, top + len(cells)).mT
        block[:top] = self._R
        below = block[top:]
        below[:, 0] = 1.0
        torch.sub(cells.to(self._dtype).to(torch.float64), self._shift, out=below[:, 1:])
        if weights is not None:
            below *= weights.sqrt()[:, None]
            self._weights.append(weights.sum())
        reflectors, _ = torch.geqrf(block)
        self._R = reflectors[: min(block.shape)].triu()

    def grown(self, rows: int) -> Grown:
        weight = float(torch.stack(self._weights).sum()) if self._weights else float(rows)
        return Grown(self._R.to(HOST), self._shift.to(HOST), rows, weight)


def _shipped(cut: Cut, shipment: Shipment, device: torch.device) -> tuple[Tensor, Tensor | None]:
    """The values of a block, (rows, n + 1) float64, and its weights, (rows,), on their way to the device."""
    columns = cut.parts[0][0].shape[1]
    cells = torch.empty(columns, cut.rows, dtype=torch.float64, device=device).mT
    height = max(1, COPY_BYTES // (8 * columns))
    for place, values in cut.values(torch.float64):
        for start in range(0, len(values), height):
            some = values[start : start + height]
            shipment.send(some, cells[place.start + start :][: len(some)])
    weights = cut.weights()
    if weights is None:
        return cells, None
    there = torch.empty(cut.rows, 1, dtype=torch.float64, device=device)
    shipment.send(weights[:, None], there)
    return cells, there[:, 0]
