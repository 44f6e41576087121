"""A table of arrays, or of a DataFrame, in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.arrays import column_of, columns_of, labels_of, name_of, names_of, texts_of
from gdsolve.data.batch import Batch, Tally
from gdsolve.data.cells import Cells
from gdsolve.data.columns import Parts, assign, build_roles, columns_in, usual_target
from gdsolve.data.extent import RowCount
from gdsolve.data.file import SMALL
from gdsolve.data.folds import Dealing
from gdsolve.data.frames import FrameSource
from gdsolve.data.offsets import offset_columns
from gdsolve.data.opening import as_asked
from gdsolve.data.series import series_of
from gdsolve.data.source import Source
from gdsolve.data.table import Table, open_table
from gdsolve.data.targets import outside, target_error
from gdsolve.data.weighing import unusable, weighing_error, weights_of
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Spec, flag
from gdsolve.spec.curve_names import is_named
from gdsolve.spec.curves import FEATURE
from gdsolve.status import DataError, GdsolveError


@dataclass(frozen=True, slots=True)
class Arrays:
    """X, (m, n), and y, (m,), as Python gives them: with `names` of the columns of X, and `source` in messages.

    Without y X is a DataFrame that has its target in it.
    """

    X: Any
    y: Any = None
    names: Sequence[str] | None = None
    source: str = "inline"


@dataclass(frozen=True, slots=True)
class _Named:
    """Cells by the names of their columns, (m,) each, those of X and then y; and the target where none is named.

    Columns that are `typed` are those of a DataFrame, or a Series.
    """

    cells: dict[str, Any]
    typed: frozenset[str]
    target: str
    reason: str
    rows: int

    def parts(self, spec: Spec, source: str) -> Parts:
        """The part of every column."""
        if spec.target is not None:
            return assign(list(self.cells), self._of_column(spec), source)
        return replace(assign(list(self.cells), self.targeted(spec), source), target_reason=self.reason)

    def _of_column(self, spec: Spec) -> Spec:
        """The spec with the one column as target that the target of a curve is an expression of."""
        target = spec.target or ""
        found = [name for name in self.cells if name in _words(target)]
        is_one = spec.model is not None and target not in self.cells and len(found) == 1
        return replace(spec, target=found[0]) if is_one else spec

    def targeted(self, spec: Spec) -> Spec:
        """The spec with the target named."""
        return spec if spec.target is not None else replace(spec, target=self.target)

    def frame(
        self, spec: Spec, source: str, used: Sequence[str], others: Sequence[str], *, strict: bool = True
    ) -> pl.DataFrame:
        """The columns `used`, and `others` by their names alone; `strict` is that of `series_of`."""
        own = (*columns_in("group_by", spec.group_by, list(self.cells), source), spec.cv_by, spec.errors.cluster)
        apart = {name.strip() for name in own if name is not None} - {*used}
        missing = Cells.of(".", spec.missing_texts).missing
        columns, needed, named = [], frozenset(used), frozenset(others)
        for name, cells in self.cells.items():
            if name in apart:
                columns.append(pl.Series(name, texts_of(cells), dtype=pl.String))
            elif name in needed:
                typed = name in self.typed
                values = series_of(cells, name, source, missing, typed=typed, strict=strict, given=spec.na_values)
                columns.append(values.alias(name))
            elif name in named:
                columns.append(pl.Series(name, [None] * self.rows, dtype=pl.Null))
        return pl.DataFrame(columns)


def inline_table(
    X: Any,
    y: Any,
    spec: Spec,
    names: Sequence[str] | None = None,
    source: str = "inline",
    ranks: Ranks = ALONE,
) -> Table:
    """Make a table of a matrix X, (m, n), and a target y, (m,); columns are x1…xn (x if there is one) and y.

    A DataFrame has names of its own, and so may a Series y have, where no column of X has it; `names` win. Without y
    the target is a column of X. Texts and categories are what `categorical` says, a cell that is None or NaN is
    missing, and truths are 1 and 0. Of several ranks, which all have the same arrays, the first one has the rows.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: ragged rows, unequal lengths, or a cell that cannot be used.
    """
    named = _named(Arrays(X, y, names, source), spec)
    if spec.formula is not None:
        return _formula_table(named, spec, source, ranks)
    parts = named.parts(spec, source)
    parts = replace(parts, features=_features(parts, spec))
    used = [name for name in (*parts.features, parts.target, parts.weight) if name]
    used += [name for name in offset_columns(parts) if name not in used]
    read = _of_condition(spec, named)
    is_formula = spec.minimize is not None or spec.model is not None
    frame = named.frame(spec, source, [*used, *read], () if is_formula else list(named.cells))
    apart = parts.group or parts.together or parts.cluster or offset_columns(parts) or spec.where is not None
    values = None if apart else _plain(frame[used], spec)
    if values is not None:
        return _table_of(values, frame.columns, parts, spec, source, ranks)
    if ranks.several:
        told = "na_values" if spec.where is None else "where"
        raise GdsolveError("several ranks take X and y as they are", f"leave {flag(told)} out", option=told)
    return open_table(as_asked((FrameSource.of(frame, spec, source),), spec), spec, parts=parts)


def _of_condition(spec: Spec, named: _Named) -> list[str]:
    """The columns that the condition of a spec reads."""
    if spec.where is None:
        return []
    from gdsolve.data.where.sql import columns_named

    return columns_named(spec.where, named.cells)


def _formula_table(named: _Named, spec: Spec, source: str, ranks: Ranks) -> Table:
    """The table of a formula, read as a file of typed columns is."""
    if ranks.several:
        raise GdsolveError("several ranks take X and y as they are", "leave --formula out", option="formula")
    from gdsolve.spec.model_formula import read_formula

    assert spec.formula is not None
    formula = read_formula(spec.formula)
    weighed = [name.strip() for name in (spec.weight_column, spec.offset, spec.exposure) if name is not None]
    used = list(named.cells) if formula.takes_rest else [*formula.named, *weighed]
    # The columns beside are there by their names: a name that is none of them is told with those that there are.
    frame = named.frame(spec, source, [*used, *_of_condition(spec, named)], list(named.cells))
    return open_table(as_asked((FrameSource.of(frame, spec, source),), spec), spec)


def inline_source(arrays: Arrays, spec: Spec) -> tuple[Source, Spec, str]:
    """The table of arrays as a source, all of its columns; the spec with its target, and why it is the target.

    Raises:
        GdsolveError, DataError: as `inline_table`.
    """
    named = _named(arrays, spec)
    frame = named.frame(spec, arrays.source, list(named.cells), (), strict=False)
    reason = named.reason if spec.target is None else "--target"
    return as_asked((FrameSource.of(frame, spec, arrays.source),), spec)[0], named.targeted(spec), reason


def _features(parts: Parts, spec: Spec) -> tuple[str, ...]:
    """The columns that the target is explained with: of a formula those that it names."""
    formula = spec.minimize or spec.model
    if formula is None:
        return parts.features
    words = {FEATURE} if spec.model is not None and is_named(spec.model) else _words(formula)
    return tuple(name for name in parts.features if name in words) or parts.features


def _words(formula: str) -> set[str]:
    """What may be names in a formula: words, and what stands in backticks."""
    return {quoted or word for quoted, word in re.findall(r"`([^`]*)`|([^\W\d]\w*)", formula)}


def _named(arrays: Arrays, spec: Spec) -> _Named:
    source, labels = arrays.source, labels_of(arrays.X)
    columns = columns_of(arrays.X, source, may_be_one=spec.model is not None)
    names = _names(len(columns), names_of(arrays.X, arrays.names), source)
    cells, typed = dict(zip(names, columns, strict=True)), frozenset(names if labels else ())
    rows = len(columns[0]) if columns else 0
    if not rows:
        raise DataError(f"{source}: has no rows", "a table needs at least one row of data")
    if arrays.y is None:
        return _Named(cells, typed, *_usual_target(names, spec), rows)
    own = name_of(arrays.y)
    target = "y" if own is None or own in names else own
    if target in names:
        raise DataError(
            f"{source}: X has a column 'y', as the target is called", "leave y out, or give that column another name"
        )
    _refuse_shuffled(arrays, source)
    y = column_of(arrays.y, "y", source)
    if len(y) != rows:
        raise DataError(f"{source}: X has {rows} rows, y has {len(y)}", "give one y for every row of X")
    # Texts are classes, also where they are digits.
    has_classes = spec.loss.info.target.is_classes
    is_typed = has_classes or hasattr(arrays.y, "to_list") or labels_of(arrays.y) is not None
    cells, typed = {**cells, target: y}, typed | ({target} if is_typed else set())
    # A column y of X is no target where the target is given beside it.
    found = (target, "the name of y" if target == own else "the column y")
    return _Named(cells, typed, *(_usual_target(names, spec) if target in _elsewhere(spec) else found), rows)


def _refuse_shuffled(arrays: Arrays, source: str) -> None:
    """Refuse a y of pandas whose rows have the labels of X in another order: by label or by place is not to be guessed.

    Raises:
        DataError: naming both ways.
    """
    rows: Any = getattr(arrays.X, "index", None)
    others: Any = getattr(arrays.y, "index", None)
    if not (hasattr(rows, "equals") and hasattr(others, "equals")) or len(rows) != len(others) or rows.equals(others):
        return
    if rows.is_unique and others.isin(rows).all() and others.is_unique:
        raise DataError(
            f"{source}: y has the row labels of X in another order",
            "by label: y.loc[X.index]; by place: y.to_numpy()",
        )


def _usual_target(names: Sequence[str], spec: Spec) -> tuple[str, str]:
    return usual_target([name for name in names if name not in _elsewhere(spec)] or names)


def _elsewhere(spec: Spec) -> set[str | None]:
    """The columns that cannot be the target, as they play another part."""
    return {
        spec.weight_column,
        spec.offset,
        spec.exposure,
        spec.cv_by,
        *spec.ignore,
        *spec.group_by,
        *(name.strip() for text in (*spec.ignore, *spec.group_by) for name in text.split(",")),
    }


def _names(width: int, names: list[str] | None, source: str) -> list[str]:
    if names is None:
        return [f"x{place}" for place in range(1, width + 1)] if width > 1 else ["x"]
    if len(names) != width or len(set(names)) != width:
        raise DataError(
            f"{source}: {len(set(names))} names for {width} columns of X", "give every column a name of its own"
        )
    return names


def _plain(frame: pl.DataFrame, spec: Spec) -> np.ndarray | None:
    """The numbers of the columns, (m, n), where no cell needs a closer look; None where one may."""
    if not all(dtype.is_numeric() or dtype == pl.Boolean for dtype in frame.dtypes):
        return None
    if any(column.null_count() for column in frame) or Cells.of(".", spec.missing_texts).missing_numbers:
        return None
    numbers = frame if set(frame.dtypes) == {pl.Float64} else frame.cast(pl.Float64)
    values = numbers.to_numpy(order="fortran")
    return values if np.isfinite(values).all() else None


def _table_of(values: np.ndarray, names: Sequence[str], parts: Parts, spec: Spec, source: str, ranks: Ranks) -> Table:
    """A table of numbers that are all there, in one batch: features, target and weight."""
    width = len(parts.features) + 1
    target = values[:, width - 1]
    wrong = outside(spec.loss, target)
    if wrong.any():
        row = int(wrong.argmax())
        raise target_error(f"{source}: row {row + 1}, column {parts.target!r}", f"{target[row]:g}", spec)
    weight = _weights(values[:, width], parts, spec, source) if parts.weight else None
    roles = build_roles(names, parts, parts.features, {}, not spec.no_intercept, source)

    def read(tally: Tally) -> Iterator[Batch]:
        if not ranks.first:
            return
        fold = Dealing.of_spec(spec).of(np.arange(len(values))) if spec.is_dealt else None
        batch = Batch(values[:, :width], weight, fold=fold)
        tally.take(batch)
        yield batch

    there = RowCount(len(values) if ranks.first else 0, exact=True)
    return Table((source,), roles, read, count=lambda: there, ranks=ranks, name=source, small=values.nbytes <= SMALL)


def _weights(cells: np.ndarray, parts: Parts, spec: Spec, source: str) -> np.ndarray:
    """The row weights that the cells of their column, (m,), stand for."""
    wrong = unusable(cells, spec)
    if wrong.any():
        row = int(wrong.argmax())
        value = float(cells[row])
        raise weighing_error(f"{source}: row {row + 1}, column {parts.weight!r}", f"{value:g}", value, spec)
    if not cells.any():
        raise DataError(f"{source}: all weights are 0 in column {parts.weight!r}", "choose another --weight")
    return weights_of(cells, spec)
