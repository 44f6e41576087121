"""Tables laid out as lines of styled text, at their natural width or folded into a given one; no figure is ever cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

from gdsolve.report.text import longest_number, wrap
from gdsolve.terminal import cells

GAP = "  "
TITLE_MINIMUM = 10


class Segment(NamedTuple):
    """A piece of a line and its style, a rich style such as `bold` or `green`."""

    text: str
    style: str = ""


Line = list[Segment]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures, which are never folded, or of text that is folded down to `minimum` cells."""

    title: str = ""
    right: bool = True
    folds: bool = False
    minimum: int = 12


@dataclass(frozen=True, slots=True)
class Separator:
    """A line of text across the table, between two of its rows."""

    text: str
    style: str = "bold"


Row = Sequence[Segment] | Separator


@dataclass(frozen=True, slots=True)
class Grid:
    """Columns and rows (a header is drawn if any column has a title), and a note on what was left out for width."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""


def plain(texts: Sequence[str]) -> list[Segment]:
    """A row of cells without style."""
    return [Segment(text) for text in texts]


def transpose(columns: Sequence[Sequence[str]]) -> list[list[Segment]]:
    """Rows of cells from columns of text."""
    return [plain(row) for row in zip(*columns, strict=True)]


def least_width(table: Grid) -> int:
    """The width below which a figure would have to be cut."""
    return _total([least for least, _ in _extents(table)])


def layout(table: Grid, width: int | None, rule: str = "─") -> list[Line]:
    """The lines of a table, at most `width` cells wide if that is possible without cutting a figure."""
    extents = _extents(table)
    widths = [most for _, most in extents] if width is None else _share(extents, width)
    lines: list[Line] = []
    if any(column.title for column in table.columns):
        titles = [Segment(column.title, "bold") for column in table.columns]
        lines += _row_lines(titles, [_title_column(column) for column in table.columns], widths, from_bottom=True)
        lines.append([Segment(rule * _total(widths), "dim")])
    for row in table.rows:
        if isinstance(row, Separator):
            lines.append(_separator(row, _total(widths), rule))
        else:
            lines += _row_lines(row, table.columns, widths)
    return lines


def _extents(table: Grid) -> list[tuple[int, int]]:
    """The least and the most cells that each column can make use of."""
    rows = [row for row in table.rows if not isinstance(row, Separator)]
    extents = []
    for place, column in enumerate(table.columns):
        content = max((cells(row[place].text) for row in rows), default=0)
        title = cells(column.title)
        least = min(content, column.minimum) if column.folds else content
        narrowest = min(title, max(TITLE_MINIMUM, longest_number(column.title)))
        extents.append((max(least, narrowest), max(content, title)))
    return extents


def _share(extents: Sequence[tuple[int, int]], width: int) -> list[int]:
    """Give every column its least width and share the rest, small wishes first."""
    widths = [least for least, _ in extents]
    spare = max(0, width - _total(widths))
    wishes = sorted((most - least, place) for place, (least, most) in enumerate(extents))
    for served, (wish, place) in enumerate(wishes):
        given = min(wish, spare // (len(wishes) - served))
        widths[place] += given
        spare -= given
    return widths


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _title_column(column: Column) -> Column:
    return Column(right=column.right, folds=True)


def _row_lines(
    row: Sequence[Segment], columns: Sequence[Column], widths: Sequence[int], *, from_bottom: bool = False
) -> list[Line]:
    folded = [
        wrap(cell.text, width) if column.folds else [cell.text]
        for cell, column, width in zip(row, columns, widths, strict=True)
    ]
    if from_bottom:
        height = max(map(len, folded))
        folded = [[""] * (height - len(texts)) + texts for texts in folded]
    styles = [cell.style for cell in row]
    return [_line(texts, styles, columns, widths) for texts in zip_longest(*folded, fillvalue="")]


def _line(texts: Sequence[str], styles: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> Line:
    """The cells side by side; what stands between two styles is one piece, which a table of 100,000 rows is glad of."""
    line: Line = []
    run = ""
    for place, (text, style, column, width) in enumerate(zip(texts, styles, columns, widths, strict=True)):
        pad = " " * (width - cells(text))
        run += GAP if place else ""
        run += pad if column.right else ""
        if style:
            line += [Segment(run), Segment(text, style)]
            run = ""
        else:
            run += text
        run += "" if column.right else pad
    return [*line, Segment(run)]


def _separator(row: Separator, width: int, rule: str) -> Line:
    rest = max(0, width - cells(row.text) - 4)
    return [Segment(rule * 2 + " ", "dim"), Segment(row.text, row.style), Segment(" " + rule * rest, "dim")]
