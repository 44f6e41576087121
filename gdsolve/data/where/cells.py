"""What a condition sees of a column: numbers, truths, texts or moments, by what the first rows hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.cells import Cells, ColumnKind
from gdsolve.data.dates import UNCLEAR, moments, naive
from gdsolve.data.literal import nameless

WORDS: Mapping[ColumnKind, str] = {
    ColumnKind.NUMBER: "numbers",
    ColumnKind.BOOLEAN: "true and false",
    ColumnKind.TEXT: "text",
    ColumnKind.DATE: "dates",
}
_SHOWN = 5
_TYPES: Mapping[ColumnKind, pl.DataType] = {
    ColumnKind.NUMBER: pl.Float64(),
    ColumnKind.BOOLEAN: pl.Boolean(),
    ColumnKind.TEXT: pl.String(),
    ColumnKind.DATE: pl.Datetime("us"),
}


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """A column as a condition sees it; `form` is how its dates are written, where that was said.

    A column is `open` whose first rows have no value: a condition may compare it with numbers or with texts.
    """

    name: str
    kind: ColumnKind
    form: str | None = None
    open: bool = False

    @property
    def dtype(self) -> pl.DataType:
        """The type that polars is given."""
        return _TYPES[self.kind]

    def of(self, raw: pl.Series, cells: Cells, *, typed: bool) -> tuple[pl.Series, np.ndarray | None]:
        """Give cells as they are written, (rows,), as what they are, and which cannot be that; None where none is.

        A missing cell is null.
        """
        raw = nameless(raw)
        if self.kind is ColumnKind.NUMBER and _is_plain(raw, cells):
            return raw.cast(pl.Float64), None
        if self.kind is ColumnKind.DATE and raw.dtype.is_temporal():
            return naive(raw), None
        column = raw.alias("cell").to_frame()
        if self.kind is ColumnKind.NUMBER:
            found = column.select(cells.number("cell", raw.dtype)).to_series()
            # NaN of a file of typed columns is a number that somebody wrote.
            return found, None if typed and raw.dtype.is_numeric() else _marked(found.is_nan())
        if raw.dtype == pl.Boolean and self.kind is ColumnKind.BOOLEAN:
            return raw, None
        texts = column.select(cells.text("cell", raw.dtype)).to_series()
        if self.kind is ColumnKind.TEXT:
            return texts, None
        found = moments(texts, self.form) if self.kind is ColumnKind.DATE else _truths(texts)
        return found, _marked(found.is_null() & texts.is_not_null())


def seen_as(name: str, kind: ColumnKind, sample: pl.Series, cells: Cells, form: str | None) -> SeenColumn | None:
    """What a column is to a condition, by its first cells as they are written; None of dates that are not clear.

    Times of day, and durations, are texts.
    """
    if kind is not ColumnKind.DATE or sample.dtype.is_temporal():
        return SeenColumn(name, kind, form)
    texts = sample.alias("cell").to_frame().select(cells.text("cell", sample.dtype)).to_series().drop_nulls()
    if 2 * moments(texts, form).drop_nulls().len() >= texts.len():
        return SeenColumn(name, kind, form)
    if texts.str.contains(UNCLEAR).any():
        return None
    return SeenColumn(name, ColumnKind.TEXT)


@dataclass(slots=True)
class Met:
    """What was met in a column: its least and largest value, or of texts and truths the first different ones."""

    column: SeenColumn
    least: Any = None
    largest: Any = None
    values: dict[str, None] = field(default_factory=dict)

    def add(self, found: pl.Series) -> None:
        """Take in the next cells."""
        if self.column.kind in (ColumnKind.TEXT, ColumnKind.BOOLEAN):
            for value in found.cast(pl.String).drop_nulls().unique(maintain_order=True).head(_SHOWN + 1):
                self.values.setdefault(value if self.column.kind is ColumnKind.BOOLEAN else repr(value))
            return
        there = found.drop_nulls().drop_nans() if found.dtype.is_float() else found.drop_nulls()
        if there.len():
            ends = [there.min(), there.max(), *(end for end in (self.least, self.largest) if end is not None)]
            self.least, self.largest = min(ends), max(ends)

    def told(self) -> str:
        """The same in words."""
        name = self.column.name
        if self.values:
            shown = [*self.values][:_SHOWN]
            return f"{name} is {', '.join(shown)}{' and others' if len(self.values) > _SHOWN else ''}"
        if self.least is None:
            return f"{name} is empty"
        least, largest = (f"{end:.15g}" if isinstance(end, float) else str(end) for end in (self.least, self.largest))
        return f"{name} is {least}" if least == largest else f"{name} runs from {least} to {largest}"


def what_stands(column: SeenColumn) -> Met:
    """What is to be met in a column: nothing yet."""
    return Met(column)


def schema_of(columns: Sequence[SeenColumn]) -> dict[str, pl.DataType]:
    """The types that a condition sees."""
    return {column.name: column.dtype for column in columns}


def _is_plain(raw: pl.Series, cells: Cells) -> bool:
    """True for numbers that are all there."""
    plain = raw.dtype.is_float() and not raw.null_count() and not cells.missing_numbers
    return plain and not cells.hides_missing(raw)


def _truths(texts: pl.Series) -> pl.Series:
    lower = texts.str.to_lowercase()
    found: pl.Series = lower.replace_strict(
        {"true": True, "false": False, "1": True, "0": False}, default=None, return_dtype=pl.Boolean
    )
    return found


def _marked(bad: pl.Series) -> np.ndarray | None:
    marked = bad.fill_null(value=False)
    return marked.to_numpy() if marked.any() else None
