"""Rows of CSV as they are written: lines end in a line feed, and every name is read back as it was."""

from __future__ import annotations

import csv
from typing import Any, Protocol

_END = "\r\n"


class Writable(Protocol):
    """Whatever takes text."""

    def write(self, text: str, /) -> object:
        """Take a text."""
        ...


class _Lines:
    def __init__(self, stream: Writable) -> None:
        self._stream = stream

    def write(self, text: str) -> object:
        return self._stream.write(text.removesuffix(_END) + "\n")


def row_writer(stream: Writable, delimiter: str = ",") -> Any:
    """A writer of the standard library, whose `writerow` writes a line of text to `stream`.

    It quotes what the end of its lines is made of: were that the line feed alone, a cell with a carriage return would
    be written bare, and read as two.
    """
    return csv.writer(_Lines(stream), delimiter=delimiter, lineterminator=_END)
