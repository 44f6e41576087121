"""Comments in a text of cells: which character they begin with, and whether the last one above the data is a header."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from gdsolve.data.formats.csv.head import Record, is_number
from gdsolve.data.layout import TABLED, plain
from gdsolve.data.text_layout import TextLayout

USUAL = "#"
MARKS = "#%"
_MOST_LINES = 1000


@dataclass(frozen=True, slots=True)
class BehindMark:
    """Names that stand behind the mark of a comment, in the line `line`, from 1."""

    cells: tuple[str, ...]
    line: int


def begins_comments(head: str) -> str | None:
    """The character that comments begin with, if a line of a head begins with one that often does."""
    lines = "\n".join(head.split("\n", _MOST_LINES)[:_MOST_LINES])
    for mark in MARKS:
        if mark in lines and plain(TextLayout(blanks=False, comment=mark), lines) != lines:
            return mark
    return None


def are_comments(head: str, mark: str, delimiter: str, records: Sequence[Record]) -> bool:
    """Tell whether lines with this mark are comments rather than rows whose first cell begins with it.

    `records` are the others. A line with as many cells as they have may be a row, or one that was taken out: it is that
    above or among rows that begin with numbers.
    """
    if not records:
        return False
    lines = [(number, line) for number, line in enumerate(head.split("\n", _MOST_LINES)[:_MOST_LINES]) if line.strip()]
    marked = [(number, _cells(line, delimiter)) for number, line in lines if line.lstrip(" \t").startswith(mark)]
    widths = {len(record.cells) for record in records}
    if any(len(cells) not in widths for _, cells in marked):
        return True
    if len(marked) == 1 and marked[0][0] == lines[0][0]:
        cells = marked[0][1]
        if cells[0] == mark or mark != USUAL:
            return False
        if not any(is_number(cell, "[.,]") for cell in cells):
            return True
    below = [record.cells[0] for record in records[1:]] or [records[0].cells[0]]
    return 2 * sum(is_number(cell, "[.,]") for cell in below) > len(below)


def header_behind(head: str, mark: str, delimiter: str, record: Record, width: int) -> BehindMark | None:
    """The names of `width` columns behind the mark, in the last line before the first record, if they stand there."""
    found = None
    for number, line in enumerate(head.split("\n", record.start)[: record.start], 1):
        if line.strip():
            found = (number, line) if line.lstrip(" \t").startswith(mark) else None
    if found is None:
        return None
    number, line = found
    text = line.strip().lstrip(mark).strip()
    ways = [",", TABLED] if delimiter == TABLED else [delimiter]
    for way in ways:
        cells = _cells(plain(TextLayout(blanks=True), text) if way == TABLED == delimiter else text, way)
        names = len(cells) == width == len(set(cells)) and all(cells)
        if names and not any(is_number(cell, "[.,]") for cell in cells):
            return BehindMark(cells, number)
    return None


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(cell.strip() for cell in next(csv.reader([line.strip()], delimiter=delimiter), []))
    except csv.Error:
        return ()
