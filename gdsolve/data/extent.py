"""How large a file is, in bytes and about how many rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Rows may be longer at the end of a file than at its beginning: looked at are so many places, so many bytes each.
_PLACES = 8
_GLANCE = 1 << 15
# Where lines are so long that these have few, more is looked at.
_LONG_GLANCE = 1 << 22
_FEW = 64


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


def size_of(path: str) -> int:
    """The bytes of a file on disk.

    Raises:
        OSError: it is not there.
    """
    return Path(path).stat().st_size


def lines_in(path: str) -> float:
    """About how many lines a text file has.

    Raises:
        OSError: the file cannot be read.
    """
    size = size_of(path)
    lines, seen = _lines_at(path, size, _GLANCE)
    if lines < _FEW and seen < size:
        lines, seen = _lines_at(path, size, _LONG_GLANCE)
    return size * lines / seen if seen else 0.0


def _lines_at(path: str, size: int, glance: int) -> tuple[int, int]:
    """The lines and the bytes at some places of a file, or of all of it where it is no larger than these."""
    places = _PLACES if size > _PLACES * glance else 1
    lines = seen = 0
    with Path(path).open("rb") as file:
        for place in range(places):
            file.seek(place * (size // places))
            read = file.read(glance if places > 1 else size)
            lines += read.count(b"\n")
            seen += len(read)
    return lines, seen
