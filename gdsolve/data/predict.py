"""A saved model and new rows -> the same rows with a column of predictions, streamed."""

from __future__ import annotations

import csv
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TextIO

import numpy as np
import polars as pl

from gdsolve.advice import Advice
from gdsolve.data.columns import nearest, split_hint
from gdsolve.data.diagnose import cell_text, has_overflow, overflow_error, show
from gdsolve.data.file import watched
from gdsolve.data.group_models import GroupModels
from gdsolve.data.opening import open_sources
from gdsolve.data.passes import Pass
from gdsolve.data.response import MEANS
from gdsolve.data.scan import FAULTS, rows_of
from gdsolve.data.shell import PREDICT
from gdsolve.data.source import OVERFLOW, Part, Source
from gdsolve.data.unpredicted import Unpredicted
from gdsolve.spec import Loss, Spec
from gdsolve.spec.losses import MEAN_AT, USUAL_LOSS, Link, Mean
from gdsolve.spec.missing import added_to, missing_flag
from gdsolve.status import DataError, GdsolveError

logger = logging.getLogger("gdsolve")

# (The record of the first row, which records are rows), rows as they are written, the columns that a model uses.
_Frame = tuple[tuple[int, np.ndarray], pl.DataFrame, pl.DataFrame]
_AT_ONCE = 10_000
_SAVED = Advice("give a file that gdsolve fit wrote with --save or --format json", verbatim=True)


@dataclass(frozen=True, slots=True)
class PredictCounts:
    """Rows written, how many of them lack a prediction, and why: one line a reason."""

    rows: int
    rows_without_prediction: int
    reasons: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class _Term:
    """One summand: weight times a column, or weight where a column of text has this level."""

    column: str
    level: str | None
    weight: float


@dataclass(frozen=True, slots=True)
class Predictor:
    """What a saved model makes of the columns that it needs."""

    terms: tuple[_Term, ...]
    levels: Mapping[str, Sequence[str]]
    intercept: float
    mean: Mean
    curve: CurveModel | None
    groups: GroupModels | None = None
    na_values: tuple[str, ...] = ()

    def reading(self, spec: Spec) -> Spec:
        """Give the spec with the cells that the fit took as missing beside its own."""
        return replace(spec, na_values=added_to(self.na_values, spec.na_values))

    @property
    def columns(self) -> list[str]:
        """The columns that the prediction is made of, in the order of the weights."""
        if self.curve is not None:
            return list(self.curve.columns)
        return list(dict.fromkeys([*(term.column for term in self.terms), *self.levels]))

    @property
    def texts(self) -> list[str]:
        """Those of them that hold texts."""
        return [*self.levels, *([self.groups.column] if self.groups else [])]

    @property
    def needed(self) -> list[str]:
        """The columns, with that of the groups last."""
        return [*self.columns, *([self.groups.column] if self.groups else [])]


@dataclass(frozen=True, slots=True)
class CurveModel:
    """A curve of a saved model: the columns that it needs, and its values from theirs, (m,) each."""

    columns: tuple[str, ...]
    at: Callable[[Mapping[str, np.ndarray], int], np.ndarray]


def predict_csv(
    sources: Sequence[str], spec: Spec, model: Mapping[str, Any], out: TextIO, curve: CurveModel | None = None
) -> PredictCounts:
    """Write the rows of the sources as CSV to `out`, each followed by what the model predicts.

    With z = intercept + Σ weight·feature, or z = f(x) of a `curve`, that is the mean that its loss declares: z, the
    probability 1/(1 + e⁻ᶻ) of 1, or of the second level, or eᶻ, which may be inf. `model` is the JSON of a fit
    (`gdsolve.fit/1`); columns are matched by name. A row that lacks a feature gets an empty prediction, and so does one
    of a group that the model has no weights of. With `spec.only` the predictions are written alone.

    Raises:
        GdsolveError: the model is not one that a fit wrote.
        DataError: a column that is not there, or a cell that cannot be used (file, row, column).
    """
    known = read_predictor(model, curve)
    rows, lacking = 0, Unpredicted(known.groups)
    with ExitStack() as stack:
        opened = _opened(sources, spec, known, stack)
        first = opened[0]
        mark = first.marks.delimiter or ","
        if first.has_header:
            headers = [] if spec.only else list(first.headers)
            csv.writer(out, delimiter=mark, lineterminator="\n").writerow([*headers, _title(headers)])
        predicting = Pass("predicting", opened)
        for source in opened:
            shown = [] if spec.only else list(first.schema)
            for at, raw, cells in predicting.through(_frames(source, known, spec, shown)):
                values = predictions_of(cells, known)
                note_gaps(lacking, values, cells, known, partial(_place, source, *at))
                text = pl.Series("\x00prediction", values).fill_nan(None).cast(pl.String)
                if first.cells.decimal == ",":
                    text = text.str.replace(".", ",", literal=True)
                # Some lines at a time: of a longer text an unbuffered stream may write the start alone.
                for lines in raw.select(*shown, text).iter_slices(_AT_ONCE):
                    out.write(lines.write_csv(include_header=False, separator=mark))
                rows += raw.height
        return PredictCounts(rows, sum(lacking.counts.values()), lacking.lines(rows))


