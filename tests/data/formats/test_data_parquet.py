"""Every type of Parquet is a number, a text or a time, or is refused by name; and --ignore gets past it."""

from __future__ import annotations

import io

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from arrow_types import NESTED, NUMBERS, PLAIN, TIMES, extension
from data_files import failure, load

from gdsolve.data import describe, open_table
from gdsolve.data.predict import predict_csv
from gdsolve.spec import Categorical, Missing, Spec
from gdsolve.status import DataError


def stored(folder, column):
    """A table of the column `c`, of x, and of y = 2x + 1."""
    path = str(folder / "t.parquet")
    if isinstance(column, pl.Series):
        pl.DataFrame({"c": column, "x": [1.0, 2, 4], "y": [3.0, 5, 9]}).write_parquet(path)
    else:
        pq.write_table(pa.table({"c": column, "x": [1.0, 2, 4], "y": [3.0, 5, 9]}), path)
    return path


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(tmp_path, name):
    path = stored(tmp_path, NUMBERS[name])
    assert load(path).values.tolist() == [[place, *row] for place, row in enumerate(PLAIN, 1)]
    assert load(path, ignore=("c",)).values.tolist() == PLAIN
    assert load(path, target="c", features=("x",)).values.tolist() == [[1, 1], [2, 2], [4, 3]]


@pytest.mark.parametrize("name", TIMES)
def test_texts_and_times(tmp_path, name):
    column, told = TIMES[name]
    path = stored(tmp_path, column)
    dates = "" if told.endswith("text") else "--dates days reads it as a number, or "
    hint = f"{dates}--ignore c, or --categorical onehot|ignore"
    assert failure(path) == (5, f"t.parquet: row 1, column 'c': {told}", hint)
    assert failure(path, target="c")[:2] == (
        5,
        f"t.parquet: row 1, column 'c': {told}, and it is the target (--target)",
    )
    assert load(path, ignore=("c",)).values.tolist() == PLAIN
    assert load(path, categorical=Categorical.IGNORE).values.tolist() == PLAIN
    assert len(load(path, categorical=Categorical.ONEHOT).roles.levels["c"]) == 3
    assert {column.name: column.type for column in describe([path], Spec()).columns}["c"] in ("text", "date")
    out = io.StringIO()
    predict_csv([path], Spec(), {"data": {"features": ["x"]}, "weights": {"x": 2.0}, "intercept": 1.0}, out)
    assert [line.rpartition(",")[2] for line in out.getvalue().splitlines()] == ["prediction", "3.0", "5.0", "9.0"]


@pytest.mark.parametrize("name", NESTED)
def test_what_is_no_cell(tmp_path, name):
    column, words = NESTED[name]
    path = stored(tmp_path, column)
    told = f"t.parquet: column 'c' holds {words}, not numbers"
    for options in ({}, {"categorical": Categorical.ONEHOT}, {"na": Missing.DROP}):
        assert failure(path, **options) == (5, told, "--ignore c, or --categorical ignore")
    assert failure(path, target="c")[1:] == (
        f"{told}, and it is the target (--target)",
        "--target COLUMN; numbers are in: x, y",
    )
    assert failure(path, weight="c")[1:] == (f"{told}, and it is the weight", "--weight COLUMN, a column of numbers")
    assert failure(path, group_by="c")[1] == f"{told}, and it tells the groups apart"
    assert load(path, ignore=("c",)).values.tolist() == PLAIN
    assert load(path, categorical=Categorical.IGNORE).values.tolist() == PLAIN
    assert {column.name: column.type for column in describe([path], Spec()).columns}["c"] == "nested"
    model = {"data": {"features": ["x"]}, "weights": {"x": 2.0}, "intercept": 1.0}
    with pytest.raises(DataError, match=f"{words}, not numbers; it cannot be written as CSV") as caught:
        predict_csv([path], Spec(), model, io.StringIO())
    assert caught.value.hint == "--only writes the predictions alone"
    out = io.StringIO()
    predict_csv([path], Spec(only=True), model, out)
    assert out.getvalue().split() == ["prediction", "3.0", "5.0", "9.0"]


