"""How large files are, in bytes and about how many rows, and how far a pass over them has come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from gdsolve.data.file import Format
from gdsolve.data.packing import Packing
from gdsolve.data.parquet import rows_in
from gdsolve.progress import SILENT, Reading, listener

if TYPE_CHECKING:
    from gdsolve.data.source import Source

# Rows may be longer at the end of a file than at its beginning: looked at are so many places, so many bytes each.
_PLACES = 8
_GLANCE = 1 << 15

T = TypeVar("T", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class Extent:
    """Bytes of a file on disk, and how many rows they are: `exact` where they were counted, not judged by its size."""

    bytes: float
    rows: float
    exact: bool


@dataclass(frozen=True, slots=True)
class RowCount:
    """A number of rows; `exact` where it was counted, not judged by the size of a file."""

    rows: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.rows:,} rows" if self.exact else f"about {self.rows:,} rows"


def count_rows(sources: Sequence[Source]) -> RowCount | None:
    """Count the rows of all sources: of Parquet exactly, of text by its size; None where something is compressed."""
    extents = [extent_of(source) for source in sources]
    known = [extent for extent in extents if extent is not None]
    if len(known) < len(extents):
        return None
    rows = round(sum(one.rows for one in known))
    return RowCount(max(1, rows) if sources else 0, all(one.exact for one in known))


def extent_of(source: Source) -> Extent | None:
    """Estimate how large what is read of a file is; None where only reading it tells, as of compressed text."""
    held = getattr(source, "frame", None)
    if isinstance(held, pl.DataFrame):
        return Extent(float(held.estimated_size()), float(held.height), exact=True)
    file = source.file
    try:
        size = Path(file.path).stat().st_size
        if file.format is Format.PARQUET:
            rows = float(rows_in(file.path))
        else:
            rows = _lines(file.path, size) if file.packing is Packing.NONE else 0.0
    except OSError:
        # Reading the file will tell what is wrong with it.
        return None
    if not rows:
        return None
    part = 1.0 if source.rows is None else source.rows[1] / rows
    return Extent(size * part, rows * part, file.format is Format.PARQUET)


def _lines(path: str, size: int) -> float:
    """About how many lines a text file has; 0 where it is compressed."""
    places = _PLACES if size > _PLACES * _GLANCE else 1
    lines = seen = 0
    with Path(path).open("rb") as file:
        for place in range(places):
            file.seek(place * (size // places))
            glance = file.read(_GLANCE if places > 1 else size)
            lines += glance.count(b"\n")
            seen += len(glance)
    return size * lines / seen if seen else 0.0


class Pass:
    """One pass over files, which tells whoever listens how far it has come: the batches of each, in turn, go through.

    Nothing is looked at and nothing costs time where nobody listens.
    """

    def __init__(self, title: str, sources: Sequence[Source]) -> None:
        self._told = listener() if sources else SILENT
        self._title = title
        self._extents = [] if self._told is SILENT else [extent_of(source) for source in sources]
        self._rows = self._here = self._place = 0
        if self._told is not SILENT:
            self._told.tell(self._now())

    def through(self, batches: Iterator[T]) -> Iterator[T]:
        """Count the rows of the batches of the next file, and give them on; a batch ends with its rows."""
        return batches if self._told is SILENT else self._count(batches)

    def _count(self, batches: Iterator[T]) -> Iterator[T]:
        over = True
        try:
            for batch in batches:
                rows = len(batch[-1])
                self._rows += rows
                self._here += rows
                self._told.tell(self._now())
                yield batch
            self._place, self._here = self._place + 1, 0
            over = self._place == len(self._extents)
        finally:
            if over:
                self._told.done()

    def _now(self) -> Reading:
        known = [extent for extent in self._extents if extent is not None]
        if len(known) < len(self._extents):
            return Reading(self._title, self._rows, None, None)
        extent = known[self._place]
        done = sum(one.bytes for one in known[: self._place]) + extent.bytes * min(1.0, self._here / extent.rows)
        return Reading(self._title, self._rows, done, done / sum(one.bytes for one in known))
