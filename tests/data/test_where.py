"""`--where`: the rows that satisfy a condition are read, and everything is as if there were no others."""

from __future__ import annotations

import datetime
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_process import completed
from rank_threads import on_ranks

import gdsolve
from gdsolve.api import fit
from gdsolve.data import pieces
from gdsolve.data.opening import open_sources
from gdsolve.data.predict_arrays import predict_arrays
from gdsolve.data.source import Source
from gdsolve.data.where import words
from gdsolve.data.where.sql import read_condition
from gdsolve.solve.fit import fit as run
from gdsolve.spec import Spec
from gdsolve.status import DataError, GdsolveError

NAMES = ("year", "sex", "x", "y")
ROWS = [
    (1999, "F", 1.0, 2.1),
    (2001, "F", 2.0, 3.9),
    (2002, "M", 3.0, 6.2),
    (2003, "F", 4.0, 7.8),
    (2004, "F", 5.0, 10.1),
    (None, "F", 6.0, 12.0),
    (2006, None, 7.0, 14.0),
]
TABLE = pl.DataFrame(ROWS, schema=list(NAMES), orient="row")
CONDITION = 'year > 2000 and sex == "F"'
LEFT = TABLE.filter((pl.col("year") > 2000) & (pl.col("sex") == "F"))
EIGHTHS = st.integers(-72, 72).map(lambda value: value / 8)
OPTIONS: dict[str, Any] = {"features": "x", "target": "y"}


def written(folder: Path, frame: pl.DataFrame = TABLE, name: str = "t") -> dict[str, str]:
    """The table as a file of every form."""
    files = {form: str(folder / f"{name}.{form}") for form in ("csv", "parquet", "ndjson", "arrow")}
    frame.write_csv(files["csv"])
    frame.write_parquet(files["parquet"])
    frame.write_ndjson(files["ndjson"])
    frame.write_ipc(files["arrow"])
    return files


def bits(found: Any) -> tuple[Any, ...]:
    return found.weights, found.intercept, found.figures.sse, found.data.rows


def satisfying(condition: str, frame: pl.DataFrame = TABLE) -> list[float]:
    """The x of the rows that satisfy, told by what is predicted for them."""
    model = {"schema": "gdsolve.fit/1", "data": {"features": ["x"]}, "weights": {"x": 1.0}, "intercept": 0.0}
    found: Any = predict_arrays(frame, Spec(where=condition), model)
    return found.tolist()  # type: ignore[no-any-return]


def test_every_form_gives_the_rows_that_polars_gives(tmp_path: Path) -> None:
    expected = bits(fit(LEFT, **OPTIONS))
    for form, path in written(tmp_path).items():
        found = fit(path, where=CONDITION, **OPTIONS)
        assert bits(found) == expected, form
        assert (found.data.rows_read, found.data.rows_filtered) == (7, 4), form
    assert bits(fit(TABLE, where=CONDITION, **OPTIONS)) == expected
    assert bits(fit(TABLE.to_pandas(), where=CONDITION, **OPTIONS)) == expected


