"""The first records of a CSV file, with what the reader of cells drops: where they end, and what was quoted."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gdsolve.data.records import LONGEST

RECORDS = 100


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record; `end` counts the physical lines up to its end, `text` is the record as written."""

    cells: tuple[str, ...]
    end: int
    text: str

    @property
    def start(self) -> int:
        """How many physical lines come before it."""
        return self.end - self.text.count("\n") - 1

    def quoted(self, delimiter: str) -> tuple[bool, ...]:
        """Tell which cells stand in quotes."""
        mark = re.escape(delimiter)
        cell = rf'[^\S{mark}]*("(?:[^"]|"")*"|)[^{mark}]*'
        found = [bool(match[1]) for match in re.finditer(rf"(?:^|{mark}){cell}", self.text, re.DOTALL)]
        return tuple(found[: len(self.cells)]) + (False,) * (len(self.cells) - len(found))


def head_records(head: str, delimiter: str, most: int = RECORDS) -> Iterator[Record]:
    """Give the first records that are not blank, `most` of them."""
    lines: list[str] = []

    def told() -> Iterator[str]:
        for line in head.split("\n"):
            lines.append(line)
            yield f"{line}\n"

    reader = csv.reader(told(), delimiter=delimiter)
    found = 0
    # The module of Python refuses cells beyond 128 KiB by default.
    limit = csv.field_size_limit(LONGEST)
    try:
        for cells in reader:
            text = "\n".join(lines)
            lines.clear()
            if len(cells) > 1 or any(cell.strip() for cell in cells):
                yield Record(tuple(cells), reader.line_num, text)
                found += 1
            if found == most:
                return
    except csv.Error:
        return
    finally:
        csv.field_size_limit(limit)


def is_number(cell: str, decimal: str) -> bool:
    """Tell whether a cell is written as a finite number, `decimal` being a pattern of the decimal mark."""
    return _number(decimal).fullmatch(cell.strip()) is not None


def are_numbers(cells: Iterable[str], decimal: str) -> list[bool]:
    """Tell of each of many cells what `is_number` does, at a third of the time."""
    match = _number(decimal).fullmatch
    return [match(cell.strip()) is not None for cell in cells]


@functools.cache
def _number(decimal: str) -> re.Pattern[str]:
    return re.compile(rf"[+-]?(\d+({decimal}\d*)?|{decimal}\d+)([eE][+-]?\d+)?")
