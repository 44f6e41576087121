"""Batches of rows of any size, cut into blocks of a height of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.row_batch import RowBlock, from_numpy

# Rows of a block: those of so many bytes, so many for each column, and of some hundred columns so many more, as far as
# they are no more than so many. Fewer mean more work on their factors, and more take memory and fall out of the cache;
# of a power of two the columns would share few places of the cache.
BLOCK_BYTES = 2 << 20
LEAST_HEIGHT = 2
USUAL_HEIGHT = 8
USUAL_ROWS = 2040


@dataclass(frozen=True, slots=True)
class Cut:
    """Rows that are factorised together: parts of batches, (values, weights) each, in their order."""

    parts: tuple[tuple[np.ndarray, np.ndarray | None], ...]
    rows: int

    def values(self, dtype: torch.dtype) -> Iterator[tuple[slice, Tensor]]:
        """The values, (rows, n + 1) float64, rounded to `dtype` first, by parts: where one stands, and what it is."""
        start = 0
        for values, _ in self.parts:
            stop = start + len(values)
            yield slice(start, stop), from_numpy(values).to(dtype).to(torch.float64)
            start = stop

    def weights(self) -> Tensor | None:
        """The weights, (rows,) float64, if there are any."""
        known = [from_numpy(weight).to(torch.float64) for _, weight in self.parts if weight is not None]
        return torch.cat(known) if known else None


def block_rows(columns: int) -> int:
    """The rows of a block of so many columns."""
    usual = min(USUAL_HEIGHT * columns, USUAL_ROWS)
    return max(BLOCK_BYTES // (8 * columns), LEAST_HEIGHT * columns, usual)


def cut_rows(batches: Iterable[RowBlock], height_of: Callable[[int], int] = block_rows) -> Iterator[Cut]:
    """Cuts of the height for so many columns, n + 2, that `height_of` gives; the last one perhaps of fewer rows.

    They are counted from the first row, whatever the sizes of the batches. A row of weight 0 is no row.
    """
    parts: list[tuple[np.ndarray, np.ndarray | None]] = []
    waiting = height = 0
    for batch in batches:
        values, weight = batch.values, batch.weight
        if weight is not None and not (there := weight > 0.0).all():
            values, weight = values[there], weight[there]
        if not len(values):
            continue
        height = height or height_of(values.shape[1] + 1)
        start = 0
        while start < len(values):
            stop = min(len(values), start + height - waiting)
            parts.append((values[start:stop], None if weight is None else weight[start:stop]))
            waiting += stop - start
            start = stop
            if waiting == height:
                yield Cut(tuple(parts), waiting)
                parts, waiting = [], 0
    if waiting:
        yield Cut(tuple(parts), waiting)