def test_a_glob_and_a_spec_are_filtered(tmp_path: Path) -> None:
    for place, part in enumerate((TABLE[:3], TABLE[3:])):
        part.write_csv(tmp_path / f"p{place}.csv")
    (tmp_path / "s.yaml").write_text(f"data: p*.csv\nfeatures: x\ntarget: y\nwhere: {CONDITION!r}\n")
    expected = bits(fit(LEFT, **OPTIONS))
    for source in (f"{tmp_path}/p*.csv", f"{tmp_path}/s.yaml"):
        found = fit(source, **({} if source.endswith("yaml") else {"where": CONDITION, **OPTIONS}))
        assert (found.weights, found.data.rows, found.data.rows_read) == (expected[0], 3, 7)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("year in (2001, 2004)", [2, 5]),
        ("year not in (2001, 2004) and year is not null", [1, 3, 4, 7]),
        ("year is null", [6]),
        ("not sex = 'F'", [3]),
        ("sex is distinct from 'F'", [3, 7]),
        ("year between 2001 and 2003 or sex = 'M'", [2, 3, 4]),
        ("sex like 'F%' and x <> 1", [2, 4, 5, 6]),
        ("`year` > 2003", [5, 7]),
        ('"year" > 2003', [5, 7]),
        ('sex == "M"', [3]),
        ("mod(x, 2) = 1", [1, 3, 5, 7]),
        ("x / 2 = 1.5", [3]),
        ("case when x > 5 then true else false end", [6, 7]),
        ("coalesce(year, 0) = 0", [6]),
        ("lower(sex) = 'm'", [3]),
        ("x = -1 or x = 1e0", [1]),
        ("x > y - 3 and x < .5 + 2", [1, 2]),
        ("cast(x as int) = 3", [3]),
        ("sex = 'it''s' or x = 1", [1]),
        ("abs(x - 4) < 1.5", [3, 4, 5]),
    ],
)
def test_conditions(condition: str, expected: list[int]) -> None:
    assert satisfying(condition) == expected


@pytest.mark.parametrize(
    ("condition", "message", "hint"),
    [
        ("yaer > 2000", "inline has no column 'yaer'", "did you mean year? for the text write 'yaer'"),
        ("sex = F", "inline has no column 'F'", "for the text write 'F'"),
        ("sum(x) > 1", "sum() looks at many rows", "--where looks at each row by itself"),
        ("avg(x) > 1", "avg() looks at many rows", "--where looks at each row by itself"),
        ("row_number() over (order by x) > 1", "row_number() looks at many rows", "--where looks at each row"),
        ("x in (select x)", "select looks at many rows", "--where looks at each row"),
        ("abs(x) over (order by x) > 1", "over() looks at many rows", "--where looks at each row"),
        ("nosuch(x) > 1", "there is no function nosuch()", "there are abs"),
        ("year", "'year' is a value, and no condition", "compare it with another one"),
        ("1 = 1", "names no column", "compare one"),
        ("year > 2000 x", "is no condition of SQL", "as in 'year > 2000"),
        ("year > 2000 sex", "is no condition of SQL", "as in 'year > 2000"),
        ("year >", "is no condition of SQL", "as in 'year > 2000"),
        ("(year > 1", "is no condition of SQL", "as in 'year > 2000"),
        ("sex = 'F", "the quote ' at character 7 is never closed", "close it"),
        ("year > 2000 -- x", "-- at character 13 begins a comment in SQL", "put a blank between"),
        ("year > 2000 && x > 1", "&& at character 13 is not of SQL", "write and for &&"),
        ("year > 2000; x", "; at character 12 is not of SQL", "give one condition"),
        ("sex > 1", "columns and values do not go together", "sex holds text; texts and dates stand in 'quotes'"),
        ("year > 'a'", "columns and values do not go together", "year holds numbers; texts"),
    ],
)
def test_what_is_no_condition_is_told_in_one_line(condition: str, message: str, hint: str) -> None:
    with pytest.raises(GdsolveError) as caught:
        satisfying(condition)
    assert int(caught.value.exit_code) == 2
    assert caught.value.message.startswith(f"--where: {message}"), caught.value.message
    assert (caught.value.hint or "").startswith(hint), caught.value.hint
    assert "\n" not in caught.value.message + (caught.value.hint or "")


