"""The summary of every column, whatever stands in it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from data_files import write

from gdsolve.data import ColumnSummary, describe
from gdsolve.spec import Categorical, Spec
from gdsolve.status import GdsolveError

TABLE = (
    "id,size,ok,color,when,twin,same,empty,w,price\n"
    "1,2.5,true,red,2024-01-01,2.5,7,,1,10\n"
    "2,NA,false,blue,2024-01-02,NA,7,,1,20\n"
    "\n"
    "3,4.5,true,,2024-01-03,4.5,7,,1,oops\n"
    "4,5,true,red,,5,7,,1,inf\n"
)


@pytest.fixture
def columns(tmp_path):
    path = write(tmp_path / "t.csv", TABLE)
    return {column.name: column for column in describe([path], Spec(weight="w", ignore=("id",))).columns}


def test_roles_and_types(columns):
    assert {name: column.role for name, column in columns.items() if column.role != "feature"} == {
        "id": "ignored",
        "w": "weight",
        "price": "target",
    }
    assert [column.type for column in columns.values()] == [
        *("number", "number", "boolean", "text", "date", "number", "number", "number", "number", "number")
    ]


def test_figures(columns):
    size = columns["size"]
    assert (size.missing, size.minimum, size.maximum, size.mean) == (1, 2.5, 5.0, 4.0)
    assert size.std == pytest.approx(np.std([2.5, 4.5, 5.0]), rel=1e-15)
    assert (columns["ok"].mean, columns["ok"].minimum) == (0.75, 0.0)
    assert columns["color"] == ColumnSummary("color", "feature", "text", 1, None, None, None, None, False, None, 2)
    assert (columns["when"].levels, columns["when"].missing) == (3, 1)


def test_cells_that_are_no_numbers_are_left_out(columns):
    assert (columns["price"].minimum, columns["price"].maximum, columns["price"].missing) == (10, 20, 0)


def test_constant_and_duplicate(columns):
    assert [name for name, column in columns.items() if column.constant] == ["same", "w"]
    assert {name: column.duplicate_of for name, column in columns.items() if column.duplicate_of} == {"twin": "size"}
    assert (columns["empty"].missing, columns["empty"].mean, columns["empty"].empty) == (4, None, True)


def test_texts_are_ignored_on_request(tmp_path):
    path = write(tmp_path / "t.csv", TABLE)
    roles = {column.name: column.role for column in describe([path], Spec(categorical=Categorical.IGNORE)).columns}
    assert (roles["color"], roles["when"], roles["ok"]) == ("ignored", "ignored", "feature")


def test_unclear_names_are_described(tmp_path):
    path = write(tmp_path / "t.csv", ",x,x\n0,1,2\n1,3,5\n")
    assert [column.name for column in describe([path], Spec()).columns] == ["column_1", "x", "x_2"]


def test_flags_are_checked(tmp_path):
    with pytest.raises(GdsolveError, match=r"--target: .* has no column 'prise'"):
        describe([write(tmp_path / "t.csv", TABLE)], Spec(target="prise"))


def test_levels_are_counted_to_1001(tmp_path):
    path = write(tmp_path / "t.csv", "c,y\n" + "".join(f"k{row},{row}\n" for row in range(1500)))
    assert describe([path], Spec()).columns[0].levels == 1001


def test_many_batches_and_large_offsets(tmp_path):
    values = 1e9 + np.random.default_rng(0).normal(size=50_000)
    frame = pl.DataFrame({"a": values, "b": values, "c": np.roll(values, 1), "n": [[1]] * len(values)})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.drop("n").write_csv(tmp_path / "t.csv")
    for ending in ("parquet", "csv"):
        first, second, third, *nested = describe([str(tmp_path / f"t.{ending}")], Spec(target="c")).columns
        assert first.mean == pytest.approx(values.mean(), rel=1e-15)
        assert first.std == pytest.approx((values - 1e9).std(), rel=1e-7)
        assert (second.duplicate_of, third.duplicate_of) == ("a", None)
        assert [column.type for column in nested] == (["nested"] if ending == "parquet" else [])


@pytest.mark.parametrize("size", [1e155, -1e-170, 1e307])
def test_the_spread_of_values_whose_squares_are_no_numbers(tmp_path, size):
    pattern = np.array([1.0, -2.0, 3.0, 17.0])
    # More than one batch, so that means are merged as well.
    values = np.tile(pattern, 40_000) * size
    pl.DataFrame({"x": np.arange(len(values)), "y": values}).write_parquet(tmp_path / "t.parquet")
    _, column = describe([str(tmp_path / "t.parquet")], Spec()).columns
    assert column.mean == pytest.approx(4.75 * size, rel=1e-12)
    assert column.std == pytest.approx(pattern.std() * abs(size), rel=1e-12)


def test_numbers_that_mean_missing_are_counted_and_out_of_range(tmp_path):
    path = write(tmp_path / "t.csv", "a,b\n1,2\n-999,3\n3,-999.0\n5,-999\n")
    first, second = describe([path], Spec(na_values=("-999",))).columns
    assert (first.missing, first.minimum, first.maximum, first.mean) == (1, 1.0, 5.0, 3.0)
    assert (second.missing, second.minimum, second.maximum, second.mean) == (2, 2.0, 3.0, 2.5)