def predict_values(
    sources: Sequence[str], spec: Spec, model: Mapping[str, Any], curve: CurveModel | None = None
) -> np.ndarray:
    """What `predict_csv` appends to the rows of the sources, (m,); NaN where it appends an empty cell.

    Raises:
        GdsolveError, DataError: as `predict_csv`.
    """
    known = read_predictor(model, curve)
    found, lacking = [np.empty(0)], Unpredicted(known.groups)
    with ExitStack() as stack:
        opened = _opened(sources, replace(spec, only=True), known, stack)
        predicting = Pass("predicting", opened)
        for source in opened:
            for at, _, cells in predicting.through(_frames(source, known, spec)):
                values = predictions_of(cells, known)
                note_gaps(lacking, values, cells, known, partial(_place, source, *at))
                found.append(values)
        predicted = np.concatenate(found)
        warn_of_groups(lacking, len(predicted))
    return predicted


def note_gaps(
    lacking: Unpredicted,
    values: np.ndarray,
    cells: pl.DataFrame,
    model: Predictor,
    place: Callable[[int, str | None], str],
) -> None:
    """Note the rows of which nothing is predicted: their `values`, (rows,), are NaN."""
    gone = np.isnan(values)
    if gone.any():
        lacking.note(cells, model.columns, gone, place)


def warn_of_groups(lacking: Unpredicted, rows: int) -> None:
    """Say of groups that a model does not have what the NaN of an array leaves unsaid; a missing cell needs no word."""
    for line in lacking.lines(rows, groups_alone=True):
        logger.warning("%s", line)


def _place(source: Source, offset: int, kept: np.ndarray, row: int, column: str | None) -> str:
    """Say where a row stands, of those that were `kept`, (rows,), of a part that begins with the record `offset`."""
    return source.where(offset + int(np.flatnonzero(kept)[row]), column)


def _opened(sources: Sequence[str], spec: Spec, model: Predictor, stack: ExitStack) -> list[Source]:
    # What the model calls columns tells a header where it is in doubt.
    named = replace(model.reading(spec), features=tuple(model.needed))
    opened = [_renamed(source, model) for source in open_sources(sources, named, stack)]
    for source in opened:
        _require(source, model, spec)
    return opened


def read_predictor(model: Mapping[str, Any], curve: CurveModel | None) -> Predictor:
    """What predicts, of the JSON of a fit.

    Raises:
        GdsolveError: the model is not one that a fit wrote.
    """
    try:
        absent = tuple(map(str, model["data"].get("na_values") or ()))
        if curve is not None:
            return Predictor((), {}, 0.0, _mean_of(model["descent"]), curve, na_values=absent)
        levels = {name: tuple(texts) for name, texts in model["data"].get("levels", {}).items()}
        encoded = {f"{name}={level}": (name, level) for name, texts in levels.items() for level in texts}
        groups = GroupModels.of(model) if "groups" in model else None
        terms = []
        for name in model["data"]["features"]:
            column, level = encoded.get(name, (name, None))
            terms.append(_Term(column, level, 0.0 if groups else float(model["weights"][name])))
        mean = _mean_of(model.get("descent", {}))
        intercept = float(model.get("intercept") or 0.0) * (not groups)
        return Predictor(tuple(terms), levels, intercept, mean, None, groups, absent)
    except KeyError as error:
        raise GdsolveError(f"the model lacks {error.args[0]!r}", _SAVED) from None
    except (AttributeError, TypeError, ValueError) as error:
        raise GdsolveError(f"the model is damaged ({error})", _SAVED) from None


def _mean_of(descent: Mapping[str, Any]) -> Mean:
    """What is predicted at z; models from before there were links have that of their loss, curves among them."""
    link, loss = descent.get("link"), Loss(descent.get("loss", USUAL_LOSS))
    return loss.info.mean if link is None else MEAN_AT[Link(link)]


def _renamed(source: Source, model: Predictor) -> Source:
    """Name the columns of a file without a header as the model does: x1…xn with or without y, or x."""
    if source.has_header:
        return source
    names = tuple(source.schema)
    if not set(model.columns) <= set(names):
        names = (
            ("x", *names[1:]) if model.columns == ["x"] else tuple(f"x{place}" for place in range(1, len(names) + 1))
        )
    return replace(source, headers=names, schema=dict(zip(names, source.schema.values(), strict=True)))