def test_every_function_that_is_allowed_is_one_of_polars_and_looks_at_one_row() -> None:
    """What polars takes with one, two or three columns gives as many rows as there are."""
    frame = pl.DataFrame({"a": [1.0, 2.0], "t": ["b", "c"], "d": [datetime.datetime(2024, 1, 2), None]})
    calls = ("{}({})", "{}({}, {})", "{}({}, {}, {})")
    odd = {
        "cast": "cast(a as int)",
        "try_cast": "try_cast(t as int)",
        "extract": "extract(year from d)",
        "date_part": "date_part('year', d)",
        "position": "position('b' in t)",
        "strftime": "strftime(d, '%Y')",
        "concat_ws": "concat_ws('-', t, t)",
        "date": "date(t)",
        "regexp_like": "regexp_like(t, 'b')",
        "round": "round(a, 1)",
        "pi": "pi() + a",
        "left": "left(t, 1)",
        "right": "right(t, 1)",
        "substr": "substr(t, 1, 1)",
        "substring": "substring(t, 1, 1)",
        "if": "if(a > 1, a, 2)",
    }
    for name in sorted(words.FUNCTIONS):
        tried = [odd[name]] if name in odd else []
        tried += [call.format(name, *[one] * 3) for one in ("a", "t", "d") for call in calls]
        heights = set()
        for text in tried:
            try:
                heights.add(frame.lazy().select(pl.sql_expr(text)).collect().height)
            except pl.exceptions.PolarsError:
                continue
        assert heights == {2} or name == "date", name


def test_columns_of_odd_names_and_words_of_sql() -> None:
    names = ["a b", "group", "order", "from", "to", "sepal.length", "date", "F", "limit", "größe"]
    read = lambda text: read_condition(text, names, "t").columns  # noqa: E731
    assert read("`a b` > 1 and group = 2 and order < 3") == ("a b", "group", "order")
    assert read("from = 1 and to = 2 and limit > 0") == ("from", "to", "limit")
    assert read("sepal.length > 1 or größe is null") == ("sepal.length", "größe")
    assert read("date >= date '2020-01-01' and extract(year from date) = 2020") == ("date",)
    assert read("from is not distinct from to") == ("from", "to")
    # The name of a column in double quotes is the column, any other text a text.
    assert read('F == "F"') == ("F",)
    assert [token.kind for token in read_condition('F == "G"', names, "t").tokens] == ["column", "mark", "text"]


def test_dates_are_compared_as_dates(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "d": [datetime.date(2019, 1, 1), datetime.date(2020, 1, 1), datetime.date(2021, 1, 1), None],
            "t": ["2019-01-01", "2020-01-01T10:00:00Z", "2021-01-01 00:30:00+02:00", None],
            "x": [1.0, 2.0, 3.0, 4.0],
            "y": [1.0, 2.0, 4.0, 3.0],
        }
    )
    conditions = {
        "d >= '2020-01-01'": [2, 3],
        'd >= "2020-01-01"': [2, 3],
        "'2020-01-01' < d": [3],
        "d in ('2020-01-01', '2019-01-01')": [1, 2],
        "d not in ('2020-01-01')": [1, 3],
        "d between '2020-01-01' and '2020-12-31'": [2],
        "d is distinct from '2020-01-01'": [1, 3, 4],
        "t > '2020-01-01 09:59'": [2, 3],
        "t < '2020-12-31 22:29:59' and t > '2019-06-01'": [2],
        "year(d) = 2020 or extract(month from t) = 12": [2, 3],
        "t > d": [2],
    }
    path = tmp_path / "d.csv"
    frame.write_csv(path)
    for condition, expected in conditions.items():
        assert satisfying(condition, frame) == expected, condition
        done = fit(str(path), where=condition, target="y", features="x", ridge=1.0)
        assert done.data.rows == len(expected), condition
    for condition, message in {"d > 3": "3 is compared with d", "d > 'x'": "'x' is compared with a date"}.items():
        with pytest.raises(GdsolveError, match=message):
            satisfying(condition, frame)


