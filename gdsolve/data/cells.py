"""Cells -> numbers and texts, as polars expressions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gdsolve.data.literal import cells_in, column, literals
from gdsolve.imports import Postponed

# The header of a CSV file is judged without.
if TYPE_CHECKING:
    import polars as pl
else:
    pl = Postponed("polars")

# ISO dates and times, and the usual forms with the day or the month first.
_DATE = (
    r"^(\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?([T ]\d{1,2}:\d{2}.*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?|\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?)$"
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|[+-]?inf(inity)?")
_TRUTHS = {"true", "false"}
# Columns that one query of polars is asked about: what it takes of time and memory grows faster than their number.
AT_ONCE = 256
# Other ways to write a word for missing, in lower case: of C's printf, of R, pandas and spreadsheets.
_SPELLINGS = {
    "nan": [
        sign + word
        for sign in ("", "+", "-")
        for word in (
            *("nan", "nanq", "nan(ind)", "nan(snan)", "nan(0x8000000000000)"),
            *("1.#ind", "1.#ind00", "1.#qnan", "1.#qnan0", "1.#snan", "1.#snan0"),
        )
    ],
    "na": ["#na", "<na>"],
    "n/a": ["#n/a", "#n/a n/a"],
}


GROUPS = {",": ",", ".": ".", "_": "_", "'": "'\u2019", " ": " \u00a0\u2009\u202f"}
"""What a sign of `--thousands` stands for: a blank also for those that do not break lines, ' for the one of print."""


def missing_words(missing: Sequence[str]) -> frozenset[str]:
    """The words that count as missing or as no finite number, in lower case, whatever the decimal mark."""
    infinite = {sign + word for sign in ("", "+", "-") for word in ("inf", "infinity", "1.#inf", "1.#inf00")}
    return (Cells.of(".", tuple(missing)).missing | infinite | set(_SPELLINGS["nan"])) - {""}


def is_date(text: str) -> bool:
    """Tell whether a trimmed text is a date or a time, as `kinds_of` does."""
    return re.match(_DATE, text) is not None


