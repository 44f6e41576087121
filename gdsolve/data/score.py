"""A saved model and a table with the target in it -> how far its predictions are from the target, streamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.beside import Beside
from gdsolve.data.deviance import parameter_of
from gdsolve.data.group_keys import text_of
from gdsolve.data.offsets import is_subtracted, offset_of
from gdsolve.data.passes import Pass
from gdsolve.data.predict import frames_of, open_for, place_of
from gdsolve.data.predictor import CurveModel, Predictor, read_predictor, values_of
from gdsolve.data.score_sums import ScoreSums
from gdsolve.data.shell import SCORE
from gdsolve.spec import Missing, Spec
from gdsolve.status import DataError, GdsolveError

_LEVEL = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """The sums over the rows that were scored, and how many were not, as they lack a cell or weigh nothing.

    `first_dropped` says where the first row stands that lacks a cell, or is of a group that the model does not have. Of
    `read` rows `filtered` ones do not satisfy a condition; both are 0 without one.
    """

    sums: ScoreSums
    beside: Beside
    dropped: int
    weightless: int
    first_dropped: str = ""
    read: int = 0
    filtered: int = 0


def score_tables(
    sources: Sequence[str], spec: Spec, model: Mapping[str, Any], curve: CurveModel | None = None
) -> ScoredRows:
    """Score a model, the JSON of a fit, on tables; rows weigh by the model's column of weights, if they have it.

    Raises:
        GdsolveError: the model is not one that a fit wrote.
        DataError: a column that is not there, no rows, or a cell that cannot be used (file, row, column).
    """
    known, sums = _prepared(spec, model, curve)
    dropped = weightless = 0
    first = ""
    with ExitStack() as stack:
        opened, known = open_for(sources, replace(spec, only=True), known, stack)
        scoring = Pass("scoring", opened)
        for source in opened:
            before = 0
            for (offset, kept), _, cells in scoring.through(frames_of(source, known, spec)):
                found = _ScoreBatch.of(cells, known)
                if found.lacking.any() and not first:
                    row = int(found.lacking.argmax())
                    column = found.column_lacking(row, known)
                    first = place_of(source, offset, kept, row, column)
                    if spec.na is Missing.ERROR:
                        raise _missing(first, cells, known, row, column)
                found.add_to(sums, source.name, before)
                dropped, weightless = dropped + int(found.lacking.sum()), weightless + int(found.weightless.sum())
                before += cells.height
        met = [source.counts or (0, 0) for source in opened]
        read, left = (sum(one[place] for one in met) for place in (0, 1))
        if read and not left:
            raise opened[0].without_rows()
        scored = ScoredRows(sums, known.beside, dropped, weightless, first, read, read - left)
        return _whole(scored, ", ".join(one.name for one in opened))


def score_arrays(
    X: Any,
    y: Any,
    spec: Spec,
    model: Mapping[str, Any],
    curve: CurveModel | None = None,
    *,
    names: Sequence[str] | None = None,
    source: str = "inline",
) -> ScoredRows:
    """Score a model on the rows of X, (m, n), and y, (m,), or a column of X.

    Raises:
        GdsolveError, DataError: as `score_tables`.
    """
    from gdsolve.data.predict_arrays import ROW, cells_of_arrays, count_of

    known, sums = _prepared(spec, model, curve)
    cells, known = cells_of_arrays(X, y, spec, known, names, source)
    found, first = _ScoreBatch.of(cells, known), ""
    if found.lacking.any():
        row = int(found.lacking.argmax())
        column = found.column_lacking(row, known)
        first = f"{source}: row {cells[ROW][row]}" + ("" if column is None else f", column {column!r}")
        if spec.na is Missing.ERROR:
            raise _missing(first, cells, known, row, column)
    found.add_to(sums, source, 0)
    lacking, weightless = int(found.lacking.sum()), int(found.weightless.sum())
    read = 0 if spec.where is None else count_of(X)
    filtered = read - cells.height if read else 0
    return _whole(ScoredRows(sums, known.beside, lacking, weightless, first, read, filtered), source)


def _prepared(spec: Spec, model: Mapping[str, Any], curve: CurveModel | None) -> tuple[Predictor, ScoreSums]:
    if spec.na is Missing.MEAN:
        raise GdsolveError(
            "mean: a score fills no cell in, as it looks at every row once", "give --na drop", option="na"
        )
    known = read_predictor(model, curve)
    beside = Beside.scored(model, spec.weight)
    level = (model.get("descent") or {}).get("quantile") or _LEVEL
    beside = replace(beside, expression=None if curve is None else curve.target)
    return replace(known.with_beside(beside), run=SCORE), ScoreSums.of(
        beside.loss,
        known.mean,
        float(level),
        2 if known.classes is None else len(known.classes),
        parameter_of(beside.loss, model.get("descent")),
    )


def _whole(scored: ScoredRows, source: str) -> ScoredRows:
    if not scored.sums.rows:
        why = "has no rows" if not scored.dropped else f"has no row to score: all {scored.dropped:,} lack a cell"
        raise DataError(f"{source}: {why}", "give a table with the model's columns and its target in it")
    return scored


def _missing(at: str, cells: pl.DataFrame, known: Predictor, row: int, column: str | None) -> DataError:
    """That a row cannot be scored."""
    remedy = "--na drop leaves such rows out"
    if column is not None:
        return DataError(f"{at}: the cell is missing", remedy)
    group = None if known.groups is None else known.groups.keys_of(cells[row])[0]
    why = "the model has no value there" if group is None else f"the model has no weights of group {text_of(group)!r}"
    return DataError(f"{at}: {why}", remedy)


@dataclass(frozen=True, slots=True, eq=False)
class _ScoreBatch:
    """Rows of a batch, (rows,) each: `lacking` have no prediction, target or weight, `weightless` the weight 0.

    `offset` is what was subtracted from targets before the fit: R² is of what is left.
    """

    cells: pl.DataFrame
    target: np.ndarray
    value: np.ndarray
    weight: np.ndarray | None
    lacking: np.ndarray
    weightless: np.ndarray
    offset: np.ndarray

    @classmethod
    def of(cls, cells: pl.DataFrame, model: Predictor) -> _ScoreBatch:
        """What the model makes of the cells."""
        target, value = model.beside.targets_of(cells), values_of(cells, model)
        weight = None if model.beside.weight is None else model.beside.weights_of(cells)
        subtracted = offset_of(cells, model) if is_subtracted(model.beside.loss) else 0.0
        offset = np.broadcast_to(subtracted, target.shape)
        gone = np.isnan(value)
        lacking = np.isnan(target) | (gone if gone.ndim == 1 else gone.any(axis=1))
        if weight is None:
            return cls(cells, target, value, None, lacking, np.zeros_like(lacking), offset)
        lacking |= np.isnan(weight)
        return cls(cells, target, value, weight, lacking, ~lacking & (weight == 0.0), offset)

    def column_lacking(self, row: int, model: Predictor) -> str | None:
        """The first column whose cell a row lacks; None where it is of a group that the model does not have."""
        return next((name for name in model.read if self.cells[name][row] is None), None)

    def add_to(self, sums: ScoreSums, source: str, before: int) -> None:
        """Add the rows that can be scored, `before` which so many rows of the source stand."""
        used = ~(self.lacking | self.weightless)
        weight = None if self.weight is None else self.weight[used]
        rows = before + 1 + np.flatnonzero(used)
        sums.add(self.target[used], self.value[used], weight, source, rows, self.offset[used])