def test_extensions(tmp_path):
    assert load(stored(tmp_path, extension(pa.bool8(), pa.array([1, 0, 1], pa.int8())))).values[:, 0].tolist() == [
        1,
        0,
        1,
    ]
    assert failure(stored(tmp_path, extension(pa.json_(), pa.array(["{}", "1", "2"]))))[1].endswith("'{}' is text")
    tensors = extension(pa.fixed_shape_tensor(pa.int32(), [2]), pa.array([[1, 2]] * 3, pa.list_(pa.int32(), 2)))
    assert failure(stored(tmp_path, tensors))[1].endswith("holds lists, not numbers")


def test_a_column_of_nothing(tmp_path):
    path = stored(tmp_path, pa.nulls(3))
    told = "t.parquet: row 1, column 'c': the cell is missing, as all of the column are"
    assert failure(path) == (5, told, "--ignore c")
    empty = stored(tmp_path, pa.array([None] * 3, pa.string()))
    assert failure(empty)[1:] == (
        "t.parquet: column 'c' is empty: every cell is missing",
        "--ignore c, or --categorical onehot|ignore",
    )
    assert load(empty, ignore=("c",)).values.tolist() == PLAIN


def test_text_that_comes_late_is_text(tmp_path):
    rows = 3000
    codes = pa.array([None] * (rows - 2) + ["7", "8"])
    path = str(tmp_path / "t.parquet")
    pq.write_table(pa.table({"c": codes, "y": list(range(rows))}), path)
    assert failure(path)[1] == "t.parquet: row 2999, column 'c': '7' is text"
    assert dict(load(path, categorical=Categorical.ONEHOT, na=Missing.DROP).roles.levels) == {"c": ("7", "8")}


def test_two_columns_of_one_name(tmp_path):
    path = str(tmp_path / "t.parquet")
    columns = [pa.array([1.0, 2, 4]), pa.array([1.0, 4, 16]), pa.array([3.0, 5, 9]), pa.array([[1], [2], [3]])]
    pq.write_table(pa.table(columns, names=["x", "x", "y", "x"]), path)
    assert failure(path, ignore=("x_3",))[1:] == (
        "t.parquet: columns 1 and 2 are both named 'x'; the second is called 'x_2'",
        "--ignore x_2, or --features x,x_2",
    )
    assert load(path, ignore=("x_2", "x_3")).values.tolist() == PLAIN
    assert load(path, ignore=("x", "x_3")).values.tolist() == [[1, 3], [4, 5], [16, 9]]
    assert load(path, features=("x_2,x",)).values.tolist() == [[1, 1, 3], [4, 2, 5], [16, 4, 9]]


def test_a_name_with_a_dot_beside_a_struct(tmp_path):
    path = str(tmp_path / "t.parquet")
    pq.write_table(pa.table({"a": [{"b": 1.0}, {"b": 2.0}], "a.b": [5.0, 7.0], " y ": [1.0, 2.0]}), path)
    assert load(path, ignore=("a",)).values.tolist() == [[5, 1], [7, 2]]
    assert load(path, features=("a.b",), target="y").values.tolist() == [[5, 1], [7, 2]]


def test_integers_of_128_bits_are_read_row_by_row(tmp_path):
    path = str(tmp_path / "t.parquet")
    frame = pl.DataFrame({"x": pl.Series(range(5000), dtype=pl.Int128), "l": [[1]] * 5000, "y": range(5000)})
    frame.write_parquet(path, row_group_size=1000)
    assert load(path, ignore=("l",)).values[:, 0].tolist() == list(range(5000))
    assert failure(path)[1] == "t.parquet: column 'l' holds lists, not numbers"
    with open_table([path], Spec(ignore=("l",))) as table:
        assert sum(len(batch.values) for batch in table.batches()) == 5000
