"""A saved model and new rows -> the same rows with a column of predictions, streamed."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, TextIO

import numpy as np
import polars as pl

from gdsolve.data.cells import Kind, kinds_of
from gdsolve.data.columns import nearest
from gdsolve.data.diagnose import cell_text, has_overflow, overflow_error, refuse_wrong_encoding, show, where
from gdsolve.data.extent import Pass
from gdsolve.data.file import watched
from gdsolve.data.records import unreadable
from gdsolve.data.scan import FAULTS, rows_of
from gdsolve.data.source import OVERFLOW, Part, Source, open_sources
from gdsolve.spec import Loss, Spec
from gdsolve.status import DataError, GdsolveError

_AT_ONCE = 10_000
_SAVED = "give a file that gdsolve fit wrote with --save or --format json"


@dataclass(frozen=True, slots=True)
class PredictCounts:
    """Rows written, and how many of them lack a prediction because a cell is missing."""

    rows: int
    rows_without_prediction: int


@dataclass(frozen=True, slots=True)
class _Term:
    """One summand: weight times a column, or weight where a column of text has this level."""

    column: str
    level: str | None
    weight: float


@dataclass(frozen=True, slots=True)
class _GroupModels:
    """Weights by group: `rows` finds a group by its value, `weights` is (G + 1, terms + 1), the intercept last.

    The last row, of NaN, is that of all values that the fit knows no weights of.
    """

    column: str
    rows: Mapping[str | None, int]
    weights: np.ndarray

    def of(self, cells: pl.Series) -> np.ndarray:
        """Give the weights of rows, (rows, terms + 1)."""
        found = np.fromiter((self.rows.get(cell, -1) for cell in cells.to_list()), np.int64, len(cells))
        return np.asarray(self.weights[found])


@dataclass(frozen=True, slots=True)
class Predictor:
    """What a saved model makes of the columns that it needs."""

    terms: tuple[_Term, ...]
    levels: Mapping[str, Sequence[str]]
    intercept: float
    loss: Loss
    curve: CurveModel | None
    groups: _GroupModels | None = None

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

    With z = intercept + Σ weight·feature, or z = f(x) of a `curve`, that is z; of a logistic model the probability
    1/(1 + e⁻ᶻ) of 1, or of the second level; of a Poisson model the mean eᶻ, which may be inf. `model` is the JSON of a
    fit (`gdsolve.fit/1`); columns are matched by name. A row that lacks a feature gets an empty prediction, and so does
    one of a group that the model has no weights of. With
    `spec.only` the predictions are written alone.

    Raises:
        GdsolveError: the model is not one that a fit wrote.
        DataError: a column that is not there, or a cell that cannot be used (file, row, column).
    """
    known = read_predictor(model, curve)
    rows = without = 0
    with ExitStack() as stack:
        opened = _opened(sources, spec, known, stack)
        first = opened[0]
        mark = first.dialect.delimiter if first.dialect else ","
        if first.has_header:
            headers = [] if spec.only else list(first.headers)
            csv.writer(out, delimiter=mark, lineterminator="\n").writerow([*headers, _title(headers)])
        predicting = Pass("predicting", opened)
        for source in opened:
            shown = [] if spec.only else list(first.schema)
            for raw, cells in predicting.through(_frames(source, known, shown)):
                values = predictions_of(cells, known)
                text = pl.Series("\x00prediction", values).fill_nan(None).cast(pl.String)
                if first.cells.decimal == ",":
                    text = text.str.replace(".", ",", literal=True)
                # Some lines at a time: of a longer text an unbuffered stream may write the start alone.
                for lines in raw.select(*shown, text).iter_slices(_AT_ONCE):
                    out.write(lines.write_csv(include_header=False, separator=mark))
                rows += raw.height
                without += text.null_count()
    return PredictCounts(rows, without)


def predict_values(
    sources: Sequence[str], spec: Spec, model: Mapping[str, Any], curve: CurveModel | None = None
) -> np.ndarray:
    """What `predict_csv` appends to the rows of the sources, (m,); NaN where it appends an empty cell.

    Raises:
        GdsolveError, DataError: as `predict_csv`.
    """
    known = read_predictor(model, curve)
    found = [np.empty(0)]
    with ExitStack() as stack:
        opened = _opened(sources, replace(spec, only=True), known, stack)
        predicting = Pass("predicting", opened)
        for source in opened:
            found += [predictions_of(cells, known) for _, cells in predicting.through(_frames(source, known, ()))]
    return np.concatenate(found)


def _opened(sources: Sequence[str], spec: Spec, model: Predictor, stack: ExitStack) -> list[Source]:
    opened = [_renamed(source, model) for source in open_sources(sources, spec, stack)]
    for source in opened:
        _require(source, model, spec)
    return opened


def read_predictor(model: Mapping[str, Any], curve: CurveModel | None) -> Predictor:
    """What predicts, of the JSON of a fit.

    Raises:
        GdsolveError: the model is not one that a fit wrote.
    """
    try:
        if curve is not None:
            return Predictor((), {}, 0.0, Loss(model["descent"]["loss"]), curve)
        levels = {name: tuple(texts) for name, texts in model["data"].get("levels", {}).items()}
        encoded = {f"{name}={level}": (name, level) for name, texts in levels.items() for level in texts}
        groups = _read_groups(model) if "groups" in model else None
        terms = []
        for name in model["data"]["features"]:
            column, level = encoded.get(name, (name, None))
            terms.append(_Term(column, level, 0.0 if groups else float(model["weights"][name])))
        loss = Loss(model.get("descent", {}).get("loss", Loss.HALF_MSE))
        return Predictor(tuple(terms), levels, float(model.get("intercept") or 0.0) * (not groups), loss, None, groups)
    except KeyError as error:
        raise GdsolveError(f"the model lacks {error.args[0]!r}", _SAVED) from None
    except (AttributeError, TypeError, ValueError) as error:
        raise GdsolveError(f"the model is damaged ({error})", _SAVED) from None


