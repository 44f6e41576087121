"""A column of any library -> a series of numbers, truths, texts or dates, null where a cell is missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from numbers import Complex, Real
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.arrays import dense_of, texts_of
from gdsolve.data.columns import flag_for
from gdsolve.data.scan import first_line
from gdsolve.spec.missing import missing_flag
from gdsolve.status import DataError, GdsolveError

_NUMBERS = (Real, Decimal)
_TRUTHS = (bool, np.bool_)


def series_of(
    cells: Any,
    name: str,
    source: str,
    missing: Collection[str],
    *,
    typed: bool,
    strict: bool = True,
    given: Sequence[str] = (),
) -> pl.Series:
    """Give a column, (m,), as polars has it; categories are texts.

    `given` are the values of `--na-values`, for hints. In a column of Python objects a text that is `missing`, in
    lower case, is no text. Texts that are numbers stay texts where the column is `typed`, as that of a DataFrame
    is; else, as the cells of a CSV file, they are numbers. What is neither all numbers nor all texts is texts,
    unless `strict`.

    Raises:
        GdsolveError: a sparse matrix.
        DataError: complex numbers, numbers and something else in one column, or what nothing can be made of.
    """
    try:
        return _read(cells, name, source, missing, given, typed=typed, strict=strict)
    except (GdsolveError, MemoryError):
        raise
    except (Exception, pl.exceptions.PanicException) as fault:
        # Whatever it is that polars, pyarrow or pandas makes nothing of, it is the column's.
        raise DataError(
            f"{source}: column {name!r} cannot be read ({first_line(fault)})",
            "leave it out, or give it as numbers or texts",
        ) from None


def _read(
    cells: Any,
    name: str,
    source: str,
    missing: Collection[str],
    given: Sequence[str],
    *,
    typed: bool,
    strict: bool,
) -> pl.Series:
    if isinstance(cells, pl.Series):
        return (
            _objects(cells.to_list(), name, source, missing, given, typed=typed, strict=strict)
            if cells.dtype == pl.Object
            else _plain(cells)
        )
    if hasattr(cells, "combine_chunks"):
        return _plain(pl.Series(name, pl.from_arrow(cells)))
    if str(getattr(cells, "dtype", "")) == "category":
        return pl.Series(name, texts_of(cells), dtype=pl.String)
    array = np.asarray(dense_of(cells, f"column {name!r}"))
    if array.dtype.kind == "c":
        raise _complex(name, source)
    exact = {"e": "float64", "g": "float64", "m": "timedelta64[us]"}
    if array.dtype.kind in "biufm":
        known = exact.get(array.dtype.char)
        return pl.Series(name, array if known is None else array.astype(known))
    if array.dtype.kind == "M":
        return pl.Series(name, [None if np.isnat(one) else _day(str(one)) for one in array], dtype=pl.String)
    return _objects(list(np.asarray(cells, dtype=object)), name, source, missing, given, typed=typed, strict=strict)


def _day(text: str) -> str:
    """A date without the midnight that a type gives it, as a CSV file has it."""
    day, _, time = text.partition("T")
    return day if not time.strip("0:.") else text


def _plain(cells: pl.Series) -> pl.Series:
    if isinstance(cells.dtype, pl.BaseExtension):
        return _plain(cells.ext.storage())
    if isinstance(cells.dtype, pl.Categorical | pl.Enum):
        return cells.cast(pl.String)
    return cells.cast(pl.Float64) if isinstance(cells.dtype, pl.Decimal) else cells


def _objects(
    cells: Sequence[Any],
    name: str,
    source: str,
    missing: Collection[str],
    given: Sequence[str],
    *,
    typed: bool,
    strict: bool,
) -> pl.Series:
    texts = texts_of(cells)
    there = [
        place
        for place, text in enumerate(texts)
        if text is not None and not (isinstance(cells[place], str) and text.lower() in missing)
    ]
    values = [cells[place] for place in there]
    if any(isinstance(value, Complex) and not isinstance(value, Real) for value in values):
        raise _complex(name, source)
    if values and all(isinstance(value, _TRUTHS) for value in values):
        return _filled(name, len(cells), there, map(bool, values), pl.Boolean)
    numbers = [_number(value, typed) for value in values]
    strange = [place for place, number in zip(there, numbers, strict=True) if number is None]
    if not strange:
        return _filled(name, len(cells), there, numbers, pl.Float64)
    mostly = len(strange) > len(there) / 2 and _is_one_value(cells[strange[0]])
    if not strict or mostly or (typed and all(isinstance(value, str) for value in values)):
        return pl.Series(name, texts, dtype=pl.String)
    text, ignored = texts[strange[0]] or "", flag_for("ignore", [name])
    # At a comma the option would split it.
    sayable = isinstance(cells[strange[0]], str) and "," not in text
    raise DataError(
        f"{source}: row {strange[0] + 1}, column {name!r}: {text!r} is not a number",
        f"{missing_flag(given, text)} --na drop if it means missing, or {ignored}" if sayable else ignored,
    )


def _is_one_value(cell: Any) -> bool:
    """True for a text, a date, a period and their kind, which a text says; False for a list or a mapping."""
    return isinstance(cell, str) or not hasattr(cell, "__len__")


def _number(value: Any, typed: bool) -> float | None:
    if isinstance(value, _NUMBERS):
        return float(value)
    try:
        return None if typed or not isinstance(value, str) else float(value)
    except ValueError:
        return None


def _filled(name: str, rows: int, there: Sequence[int], values: Any, dtype: type[pl.DataType]) -> pl.Series:
    cells: list[Any] = [None] * rows
    for place, value in zip(there, values, strict=True):
        cells[place] = value
    return pl.Series(name, cells, dtype=dtype)


def _complex(name: str, source: str) -> DataError:
    return DataError(
        f"{source}: column {name!r} is complex", "give its real and imaginary parts as columns of their own"
    )
