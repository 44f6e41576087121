"""Rows that were kept on their way into an objective: one copy of them at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Self

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.kept_rows import HOST, Chunk, KeptRows
from gdsolve.objective.threads import share_among_cores

BUFFERS = 4

# Of a design (h, p), target (h, 1) and weights (h, 1), if any, in float64: what is to stand in the places, (h, ·) each.
Prepare = Callable[[Tensor, Tensor, Tensor | None], tuple[Tensor, ...]]


def bring_rows(kept: KeptRows, coordinates: Coordinates, prepare: Prepare, places: tuple[Tensor, ...]) -> None:
    """Fill `places`, (m, ·) each, with what `prepare` makes of the kept rows in `coordinates`, on all cores.

    Where it drops rows of weight 0, `places` have as many rows as there are of a weight above 0. `kept` is empty
    thereafter.
    """
    whole, own, filled = len(places[0]) == kept.rows, coordinates.to(HOST), 0
    with Shipment(places[0].device) as shipment:
        for slab in kept.slabs():
            pending: deque[tuple[Chunk, slice]] = deque()
            for cells, weight in slab:
                rows = len(cells) if whole or weight is None else int((weight > 0.0).sum())
                pending.append(((cells, weight), slice(filled, filled + rows)))
                filled += rows
            bring = partial(_bring, pending, own, prepare, places, shipment)
            share_among_cores(pending, bring, alone=shipment.pinned)


def _bring(
    pending: deque[tuple[Chunk, slice]],
    coordinates: Coordinates,
    prepare: Prepare,
    places: tuple[Tensor, ...],
    shipment: Shipment,
) -> None:
    while True:
        try:
            chunk, here = pending.popleft()
        except IndexError:
            return
        for source, place in zip(prepare(*in_coordinates(chunk, coordinates)), places, strict=True):
            shipment.send(source, place[here])


def in_coordinates(chunk: Chunk, coordinates: Coordinates) -> tuple[Tensor, Tensor, Tensor | None]:
    """Design (rows, p), target and weights (rows, 1) in `coordinates` and float64: new tensors.

    The target is (rows, 2) where an offset stands behind it; there may be no weights.
    """
    cells, weight = chunk
    values = cells.to(torch.float64)
    design = torch.empty(coordinates.p, len(values), dtype=torch.float64, device=HOST).mT
    design[:, coordinates.n :] = 1.0
    torch.sub(values[:, : coordinates.n], coordinates.centre, out=design[:, : coordinates.n])
    design[:, : coordinates.n] /= coordinates.scale
    target = (values[:, coordinates.n :] - coordinates.target_centre) / coordinates.target_scale
    return design, target, None if weight is None else weight[:, None]


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

    @property
    def pinned(self) -> bool:
        """Whether copies go through pinned memory, where one thread makes them."""
        return self._stream is not None

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
        for cells, weight in chain.from_iterable(kept.slabs()):
            here = slice(place, place + len(cells))
            shipment.send(cells, columns[:, here].mT)
            if weights is not None and weight is not None:
                shipment.send(weight[:, None], weights[here, None])
            place += len(cells)
    return columns.unbind(), weights