class ColumnKind(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    DATE = "date"
    NESTED = "nested"


@dataclass(frozen=True, slots=True)
class Cells:
    """How cells are read: the decimal mark, what groups thousands if anything does, and what counts as missing.

    `missing` holds texts, in lower case; a number among them is in `missing_numbers` too, and means its value however
    it is written: -999 is also -999.0. One beyond float64 is ±∞ there, and means the text alone.
    """

    decimal: str
    missing: frozenset[str]
    missing_numbers: tuple[float, ...] = ()
    thousands: str | None = None

    @classmethod
    def of(cls, decimal: str, missing: tuple[str, ...], thousands: str | None = None) -> Cells:
        """Build from all texts that mean missing; the empty cell is always one."""
        texts = frozenset(value.strip().lower() for value in missing) | {""}
        texts |= {spelling for word in texts for spelling in _SPELLINGS.get(word, ())}
        # A shell writes numbers with a point, whatever the file does.
        read = {_number(text, mark) for text in texts for mark in (decimal, ".")}
        numbers = {number for number in read if number is not None}
        return cls(decimal, texts, tuple(sorted(numbers)), thousands)

    def with_missing(self, missing: tuple[str, ...]) -> Cells:
        """What reads as these do, but for the texts that mean missing."""
        return Cells.of(self.decimal, missing, self.thousands)

    def is_missing(self, cell: str | None) -> bool:
        """Tell whether a cell of a column of numbers counts as missing, as it is written."""
        trimmed = "" if cell is None else cell.strip().lower()
        return trimmed in self.missing or self.value(trimmed) in self._values

    def is_number(self, cell: str) -> bool:
        """Tell whether a text is written as a number is."""
        return self.value(cell) is not None

    def value(self, cell: str) -> float | None:
        """The number that a text is, ±∞ beyond float64; None where it is none."""
        text = cell.strip().lower()
        if self.thousands is not None and (grouped := re.fullmatch(grouped_number(self.thousands, self.decimal), text)):
            text = ungrouped(grouped[0], self.thousands)
        return _number(text, self.decimal)

    def text(self, name: str, dtype: pl.DataType) -> pl.Expr:
        """Give the trimmed text of a column, null where it is missing."""
        cell = column(name)
        trimmed = (cell if dtype == pl.String else cell.cast(pl.String)).str.strip_chars()
        return pl.when(~trimmed.str.to_lowercase().is_in(sorted(self.missing))).then(trimmed).alias(name)

    def plain(self, name: str | Sequence[str]) -> pl.Expr:
        """Give columns as float64 as polars parses them by itself: null as well where a cell is no plain number."""
        value = pl.col(literals([name] if isinstance(name, str) else name)).cast(pl.Float64, strict=False)
        beyond = [math.inf, -math.inf] if len(self._values) < len(self.missing_numbers) else []
        # Which text an infinity was is for the careful way to see.
        value = _without(value, [*self._values, *beyond])
        return value.fill_nan(None) if "nan" in self.missing else value

    def parsed(self, names: Sequence[str], dtype: type[pl.DataType] | None = None) -> list[pl.Expr]:
        """Give columns of a type as `plain` does, but with NaN left where it may mean missing: see `hides_missing`.

        An expression a column would cost a table of a thousand columns three times what it takes to parse.
        """
        if self.missing_numbers:
            return [self.plain(name) for name in names]
        columns = pl.col(literals(names))
        return [columns if dtype == pl.Float64 else columns.cast(pl.Float64, strict=False)] if names else []

    def hides_missing(self, column: pl.Series) -> bool:
        """Tell whether a column that `parsed` gave has a NaN that means missing; ∞ − ∞ may seem to be one."""
        # A sum that is NaN tells as much as looking at every cell, and costs a tenth.
        return "nan" in self.missing and math.isnan(float(column.sum()))

    def are_plain(self, column: pl.Series) -> bool:
        """Tell whether polars parses all cells of a column of texts that are there as numbers by itself.

        That is what `plain` gives, where no number means missing; a column at a time, without a query of polars.
        """
        parsed = column.cast(pl.Float64, strict=False)
        return parsed.null_count() == column.null_count() and not (self.hides_missing(parsed) and parsed.is_nan().any())

    def number(self, name: str, dtype: pl.DataType) -> pl.Expr:
        """Give a column as float64: null where missing, NaN where a cell is not a number, true and false as 1 and 0."""
        if dtype.is_numeric() or dtype == pl.Null:
            value = _without(column(name).cast(pl.Float64), self.missing_numbers)
            return value.fill_nan(None) if dtype.is_float() and "nan" in self.missing else value
        if dtype == pl.Boolean and not self.missing & _TRUTHS:
            return column(name).cast(pl.Float64)
        text = self.text(name, dtype)
        lower = text.str.to_lowercase()
        value = _without(self._parse(text).fill_null(float("nan")), self._values)
        value = pl.when(lower == "true").then(1.0).when(lower == "false").then(0.0).otherwise(value)
        return pl.when(text.is_not_null()).then(value).alias(name)

    @property
    def _values(self) -> tuple[float, ...]:
        return tuple(number for number in self.missing_numbers if math.isfinite(number))

    def _parse(self, text: pl.Expr) -> pl.Expr:
        if self.thousands is not None:
            bare = text.str.replace_all(f"[{GROUPS[self.thousands]}]", "")
            text = (
                pl.when(text.str.contains(f"^{grouped_number(self.thousands, self.decimal)}$"))
                .then(bare)
                .otherwise(text)
            )
        if self.decimal == ",":
            # A point would be a thousands separator or another decimal mark: not to be guessed.
            text = pl.when(~text.str.contains(".", literal=True)).then(text.str.replace(",", ".", literal=True))
        return text.cast(pl.Float64, strict=False)


def _without(value: pl.Expr, missing: Sequence[float]) -> pl.Expr:
    """The values with null for those that count as missing; the ordinary case, without any, costs nothing."""
    return pl.when(~value.is_in(list(missing))).then(value).name.keep() if missing else value


def grouped_number(thousands: str, decimal: str) -> str:
    """The pattern of a number with groups of three digits: 1,234 and -1,234,567.8, but not 12,34 or 1,2345."""
    sign, mark = GROUPS[thousands], re.escape(decimal)
    return rf"[+-]?[0-9]{{1,3}}(?:[{sign}][0-9]{{3}})+(?:{mark}[0-9]*)?(?:[eE][+-]?[0-9]+)?"


def ungrouped(text: str, thousands: str) -> str:
    """The number without what groups its thousands."""
    return re.sub(f"[{GROUPS[thousands]}]", "", text)


def _number(text: str, decimal: str) -> float | None:
    """The number that a text in lower case is, with this decimal mark."""
    if decimal != ".":
        text = text.replace(".", "?").replace(decimal, ".")
    return float(text) if _NUMBER.fullmatch(text) else None


def kinds_of(
    sample: pl.DataFrame, schema: Mapping[str, pl.DataType], cells: Cells, typed: bool
) -> dict[str, ColumnKind]:
    """Judge every column: by its type where the file has `typed` columns, else by what most of its cells are.

    A column of text cells is a number where at least half of them are: one odd cell is to be told, not encoded.
    """
    judged = {name: _by_type(dtype) for name, dtype in schema.items()}
    texts = [name for name, kind in judged.items() if kind is ColumnKind.TEXT]
    if not typed:
        plain = plain_columns(sample, texts, cells)
        judged |= dict.fromkeys(plain, ColumnKind.NUMBER)
        texts = [name for name in texts if name not in plain]
    if not texts:
        return judged
    for some in _in_parts(texts):
        counts = sample.select(_counts(name, schema[name], cells) for name in some).row(0, named=True)
        judged |= {name: _by_cells(**counts[name], typed=typed) for name in some}
    return judged


def _counts(name: str, dtype: pl.DataType, cells: Cells) -> pl.Expr:
    return pl.struct(
        # A number that means missing is as good as an empty cell, however it is written.
        _count(cells.number(name, dtype).is_not_null(), "filled"),
        _count(cells.number(name, dtype).is_not_nan(), "numbers"),
        _count(cells.text(name, dtype).str.to_lowercase().is_in(["true", "false"]), "booleans"),
        _count(cells.text(name, dtype).str.contains(_DATE), "dates"),
    ).alias(name)


def plain_columns(sample: pl.DataFrame, names: Sequence[str], cells: Cells) -> frozenset[str]:
    """Give the columns of text cells that polars parses as numbers by itself: no booleans, blanks or words."""
    if not cells.missing_numbers:
        return frozenset(name for name in names if cells.are_plain(cells_in(sample, name)))
    found: set[str] = set()
    for some in _in_parts(names):
        parsed = sample.select(cells.plain(some).null_count()).row(0)
        empty = sample.select(pl.col(literals(some)).null_count()).row(0)
        found.update(name for name, lost, none in zip(some, parsed, empty, strict=True) if lost == none)
    return frozenset(found)


def _in_parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE))


def _count(condition: pl.Expr, name: str) -> pl.Expr:
    return condition.sum().alias(name)


def _by_type(dtype: pl.DataType) -> ColumnKind:
    if dtype == pl.Boolean:
        return ColumnKind.BOOLEAN
    if dtype.is_numeric() or dtype == pl.Null:
        return ColumnKind.NUMBER
    if dtype.is_temporal():
        return ColumnKind.DATE
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        return ColumnKind.NESTED
    return ColumnKind.TEXT


def _by_cells(filled: int, numbers: int, booleans: int, dates: int, typed: bool) -> ColumnKind:
    if not filled:
        return ColumnKind.TEXT if typed else ColumnKind.NUMBER
    if not typed:
        if booleans == filled:
            return ColumnKind.BOOLEAN
        if 2 * numbers >= filled:
            return ColumnKind.NUMBER
    return ColumnKind.DATE if 2 * dates >= filled else ColumnKind.TEXT
