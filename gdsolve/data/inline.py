"""A table of arrays in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.arrays import dense_of, matrix_of, name_of, names_of, vector_of
from gdsolve.data.cells import Cells
from gdsolve.data.columns import Parts, assign, build_roles
from gdsolve.data.extent import RowCount
from gdsolve.data.reading import Batch, Tally
from gdsolve.data.table import Table
from gdsolve.data.targets import outside, target_error, two_levels
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Loss, Spec
from gdsolve.status import DataError


def inline_table(
    X: Any,
    y: Any,
    spec: Spec,
    names: Sequence[str] | None = None,
    source: str = "inline",
    ranks: Ranks = ALONE,
) -> Table:
    """Make a table of a matrix X, (m, n), and a target y, (m,); columns are x1…xn (x if there is one) and y.

    A DataFrame has names of its own, and so may a Series y have, where no column of X has it. `names` win.
    With the logistic loss y may hold two texts, which are read as 0 and 1 in sorted order. Of several ranks, which all
    have the same arrays, the first one has the rows.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: ragged rows, unequal lengths, a number that is not finite, or a target that the loss does not take.
    """
    columns, parts, values, pair = inline_columns(X, y, spec, names, source)
    roles = build_roles(columns, parts, parts.features, {}, not spec.no_intercept, source)
    roles = replace(roles, target_levels=pair)
    order = [columns.index(name) for name in (*roles.features, roles.target)]
    weight = values[:, columns.index(roles.weight)] if roles.weight else None
    if weight is not None and ((weight < 0).any() or not (weight.any() or roles.group)):
        raise DataError(f"{source}: column {roles.weight!r} has negative weights, or only 0", "choose another --weight")

    def read(tally: Tally) -> Iterator[Batch]:
        if not ranks.first:
            return
        tally.rows = len(values)
        tally.weight = 0.0 if weight is None else float(weight.sum())
        group = None if roles.group is None else _codes(values[:, columns.index(roles.group)], tally)
        yield Batch(np.asfortranarray(values[:, order]), weight, group)

    there = RowCount(len(values) if ranks.first else 0, exact=True)
    return Table((source,), roles, read, count=lambda: there, ranks=ranks, name=source)


def _codes(numbers: np.ndarray, tally: Tally) -> np.ndarray:
    """Number the groups, (rows,), that numbers tell apart: 1.0 is the group 1."""
    texts = [str(int(number)) if number.is_integer() else str(number) for number in numbers.tolist()]
    return tally.groups.codes_of(pl.DataFrame({"group": texts}), "group")


def inline_columns(
    X: Any, y: Any, spec: Spec, names: Sequence[str] | None = None, source: str = "inline"
) -> tuple[list[str], Parts, np.ndarray, tuple[str, str] | None]:
    """Names of the columns of X and of y, their parts, their numbers, (m, n + 1), and the levels of y if it is text.

    Raises:
        GdsolveError, DataError: as `inline_table`.
    """
    matrix = matrix_of(X, source)
    if not len(matrix):
        raise DataError(f"{source}: has no rows", "a table needs at least one row of data")
    features = _names(matrix.shape[1], names_of(X, names), source)
    own = name_of(y)
    target_name = "y" if own is None or own in features else own
    if target_name in features:
        raise DataError(f"{source}: X has a column 'y', as the target is called", "give that column another name")
    columns = [*features, target_name]
    # A column y of X is no target where the target is given beside it.
    parts = assign(columns, spec, source, has_header=target_name == "y")
    if spec.target is None and parts.target == own:
        parts = replace(parts, target_reason="the name of y")
    target, pair = _target(y, target_name, parts, spec, source)
    if len(matrix) != len(target):
        raise DataError(f"{source}: X has {len(matrix)} rows, y has {len(target)}", "give one y for every row of X")
    values = np.column_stack([matrix, target])
    _refuse_first(values, columns, parts, spec, source)
    return columns, parts, values, pair


def _names(width: int, names: list[str] | None, source: str) -> list[str]:
    if names is None:
        return [f"x{place}" for place in range(1, width + 1)] if width > 1 else ["x"]
    if len(names) != width or len(set(names)) != width:
        raise DataError(
            f"{source}: {len(set(names))} names for {width} columns of X", "give every column a name of its own"
        )
    return names


def _target(y: Any, name: str, parts: Parts, spec: Spec, source: str) -> tuple[np.ndarray, tuple[str, str] | None]:
    """Give y as numbers, (m,), and the levels that it had as text, if it was text."""
    y = dense_of(y, "y")
    texts = _texts(y) if spec.loss is Loss.LOGISTIC and parts.target == name else None
    if texts is None:
        return vector_of(y, "y", source), None
    gone = np.isin(np.char.lower(texts), sorted(Cells.of(".", spec.missing_texts).missing))
    if gone.any():
        at = f"{source}: row {int(gone.argmax()) + 1}, column {name!r}"
        raise DataError(f"{at}: the cell is missing", "leave the row out of X and y")
    pair = two_levels(source, parts, [str(level) for level in np.unique(texts)], spec)
    return (texts == pair[1]).astype(np.float64), pair


def _texts(y: Any) -> np.ndarray | None:
    """Give the texts of y, trimmed, (m,); None where it holds anything else."""
    cells = np.asarray(y, dtype=object)
    if cells.ndim == 2 and cells.shape[1] == 1:
        cells = cells[:, 0]
    if cells.ndim != 1 or not len(cells) or not all(isinstance(cell, str) for cell in cells):
        return None
    return np.array([cell.strip() for cell in cells])


def _refuse_first(values: np.ndarray, columns: Sequence[str], parts: Parts, spec: Spec, source: str) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        row, place = (int(index) for index in np.argwhere(~finite)[0])
        at = f"{source}: row {row + 1}, column {columns[place]!r}"
        raise DataError(f"{at}: {values[row, place]} is not finite", "leave the row out of X and y")
    target = values[:, columns.index(parts.target)]
    wrong = outside(spec.loss, target)
    if wrong.any():
        row = int(wrong.argmax())
        raise target_error(f"{source}: row {row + 1}, column {parts.target!r}", f"{target[row]:g}", spec.loss)
