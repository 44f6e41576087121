"""Batches of rows that are read anew every epoch: memory holds a block of them, whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.minibatches import Gradient, gradients_of, order_of, sizes_of
from gdsolve.objective.row_batch import RowBlock, from_numpy
from gdsolve.objective.shipment import in_coordinates
from gdsolve.status import DataError

# Numbers of a block, which is shuffled by itself: 64 MB of them in float64.
BLOCK_NUMBERS = 1 << 23

Part = tuple[Tensor, Tensor, Tensor | None]


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows that can be read again and again, as they were the first time; `constants` are columns that do not vary."""

    again: Callable[[], Iterable[RowBlock]]
    close: Callable[[], None]
    constants: Mapping[int, float]
    name: str

    def parts(self, coordinates: Coordinates, dtype: torch.dtype) -> Iterator[Part]:
        """Design (h, p), target and weights (h, 1), if any, of rows of a weight above 0, in float64.

        The target is (h, 2) where an offset stands beside it.
        """
        own = coordinates.to(torch.device("cpu"))
        for batch in self.again():
            cells = from_numpy(batch.values).to(dtype, copy=True)
            for column, value in self.constants.items():
                cells[:, column] = value
            if (offset := getattr(batch, "offset", None)) is not None:
                cells = torch.cat([cells, from_numpy(offset).to(dtype)[:, None]], dim=1)
            weight = None if batch.weight is None else from_numpy(batch.weight).to(torch.float64)
            if weight is not None:
                cells, weight = cells[weight > 0.0], weight[weight > 0.0]
            if len(cells):
                yield in_coordinates((cells, weight), own)


def blocks_of(parts: Iterable[Part], heights: Iterable[int], name: str) -> Iterator[Part]:
    """The same rows in blocks of these heights.

    Raises:
        DataError: there are fewer rows, or more.
    """
    left: list[Part] = []
    there, source = 0, iter(parts)
    for height in heights:
        while there < height:
            part = next(source, None)
            if part is None:
                raise _changed(name)
            left.append(part)
            there += len(part[0])
        joined = _joined(left)
        yield _cut(joined, 0, height)
        left, there = [_cut(joined, height, there)], there - height
    if there or next(source, None) is not None:
        raise _changed(name)


def _joined(parts: list[Part]) -> Part:
    if len(parts) == 1:
        return parts[0]
    designs, targets, weights = zip(*parts, strict=True)
    known = [weight for weight in weights if weight is not None]
    return torch.cat(designs), torch.cat(targets), torch.cat(known) if known else None


def _cut(part: Part, first: int, last: int) -> Part:
    design, target, weight = part
    return design[first:last], target[first:last], None if weight is None else weight[first:last]


def _changed(name: str) -> DataError:
    return DataError(
        f"{name}: has another number of rows than when it was read first", "run it again when nothing writes to it"
    )


@dataclass(frozen=True, slots=True)
class StreamedBatches:
    """Batches of the rows of a `stream`, of which there are `rows`, at most `size` a batch.

    Where there is a `seed` the rows of a block are shuffled: its batches are whole, and their gradients those of the
    same rows in memory. `make` gives the objective of some rows, its scale that of all, on the device of the descent.
    """

    stream: Stream
    coordinates: Coordinates
    dtype: torch.dtype
    make: Callable[[Tensor, Tensor, Tensor | None], object]
    rows: int
    size: int
    seed: int | None

    @property
    def together(self) -> int:
        """How many batches are shuffled together."""
        return max(1, BLOCK_NUMBERS // (self.coordinates.p + 1) // self.size)

    @property
    def block(self) -> int:
        """How many rows are shuffled together, at most."""
        return min(self.rows, self.together * self.size)

    def epoch(self, number: int) -> Iterator[Gradient]:
        """The gradients of one epoch, in one pass over the table."""
        sizes = sizes_of(self.rows, self.size)
        together = self.together
        groups = [sizes[first : first + together] for first in range(0, len(sizes), together)]
        parts = self.stream.parts(self.coordinates, self.dtype)
        for place, block in enumerate(blocks_of(parts, map(sum, groups), self.stream.name)):
            design, target, weight = block
            if self.seed is not None:
                order = order_of(self.seed, number, len(target), place)
                design, target = design[order], target[order]
                weight = None if weight is None else weight[order]
            yield from gradients_of(self.make(design, target, weight), groups[place], self.rows)
