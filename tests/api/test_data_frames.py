"""DataFrames and arrays that hold more than numbers: texts, categories, truths, missing cells; the target by name."""

from __future__ import annotations

import datetime
import importlib
import io
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import gdsolve

Y = [2, 4.1, 6, 8.2]
CELLS: dict[str, list[Any]] = {
    "k": ["a", "b", "a", "c", "b", "c"],
    "x": [1.0, 2.0, 3.0, 4.0, 7.0, 5.0],
    "b": [True, False, True, True, False, False],
    "i": [1, None, 3, 4, 5, 6],
    "y": [1.0, 2.0, 3.0, 5.0, 9.0, 7.0],
}


def told(call: Any, *arguments: Any, **options: Any) -> tuple[str, str | None]:
    with pytest.raises(gdsolve.GdsolveError) as caught:
        call(*arguments, **options)
    return caught.value.message, caught.value.hint


def frames() -> list[Any]:
    """One table as a DataFrame of every library that is here."""
    made: list[Any] = [pl.DataFrame(CELLS), pl.DataFrame(CELLS).to_arrow()]
    if find_spec("pandas"):
        made.append(importlib.import_module("pandas").DataFrame(CELLS))
    return made


@pytest.fixture
def table(tmp_path: Path) -> Path:
    pl.DataFrame(CELLS).write_csv(tmp_path / "t.csv")
    return tmp_path / "t.csv"


def test_the_reported_frames() -> None:
    """cases/tables/19: the options did nothing, and the hint was to leave the row out."""
    dropped = gdsolve.fit(pl.DataFrame({"x": [1, None, 3, 4]}), Y, na="drop")
    assert (dropped.weights["x"], dropped.data and dropped.data.rows) == (pytest.approx(72 / 35), 3)
    filled = gdsolve.fit(pl.DataFrame({"x": [1, None, 3, 4]}), Y, na="mean")
    assert (filled.data and (filled.data.rows, filled.data.cells_filled)) == (4, 1)
    levels = gdsolve.fit(pl.DataFrame({"k": ["a", "b", "a", "c"], "x": [1, 2, 3, 4]}), Y, categorical="onehot")
    assert levels.weights == pytest.approx({"k=b": 0.1, "k=c": 0.2, "x": 2.0}, abs=1e-9)
    assert told(gdsolve.fit, pl.DataFrame({"x": [1, None, 3, 4]}), Y) == (
        "inline: row 2, column 'x': the cell is missing",
        'na="drop", na="mean", or ignore=["x"]',
    )


OPTIONS: list[dict[str, Any]] = [
    {"features": "x"},
    {"features": ["x", "b"]},
    {"ignore": "i", "categorical": "onehot"},
    {"ignore": "i", "categorical": "ignore"},
    {"ignore": "i", "categorical": "onehot", "no_intercept": True},
    {"categorical": "onehot", "na": "drop"},
    {"categorical": "onehot", "na": "mean"},
    {"categorical": "onehot", "na": "drop", "na_values": "7"},
    {"features": "x", "weight": "b"},
    {"features": "x", "weight": "i", "na": "drop"},
    {"target": "x", "features": ["y", "b"]},
    {"ignore": "i", "categorical": "onehot", "loss": "huber", "delta": 0.5},
    {"target": "b", "features": ["x"], "loss": "logistic"},
    {"features": "i", "na": "drop", "model": "p*exp(q*x)", "parameters": {"p": 1.0, "q": 0.1}},
]


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_frame_is_fitted_as_its_file(frame: Any, table: Path, options: dict[str, Any]) -> None:
    """With the target by name or beside the others, and all that the options say."""
    if "model" in options:
        options = {name: value for name, value in options.items() if name not in ("features", "na")}
    filed = gdsolve.fit(table, **options)
    named = gdsolve.fit(frame, **{"target": "y", **options})
    assert list(named.weights) == list(filed.weights)
    assert named.weights == pytest.approx(filed.weights, rel=1e-9, abs=1e-9)
    assert filed.data is not None
    assert named.data is not None
    for figure in ("rows", "rows_dropped", "cells_filled"):
        assert getattr(named.data, figure) == getattr(filed.data, figure)
    assert named.data.roles.levels == filed.data.roles.levels
    if "target" not in options:
        rest = frame.drop_columns("y") if hasattr(frame, "drop_columns") else frame[[n for n in CELLS if n != "y"]]
        apart = gdsolve.fit(rest, frame["y"], **options)
        assert apart.weights == named.weights


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__)
def test_what_a_frame_predicts(frame: Any, table: Path) -> None:
    fit = gdsolve.fit(frame, target="y", categorical="onehot", na="drop")
    assert gdsolve.predict(fit, frame) == pytest.approx(gdsolve.predict(fit, table), nan_ok=True)
    assert np.isnan(gdsolve.predict(fit, frame, na_values="7")).tolist() == [False, True, False, False, True, False]
    groups = gdsolve.fit(frame, target="y", features="x", group_by="b")
    assert gdsolve.predict(groups, frame).shape == (6,)


