"""Cells -> numbers and texts, as polars expressions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

# ISO dates and times, and the usual forms with the day or the month first.
_DATE = (
    r"^(\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?)$"
)


class Kind(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    DATE = "date"
    NESTED = "nested"


@dataclass(frozen=True, slots=True)
class Cells:
    """How cells are read: the decimal mark, and what counts as missing (in lower case)."""

    decimal: str
    missing: frozenset[str]

    @classmethod
    def of(cls, decimal: str, na_values: tuple[str, ...]) -> Cells:
        """Build from the values of `--na-values`; the empty cell is always missing."""
        return cls(decimal, frozenset(value.strip().lower() for value in na_values) | {""})

    def text(self, name: str, dtype: pl.DataType) -> pl.Expr:
        """Give the trimmed text of a column, null where it is missing."""
        column = pl.col(name)
        trimmed = (column if dtype == pl.String else column.cast(pl.String)).str.strip_chars()
        return pl.when(~trimmed.str.to_lowercase().is_in(sorted(self.missing))).then(trimmed).alias(name)

    def plain(self, name: str) -> pl.Expr:
        """Give a column as float64 as polars parses it by itself: null as well where a cell is no plain number."""
        value = pl.col(name).cast(pl.Float64, strict=False)
        return value.fill_nan(None) if "nan" in self.missing else value

    def number(self, name: str, dtype: pl.DataType) -> pl.Expr:
        """Give a column as float64: null where missing, NaN where a cell is not a number, true and false as 1 and 0."""
        if dtype.is_float():
            return self.plain(name)
        if dtype.is_numeric() or dtype in (pl.Boolean, pl.Null):
            return pl.col(name).cast(pl.Float64)
        text = self.text(name, dtype)
        lower = text.str.to_lowercase()
        value = self._parse(text).fill_null(float("nan"))
        value = pl.when(lower == "true").then(1.0).when(lower == "false").then(0.0).otherwise(value)
        return pl.when(text.is_not_null()).then(value).alias(name)

    def _parse(self, text: pl.Expr) -> pl.Expr:
        if self.decimal == ",":
            # A point would be a thousands separator or another decimal mark: not to be guessed.
            text = pl.when(~text.str.contains(".", literal=True)).then(text.str.replace(",", ".", literal=True))
        return text.cast(pl.Float64, strict=False)


def kinds_of(sample: pl.DataFrame, schema: Mapping[str, pl.DataType], cells: Cells, typed: bool) -> dict[str, Kind]:
    """Judge every column: by its type where the file has `typed` columns, else by what most of its cells are.

    A column of text cells is a number where at least half of them are: one odd cell is to be told, not encoded.
    """
    judged = {name: _by_type(dtype) for name, dtype in schema.items()}
    texts = [name for name, kind in judged.items() if kind is Kind.TEXT]
    if not typed:
        plain = plain_columns(sample, texts)
        judged |= dict.fromkeys(plain, Kind.NUMBER)
        texts = [name for name in texts if name not in plain]
    if not texts:
        return judged
    counts = sample.select(
        pl.struct(
            _count(cells.text(name, schema[name]).is_not_null(), "filled"),
            _count(cells.number(name, schema[name]).is_not_nan(), "numbers"),
            _count(cells.text(name, schema[name]).str.to_lowercase().is_in(["true", "false"]), "booleans"),
            _count(cells.text(name, schema[name]).str.contains(_DATE), "dates"),
        ).alias(name)
        for name in texts
    ).row(0, named=True)
    return judged | {name: _by_cells(**counts[name], typed=typed) for name in texts}


def plain_columns(sample: pl.DataFrame, names: Sequence[str]) -> frozenset[str]:
    """Give the columns of text cells that polars parses as numbers by itself: no booleans, blanks or words."""
    if not names:
        return frozenset()
    parsed = sample.select(pl.col(names).cast(pl.Float64, strict=False).null_count()).row(0)
    empty = sample.select(pl.col(names).null_count()).row(0)
    return frozenset(name for name, lost, none in zip(names, parsed, empty, strict=True) if lost == none)


def _count(condition: pl.Expr, name: str) -> pl.Expr:
    return condition.sum().alias(name)


def _by_type(dtype: pl.DataType) -> Kind:
    if dtype == pl.Boolean:
        return Kind.BOOLEAN
    if dtype.is_numeric() or dtype == pl.Null:
        return Kind.NUMBER
    if dtype.is_temporal():
        return Kind.DATE
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        return Kind.NESTED
    return Kind.TEXT


def _by_cells(filled: int, numbers: int, booleans: int, dates: int, typed: bool) -> Kind:
    if not filled:
        return Kind.NUMBER
    if not typed:
        if booleans == filled:
            return Kind.BOOLEAN
        if 2 * numbers >= filled:
            return Kind.NUMBER
    return Kind.DATE if 2 * dates >= filled else Kind.TEXT
