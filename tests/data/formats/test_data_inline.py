"""Arrays in memory as a table."""

from __future__ import annotations

import datetime
import importlib
from importlib.util import find_spec
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy.sparse
import torch

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
        ([[1], [float("nan")]], [1, 2], "inline: row 2, column 'x': the cell is missing"),
        ([[1, 1], [2, 2]], [1, float("inf")], "inline: row 2, column 'y': 'inf' is not finite"),
        ([1, 2], [1, 2], r"inline: X has shape (2,), not (rows, columns)"),
        ([[1], [2]], [[1, 2], [3, 4]], "inline: y has shape (2, 2), not (rows,)"),
        ([["a"]], [1], "inline: row 1, column 'x': 'a' is text"),
        ([["a", 1], ["b", 2]], [1, 2], "inline: row 1, column 'x1': 'a' is text"),
        ([[1, "a"], [2, 3], [3, 4]], [1, 2, 3], "inline: row 1, column 'x2': 'a' is not a number"),
        ([], [], "inline: X has shape (0,), not (rows, columns)"),
    ],
)
def test_arrays_that_cannot_be_used(X, y, message):
    with pytest.raises(DataError) as caught:
        list(inline_table(X, y, Spec()).batches())
    assert caught.value.message == message


def test_weights_and_names_that_cannot_be_used():
    with pytest.raises(DataError, match="row 1, column 'x1': the weight -1 is negative"):
        inline_table([[-1, 2]], [1], Spec(weight="x1"))
    with pytest.raises(DataError, match="1 names for 2 columns of X"):
        inline_table([[1, 2]], [1], Spec(), names=["a"])


def frames() -> list[Any]:
    """One table as a DataFrame of every library that is here."""
    cells = {"b": [1.0, 2.0, 4.0], "a": [3, 5, 4], "city": ["Rome", "Oslo", "Bern"], "price": [1.0, 2.0, 3.0]}
    made: list[Any] = [pl.DataFrame(cells)]
    if find_spec("pandas"):
        made.append(importlib.import_module("pandas").DataFrame(cells))
    return made


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__)
def test_a_frame_has_names_of_its_own(frame):
    table = inline_table(frame[["b", "a"]], frame["price"], Spec())
    assert (table.roles.features, table.roles.target) == (("b", "a"), "price")
    assert table.roles.target_reason == "the name of y"
    assert next(table.batches()).values.tolist() == [[1, 3, 1], [2, 5, 2], [4, 4, 3]]
    assert inline_table(frame[["b"]], frame[["price"]], Spec()).roles.target == "price"
    assert inline_table(frame[["b", "a"]], [1, 2, 3], Spec()).roles.target == "y"
    assert inline_table(frame[["b", "a"]], frame["b"], Spec()).roles.target == "y"
    named = inline_table(frame[["b", "a"]], frame["price"], Spec(), names=["y", "z"])
    assert (named.roles.features, named.roles.target) == (("y", "z"), "price")


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__)
def test_a_frame_with_texts(frame):
    with pytest.raises(DataError) as caught:
        inline_table(frame[["a", "city"]], frame["price"], Spec())
    assert caught.value.message == "inline: row 1, column 'city': 'Rome' is text"
    with pytest.raises(DataError) as caught:
        inline_table(frame[["a"]], frame["city"], Spec())
    assert caught.value.message == "inline: row 1, column 'city': 'Rome' is text, and it is the target (the name of y)"


def test_frames_that_cannot_be_used():
    lazy = pl.LazyFrame({"a": [1.0]})
    with pytest.raises(GdsolveError, match="a lazy frame is not computed yet") as caught:
        inline_table(lazy, [1.0], Spec())
    assert caught.value.hint == "give frame.collect()"
    with pytest.raises(DataError, match="inline: X has a column 'y', as the target is called"):
        inline_table(pl.DataFrame({"y": [1.0], "a": [2.0]}), [1.0], Spec())
    days = pl.DataFrame({"day": [datetime.date(2020, 1, 1)], "a": [2.0]})
    with pytest.raises(DataError, match="inline: row 1, column 'day': '2020-01-01' is a date"):
        inline_table(days, [1.0], Spec())
    with pytest.raises(DataError, match="inline: row 2, column 'a': the cell is missing"):
        list(inline_table(pl.DataFrame({"a": [1, None]}), [1.0, 2.0], Spec()).batches())


def test_numbers_are_no_names_of_a_frame():
    pandas = pytest.importorskip("pandas")
    assert inline_table(pandas.DataFrame([[1, 2]]), [1], Spec()).roles.features == ("x1", "x2")
    years = pandas.DataFrame([[1, 2]], columns=[2019, 2020])
    assert inline_table(years, [1], Spec()).roles.features == ("2019", "2020")
    twins = pandas.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(DataError, match="inline: two columns of X are called 'a'"):
        inline_table(twins, [1], Spec())


@pytest.mark.parametrize(
    ("X", "y", "what"),
    [
        (np.array([[1j]]), [1], "X"),
        ([[1 + 0j]], [1], "X"),
        (torch.tensor([[1j]]), [1], "X"),
        ([[1]], np.array([1j]), "y"),
        ([[1]], torch.tensor([1j]).conj(), "y"),
    ],
)
def test_complex_numbers_are_refused(X, y, what):
    with pytest.raises(DataError) as caught:
        inline_table(X, y, Spec())
    assert caught.value.message == f"inline: {what} is complex"
    assert caught.value.hint == "give its real and imaginary parts as columns of their own"


def test_sparse_matrices_are_refused():
    for X, y, message, hint in (
        (
            scipy.sparse.csr_array([[1.0]]),
            [1],
            "X is a sparse matrix, and gdsolve takes dense ones",
            "give X.toarray()",
        ),
        (
            [[1]],
            scipy.sparse.coo_matrix([[1.0]]),
            "y is a sparse matrix, and gdsolve takes dense ones",
            "give y.toarray()",
        ),
        (torch.eye(1).to_sparse(), [1], "X is a sparse tensor, and gdsolve takes dense ones", "give X.to_dense()"),
    ):
        with pytest.raises(GdsolveError) as caught:
            inline_table(X, y, Spec())
        assert (caught.value.message, caught.value.hint) == (message, hint)


def test_what_is_masked_is_missing():
    masked = np.ma.masked_array([[1], [2]], mask=[[False], [True]])
    with pytest.raises(DataError, match="inline: row 2, column 'x': the cell is missing"):
        list(inline_table(masked, [1, 2], Spec()).batches())


@pytest.mark.parametrize(("X", "shape"), [(5, "()"), (np.zeros((2, 0)), "(2, 0)")])
def test_what_is_no_matrix(X, shape):
    with pytest.raises(DataError) as caught:
        inline_table(X, [1, 2], Spec())
    assert caught.value.message == f"inline: X has shape {shape}, not (rows, columns)"