@pytest.mark.parametrize("frame", frames(), ids=lambda frame: type(frame).__module__)
def test_other_verbs_take_frames(frame: Any) -> None:
    found = gdsolve.check(frame, target="y")
    kinds = {column.name: (column.role, column.type, column.missing) for column in found.columns}
    assert kinds["k"][1:] == ("text", 0)
    assert kinds["b"][1:] == ("boolean", 0)
    assert kinds["i"][1:] == ("number", 1)
    assert kinds["y"] == ("target", "number", 0)
    assert "'a' is text" in (found.problem or "")
    options: dict[str, Any] = {"target": "y", "categorical": "onehot", "na": "drop"}
    assert gdsolve.check(frame, **options).problem is None
    rates = gdsolve.compare_lr(frame, lr=[0.1], **options)
    assert rates.data is not None
    assert rates.data.rows == 5
    methods = gdsolve.compare(frame, methods="lm", **options)
    assert methods.methods[0].weights == pytest.approx(gdsolve.fit(frame, **options).weights, abs=1e-8)


def test_a_category_is_no_number() -> None:
    """Of what kind its categories are: one slope of their codes, or of them, is never meant."""
    codes = pl.DataFrame({"k": ["3", "1", "2", "1"]}, schema={"k": pl.Enum(["1", "2", "3"])})
    for frame in (codes, codes.cast(pl.Categorical), codes.cast(pl.String)):
        message, hint = told(gdsolve.fit, frame, Y)
        assert message == "inline: row 1, column 'k': '3' is text"
        assert (hint or "").startswith('ignore=["k"], or categorical="onehot" or "ignore"')
        assert list(gdsolve.fit(frame, Y, categorical="onehot").weights) == ["k=2", "k=3"]
    pandas = pytest.importorskip("pandas")
    for values in ([3, 1, 2, 1], ["3", "1", "2", "1"]):
        frame = pandas.DataFrame({"k": pandas.Categorical(values)})
        assert told(gdsolve.fit, frame, Y)[0] == "inline: row 1, column 'k': '3' is text"
        assert list(gdsolve.fit(frame, Y, categorical="onehot").weights) == ["k=2", "k=3"]


