"""A table in memory, of any library, is what the same table is as a CSV file; or it is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import torch

import gdsolve

pandas = pytest.importorskip("pandas")

RANDOM = np.random.default_rng(1)
ROWS = 24
CELLS: dict[str, list[Any]] = {
    "area": [None if row == 3 else round(float(cell), 3) for row, cell in enumerate(RANDOM.normal(size=ROWS))],
    "rooms": RANDOM.integers(1, 6, ROWS).tolist(),
    "city": [None if row == 5 else ("Rome", "Oslo", "Bern")[row % 3] for row in range(ROWS)],
    "sold": [bool(row % 2) for row in range(ROWS)],
    "zip": [f"0{row % 4}" for row in range(ROWS)],
    "price": [round(float(cell), 3) for cell in RANDOM.normal(size=ROWS)],
}
OPTIONS: dict[str, Any] = {"target": "price", "ignore": ["zip"], "categorical": "onehot", "na": "drop"}
PANDAS = pandas.DataFrame(CELLS)
POLARS = pl.DataFrame(CELLS, strict=False)
FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: PANDAS,
    "pandas, an index": lambda: PANDAS.set_index(np.arange(100, 100 + ROWS)),
    "pandas, categories": lambda: PANDAS.assign(city=PANDAS.city.astype("category")),
    "pandas, strings": lambda: PANDAS.assign(city=PANDAS.city.astype("string")),
    "pandas, nullable": PANDAS.convert_dtypes,
    "pandas, of Arrow": lambda: PANDAS.convert_dtypes(dtype_backend="pyarrow"),
    "pandas, objects": lambda: PANDAS.astype(object),
    "polars": lambda: POLARS,
    "polars, categories": lambda: POLARS.with_columns(pl.col("city").cast(pl.Categorical)),
    "Arrow": lambda: pa.table(CELLS),
    "Arrow, a batch": lambda: pa.RecordBatch.from_pydict(CELLS),
    "lists": lambda: CELLS,
    "arrays": lambda: {name: np.array(cells, dtype=object) for name, cells in CELLS.items()},
    "series": lambda: {name: pandas.Series(cells) for name, cells in CELLS.items()},
}


@pytest.fixture(scope="module")
def of_file(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("frames") / "t.csv"
    POLARS.write_csv(path)
    return gdsolve.fit(path, **OPTIONS)


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_is_what_its_file_is(of_file: Any, name: str) -> None:
    fit = gdsolve.fit(FRAMES[name](), **OPTIONS)
    assert (fit.weights, fit.intercept) == (of_file.weights, of_file.intercept)
    assert (fit.data.rows, fit.data.rows_dropped) == (of_file.data.rows, of_file.data.rows_dropped) == (22, 2)
    assert fit.data.roles.levels == of_file.data.roles.levels
    assert repr(fit) == repr(of_file)


def test_options_of_tables_hold_for_frames(tmp_path: Path) -> None:
    odd = PANDAS.assign(rooms=PANDAS.rooms.astype(object).where(PANDAS.index != 2, "?"))
    odd.to_csv(tmp_path / "t.csv", index=False)
    for more in (
        {**OPTIONS, "na_values": "?"},
        {"target": "price", "features": ["area", "rooms"], "na": "mean", "na_values": "?"},
        {"target": "price", "features": "area", "weight": "sold", "na": "drop"},
        {"target": "sold", "features": "area", "loss": "logistic", "na": "drop"},
        {"target": "city", "features": "area", "loss": "softmax", "na": "drop"},
        {"formula": "price ~ area*city", "na": "drop"},
    ):
        fits = [gdsolve.fit(source, **more) for source in (tmp_path / "t.csv", odd, odd.to_dict("list"))]
        assert fits[0].data.rows > 20
        assert fits[1].weights == fits[2].weights == pytest.approx(fits[0].weights, rel=1e-12)


def test_texts_that_are_digits_stay_texts_of_a_frame() -> None:
    fit = gdsolve.fit({"zip": CELLS["zip"], "price": CELLS["price"]}, target="price", categorical="onehot")
    assert list(fit.weights) == ["zip=01", "zip=02", "zip=03"]


@pytest.mark.parametrize(
    "y",
    [
        PANDAS.price,
        PANDAS[["price"]],
        PANDAS.price.to_numpy()[:, None],
        POLARS["price"],
        pa.chunked_array([CELLS["price"]]),
        torch.tensor(CELLS["price"], dtype=torch.float64)[:, None],
        CELLS["price"],
    ],
    ids=lambda y: type(y).__module__,
)
def test_a_target_beside_its_columns(y: Any) -> None:
    usual = gdsolve.fit(PANDAS[["rooms", "price"]], "price")
    fit = gdsolve.fit(PANDAS[["rooms"]], y)
    assert (fit.weights, fit.intercept) == (usual.weights, usual.intercept)


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "g", "i1", "u8", "?", "O"])
def test_arrays_of_any_numbers(dtype: str) -> None:
    fit = gdsolve.fit(np.array([[1], [0], [1], [0]], dtype=dtype), [3.0, 1.0, 5.0, 1.0])
    assert (fit.weights["x"], fit.intercept) == pytest.approx((3.0, 1.0), abs=1e-9)


@pytest.mark.parametrize("dtype", [float, object])
def test_masked_cells_are_missing(dtype: type) -> None:
    masked = np.ma.masked_array([[1.0], [99.0], [3.0]], mask=[[0], [1], [0]]).astype(dtype)
    with pytest.raises(gdsolve.DataError, match="row 2, column 'x': the cell is missing"):
        gdsolve.fit(masked, [1.0, 2.0, 3.0])
    fit = gdsolve.fit(masked, [1.0, 2.0, 3.0], na="drop")
    assert (fit.data.rows, fit.weights["x"]) == (2, pytest.approx(1.0))


def test_days_of_pandas_are_days() -> None:
    days = pandas.DataFrame(
        {"day": pandas.to_datetime(["2020-01-01", "2020-01-02 13:00"] * 3, format="ISO8601"), "y": [1.0, 2.0] * 3}
    )
    fit = gdsolve.fit(days, categorical="onehot")
    assert fit.data.roles.levels == {"day": ("2020-01-01", "2020-01-02T13:00:00.000000")}


FIELDS = np.array([(1.0, 2.0), (2.0, 4.0), (3.0, 6.5)], dtype=[("a", "f8"), ("y", "f8")])


def test_fields_of_an_array_are_columns() -> None:
    fit = gdsolve.fit(FIELDS)
    assert (list(fit.weights), fit.data.roles.target) == (["a"], "y")
    assert fit.predict(FIELDS).tolist() == fit.predict({"a": [1.0, 2.0, 3.0]}).tolist()


@pytest.mark.parametrize(
    ("X", "y", "message", "hint"),
    [
        (POLARS.lazy(), None, "a lazy frame is not computed yet", "give frame.collect()"),
        ([{"a": 1.0, "y": 2.0}], None, "X is a list of rows that are mappings", "give polars.DataFrame(X)"),
        (
            pandas.DataFrame({("a", "b"): [1.0], "y": [2.0]}),
            None,
            "inline: ('a', 'b') is no name of a column of X",
            "give every column a text as its name",
        ),
        (
            pandas.DataFrame({None: [1.0, 2.0]}),
            [1.0, 2.0],
            "inline: None is no name of a column of X",
            "give every column a text as its name",
        ),
        (
            pandas.DataFrame({1: [1.0], "1": [2.0]}),
            [1.0],
            "inline: two columns of X are called '1'",
            "give every column a name of its own",
        ),
        (
            pandas.DataFrame([[1.0, 2.0]], columns=["a", "a"]),
            [1.0],
            "inline: two columns of X are called 'a'",
            "give every column a name of its own",
        ),
        (
            {"a": [1.0, 2.0], "y": [1.0]},
            None,
            "inline: column 'y' has 1 rows, the first one has 2",
            "give all columns the same number of rows",
        ),
        ({"a": 1.0, "y": 2.0}, None, "inline: column 'a' is 1.0", "give a list of its cells"),
        ({"a": "text", "y": [2.0]}, None, "inline: column 'a' is 'text'", "give a list of its cells"),
        ({}, [1.0], "inline: X has no columns", "give a list of cells for each, by its name"),
        (PANDAS.rooms, CELLS["price"], "inline: X is one column, and no table of columns", "give X.to_frame()"),
        (
            torch.zeros(2, 1, device="meta"),
            [1.0, 2.0],
            "X is a tensor on meta, which has no numbers",
            "give one on cpu or cuda",
        ),
    ],
    ids=str,
)
def test_what_is_no_table_is_refused_in_one_line(X: Any, y: Any, message: str, hint: str) -> None:
    with pytest.raises(gdsolve.GdsolveError) as caught:
        gdsolve.fit(X, y)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_years_are_names_by_their_texts() -> None:
    years = pandas.DataFrame({2019: [1.0, 2.0, 4.0], 2020: [2.0, 1.0, 5.0]})
    assert list(gdsolve.fit(years, [1.0, 2.0, 3.5]).weights) == ["2019", "2020"]
