"""How many rows files have together, and how far a pass over them has come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from gdsolve.data.extent import RowCount
from gdsolve.data.source import Source
from gdsolve.progress import SILENT, Reading, listener

T = TypeVar("T", bound=tuple[Any, ...])


def count_rows(sources: Sequence[Source]) -> RowCount | None:
    """Count the rows of all sources, exactly where a format tells them; None where something is compressed text."""
    extents = [source.extent() for source in sources]
    known = [extent for extent in extents if extent is not None]
    if len(known) < len(extents):
        return None
    rows = round(sum(one.rows for one in known))
    return RowCount(max(1, rows) if sources else 0, all(one.exact for one in known))


class Pass:
    """One pass over files, which tells whoever listens how far it has come: the batches of each, in turn, go through.

    Nothing is looked at and nothing costs time where nobody listens.
    """

    def __init__(self, title: str, sources: Sequence[Source]) -> None:
        self._told = listener() if sources else SILENT
        self._title = title
        self._extents = [] if self._told is SILENT else [source.extent() for source in sources]
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
