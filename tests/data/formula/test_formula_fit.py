"""`--formula` end to end: every form of table, what is learnt of which rows, and what the columns are."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from formula_frames import FORMULA, houses
from formulaic import ModelSpec, model_matrix
from in_process import completed
from rank_threads import on_ranks

import gdsolve
from gdsolve.data import open_table
from gdsolve.data.formula import learn
from gdsolve.data.formula.learn import Learner
from gdsolve.data.formula.materializer import BatchMaterializer
from gdsolve.room import Room
from gdsolve.solve.read import read_table
from gdsolve.spec.file import build_spec
from gdsolve.spec.model_formula import read_formula

FORMULAS = (
    FORMULA,
    "price ~ zone*area + C(rooms)",
    "price ~ bs(age, df=5) + cr(area, df=4) + scale(area):zone",
    "price ~ C(zone, contr.sum) + I(`sq ft`**2) + center(`sq ft`) + scale(`sq ft`)",
    "price ~ I(zone == 'a') + I(age > 20) + (area + rooms + age)**2",
    "price ~ 0 + C(zone) + C(rooms, levels=[5, 4, 3, 2, 1]) + np.log(area) + C(zone, Treatment('b')):age",
    "scale(price) ~ C(age > 20) + C(center(age) > 0)",
    "price ~ cc(age, df=4, constraints='center') + zone:rooms + zone",
)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("houses") / "houses.csv"
    houses().write_csv(path)
    return path


def learnt(formula: str, frame: pl.DataFrame, size: int) -> Any:
    learner = Learner(read_formula(formula), None, ("zone",))
    for part in frame.iter_slices(size):
        learner.take(part, "houses")
    return learner.design([learner.learnt()], "houses")


@pytest.mark.parametrize("formula", FORMULAS)
def test_columns_are_those_of_formulaic_whatever_the_batches(formula: str) -> None:
    frame = houses().with_columns(pl.col("rooms").cast(pl.Float64))
    design = learnt(formula, frame, 70)
    found = np.vstack([design.features(part) for part in frame.iter_slices(50)])
    assert np.array_equal(found, design.features(frame))
    assert np.array_equal(found, learnt(formula, frame, 1000).features(frame))
    expected = model_matrix(formula, houses().to_pandas())
    names = [name for name in expected.rhs.columns if name != "Intercept"]
    assert list(design.names) == names
    assert np.array_equal(found, expected.rhs[names].to_numpy(dtype=float))
    target = expected.lhs.to_numpy(dtype=float)[:, 0]
    given = frame["price"].to_numpy() if design.formula.is_column else design.targets(frame)
    assert np.array_equal(given, target)


def weights(*words: str, **more: Any) -> dict[str, float]:
    done = completed("fit", *words, "--format", "json", **more)
    assert done.code == 0, done.err
    record = json.loads(done.out)
    return {**record["weights"], "": record["intercept"]}


def test_every_form_of_table_gives_the_same(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = houses()
    whole = weights(str(table), "--formula", FORMULA)
    assert list(whole)[:5] == ["area", "rooms", "poly(age, 2)[1]", "poly(age, 2)[2]", "C(zone)[a]"]
    assert whole[""] is None
    frame.write_csv(tmp_path / "t.tsv", separator="\t")
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ndjson(tmp_path / "t.ndjson")
    frame[:100].write_csv(tmp_path / "part1.csv")
    frame[100:].write_csv(tmp_path / "part2.csv")
    (tmp_path / "s.yaml").write_text(f"data: {table}\nformula: {FORMULA}\n")
    for words in (["t.tsv"], ["t.parquet"], ["t.ndjson"], ["part1.csv", "part2.csv"]):
        assert weights(*(str(tmp_path / word) for word in words), "--formula", FORMULA) == whole, words
    assert weights(str(tmp_path / "s.yaml")) == whole
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(table.read_bytes())))
    assert weights("-", "--formula", FORMULA) == whole
    for given in (frame, frame.to_pandas(), frame.to_pandas().astype({"zone": "category"})):
        assert gdsolve.fit(given, formula=FORMULA).weights == {name: whole[name] for name in whole if name}


def test_arrays_have_columns_by_their_names() -> None:
    X = np.random.default_rng(1).normal(size=(50, 2))
    y = 1.0 + X @ [2.0, -3.0] + 4.0 * X[:, 0] * X[:, 1]
    found = gdsolve.fit(X, y, formula="y ~ x1*x2")
    assert found.weights == pytest.approx({"x1": 2.0, "x2": -3.0, "x1:x2": 4.0}, abs=1e-9)
    named = gdsolve.fit(X, y, names=["u", "v v"], formula="y ~ u + u:`v v`+ `v v`")
    assert named.weights == pytest.approx({"u": 2.0, "v v": -3.0, "u:v v": 4.0}, abs=1e-9)


@pytest.mark.parametrize(
    ("formula", "intercept", "names"),
    [
        ("y ~ a", True, ("a",)),
        ("y ~ a - 1", False, ("a",)),
        ("y ~ 0 + a", False, ("a",)),
        ("y ~ 1", True, ()),
        ("y ~ k", True, ("k[T.v]",)),
        ("y ~ k - 1", False, ("k[u]", "k[v]")),
        ("y ~ .", True, ("a", "b", "k[T.v]")),
        ("y ~ . - a", True, ("b", "k[T.v]")),
    ],
)
def test_the_intercept_of_a_formula_is_that_of_gdsolve(formula: str, intercept: bool, names: tuple[str, ...]) -> None:
    frame = pl.DataFrame({"a": [1.0, 2, 3, 5], "b": [1.0, 0, 2, 2], "k": ["u", "v", "v", "u"], "y": [1.0, 2, 4, 3]})
    found = gdsolve.fit(frame, formula=formula)
    assert (found.intercept is not None, tuple(found.weights)) == (intercept, names)
    if formula == "y ~ 1":
        assert found.intercept == 2.5


def test_an_intercept_is_not_penalised(table: Path) -> None:
    shrunk = weights(str(table), "--formula", "price ~ area + 1", "--ridge", "1e12")
    assert shrunk["area"] == pytest.approx(0.0, abs=1e-6)
    assert shrunk[""] == pytest.approx(float(houses()["price"].mean()), rel=1e-7)


def test_what_is_learnt_is_of_the_rows_that_are_used(tmp_path: Path) -> None:
    """Ages of rows that are dropped, for a missing cell of any column used, move no polynomial, and name no level."""
    frame = houses(60)
    dirty = frame.with_columns(pl.col("rooms").cast(pl.Float64))
    extra = dirty[:3].with_columns(age=pl.Series([500.0, 900.0, 700.0]), zone=pl.Series(["x", "x", "x"]))
    spoilt = [extra[:1].with_columns(price=None), extra[1:2].with_columns(w=None), extra[2:].with_columns(area=None)]
    pl.concat([dirty[:20], *spoilt, dirty[20:]], how="vertical_relaxed").write_csv(tmp_path / "dirty.csv")
    frame.write_csv(tmp_path / "clean.csv")
    words = ["--formula", "log(price) ~ poly(age, 2) + zone + log(area)", "--weight", "w"]
    clean = weights(str(tmp_path / "clean.csv"), *words)
    assert weights(str(tmp_path / "dirty.csv"), *words, "--na", "drop") == clean
    done = completed("fit", str(tmp_path / "dirty.csv"), *words)
    assert done.code == 5
    assert "row 21 (line 22), column 'price': the cell is missing" in done.err


def test_a_mean_is_filled_in_before_anything_is_made_of_a_cell(tmp_path: Path) -> None:
    frame = houses(40).with_columns(pl.col("age").cast(pl.Float64))
    gaps = frame.with_columns(pl.when(pl.int_range(40) == 7).then(None).otherwise(pl.col("age")).alias("age"))
    gaps.write_csv(tmp_path / "gaps.csv")
    filled = gaps.with_columns(pl.col("age").fill_null(pl.col("age").mean()))
    formula = "price ~ poly(age, 2) + log(area)"
    found = weights(str(tmp_path / "gaps.csv"), "--formula", formula, "--na", "mean")
    expected = gdsolve.fit(filled, formula=formula)
    assert found == pytest.approx({**expected.weights, "": expected.intercept}, rel=1e-12)


def test_weights_groups_folds_and_penalties_are_as_on_the_columns_themselves(table: Path) -> None:
    """The trunk is the same: what a formula makes, written into a table, gives the same fit."""
    frame = houses()
    formula = "log(price) ~ log(area) + age:rooms"
    made = pl.DataFrame(
        {
            "a": np.log(frame["area"].to_numpy()),
            "b": frame["age"].to_numpy() * frame["rooms"].to_numpy(),
            "w": frame["w"],
            "g": frame["zone"],
            "y": np.log(frame["price"].to_numpy()),
        }
    )
    for options in (
        {"weight": "w"},
        {"l1": 3.0},
        {"ridge": 5.0, "dtype": "float32"},
        {"loss": "huber"},
        {"loss": "quantile"},
        {"holdout": 0.2, "cv": 4},
        {"engine": "rows"},
    ):
        one = gdsolve.fit(frame, formula=formula, **options)
        other = gdsolve.fit(made, target="y", features=("a", "b"), **options)
        assert list(one.weights.values()) == list(other.weights.values()), options
        assert one.intercept == other.intercept
        assert (one.holdout and one.holdout.rmse) == (other.holdout and other.holdout.rmse)
    grouped = gdsolve.fit(frame, formula=formula, group_by="zone")
    other = gdsolve.fit(made, target="y", features=("a", "b"), group_by="g")
    for value in "abc":
        assert list(grouped[value].found.weights.values()) == list(other[value].found.weights.values())


def test_two_classes_are_texts_or_a_condition(tmp_path: Path) -> None:
    frame = houses(80).with_columns(pl.when(pl.col("price") > 5).then(pl.lit("yes")).otherwise(pl.lit("no")).alias("c"))
    texts = gdsolve.fit(frame, formula="c ~ area + zone", loss="logistic")
    condition = gdsolve.fit(frame, formula="I(c == 'yes') ~ area + zone", loss="logistic")
    assert texts.weights == condition.weights
    assert texts.data is not None and texts.data.roles.target_levels == ("no", "yes")


def test_ranks_learn_of_the_rows_of_all(table: Path, tmp_path: Path) -> None:
    frame = houses()
    for place in range(3):
        frame[place * 80 : place * 80 + 80].write_csv(tmp_path / f"{place}.csv")
    paths = [str(tmp_path / f"{place}.csv") for place in range(3)]
    spec = build_spec(paths, {"formula": FORMULA + " + bs(area, df=4)"}, "fit")
    alone = read_table(spec)
    for found in on_ranks(3, lambda ranks: read_table(spec, ranks=ranks)):
        assert found.data.roles.design == alone.data.roles.design
        told = [one.data.roles.formula.design for one in (found, alone)]
        assert (told[0].states, told[0].levels) == (told[1].states, told[1].levels)
        assert found.data.rows == 240


@pytest.mark.parametrize(
    ("formula", "code", "words"),
    [
        ("log(y) ~ x", 5, "row 3 (line 4), column 'y': the target log(y) is not finite at y = 0"),
        ("y ~ log(x - 1)", 5, "row 1 (line 2), column 'x': log(x - 1) is not finite at x = 1"),
        ("y ~ I(1 / (x - z))", 5, "row 1 (line 2): I(1 / (x - z)) is not finite at x = 1, z = 1"),
        ("y ~ bs(x, lower_bound=2)", 5, "row 1 (line 2): x = 1 is outside the bounds of bs(x, lower_bound=2), 2 to 4"),
        ("y ~ C(g, levels=['a', 'b'])", 5, "row 4 (line 5), column 'g': 'c' is not among the levels of C(g"),
        ("y ~ log(g)", 2, "log(g) cannot be worked out: column 'g' is text"),
        (
            "y ~ C(g, Treatment('q'))",
            2,
            "C(g, Treatment('q')) cannot be worked out: Value `'q'`",
        ),
        ("g ~ x", 5, "row 1 (line 2), column 'g': 'a' is text, and it is the target"),
        ("y ~ xx", 2, "no column 'xx'"),
    ],
)
def test_a_row_without_a_value_is_told(tmp_path: Path, formula: str, code: int, words: str) -> None:
    (tmp_path / "t.csv").write_text("x,z,g,y\n1,1,a,2\n2,1,b,3\n3,1,a,0\n4,1,c,5\n")
    done = completed("fit", str(tmp_path / "t.csv"), "--formula", formula)
    assert (done.code, done.out) == (code, "")
    assert words in done.err
    assert done.err.count("\n") <= 3


def test_a_row_without_a_value_fails_its_group_alone(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("g,x,y\na,1,2\na,2,3\na,3,5\nb,0,1\nb,2,2\nb,3,4\nc,1,-1\nc,2,2\nc,3,3\n")
    done = completed(
        "fit", str(tmp_path / "t.csv"), "--formula", "y ~ log(x)", "--group-by", "g", "--format", "json", "--quiet"
    )
    groups = [json.loads(line) for line in done.out.splitlines()]
    assert [one["status"] for one in groups] == ["converged", "failed", "converged"]
    assert "row 4 (line 5), column 'x': log(x) is not finite at x = 0" in groups[1]["message"]
    alone = gdsolve.fit(pl.DataFrame({"x": [1.0, 2, 3], "y": [-1.0, 2, 3]}), formula="y ~ log(x)")
    assert groups[2]["weights"]["log(x)"] == pytest.approx(alone.weights["log(x)"], rel=1e-9)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--target", "price"), "target: --formula names the target"),
        (("--features", "age"), "features: --formula names the features"),
        (("--ignore", "age"), "ignore: --formula names the columns that it uses"),
        (("--no-intercept",), "no_intercept: --formula says whether there is an intercept"),
        (("--categorical", "onehot"), "categorical: --formula takes text as levels"),
        (("--model", "a*area", "--start", "a=1"), "formula: goes with linear models"),
    ],
)
def test_what_a_formula_says_is_not_said_twice(table: Path, flags: tuple[str, ...], words: str) -> None:
    done = completed("fit", str(table), "--formula", "price ~ area", *flags)
    assert done.code == 2
    assert words in done.err


def test_a_penalty_on_an_intercept_takes_one(table: Path) -> None:
    words = ("--formula", "price ~ area - 1", "--ridge", "1", "--penalize-intercept")
    done = completed("fit", str(table), *words)
    assert (done.code, "penalize_intercept: the formula has no intercept" in done.err) == (2, True)


def test_without_formulaic_it_is_told_how_to_have_it(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_formula.cache_clear()
    monkeypatch.setitem(sys.modules, "formulaic", None)
    done = completed("fit", str(table), "--formula", "price ~ area")
    assert done.code == 2
    assert done.err == (
        "gdsolve: error: formula: is read by formulaic, which is not installed\nhint: pip install 'gdsolve[formula]'\n"
    )
    assert completed("fit", str(table), "--target", "price", "--features", "area", "--quiet").code == 0


@pytest.mark.parametrize("expression", ["__import__('os').getcwd()", "open('f')", "area.__class__", "np.log.__class__"])
def test_nothing_but_columns_and_functions_is_evaluated(expression: str) -> None:
    """Behind the check of the formula there is another, where the expression meets its names."""
    with pytest.raises((NameError, SyntaxError), match="is n"):
        BatchMaterializer(houses(3))._evaluate(expression, None, ModelSpec(formula=[]))


def test_what_needs_all_rows_is_held_against_the_memory(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn, "_MUCH", 1000)
    monkeypatch.setattr(learn, "host_room", lambda: Room(40_000, None))
    assert completed("fit", str(table), "--formula", "price ~ log(area) + C(zone)", "--quiet").code == 0
    done = completed("fit", str(table), "--formula", "price ~ poly(age, 2)")
    assert done.code == 5
    assert "all rows are needed at once for poly(age, 2): 240 of them take 48 kB, and 40 kB are available" in done.err


def test_a_table_is_read_twice_only_where_something_is_learnt(table: Path, caplog: pytest.LogCaptureFixture) -> None:
    def passes(formula: str) -> Iterator[str]:
        caplog.clear()
        with (
            caplog.at_level(logging.INFO, "gdsolve"),
            open_table([str(table)], build_spec([str(table)], {"formula": formula}, "fit")) as opened,
        ):
            assert sum(len(batch.values) for batch in opened.batches()) == 240
        return (line for line in caplog.messages if "read twice" in line)

    assert list(passes("log(price) ~ area*rooms + I(age**2)")) == []
    (told,) = passes("price ~ zone + poly(age, 2)")
    assert told.endswith("(zone, poly(age, 2))")