def test_nothing_satisfies(tmp_path: Path) -> None:
    for path in written(tmp_path).values():
        with pytest.raises(DataError) as caught:
            fit(path, where="year > 3000", **OPTIONS)
        assert int(caught.value.exit_code) == 5
        assert caught.value.message == f"{path}: no row satisfies --where 'year > 3000'"
        assert caught.value.hint == "change the condition: year runs from 1999 to 2006"
    with pytest.raises(DataError, match="no row satisfies") as caught:
        fit(TABLE, where="sex = 'X' and year > 0", **OPTIONS)
    assert caught.value.hint == "change the condition: sex is 'F', 'M'; year runs from 1999 to 2006"


def test_places_are_those_of_the_file(tmp_path: Path) -> None:
    """Blank lines, rows that are left out and several pieces move no place."""
    path = tmp_path / "t.csv"
    path.write_text("k,x,y\n1,1,2\n\n0,a,3\n1,3,4\n0,4,\n\n1,b,5\n1,6,7\n")
    with pytest.raises(DataError) as caught:
        fit(str(path), where="k = 1", **OPTIONS)
    assert caught.value.message == f"{path}: row 5 (line 8), column 'x': 'b' is not a number"
    path.write_text("k,x,y\n1,1,2\n\n0,a,3\n1,3,4\n\n0,4,\n1,5,5\n")
    found = fit(str(path), where="k = 1", **OPTIONS)
    assert (found.data.rows, found.data.rows_read, found.data.rows_filtered) == (3, 5, 2)
    nothing = fit(str(path), where="k is null or k = 1", **OPTIONS)
    assert (nothing.data.rows, nothing.data.rows_read) == (3, 5)
    path.write_text("k,x,y\n1,1,2\nz,3,4\n1,4,5\n1,5,5\n")
    with pytest.raises(DataError) as caught:
        fit(str(path), where="k = 1", **OPTIONS)
    assert (
        caught.value.message
        == f"{path}: row 2 (line 3), column 'k': 'z' is not a number, and --where reads this column"
    )
    assert fit(str(path), where="k = 1", na_values="z", **OPTIONS).data.rows == 3


def test_a_condition_comes_before_missing_cells_levels_and_folds(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "k,c,x,y\n"
        + "".join(f"{i % 2},{'uvw'[i % 3] if i % 2 else 'z'},{i if i % 5 else ''},{i * i}\n" for i in range(60))
    )
    rest = pl.read_csv(path).filter(pl.col("k") == 1)
    rest.write_csv(tmp_path / "rest.csv")
    options = {"features": "c,x", "target": "y", "categorical": "onehot", "na": "drop"}
    found, expected = fit(str(path), where="k = 1", **options), fit(str(tmp_path / "rest.csv"), **options)
    assert bits(found) == bits(expected)
    assert (found.data.rows_dropped, found.data.roles.levels) == (expected.data.rows_dropped, {"c": ("u", "v", "w")})
    folded, alike = (
        fit(source, cv=3, **options, **more)
        for source, more in ((str(path), {"where": "k = 1"}), (str(tmp_path / "rest.csv"), {}))
    )
    assert folded.validation == alike.validation
    filled, same = (
        fit(source, **{**options, "na": "mean"}, **more)
        for source, more in ((str(path), {"where": "k = 1"}), (str(tmp_path / "rest.csv"), {}))
    )
    assert bits(filled) == bits(same)


def test_a_column_of_the_condition_stays_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("k,x,y\n1,1,2\n2,2,3\n2,3,5\n3,4,4\n")
    found = fit(str(path), where="k > 1")
    assert list(found.weights) == ["k", "x"]
    assert list(fit(str(path), where="k > 1", ignore="k").weights) == ["x"]


def opening_of(path: str) -> Source:
    with ExitStack() as stack:
        return open_sources([path], Spec(), stack)[0]


