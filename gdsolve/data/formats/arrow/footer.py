"""The names of the columns of an Arrow file, from its footer, where pyarrow takes a second to import.

The footer is a table of Flatbuffers, with the schema in its second field (https://arrow.apache.org/docs/format, "IPC
File Format"; https://flatbuffers.dev/internals).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

_MAGIC = b"ARROW1"
# Of a Footer: the schema. Of a Schema: its fields. Of a Field: its name.
_SCHEMA, _FIELDS, _NAME = 1, 1, 0


def column_keys(path: str) -> list[str]:
    """The names of the columns as they stand there.

    Raises:
        ValueError, struct.error: a footer that is damaged.
        OSError: the file cannot be read.
    """
    footer = _footer(path)
    schema = _Table(footer, 0, _uint(footer, 0)).table(_SCHEMA)
    return [field.text(_NAME) for field in schema.tables(_FIELDS)]


def _footer(path: str) -> bytes:
    with Path(path).open("rb") as file:
        end = file.seek(-10, os.SEEK_END)
        size, magic = int.from_bytes(file.read(4), "little"), file.read(6)
        if magic != _MAGIC or not 0 < size <= end:
            raise ValueError("no footer")
        file.seek(end - size)
        return file.read(size)


class _Table:
    """A table of Flatbuffers, which stands `distance` bytes behind `start`."""

    def __init__(self, content: bytes, start: int, distance: int) -> None:
        self._content = content
        self._start = start + distance
        (back,) = struct.unpack_from("<i", content, self._start)
        self._places = self._start - back
        if self._places < 0:
            raise ValueError("the footer is damaged")

    def table(self, number: int) -> _Table:
        """The table in a field."""
        place = self._place(number)
        return _Table(self._content, place, _uint(self._content, place))

    def tables(self, number: int) -> Iterator[_Table]:
        """The tables in a field that has several."""
        place = self._place(number)
        place += _uint(self._content, place)
        for one in range(place + 4, place + 4 + 4 * _uint(self._content, place), 4):
            yield _Table(self._content, one, _uint(self._content, one))

    def text(self, number: int) -> str:
        """The text in a field."""
        place = self._place(number)
        place += _uint(self._content, place)
        size = _uint(self._content, place)
        return self._content[place + 4 : place + 4 + size].decode()

    def _place(self, number: int) -> int:
        (known,) = struct.unpack_from("<H", self._content, self._places)
        at = 4 + 2 * number
        (distance,) = struct.unpack_from("<H", self._content, self._places + at) if at < known else (0,)
        if not distance:
            raise ValueError("the footer has no schema")
        return self._start + int(distance)


def _uint(content: bytes, place: int) -> int:
    return int(struct.unpack_from("<I", content, place)[0])
