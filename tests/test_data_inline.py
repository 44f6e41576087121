"""Arrays in memory as a table."""

from __future__ import annotations

import numpy as np
import pytest

from gdsolve.data import inline_table
from gdsolve.spec import Spec
from gdsolve.status import DataError, GdsolveError


def test_names_and_values():
    table = inline_table([[1, 2], [3, 4]], [5, 6], Spec())
    batches = list(table.batches())
    assert [batch.values.tolist() for batch in batches] == [[[1, 2, 5], [3, 4, 6]]]
    assert batches[0].values.dtype == np.float64
    assert (table.roles.features, table.roles.target, table.rows) == (("x1", "x2"), "y", 2)
    assert inline_table([[1], [2]], [3, 4], Spec()).roles.features == ("x",)
    assert inline_table([[1, 2]], [3], Spec(), names=["a", "b"], source="here").source == ("here",)


def test_flags_choose_columns():
    table = inline_table(np.array([[1, 2, 3], [4, 5, 6]]), np.array([[7], [8]]), Spec(features=("x3",), weight="x1"))
    (batch,) = table.batches()
    assert batch.values.tolist() == [[3, 7], [6, 8]]
    assert batch.weight is not None
    assert batch.weight.tolist() == [1, 4]
    with pytest.raises(GdsolveError, match="--target: inline has no column 'z'"):
        inline_table([[1]], [1], Spec(target="z"))


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[1, 2], [3]], [1, 2], "inline: row 2 of X has 1 numbers, row 1 has 2"),
        ([[1], [2]], [1], "inline: X has 2 rows, y has 1"),
        ([[1], [float("nan")]], [1, 2], "inline: row 2, column 'x': nan is not finite"),
        ([[1, 1], [2, 2]], [1, float("inf")], "inline: row 2, column 'y': inf is not finite"),
        ([1, 2], [1, 2], r"inline: X has shape (2,), not (rows, columns)"),
        ([[1], [2]], [[1, 2], [3, 4]], "inline: y has shape (2, 2), not (rows,)"),
        ([["a"]], [1], "inline: X is not an array of numbers (could not convert string to float: 'a')"),
        ([], [], "inline: X has shape (0,), not (rows, columns)"),
    ],
)
def test_arrays_that_cannot_be_used(X, y, message):
    with pytest.raises(DataError) as caught:
        inline_table(X, y, Spec())
    assert caught.value.message == message


def test_weights_and_names_that_cannot_be_used():
    with pytest.raises(DataError, match="column 'x1' has negative weights"):
        inline_table([[-1, 2]], [1], Spec(weight="x1"))
    with pytest.raises(DataError, match="1 names for 2 columns of X"):
        inline_table([[1, 2]], [1], Spec(), names=["a"])