def test_arrays_of_more_than_numbers() -> None:
    rows: list[list[Any]] = [["u", 1.0], ["v", 2], ["u", None], ["v", 4.0]]
    fit = gdsolve.fit(rows, Y, categorical="onehot", na="drop")
    assert (list(fit.weights), fit.data and fit.data.rows_dropped) == (["x1=v", "x2"], 1)
    assert gdsolve.predict(fit, rows)[2:].tolist() == pytest.approx([np.nan, 8.2], nan_ok=True)
    texts = [["1", "bad"], ["2", "3"], ["3", "5"], ["4", "9"]]
    assert told(gdsolve.fit, texts, Y)[0] == "inline: row 1, column 'x2': 'bad' is not a number"
    assert told(gdsolve.fit, texts, Y)[1] == 'na_values=["bad"], na="drop" if it means missing, or ignore=["x2"]'
    left = gdsolve.fit(texts, Y, na_values=["bad"], na="drop")
    assert left.weights == pytest.approx(gdsolve.fit([[2, 3], [3, 5], [4, 9]], Y[1:]).weights)
    exact = [[Decimal("1.5")], [Decimal(2)], [3], [4.0]]
    assert gdsolve.fit(exact, Y).weights == pytest.approx(gdsolve.fit([[1.5], [2], [3], [4]], Y).weights)
    assert gdsolve.fit([[True], [False], [True], [True]], Y).weights["x"] == pytest.approx(1.3)


def test_numbers_that_mean_missing() -> None:
    holes = np.array([[1.0], [-9.0], [3.0], [4.0]])
    assert gdsolve.fit(holes, Y, na_values="-9", na="drop").weights["x"] == pytest.approx(72 / 35)
    assert told(gdsolve.fit, holes, Y, na_values="-9")[0] == "inline: row 2, column 'x': the cell is missing"
    assert told(gdsolve.fit, [[np.inf], [1.0]], [1.0, 2.0])[0] == "inline: row 1, column 'x': 'inf' is not finite"


def test_a_curve_reads_the_columns_that_it_names() -> None:
    frame = pl.DataFrame(CELLS)
    curve = gdsolve.fit(frame, target="y", model="a*x + c", parameters={"a": 1.0, "c": 0.0})
    line = gdsolve.fit(frame, target="y", features="x")
    assert curve.weights == pytest.approx({"a": line.weights["x"], "c": line.intercept or 0.0}, rel=1e-6)
    mean = gdsolve.fit(frame, minimize="mean((y - a*x - c)**2)", parameters={"a": 1.0, "c": 0.0})
    assert mean.weights == pytest.approx(curve.weights, rel=1e-4)


def test_what_is_for_files_is_refused(tmp_path: Path) -> None:
    for options in ({"delimiter": ";"}, {"decimal": ","}, {"encoding": "latin-1"}, {"header": "no"}):
        (name,) = options
        expected = (f"{name}: --{name} is for files, and there is none", f"leave {name} out")
        assert told(gdsolve.fit, [[1.0], [2.0]], [1.0, 2.0], **options) == expected
        assert told(gdsolve.check, pl.DataFrame(CELLS), target="y", **options) == expected
        fit = gdsolve.fit([[1.0], [2.0]], [1.0, 2.0])
        assert told(gdsolve.predict, fit, [[1.0]], **options) == expected
    assert told(gdsolve.predict, fit, [[1.0]], only=True)[0] == "only: goes with tables"
    pl.DataFrame(CELLS).write_parquet(tmp_path / "t.parquet")
    assert told(gdsolve.fit, tmp_path / "t.parquet", features="x", delimiter=";") == (
        f"delimiter: --delimiter is for CSV files, and {tmp_path / 't.parquet'} is Parquet",
        "leave --delimiter out",
    )


def test_what_can_be_no_target() -> None:
    frame = pl.DataFrame(CELLS)
    assert told(gdsolve.fit, frame, "z")[0] == "y: 'z' is a text"
    assert told(gdsolve.fit, frame, target="z")[0] == "--target: inline has no column 'z'"
    assert told(gdsolve.fit, frame.to_numpy(), target="x5")[0] == "y is missing"
    lists = pl.DataFrame({"v": [[1], [2]], "y": [1.0, 2.0]})
    assert told(gdsolve.fit, lists)[0] == "inline: column 'v' holds values of type List(Int64)"
    assert gdsolve.fit(lists.with_columns(x=pl.lit(2.0)), ignore="v").weights == {"x": 0.0}
    waits = pl.DataFrame({"t": [datetime.timedelta(1), datetime.timedelta(2)], "y": [1.0, 2.0]})
    assert told(gdsolve.fit, waits)[0] == "inline: row 1, column 't': 'P1D' is a duration"
    days = pl.DataFrame({"d": [datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)], "y": [1.0, 2.0]})
    assert told(gdsolve.fit, days)[0] == "inline: row 1, column 'd': '2020-01-01' is a date"


