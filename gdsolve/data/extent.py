"""How large a file is, in bytes and about how many rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# Rows may be longer at the end of a file than at its beginning: looked at are so many places, so many bytes each.
_PLACES = 8
_GLANCE = 1 << 15


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
    places = _PLACES if size > _PLACES * _GLANCE else 1
    lines = seen = 0
    with Path(path).open("rb") as file:
        for place in range(places):
            file.seek(place * (size // places))
            glance = file.read(_GLANCE if places > 1 else size)
            lines += glance.count(b"\n")
            seen += len(glance)
    return size * lines / seen if seen else 0.0
