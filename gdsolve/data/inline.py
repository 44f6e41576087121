"""A table of arrays in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gdsolve.data.columns import assign, build_roles
from gdsolve.data.reading import Batch, Tally
from gdsolve.data.table import Table
from gdsolve.spec import Spec
from gdsolve.status import DataError


def inline_table(X: Any, y: Any, spec: Spec, names: Sequence[str] | None = None, source: str = "inline") -> Table:
    """Make a table of a matrix X, (m, n), and a target y, (m,); columns are x1…xn (x if there is one) and y.

    Raises:
        GdsolveError: a flag that names no column.
        DataError: ragged rows, unequal lengths, or a number that is not finite.
    """
    columns, values = inline_columns(X, y, names, source)
    parts = assign(columns, spec, source)
    roles = build_roles(columns, parts, parts.features, {}, not spec.no_intercept, source)
    order = [columns.index(name) for name in (*roles.features, roles.target)]
    weight = values[:, columns.index(roles.weight)] if roles.weight else None
    if weight is not None and ((weight < 0).any() or not weight.any()):
        raise DataError(f"{source}: column {roles.weight!r} has negative weights, or only 0", "choose another --weight")

    def read(tally: Tally) -> Iterator[Batch]:
        tally.rows = len(values)
        yield Batch(np.asfortranarray(values[:, order]), weight)

    return Table((source,), roles, read)


def inline_columns(
    X: Any, y: Any, names: Sequence[str] | None = None, source: str = "inline"
) -> tuple[list[str], np.ndarray]:
    """Names and numbers, (m, n + 1), of the columns of X and of y, which comes last.

    Raises:
        DataError: ragged rows, unequal lengths, or a number that is not finite.
    """
    matrix, target = _matrix(X, source), _vector(y, source)
    if len(matrix) != len(target):
        raise DataError(f"{source}: X has {len(matrix)} rows, y has {len(target)}", "give one y for every row of X")
    if not len(matrix):
        raise DataError(f"{source}: has no rows", "a table needs at least one row of data")
    width = matrix.shape[1]
    columns = list(names) if names else [f"x{place}" for place in range(1, width + 1)] if width > 1 else ["x"]
    if len(columns) != width or len({*columns, "y"}) != width + 1:
        raise DataError(
            f"{source}: {len(columns)} names for {width} columns of X", "give every column a name of its own"
        )
    columns.append("y")
    values = np.column_stack([matrix, target])
    finite = np.isfinite(values)
    if not finite.all():
        row, place = (int(index) for index in np.argwhere(~finite)[0])
        at = f"{source}: row {row + 1}, column {columns[place]!r}"
        raise DataError(f"{at}: {values[row, place]} is not finite", "leave the row out of X and y")
    return columns, values


def _matrix(X: Any, source: str) -> np.ndarray:
    if not isinstance(X, np.ndarray):
        rows = list(X)
        widths = [len(row) if hasattr(row, "__len__") else 0 for row in rows]
        odd = next((place for place, width in enumerate(widths) if width != widths[0]), None)
        if odd is not None:
            raise DataError(
                f"{source}: row {odd + 1} of X has {widths[odd]} numbers, row 1 has {widths[0]}",
                "give every row of X the same number of numbers",
            )
    matrix = _floats(X, "X", source)
    if matrix.ndim != 2 or (matrix.shape[1] == 0 and len(matrix)):
        raise DataError(f"{source}: X has shape {matrix.shape}, not (rows, columns)", "for one column: [[1], [2], [3]]")
    return matrix


def _vector(y: Any, source: str) -> np.ndarray:
    vector = _floats(y, "y", source)
    if vector.ndim == 2 and vector.shape[1] == 1:
        vector = vector[:, 0]
    if vector.ndim != 1:
        raise DataError(f"{source}: y has shape {vector.shape}, not (rows,)", "give one number for every row")
    return vector


def _floats(values: Any, name: str, source: str) -> np.ndarray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{source}: {name} is not an array of numbers ({error})", "leave out what is no number"
        ) from None