def test_advice_names_the_frame() -> None:
    frame = pl.DataFrame(CELLS)[["x", "y"]]
    assert gdsolve.fit(frame, target="y", lr=9.0).advice[-1].endswith("gdsolve.fit(X, target='y', lr=0.10909)")
    assert gdsolve.check(frame, target="y").commands[0] == "gdsolve.fit(X, target='y')"
    with pytest.raises(gdsolve.GdsolveError):
        gdsolve.predict(gdsolve.fit(frame), frame, io.StringIO())


pandas = pytest.importorskip("pandas") if find_spec("pandas") else None
needs_pandas = pytest.mark.skipif(pandas is None, reason="pandas is not here")


@needs_pandas
@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (lambda: pandas.to_timedelta([1, 2, None, 4], "s"), "row 1, column 'k': 'PT1S' is a duration"),
        (lambda: pandas.period_range("2020-01", periods=4, freq="M"), "row 1, column 'k': '2020-01' is a date"),
        (lambda: pandas.arrays.IntervalArray.from_breaks(range(5)), "row 1, column 'k': '(0, 1]' is text"),
    ],
)
def test_what_only_pandas_has_is_a_date_a_duration_or_a_text(cells: Any, message: str) -> None:
    frame = pandas.DataFrame({"k": cells(), "x": [1.0, 2.0, 3.0, 4.0], "y": Y})
    assert told(gdsolve.fit, frame)[0] == f"inline: {message}"
    assert list(gdsolve.fit(frame, categorical="ignore").weights) == ["x"]


@needs_pandas
def test_a_target_with_the_labels_of_x_in_another_order_is_refused() -> None:
    X, y = pandas.DataFrame({"x": [1.0, 2.0, 3.0, 4.0]}), pandas.Series(Y)
    shuffled = y.iloc[[3, 0, 2, 1]]
    assert told(gdsolve.fit, X, shuffled) == (
        "inline: y has the row labels of X in another order",
        "by label: y.loc[X.index]; by place: y.to_numpy()",
    )
    assert gdsolve.fit(X, shuffled.loc[X.index]).weights == gdsolve.fit(X, y).weights == pytest.approx({"x": 2.05})
    assert gdsolve.fit(X, shuffled.to_numpy()).weights == pytest.approx({"x": -0.83})
    others = pandas.Series(Y, index=[7, 8, 9, 10])
    assert gdsolve.fit(X, others).weights == gdsolve.fit(X, y).weights


@pytest.mark.parametrize("odd", ["b c", "it's", '"', "[1]", "-", '="x'])
def test_hints_for_an_odd_object_are_python_and_work(odd: str) -> None:
    frame = {"k": np.array([1, odd, 3, "bad", 6], dtype=object), "y": [1.0, 2, 3, 5, 7]}
    X = np.array([*zip(*frame.values(), strict=True)], dtype=object)
    options: dict[str, Any] = {"na_values": ["bad"]}
    message, hint = told(gdsolve.fit, X[:, :1], frame["y"], **options)
    assert message == f"inline: row 2, column 'x': {odd!r} is not a number"
    assert hint is not None
    options = eval(f"dict({hint.partition(' if ')[0]})")
    assert gdsolve.fit(X[:, :1], frame["y"], **options).data.rows == 3


def test_a_cell_with_a_comma_or_a_list_is_none_that_na_values_can_name() -> None:
    for odd in ("a,b", [1]):
        cells = np.empty((3, 1), dtype=object)
        cells[:, 0] = [1, odd, 3]
        assert told(gdsolve.fit, cells, [1, 2, 3])[1] == 'ignore=["x"]'
