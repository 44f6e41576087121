"""The names of the columns of a Parquet file, from its footer: a few kilobytes, where pyarrow takes a second to import.

The footer is a struct of Thrift's compact protocol, of which the second field is the schema, a tree in the order in
which a walk meets it (https://parquet.apache.org/docs/file-format/metadata; https://github.com/apache/thrift, "Thrift
compact protocol").
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

_MAGIC = b"PAR1"
# Of a FileMetaData: the schema. Of a SchemaElement: its name, and how many elements are below it.
_SCHEMA, _NAME, _CHILDREN = 2, 4, 5
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_INTEGERS = (4, 5, 6)
_LARGEST = 1 << 26


def column_keys(path: str) -> list[str]:
    """The names of the columns as they stand there.

    Raises:
        ValueError, LookupError: a footer that is damaged or encrypted.
        OSError: the file cannot be read.
    """
    root, *below = _Compact(_footer(path)).struct()[_SCHEMA]
    keys = list[str]()
    waiting = 0
    for element in below:
        if waiting:
            waiting -= 1
        else:
            keys.append(element[_NAME].decode())
        waiting += element.get(_CHILDREN, 0)
    if len(keys) != root.get(_CHILDREN, 0):
        raise ValueError("the schema breaks off")
    return keys


def _footer(path: str) -> bytes:
    with Path(path).open("rb") as file:
        end = file.seek(-8, os.SEEK_END)
        size, magic = int.from_bytes(file.read(4), "little"), file.read(4)
        if magic != _MAGIC or not 0 < size <= min(end, _LARGEST):
            raise ValueError("no footer")
        file.seek(end - size)
        return file.read(size)


class _Compact:
    """A reader of Thrift's compact protocol: structs are dicts by the numbers of their fields."""

    def __init__(self, content: bytes) -> None:
        self._stream = BytesIO(content)

    def struct(self) -> dict[int, Any]:
        """A struct; bits of fields that are true or false stand in their types."""
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            kind = head & 15
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in _INTEGERS:
            return self._integer()
        if kind == _BINARY:
            return self._bytes(self._unsigned())
        if kind in (_LIST, _SET):
            head = self._byte()
            size = self._unsigned() if head >> 4 == 15 else head >> 4
            return [self._value(head & 15) for _ in range(self._plausible(size))]
        if kind == _MAP:
            size = self._plausible(self._unsigned())
            kinds = self._byte() if size else 0
            return [(self._value(kinds >> 4), self._value(kinds & 15)) for _ in range(size)]
        readers = {_TRUE: self._byte, _FALSE: self._byte, _BYTE: self._byte, _STRUCT: self.struct}
        return self._bytes(8) if kind == _DOUBLE else readers[kind]()

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, size: int) -> bytes:
        found = self._stream.read(self._plausible(size))
        if len(found) < size:
            raise ValueError("the footer breaks off")
        return found

    def _unsigned(self) -> int:
        """A number in groups of seven bits, the lowest first; each byte but the last has its highest bit set."""
        number = shift = 0
        while (byte := self._byte()) & 128:
            number |= (byte & 127) << shift
            shift += 7
        return number | byte << shift

    def _integer(self) -> int:
        """A number whose sign is its lowest bit."""
        number = self._unsigned()
        return number >> 1 ^ -(number & 1)

    @staticmethod
    def _plausible(size: int) -> int:
        if size > _LARGEST:
            raise ValueError("the footer is damaged")
        return size