def _require(source: Source, model: Predictor, spec: Spec) -> None:
    require_columns(source.name, list(source.schema), model)
    for name, fault in source.faults.items():
        if name in model.needed:
            raise DataError(f"{fault}, and the model needs it", "write the column as numbers or texts")
        if not spec.only:
            raise DataError(f"{fault}; it cannot be written as CSV", "--only writes the predictions alone")


def require_columns(table: str, names: Sequence[str], model: Predictor) -> None:
    """See that a table has all columns that a model needs.

    Raises:
        DataError: one is not there.
    """
    for name in model.needed:
        if name not in names:
            near = nearest(name, names)
            listed = ", ".join(model.needed[:12])
            more = f", and {len(model.needed) - 12:,} more" if len(model.needed) > 12 else ""
            split = split_hint(table, names[0], PREDICT) if len(names) == 1 else None
            remedy = split or (f"rename {near!r}?" if near else f"the model needs: {listed}{more}")
            raise DataError(f"{table}: has no column {name!r}, which the model needs", remedy)


def _title(headers: Sequence[str]) -> str:
    title, count = "prediction", 2
    while title in headers:
        title, count = f"prediction_{count}", count + 1
    return title


def _frames(source: Source, model: Predictor, spec: Spec, shown: Sequence[str] = ()) -> Iterator[_Frame]:
    """Give (the rows as they are written, the columns that the model uses, parsed and checked, their records)."""
    with watched(source.file):
        yield from _checked(source, model, spec, shown)


def _checked(source: Source, model: Predictor, spec: Spec, shown: Sequence[str]) -> Iterator[_Frame]:
    numbers = [name for name in model.columns if name not in model.levels]
    wanted = shown or model.needed
    done = 0
    part: Part | None = None
    try:
        for part in source.parts(wanted):
            raw = rows_of(source.scan(part, wanted))
            if not raw.height:
                continue
            cells = source.parse(raw, numbers, model.texts)
            _refuse_first(replace(source, near=(done, part)), done, cells, model, spec)
            if undecoded := source.undecoded(raw, wanted):
                raise undecoded
            empty = raw.select(pl.all_horizontal(pl.col(wanted).is_null())).to_series().to_numpy()
            kept = ~source.blank_lines(part, empty)
            whole = kept.all()
            yield (done, kept), raw if whole else raw.filter(kept), cells if whole else cells.filter(kept)
            done += raw.height
    except FAULTS as error:
        raise source.unreadable(done, error, part) from None


def _refuse_first(source: Source, offset: int, frame: pl.DataFrame, model: Predictor, spec: Spec) -> None:
    if has_overflow(frame):
        raise overflow_error(source, offset + int(frame[OVERFLOW].is_not_null().arg_max() or 0), PREDICT)
    for name in model.columns:
        column = frame[name]
        bad = ~column.is_in(list(model.levels[name])) if name in model.levels else ~column.is_finite()
        if not bad.any():
            continue
        row = int(bad.fill_null(value=False).arg_max() or 0)
        record = offset + row
        cell = (cell_text(source, record, name) or "").strip()
        if name in model.levels:
            reason, remedy = "was not among the levels of the fit", None
        else:
            reason = "is not finite" if column.is_infinite()[row] else "is not a number"
            remedy = source.number_hint(cell, PREDICT)
        # At a comma the flag would split it.
        otherwise = (
            "leave the row out"
            if "," in cell
            else f"{missing_flag(spec.na_values, cell)} leaves such predictions empty"
        )
        raise DataError(f"{source.where(record, name)}: {show(cell)} {reason}", remedy or otherwise)


def predictions_of(frame: pl.DataFrame, model: Predictor) -> np.ndarray:
    """Sum in the order of the features, and take the mean that the loss has there; NaN where a cell is missing."""
    if model.curve is not None:
        # numpy would hand out read-only memory of polars, which torch does not take.
        total = model.curve.at({name: frame[name].to_numpy().copy() for name in model.columns}, frame.height)
    else:
        total = _linear(frame, model)
    return MEANS[model.mean](total)


def _linear(frame: pl.DataFrame, model: Predictor) -> np.ndarray:
    total = np.zeros(frame.height)
    groups = model.groups
    own = None if groups is None else groups.weights[groups.rows_of(frame[groups.column])]
    for place, term in enumerate(model.terms):
        cells = frame[term.column]
        values = cells if term.level is None else (cells == term.level).cast(pl.Float64)
        total += (term.weight if own is None else own[:, place]) * values.to_numpy()
    for name in model.levels:
        # A column of one level has no term, but an unknown level is unknown all the same.
        total[frame[name].is_null().to_numpy()] = np.nan
    return total + (model.intercept if own is None else own[:, -1])
