"""How many rows there are, before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gdsolve.data.files import File, Format
from gdsolve.data.source import Source

# Places of a file that are looked at, and bytes at each.
_PLACES = 16
_GLANCE = 1 << 16
_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


@dataclass(frozen=True, slots=True)
class RowCount:
    """A number of rows; `exact` where it was counted, not judged by the size of a file."""

    rows: int
    exact: bool

    def __str__(self) -> str:
        return f"{self.rows:,} rows" if self.exact else f"about {self.rows:,} rows"


def count_rows(sources: Sequence[Source]) -> RowCount | None:
    """Count the rows of all sources: of Parquet exactly, of text by its size; None where something is compressed."""
    counts = [_count(source) for source in sources]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return None
    return RowCount(sum(count.rows for count in known), all(count.exact for count in known))


def _count(source: Source) -> RowCount | None:
    if source.file.format is Format.PARQUET:
        found = pl.scan_parquet(source.file.path, glob=False).select(pl.len()).collect()
        return RowCount(int(found.item()), exact=True)
    if source.dialect is None and source.file.format is not Format.NDJSON:
        return None
    return _judge(source.file)


def _judge(file: File) -> RowCount | None:
    """The size of a text file over the bytes of a line, as they are at places all over it."""
    size = Path(file.path).stat().st_size
    with Path(file.path).open("rb") as text:
        if text.read(4).startswith(_PACKED):
            return None
        lines = seen = 0
        for place in range(_PLACES):
            text.seek(size * place // _PLACES)
            glance = text.read(min(_GLANCE, -(-size // _PLACES)))
            lines += glance.count(b"\n")
            seen += len(glance)
    return RowCount(max(1, round(size * lines / seen)), exact=False) if seen else None