def test_many_pieces_are_filtered_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text of many pieces, with a cell that is missing in one, and rows that satisfy at its end alone."""
    monkeypatch.setattr(pieces, "_BLOCK", 1 << 15)
    rows = 100_000
    i = np.arange(rows)
    k = pl.Series("k", i % 7).set(pl.Series(i == 80_000), None)
    frame = pl.DataFrame([k, pl.Series("name", i % 11), pl.Series("x", i / 8), pl.Series("y", i % 313 / 4)])
    frame = frame.with_columns(pl.format("n{}", "name").alias("name"))
    path = tmp_path / "long.csv"
    frame.write_csv(path)
    assert not opening_of(str(path)).file.complete
    for condition, chosen in (
        ("k = 3 and name = 'n2'", (pl.col("k") == 3) & (pl.col("name") == "n2")),
        ("x > 12450 and y >= 70", (pl.col("x") > 12450) & (pl.col("y") >= 70)),
    ):
        found, expected = fit(str(path), where=condition, **OPTIONS), fit(frame.filter(chosen), **OPTIONS)
        assert (found.data.rows, found.data.rows_read) == (expected.data.rows, rows)
        assert found.weights["x"] == pytest.approx(expected.weights["x"], rel=1e-12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_filtered_table_fits_as_the_rows_that_are_left(tmp_path: Path, data: st.DataObject) -> None:
    cell = st.one_of(st.none(), st.integers(-3, 3))
    rows = data.draw(
        st.lists(
            st.tuples(cell, st.sampled_from(["u", "v", "w", None]), EIGHTHS, EIGHTHS),
            min_size=3,
            max_size=40,
        )
    )
    frame = pl.DataFrame(rows, schema={"k": pl.Int64, "t": pl.String, "x": pl.Float64, "y": pl.Float64}, orient="row")
    bound, text = data.draw(st.integers(-3, 3)), data.draw(st.sampled_from(["u", "v", "w"]))
    k, t = pl.col("k"), pl.col("t")
    condition, chosen = data.draw(
        st.sampled_from(
            [
                (f"k > {bound}", k > bound),
                (f"t = '{text}' or k <= {bound}", (t == text) | (k <= bound)),
                (f't == "{text}" and k is not null', (t == text) & k.is_not_null()),
                (f"k between {bound} and 2 and not t in ('{text}')", k.is_between(bound, 2) & ~t.is_in([text])),
                ("k is null or t is null", k.is_null() | t.is_null()),
            ]
        )
    )
    left = frame.filter(chosen)
    form = data.draw(st.sampled_from(["csv", "parquet", "ndjson", "memory"]))
    source: Any = frame if form == "memory" else written(tmp_path, frame)[form]
    options: dict[str, Any] = {**OPTIONS, "ridge": 0.5}
    if not left.height:
        with pytest.raises(DataError, match="no row satisfies"):
            fit(source, where=condition, **options)
        return
    rest: Any = left if form == "memory" else written(tmp_path, left, "left")[form]
    found, expected = fit(source, where=condition, **options), fit(rest, **options)
    assert bits(found) == bits(expected)
    assert (found.data.rows_read, found.data.rows_filtered) == (frame.height, frame.height - left.height)


@pytest.mark.parametrize(
    ("condition", "rows"),
    [("t = 'u' or x > 1", 3), ("not t in ('u') or x > 1", 3), ("t > 3 or x > 1", 3), ("t = 'u' and v = 1 or x > 1", 3)],
)
def test_a_column_without_values_is_compared_with_numbers_and_with_texts(
    tmp_path: Path, condition: str, rows: int
) -> None:
    frame = pl.DataFrame({"t": [None] * 4, "v": [None] * 4, "x": [1, 2, 4, 7], "y": [2, 3, 6, 8]})
    path = str(tmp_path / "empty.csv")
    frame.write_csv(path)
    for source in (path, frame):
        found = fit(source, where=condition, features="x", target="y", max_iter=5)
        assert (found.data.rows, found.data.rows_read) == (rows, 4)
    with pytest.raises(GdsolveError, match="columns and values do not go together"):
        fit(path, where="x = 'u'", features="x", target="y")


def test_predict_score_and_the_record_say_it(tmp_path: Path) -> None:
    files, model = written(tmp_path), str(tmp_path / "m.json")
    done = completed("fit", files["csv"], "--where", CONDITION, "--features", "x", "--save", model)
    assert "t.csv: 3 of 7 rows satisfy --where target" in " ".join(done.out.split())
    record = json.loads(Path(model).read_text())["data"]
    assert (record["where"], record["rows"], record["rows_read"], record["rows_filtered"]) == (CONDITION, 3, 7, 4)
    # What was fitted on some rows predicts all, unless it is asked otherwise.
    assert len(completed("predict", model, files["csv"]).out.splitlines()) == 8
    some = completed("predict", model, files["csv"], "--where", "year > 2003")
    assert [line.split(",")[0] for line in some.out.splitlines()] == ["year", "2004", "2006"]
    scored = json.loads(completed("score", model, files["csv"], "--where", "year > 2003", "--format", "json").out)
    assert (scored["rows"], scored["rows_read"], scored["rows_filtered"]) == (2, 7, 5)
    same = gdsolve.score(model, TABLE, where="year > 2003")
    assert (same.rows, same.rows_read, same.rmse) == (2, 7, pytest.approx(scored["rmse"], rel=1e-12))
    assert np.array_equal(gdsolve.predict(model, TABLE, where="year > 2003"), gdsolve.predict(model, TABLE[[4, 6]]))
    checked = json.loads(completed("check", files["csv"], "--where", CONDITION, "--format", "json").out)
    assert (checked["table_rows"], checked["data"]["rows_read"]) == (3, 7)
    none = completed("predict", model, files["csv"], "--where", "year > 3000")
    assert (none.code, none.out) == (5, "")


def test_several_ranks_filter_what_each_reads(tmp_path: Path) -> None:
    """Files and shares of a file, also where a rank has no row that satisfies; folds are dealt by the rows that do."""
    frame = pl.DataFrame(
        {"k": [0] * 40 + [1] * 40, "x": [float(i % 9) for i in range(80)], "y": [i**0.5 for i in range(80)]}
    )
    frame.write_parquet(tmp_path / "t.parquet", row_group_size=10)
    frame.write_csv(tmp_path / "t.csv")
    for source in ("t.parquet", "t.csv"):
        for condition, chosen in (
            ("k = 1", pl.col("k") == 1),
            ("k = 1 or x > 6", (pl.col("k") == 1) | (pl.col("x") > 6)),
        ):
            spec = Spec(data=(str(tmp_path / source),), where=condition, features=("x",), target="y", cv=3)
            alone = run(spec)
            for found in on_ranks(3, lambda ranks, spec=spec: run(spec, ranks=ranks)):
                assert (found.data.rows, found.data.rows_read) == (frame.filter(chosen).height, 80)
                assert found.weights["x"] == pytest.approx(alone.weights["x"], rel=1e-12)
                assert found.validation.scores == pytest.approx(alone.validation.scores, rel=1e-9)
    nothing = Spec(data=(str(tmp_path / "t.parquet"),), where="k = 3", features=("x",), target="y")
    with pytest.raises(DataError, match="no row satisfies"):
        on_ranks(2, lambda ranks: run(nothing, ranks=ranks))


def test_scans_keep_the_condition(tmp_path: Path) -> None:
    path, scan = written(tmp_path)["csv"], str(tmp_path / "t.tri")
    gdsolve.scan(path, where=CONDITION, features="x", target="y").save(scan)
    found = fit(scan, target="y")
    assert found.weights == pytest.approx(dict(fit(LEFT, **OPTIONS).weights), rel=1e-12)
    assert (found.spec.where, found.data.rows_read, found.data.rows_filtered) == (CONDITION, 7, 4)
    with pytest.raises(GdsolveError, match="is settled when a table is scanned"):
        fit(scan, target="y", where=CONDITION)
