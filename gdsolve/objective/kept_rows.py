"""Rows kept in memory while a table is read, and on their way into an objective: one copy of them at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Self, TypeVar

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.row_batch import RowBlock, from_numpy

HOST = torch.device("cpu")
# Large enough that the system takes a slab back as soon as it is released.
SLAB_BYTES = 64 << 20
CHUNK_BYTES = 4 << 20
BUFFERS = 4

Batch = TypeVar("Batch", bound=RowBlock)


class KeptRows:
    """The cells of a table on the host, rounded to `dtype`, and the weights of its rows in float64, as read.

    They stand in slabs, column by column, that are released one by one while an objective is filled from them: so that
    there is never more than one copy of the rows and a slab. `grow` is told, before every new slab, how many rows there
    are and how many there will be; it raises where they cannot be held.
    """

    def __init__(self, dtype: torch.dtype, grow: Callable[[int, int], None] = lambda before, rows: None) -> None:
        self.dtype = dtype
        self.rows = 0
        self.positive = 0
        self._grow = grow
        self._slabs: deque[Tensor] = deque()
        self._weights: deque[Tensor] = deque()
        self._filled: deque[int] = deque()

    @property
    def weighted(self) -> bool:
        """Whether the rows have weights."""
        return bool(self._weights)

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
        values = from_numpy(batch.values)
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

    def chunks(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Cells, (rows, n + 1) of `dtype`, the target last, and weights, (rows,); what was given is released."""
        self.rows = self.positive = 0
        while self._slabs:
            slab, filled = self._slabs.popleft(), self._filled.popleft()
            weight = self._weights.popleft()[:filled] if self._weights else None
            height = max(1, CHUNK_BYTES // (8 * slab.shape[0]))
            for start in range(0, filled, height):
                stop = min(start + height, filled)
                yield slab[:, start:stop].mT, None if weight is None else weight[start:stop]

    def in_coordinates(self, coordinates: Coordinates) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
        """Design (rows, p), target (rows, 1) and weights (rows, 1), if any, in `coordinates` and float64, in chunks.

        What was given is released, and its tensors are the caller's.
        """
        own = coordinates.to(HOST)
        for cells, weight in self.chunks():
            values = cells.to(torch.float64)
            design = torch.ones(own.p, len(values), dtype=torch.float64, device=HOST).mT
            torch.sub(values[:, :-1], own.centre, out=design[:, : own.n])
            design[:, : own.n] /= own.scale
            target = (values[:, -1:] - own.target_centre) / own.target_scale
            yield design, target, None if weight is None else weight[:, None]


class Shipment:
    """Copies of tensors of the host to a device, each under way while the host makes the next one ready.

    To CUDA they go through pinned memory, on a stream of their own, that all later work there waits for. Pinned buffers
    are taken in turn: some are still read while the next one is filled.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream: torch.cuda.Stream | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._buffers: list[Tensor | None] = [None] * BUFFERS
        self._sent: list[torch.cuda.Event | None] = [None] * BUFFERS
        self._turn = 0

    def __enter__(self) -> Self:
        if self._stream is not None:
            self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            torch.cuda.current_stream(self._stream.device).wait_stream(self._stream)

    def send(self, source: Tensor, place: Tensor) -> None:
        """Copy `source`, on the host, to `place`, rounding it to its dtype; `source` is free at once."""
        if self._stream is None:
            place.copy_(source)
            return
        self._turn = (self._turn + 1) % BUFFERS
        sent = self._sent[self._turn]
        if sent is not None:
            sent.synchronize()
        staged = self._staged(source, place.dtype)
        with torch.cuda.stream(self._stream):
            landed = staged.to(place.device, non_blocking=True)
            place.copy_(landed)
            self._sent[self._turn] = self._stream.record_event()

    def _staged(self, source: Tensor, dtype: torch.dtype) -> Tensor:
        buffer = self._buffers[self._turn]
        if buffer is None or buffer.numel() < source.numel() or buffer.dtype != dtype:
            buffer = torch.empty(source.numel(), dtype=dtype, device=HOST, pin_memory=True)
            self._buffers[self._turn] = buffer
        # Column by column, as designs are.
        staged = buffer[: source.numel()].view(source.shape[1], source.shape[0]).mT
        return staged.copy_(source)


def collect_columns(kept: KeptRows, device: torch.device) -> tuple[tuple[Tensor, ...], Tensor | None]:
    """The columns of the kept rows, (m,) each, the target last, and their weights, (m,), all of the dtype that is kept.

    `kept` is empty thereafter.
    """
    m, width = kept.rows, kept.width
    columns = torch.empty(width, m, dtype=kept.dtype, device=device)
    weights = torch.empty(m, dtype=kept.dtype, device=device) if kept.weighted else None
    place = 0
    with Shipment(device) as shipment:
        for cells, weight in kept.chunks():
            here = slice(place, place + len(cells))
            shipment.send(cells, columns[:, here].mT)
            if weights is not None and weight is not None:
                shipment.send(weight[:, None], weights[here, None])
            place += len(cells)
    return columns.unbind(), weights