def _read_groups(model: Mapping[str, Any]) -> _GroupModels:
    column, names = model["group_by"], model["data"]["features"]
    known = [one for one in model["groups"] if one["weights"] is not None]
    weights = [[*(one["weights"][name] for name in names), one["intercept"] or 0.0] for one in known]
    rows = {one["group"][column]: row for row, one in enumerate(known)}
    return _GroupModels(column, rows, np.array([*weights, [np.nan] * (len(names) + 1)], dtype=np.float64))


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
    if source.dialect is None:
        kinds = kinds_of(pl.DataFrame(schema=source.schema), source.schema, source.cells, typed=True)
        nested = [name for name, kind in kinds.items() if kind is Kind.NESTED]
        bad = [name for name in nested if name in model.needed or not spec.only]
        if bad:
            raise DataError(
                f"{source.name}: column {bad[0]!r} is nested, which CSV cannot hold", "--only writes predictions alone"
            )


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
            remedy = f"rename {near!r}?" if near else f"the model needs: {listed}{more}"
            raise DataError(f"{table}: has no column {name!r}, which the model needs", remedy)


def _title(headers: Sequence[str]) -> str:
    title, count = "prediction", 2
    while title in headers:
        title, count = f"prediction_{count}", count + 1
    return title


def _frames(source: Source, model: Predictor, shown: Sequence[str]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Give (the rows as they are written, the columns that the model uses, parsed and checked), batch by batch."""
    with watched(source.file):
        yield from _checked(source, model, shown)


def _checked(source: Source, model: Predictor, shown: Sequence[str]) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
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
            _refuse_first(replace(source, near=(done, part)), done, cells, model)
            kept = np.ones(raw.height, dtype=bool)
            if source.dialect is not None:
                for name in _undecodable(raw, wanted):
                    refuse_wrong_encoding(source, name)
                empty = raw.select(pl.all_horizontal(pl.col(wanted).is_null())).to_series().to_numpy()
                kept = ~source.blank_lines(part, empty)
            yield (raw, cells) if kept.all() else (raw.filter(kept), cells.filter(kept))
            done += raw.height
    except FAULTS as error:
        raise unreadable(source.file, done, error, source.skip, part) from None


def _undecodable(frame: pl.DataFrame, names: Sequence[str]) -> list[str]:
    found = frame.select(pl.col(names).str.contains("\ufffd", literal=True).any()).row(0)
    return [name for name, here in zip(names, found, strict=True) if here]


def _refuse_first(source: Source, offset: int, frame: pl.DataFrame, model: Predictor) -> None:
    if has_overflow(frame):
        raise overflow_error(source, offset + int(frame[OVERFLOW].is_not_null().arg_max() or 0))
    for name in model.columns:
        column = frame[name]
        bad = ~column.is_in(list(model.levels[name])) if name in model.levels else ~column.is_finite()
        if not bad.any():
            continue
        row = int(bad.fill_null(value=False).arg_max() or 0)
        record = offset + row
        cell = (cell_text(source, record, name) or "").strip()
        if name in model.levels:
            reason = "was not among the levels of the fit"
        else:
            reason = "is not finite" if column.is_infinite()[row] else "is not a number"
        raise DataError(
            f"{where(source, record, name)}: {show(cell)} {reason}",
            f"--na-values {shlex.quote(cell)} leaves such predictions empty",
        )


def predictions_of(frame: pl.DataFrame, model: Predictor) -> np.ndarray:
    """Sum in the order of the features, and take the mean that the loss has there; NaN where a cell is missing."""
    if model.curve is not None:
        # numpy would hand out read-only memory of polars, which torch does not take.
        total = model.curve.at({name: frame[name].to_numpy().copy() for name in model.columns}, frame.height)
    else:
        total = _linear(frame, model)
    mean = _MEANS.get(model.loss)
    return total if mean is None else mean(total)


def _linear(frame: pl.DataFrame, model: Predictor) -> np.ndarray:
    total = np.zeros(frame.height)
    own = None if model.groups is None else model.groups.of(frame[model.groups.column])
    for place, term in enumerate(model.terms):
        cells = frame[term.column]
        values = cells if term.level is None else (cells == term.level).cast(pl.Float64)
        total += (term.weight if own is None else own[:, place]) * values.to_numpy()
    for name in model.levels:
        # A column of one level has no term, but an unknown level is unknown all the same.
        total[frame[name].is_null().to_numpy()] = np.nan
    return total + (model.intercept if own is None else own[:, -1])


def _sigmoid(z: np.ndarray) -> np.ndarray:
    """1/(1 + e⁻ᶻ) from e^−|z|, which never overflows and keeps the digits of small probabilities."""
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z < 0.0, small, 1.0) / (1.0 + small))


def _exp(z: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(z))


_MEANS: Mapping[Loss, Callable[[np.ndarray], np.ndarray]] = {Loss.LOGISTIC: _sigmoid, Loss.POISSON: _exp}
