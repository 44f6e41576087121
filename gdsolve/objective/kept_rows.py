"""Rows kept in memory while a table is read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import torch
from torch import Tensor

from gdsolve.objective.row_batch import RowBlock, from_numpy

HOST = torch.device("cpu")
# Large enough that the system takes a slab back as soon as it is released.
SLAB_BYTES = 64 << 20
CHUNK_BYTES = 4 << 20

Batch = TypeVar("Batch", bound=RowBlock)
# Cells, (rows, n + 1), the target last, or (rows, n + 2), the offset behind it, and weights, (rows,), if any.
Chunk = tuple[Tensor, Tensor | None]


class KeptRows:
    """The cells of a table on the host, rounded to `dtype`, and the weights of its rows in float64, as read.

    They stand in slabs, column by column, that are released one by one while an objective is filled from them: so that
    there is never more than one copy of the rows and a slab. `grow` is told, before every new slab, how many rows there
    are and how many there will be; it raises where they cannot be held. Where none are kept a `stream` may give them
    again (`gdsolve.objective.streamed.Stream`).
    """

    def __init__(self, dtype: torch.dtype, grow: Callable[[int, int], None] = lambda before, rows: None) -> None:
        self.dtype = dtype
        self.rows = 0
        self.positive = 0
        self.stream: object | None = None
        self._grow = grow
        self._slabs: deque[Tensor] = deque()
        self._weights: deque[Tensor] = deque()
        self._filled: deque[int] = deque()

    @property
    def weighted(self) -> bool:
        """Whether the rows have weights."""
        return bool(self._weights)

    @property
    def total_weight(self) -> float:
        """Σω, which is the number of rows where they have no weights."""
        parts = zip(self._weights, self._filled, strict=True) if self.weighted else ()
        return sum(
            (float(weight[:filled].sum()) for weight, filled in parts), 0.0 if self.weighted else float(self.rows)
        )

    @property
    def width(self) -> int:
        """The number of columns, the target among them."""
        return self._slabs[0].shape[0]

    def passing(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches, each kept on its way."""
        for batch in batches:
            self.add(batch)
            yield batch

    def add(self, batch: RowBlock) -> None:
        """Keep the rows of a batch."""
        values, offset = from_numpy(batch.values), getattr(batch, "offset", None)
        if offset is not None:
            values = torch.cat([values, from_numpy(offset)[:, None]], dim=1)
        weight = None if batch.weight is None else from_numpy(batch.weight).to(torch.float64)
        self.positive += len(values) if weight is None else int((weight > 0.0).sum())
        done = 0
        while done < len(values):
            room = self._room(values.shape[1], len(values) - done, weighted=weight is not None)
            start, count = self._filled[-1], min(room, len(values) - done)
            self._slabs[-1][:, start : start + count].copy_(values[done : done + count].mT)
            if weight is not None:
                self._weights[-1][start : start + count].copy_(weight[done : done + count])
            self._filled[-1] += count
            self.rows += count
            done += count

    def _room(self, width: int, wanted: int, *, weighted: bool) -> int:
        """Rows that the last slab has room for, at least one; slabs double until they are large."""
        if self._slabs and self._filled[-1] < self._slabs[-1].shape[1]:
            return self._slabs[-1].shape[1] - self._filled[-1]
        most = max(1, SLAB_BYTES // (width * self.dtype.itemsize))
        height = min(most, max(wanted, self.rows))
        self._grow(self.rows, self.rows + min(wanted, height))
        self._slabs.append(torch.empty(width, height, dtype=self.dtype, device=HOST))
        if weighted:
            self._weights.append(torch.empty(height, dtype=torch.float64, device=HOST))
        self._filled.append(0)
        return height

    def settle(self, constants: Mapping[int, float]) -> None:
        """Give columns that are constant to rounding one value, as their triangle has it: no engine sees data there."""
        for slab in self._slabs:
            for column, value in constants.items():
                slab[column] = value

    def targets(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The target, (rows,), and the weights, if any, of the rows that are kept, slab by slab."""
        for place, (slab, filled) in enumerate(zip(self._slabs, self._filled, strict=True)):
            yield slab[-1, :filled], self._weights[place][:filled] if self._weights else None

    def reweigh(self, factor: Callable[[Tensor], Tensor]) -> None:
        """Multiply the weights of the rows by what `factor` makes of their target, (rows,): numbers above 0."""
        if not self._weights:
            self._weights.extend(torch.ones(slab.shape[1], dtype=torch.float64, device=HOST) for slab in self._slabs)
        for slab, weight, filled in zip(self._slabs, self._weights, self._filled, strict=True):
            weight[:filled] *= factor(slab[-1, :filled])

    def slabs(self) -> Iterator[list[Chunk]]:
        """The chunks of one slab after the other; what was given is released."""
        self.rows = self.positive = 0
        while self._slabs:
            slab, filled = self._slabs.popleft(), self._filled.popleft()
            weight = self._weights.popleft()[:filled] if self._weights else None
            height = max(1, CHUNK_BYTES // (8 * slab.shape[0]))
            places = [slice(start, min(start + height, filled)) for start in range(0, filled, height)]
            yield [(slab[:, place].mT, None if weight is None else weight[place]) for place in places]
