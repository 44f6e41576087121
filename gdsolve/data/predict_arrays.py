"""A saved model and arrays in memory -> an array of predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.appended import read_appending
from gdsolve.data.arrays import column_of, columns_of, labels_of, names_of, texts_of
from gdsolve.data.cells import Cells
from gdsolve.data.dated_columns import DatedColumns
from gdsolve.data.diagnose import date_error
from gdsolve.data.literal import nameless
from gdsolve.data.offsets import NOT_EXPOSED
from gdsolve.data.predict import asking_option, note_gaps, warn_of_groups
from gdsolve.data.predictor import CurveModel, Predictor, require_beside, require_columns
from gdsolve.data.series import series_of
from gdsolve.data.unpredicted import Unpredicted
from gdsolve.spec import Spec
from gdsolve.status import DataError

ROW = "\x00row"
"""The number of a row of X, from 1, stands in a column of this name."""


def predict_arrays(
    X: Any,
    spec: Spec,
    model: Mapping[str, Any],
    curve: CurveModel | None = None,
    *,
    names: Sequence[str] | None = None,
    source: str = "inline",
    y: Any = None,
) -> np.ndarray | pl.DataFrame:
    """What a model predicts for the rows of X, (m, n), as (m,); NaN where a cell is missing, or its group unknown.

    Columns are matched by the names of a DataFrame, or `names`. Without any they are those that the model needs, in the
    order of its weights, or x1…xn where it is of columns so called. Where more than the prediction is asked for it is a
    DataFrame, as of `predict_values`; the target is y, (m,), or a column of X.

    Raises:
        GdsolveError: the model is not one that a fit wrote, or has not what is asked for.
        DataError: a column that is not there, or a cell that cannot be used (row, column).
    """
    known, appended = read_appending(model, curve, spec)
    cells, known = cells_of_arrays(X, y, spec, known, names, source)
    lacking = Unpredicted(known.groups)
    found = appended.frame(cells, known)
    note_gaps(
        lacking, found[:, 0].is_null().to_numpy(), cells, known, lambda row, _: f"{source}: row {cells[ROW][row]}"
    )
    warn_of_groups(lacking, found.height)
    return appended.returned(found)


def cells_of_arrays(
    X: Any, y: Any, spec: Spec, known: Predictor, names: Sequence[str] | None, source: str
) -> tuple[pl.DataFrame, Predictor]:
    """The cells that are read of X, and of y as the target, null where missing; and the model as it is read from these.

    Raises:
        DataError: a column that is not there, or a cell that cannot be used (row, column).
    """
    columns = columns_of(X, source, may_be_one=known.curve is not None)
    given = names_of(X, names)
    if given is None:
        given = _by_position(known, len(columns), source)
    if len(given) != len(columns) or len(set(given)) != len(given):
        raise DataError(
            f"{source}: {len(set(given))} names for {len(columns)} columns of X",
            "give every column a name of its own",
        )
    if y is not None and known.beside.target is not None:
        columns, given = _with_target(columns, given, y, known.beside.target, source)
    known = known.within(given)
    require_columns(source, given, known)
    require_beside(source, given, known, asking_option(spec))
    read = Cells.of(".", known.reading(spec).missing_texts)
    typed = labels_of(X) is not None
    # A model may need no column at all, and predicts for every row all the same.
    frame = {ROW: pl.Series(range(1, 1 + (len(columns[0]) if columns else 0)), dtype=pl.Int64)}
    if spec.where is not None:
        rows = _satisfying(columns, given, spec, source, typed=typed)
        columns, frame = [taken(column, rows) for column in columns], {ROW: frame[ROW][rows]}
    for name in known.read:
        cells = columns[given.index(name)]
        frame[name] = (
            _texts(cells, read.missing)
            if name in known.texts_read
            else _numbers(cells, name, source, read, dates=known.dates_in(spec), typed=typed)
        )
        if known.dates is not None and name in known.dates.columns:
            _refuse_no_date(frame[name], cells, name, source, known, frame[ROW])
        if name in known.needed:
            _refuse_unknown(frame[name], name, known, source, frame[ROW])
    # An array holds NaN where a table has an empty cell.
    whole = pl.DataFrame(frame).with_columns(pl.selectors.float().fill_nan(None))
    bad = known.beside.bad_cell(whole)
    if bad is not None:
        cell = whole[bad.column][bad.row]
        raise DataError(
            f"{source}: row {whole[ROW][bad.row]}, column {bad.column!r}: {cell} {bad.reason}",
            "leave the row out of X and y",
        )
    whole = known.prepared(
        whole,
        lambda row, column: f"{source}: row {whole[ROW][row]}" + ("" if column is None else f", column {column!r}"),
        lambda _: "leave the row out of X; a missing cell gives NaN",
    )
    return whole, known


def _satisfying(columns: Sequence[Any], given: Sequence[str], spec: Spec, source: str, *, typed: bool) -> np.ndarray:
    """The rows, from 0, that satisfy the condition of a spec.

    Raises:
        GdsolveError: a condition that is none.
        DataError: no row satisfies it.
    """
    from gdsolve.data.where.sift import rows_kept
    from gdsolve.data.where.sql import columns_named

    read, missing = columns_named(spec.where or "", given), Cells.of(".", spec.missing_texts).missing
    rows = len(columns[0]) if columns else 0
    cells = {
        name: series_of(column, name, source, missing, typed=typed, strict=False)
        if name in read
        else pl.Series([None] * rows, dtype=pl.Null)
        for name, column in zip(given, columns, strict=True)
    }
    return np.flatnonzero(rows_kept(pl.DataFrame(cells), spec, source))


def taken(column: Any, rows: np.ndarray) -> Any:
    """Some rows of a column of any library."""
    if hasattr(column, "iloc"):
        return column.iloc[rows]
    if hasattr(column, "combine_chunks"):
        return column.take(rows)
    return column[rows]


def count_of(X: Any) -> int:
    """How many rows X, (m, n), has."""
    return len(X)


def _with_target(
    columns: Sequence[Any], given: Sequence[str], y: Any, name: str, source: str
) -> tuple[list[Any], list[str]]:
    """The columns with y as the one of the target."""
    if name in given:
        raise DataError(f"{source}: the target {name!r} is a column of X, and y is given too", "leave y out")
    target = column_of(y, "y", source)
    if columns and len(target) != len(columns[0]):
        raise DataError(
            f"{source}: y has {len(target)} rows, and X {len(columns[0])}", "give one number of y for every row of X"
        )
    return [*columns, target], [*given, name]


def _by_position(model: Predictor, width: int, source: str) -> list[str]:
    """Names for columns that have none."""
    counted = [f"x{place}" for place in range(1, width + 1)]
    if set(model.needed) <= set(counted):
        return counted
    # Where in X the column of the groups stood is not known.
    if width == len(model.needed) and model.groups is None:
        return model.needed
    listed = ", ".join(model.needed[:12]) + (f", and {len(model.needed) - 12:,} more" if len(model.needed) > 12 else "")
    raise DataError(
        f"{source}: X has {width} columns, and the model needs {len(model.needed)}: {listed}",
        "name the columns of X: predict(model, X, names=[…]), or give a DataFrame",
    )


def _texts(cells: Any, missing: frozenset[str]) -> pl.Series:
    texts = [None if text is None or text.lower() in missing else text for text in texts_of(cells)]
    return pl.Series(texts, dtype=pl.String)


def _numbers(
    cells: Any, name: str, source: str, cells_of: Cells, *, dates: DatedColumns | None, typed: bool
) -> pl.Series:
    if dates is not None and name in dates.columns:
        written = series_of(cells, name, source, cells_of.missing, typed=True, strict=False)
        return nameless(dates.read(written.alias(name), cells_of)).fill_null(np.nan)
    column = series_of(cells, name, source, cells_of.missing, typed=typed)
    if not column.dtype.is_numeric() and column.dtype not in (pl.Boolean, pl.Null):
        first = next((cell for cell in column if cell is not None), None)
        raise DataError(f"{source}: column {name!r} of X is not an array of numbers ({first!r})", "leave it out")
    return column.to_frame().select(cells_of.number(name, column.dtype)).to_series().alias("").fill_null(np.nan)


def _refuse_no_date(read: pl.Series, cells: Any, name: str, source: str, model: Predictor, rows: pl.Series) -> None:
    """Refuse a cell of a column of dates that is none."""
    bad = read.is_infinite()
    if bad.any() and model.dates is not None:
        row = int(bad.arg_max() or 0)
        at = f"{source}: row {rows[row]}, column {name!r}"
        raise date_error(at, texts_of(cells)[row] or "", model.dates, name, "leave the row out of X")


def _refuse_unknown(cells: pl.Series, name: str, model: Predictor, source: str, rows: pl.Series) -> None:
    """Refuse what is there and no prediction can be made of: an infinite number, or a level unknown to the fit."""
    if name in model.levels:
        bad, reason = ~cells.is_in(list(model.levels[name])), "was not among the levels of the fit"
    elif name == model.exposure and (cells <= 0.0).any():
        bad, reason = cells <= 0.0, NOT_EXPOSED
    elif cells.dtype == pl.Float64:
        bad, reason = cells.is_infinite(), "is not finite"
    else:
        return
    if bad.any():
        row = int(bad.fill_null(value=False).arg_max() or 0)
        raise DataError(
            f"{source}: row {rows[row]}, column {name!r}: {cells[row]} {reason}",
            "leave the row out of X; a missing cell gives NaN",
        )
