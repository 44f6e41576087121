"""The cells of a sheet as columns of numbers or texts, each with its place as Excel shows it.

fastexcel gives a column one type: of numbers among texts it rounds the numbers to what a cell shows, and texts among
numbers it leaves out. So every cell is read as a text and as a number, and what it is follows from both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from gdsolve.spec.choices import Header

_ERRORS = {
    "Div0": "#DIV/0!",
    "NA": "#N/A",
    "Name": "#NAME?",
    "Null": "#NULL!",
    "Num": "#NUM!",
    "Ref": "#REF!",
    "Value": "#VALUE!",
    "GettingData": "#GETTING_DATA",
}
_ERROR = re.compile(r"Error\((\w+)\)")


@dataclass(frozen=True, slots=True, eq=False)
class SheetCells:
    """The columns of a sheet, their `headers` and their numbers from 1; `rows` are those of its rows, (m,).

    Rows without any cell are none, and neither are columns without header and cells. Without a header `headers` is
    None.
    """

    columns: tuple[pl.Series, ...]
    headers: tuple[str, ...] | None
    places: tuple[int, ...]
    rows: np.ndarray


def read_sheet(reader: Any, name: str, header: Header = Header.AUTO) -> SheetCells:
    """Read a sheet by its name: its first row that has cells names the columns, unless all of them are numbers.

    `header` says whether it does, where that is known.

    Raises:
        Exception: what fastexcel says of a sheet that it cannot read.
    """
    how = {"header_row": None, "skip_rows": 0}
    sheet = reader.load_sheet(name, dtypes="string", **how)
    places = [column.absolute_index + 1 for column in sheet.available_columns()]
    texts = _with_errors(sheet)
    numbers = reader.load_sheet(name, dtypes="float", **how).to_polars()
    filled = np.flatnonzero(~texts.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy())
    if texts.width == 0 or filled.size == 0:
        return SheetCells((), (), (), filled)
    first = int(filled[0])
    named = header is Header.YES or (header is Header.AUTO and not _is_numbers(texts.row(first), numbers.row(first)))
    rows = filled[1:] if named else filled
    found = [_column(texts[:, place].gather(rows), numbers[:, place].gather(rows)) for place in range(texts.width)]
    titles = [" ".join((title or "").split()) for title in texts.row(first)]
    kept = [
        place for place, column in enumerate(found) if (named and titles[place]) or column.null_count() < len(column)
    ]
    return SheetCells(
        tuple(found[place] for place in kept),
        tuple(titles[place] for place in kept) if named else None,
        tuple(places[place] for place in kept),
        rows + 1,
    )


def _with_errors(sheet: Any) -> pl.DataFrame:
    """All cells as texts, with what Excel shows in those that hold an error."""
    batch, faults = sheet.to_arrow_with_errors()
    frame = pl.from_arrow(batch)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(type(frame))
    columns = frame.get_columns()
    for fault in faults.errors if faults is not None else ():
        row, column = fault.offset_position
        word = _ERROR.search(fault.detail)
        columns[column] = columns[column].scatter(row, _ERRORS.get(word[1], "#ERROR") if word else "#ERROR")
    return pl.DataFrame(columns)


def _is_numbers(texts: Sequence[str | None], numbers: Sequence[float | None]) -> bool:
    """Tell a row of numbers alone from one of names, some of which may be years."""
    return all(text is None or number is not None for text, number in zip(texts, numbers, strict=True))


def _column(texts: pl.Series, numbers: pl.Series) -> pl.Series:
    """A column of float64 where all cells that are there are numbers, else of texts, numbers among them unrounded."""
    written = texts.cast(pl.Float64, strict=False)
    is_number = written.is_not_null() & numbers.is_not_null()
    if bool((is_number | texts.is_null()).all()) and is_number.any():
        return numbers
    rounded = is_number & (written != numbers)
    return texts.zip_with(~rounded, numbers.cast(pl.String))
