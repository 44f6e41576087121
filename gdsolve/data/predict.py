"""A saved model and new rows -> the same rows with a column of predictions, streamed."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TextIO

import numpy as np
import polars as pl

from gdsolve.csv_rows import row_writer
from gdsolve.data.appended import Appended, read_appending
from gdsolve.data.diagnose import cell_text, date_error, has_overflow, overflow_error, show
from gdsolve.data.file import watched
from gdsolve.data.literal import cells_in, literals
from gdsolve.data.offsets import NOT_EXPOSED, offset_columns
from gdsolve.data.opening import as_asked, open_sources
from gdsolve.data.passes import Pass
from gdsolve.data.predictor import CurveModel, Predictor, require_beside, require_columns
from gdsolve.data.scan import FAULTS, rows_of
from gdsolve.data.shell import SCORE
from gdsolve.data.source import OVERFLOW, Part, Source, comments_of
from gdsolve.data.unpredicted import Unpredicted
from gdsolve.spec import Spec
from gdsolve.spec.missing import missing_flag
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

# (The record of the first row, which records are rows), rows as they are written, the columns that a model uses.
_Frame = tuple[tuple[int, np.ndarray], pl.DataFrame, pl.DataFrame]
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class PredictCounts:
    """Rows written, how many of them lack a prediction, and why: one line a reason."""

    rows: int
    rows_without_prediction: int
    reasons: tuple[str, ...] = field(default=(), compare=False)


def predict_csv(
    sources: Sequence[str], spec: Spec, model: Mapping[str, Any], out: TextIO, curve: CurveModel | None = None
) -> PredictCounts:
    """Write the rows of the sources as CSV to `out`, each followed by what the model predicts.

    With z = intercept + Σ weight·feature, or z = f(x) of a `curve`, that is the mean that its loss declares: z, the
    probability 1/(1 + e⁻ᶻ) of 1, or of the second level, or eᶻ, which may be inf. `model` is the JSON of a fit
    (`gdsolve.fit/1`); columns are matched by name. A row that lacks a feature gets an empty prediction, and so does one
    of a group that the model has no weights of. More columns follow where `spec` asks for them: see
    `gdsolve.data.appended`. With `spec.only` what is appended is written alone.

    Raises:
        GdsolveError: the model is not one that a fit wrote.
        DataError: a column that is not there, or a cell that cannot be used (file, row, column).
    """
    known, appended = read_appending(model, curve, spec)
    rows, lacking = 0, Unpredicted(known.groups)
    with ExitStack() as stack:
        opened, known = open_for(sources, spec, known, stack)
        first = opened[0]
        mark = first.marks.between
        # Written with the first rows: of a table that cannot be used from its first ones nothing is.
        begin = _header_line(first, appended, mark, only=spec.only) if first.has_header else ""
        predicting = Pass("predicting", opened)
        for source in opened:
            shown = [] if spec.only else list(first.schema)
            for at, raw, cells in predicting.through(frames_of(source, known, spec, shown)):
                found = appended.columns(cells, known)
                note_gaps(lacking, found[0].is_null().to_numpy(), cells, known, partial(place_of, source, *at))
                texts = [
                    _as_text(column, first.cells.decimal).alias(f"\x00{place}") for place, column in enumerate(found)
                ]
                out.write(begin)
                begin = ""
                # Some lines at a time: of a longer text an unbuffered stream may write the start alone.
                for lines in raw.select(*literals(shown), *texts).iter_slices(_AT_ONCE):
                    out.write(lines.write_csv(include_header=False, separator=mark))
                rows += raw.height
        tell_satisfied(opened, rows)
        out.write(begin)
        return PredictCounts(rows, sum(lacking.counts.values()), lacking.lines(rows))


def _header_line(first: Source, appended: Appended, mark: str, *, only: bool) -> str:
    line, headers = io.StringIO(), [] if only else list(first.headers)
    row_writer(line, mark).writerow([*headers, *appended.titles(headers)])
    return line.getvalue()


def _as_text(column: pl.Series, decimal: str) -> pl.Series:
    text = column.cast(pl.String)
    return text.str.replace(".", ",", literal=True) if decimal == "," and column.dtype.is_float() else text


def predict_values(
    sources: Sequence[str], spec: Spec, model: Mapping[str, Any], curve: CurveModel | None = None
) -> np.ndarray | pl.DataFrame:
    """What `predict_csv` appends to the rows of the sources, (m,); NaN where it appends an empty cell.

    A DataFrame, with null there, where more than the prediction is asked for.

    Raises:
        GdsolveError, DataError: as `predict_csv`.
    """
    known, appended = read_appending(model, curve, spec)
    lacking, found = Unpredicted(known.groups), [appended.nothing()]
    with ExitStack() as stack:
        opened, known = open_for(sources, replace(spec, only=True), known, stack)
        predicting = Pass("predicting", opened)
        for source in opened:
            for at, _, cells in predicting.through(frames_of(source, known, spec)):
                part = appended.frame(cells, known)
                note_gaps(lacking, part[:, 0].is_null().to_numpy(), cells, known, partial(place_of, source, *at))
                found.append(part)
        predicted = pl.concat(found)
        tell_satisfied(opened, predicted.height)
        warn_of_groups(lacking, predicted.height)
    return appended.returned(predicted)


def note_gaps(
    lacking: Unpredicted,
    gone: np.ndarray,
    cells: pl.DataFrame,
    model: Predictor,
    place: Callable[[int, str | None], str],
) -> None:
    """Note the rows of which nothing is predicted: those that are `gone`, (rows,)."""
    if gone.any():
        lacking.note(cells, list(dict.fromkeys([*model.columns, *offset_columns(model)])), gone, place)


def warn_of_groups(lacking: Unpredicted, rows: int) -> None:
    """Say of groups that a model does not have what the NaN of an array leaves unsaid; a missing cell needs no word."""
    for line in lacking.lines(rows, groups_alone=True):
        logger.warning("%s", line)


def tell_satisfied(opened: Sequence[Source], rows: int) -> None:
    """Say of how many rows the condition is true, if there is one.

    Raises:
        DataError: of none.
    """
    counts = [source.counts for source in opened if source.counts is not None]
    if not counts:
        return
    if not rows:
        raise opened[0].without_rows()
    logger.info("%s of %s rows satisfy --where", *(f"{sum(one[place] for one in counts):,}" for place in (1, 0)))


def place_of(source: Source, offset: int, kept: np.ndarray, row: int, column: str | None) -> str:
    """Say where a row stands, of those that were `kept`, (rows,), of a part that begins with the record `offset`."""
    return source.where(offset + int(np.flatnonzero(kept)[row]), column)


def open_for(sources: Sequence[str], spec: Spec, model: Predictor, stack: ExitStack) -> tuple[list[Source], Predictor]:
    """Open tables that have all columns that are read for a model; and the model as it is read from these.

    Raises:
        DataError: a table that cannot be read, or a column that is not there.
    """
    # What the model calls columns tells a header where it is in doubt.
    columns = model.read
    named = replace(model.reading(spec), features=tuple(columns))
    read = open_sources(sources, named, stack, sifted=False, named=columns)
    renamed = [_renamed(source.for_loss(model.beside.loss), model) for source in read]
    opened = as_fitted(as_asked(renamed, named), model, spec)
    here = model.within(list(opened[0].schema))
    for source in opened:
        _require(source, here, spec)
    return list(opened), here


def as_fitted(opened: Sequence[Source], model: Predictor, spec: Spec) -> Sequence[Source]:
    """Give open files with the columns of dates as numbers that were such when a model was fitted."""
    if model.dates is None:
        return opened
    from gdsolve.data.dated import with_dates

    return with_dates(opened, spec, known=model.dates_in(spec))


def _renamed(source: Source, model: Predictor) -> Source:
    """Name the columns of a file without a header as the model does: x1…xn with or without y, or x."""
    if source.has_header:
        return source
    names = tuple(source.schema)
    if not {*model.columns, *model.beside.columns} <= set(names):
        names = (
            ("x", *names[1:]) if model.columns == ["x"] else tuple(f"x{place}" for place in range(1, len(names) + 1))
        )
    return replace(source, headers=names, schema=dict(zip(names, source.schema.values(), strict=True)))


def _require(source: Source, model: Predictor, spec: Spec) -> None:
    require_columns(source.name, list(source.schema), model)
    require_beside(source.name, list(source.schema), model, asking_option(spec))
    for name, fault in source.faults.items():
        if name in model.read:
            raise DataError(f"{fault}, and the model needs it", "write the column as numbers or texts")
        if not spec.only:
            raise DataError(f"{fault}; it cannot be written as CSV", "--only writes the predictions alone")


def asking_option(spec: Spec) -> str:
    """The option for which a target, or weights, are read."""
    return "diagnose" if spec.diagnose else "interval" if spec.interval is not None else ""


def frames_of(source: Source, model: Predictor, spec: Spec, shown: Sequence[str] = ()) -> Iterator[_Frame]:
    """Give (the rows as they are written, the columns that the model uses, parsed and checked, their records)."""
    with watched(source.file):
        yield from _checked(source, model, spec, shown)


def _checked(source: Source, model: Predictor, spec: Spec, shown: Sequence[str]) -> Iterator[_Frame]:
    # A model that reads no column has a prediction for every row all the same.
    wanted = shown or model.read or list(source.schema)[:1]
    done = comments = 0
    part: Part | None = None
    try:
        for part in source.parts(wanted):
            comments += comments_of(part)
            raw = rows_of(source.written.scan(part, wanted))
            if not raw.height:
                continue
            cells = source.parse(source.as_read(raw), model.numbers_read, model.texts_read)
            near = replace(source, near=(done, part))
            _refuse_first(near, done, cells, model, spec)
            cells = _prepared(near, done, cells, model, spec)
            if undecoded := source.undecoded(raw, wanted):
                raise undecoded
            empty = raw.select(pl.all_horizontal(pl.col(literals(wanted)).is_null())).to_series().to_numpy()
            kept = ~source.blank_lines(part, empty)
            whole = kept.all()
            yield (done, kept), raw if whole else raw.filter(kept), cells if whole else cells.filter(kept)
            done += raw.height
    except FAULTS as error:
        raise source.unreadable(done, error, part) from None
    if comments:
        logger.info("%s: %s comments were left out", source.name, comments)


def _prepared(source: Source, offset: int, cells: pl.DataFrame, model: Predictor, spec: Spec) -> pl.DataFrame:
    return model.prepared(
        cells,
        lambda row, column: source.where(offset + row, column),
        lambda level: _left_empty(level, spec, model.run),
    )


def _refuse_first(source: Source, offset: int, frame: pl.DataFrame, model: Predictor, spec: Spec) -> None:
    if has_overflow(frame):
        raise overflow_error(source, offset + int(frame[OVERFLOW].is_not_null().arg_max() or 0), model.run)
    texts = frozenset(() if model.formula is None else model.formula.texts)
    for name in dict.fromkeys([*(name for name in model.columns if name not in texts), *offset_columns(model)]):
        column = cells_in(frame, name)
        bad = ~column.is_in(list(model.levels[name])) if name in model.levels else ~column.is_finite()
        if name == model.exposure:
            bad |= column <= 0.0
        if not bad.any():
            continue
        row = int(bad.fill_null(value=False).arg_max() or 0)
        record = offset + row
        cell = (cell_text(source, record, name) or "").strip()
        if source.dates is not None and name in source.dates.columns:
            raise date_error(source.where(record, name), cell, source.dates, name, _left_empty(cell, spec, model.run))
        if name in model.levels:
            reason, remedy = "was not among the levels of the fit", None
        else:
            reason = "is not finite" if column.is_infinite()[row] else "is not a number"
            remedy = source.number_hint(cell, model.run)
            if name == model.exposure and column[row] <= 0.0:
                reason, remedy = NOT_EXPOSED, None
        raise DataError(
            f"{source.where(record, name)}: {show(cell)} {reason}", remedy or _left_empty(cell, spec, model.run)
        )
    beside = model.beside.bad_cell(frame)
    if beside is not None:
        record = offset + beside.row
        cell = (cell_text(source, record, beside.column) or "").strip()
        if source.dates is not None and beside.column in source.dates.columns:
            raise date_error(
                source.where(record, beside.column),
                cell,
                source.dates,
                beside.column,
                _left_empty(cell, spec, model.run),
            )
        remedy = source.number_hint(cell, model.run) if beside.no_number else None
        at = source.where(record, beside.column)
        raise DataError(f"{at}: {show(cell)} {beside.reason}", remedy or _left_empty(cell, spec, model.run))


def _left_empty(cell: str, spec: Spec, run: str) -> str:
    """What to do about a cell that cannot be used."""
    # At a comma the flag would split it.
    if "," in cell:
        return "leave the row out"
    said = missing_flag(spec.na_values, cell)
    return f"{said} --na drop leaves the row out" if run == SCORE else f"{said} leaves such predictions empty"
