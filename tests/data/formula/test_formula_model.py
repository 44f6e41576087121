"""Models of formulas: what a saved one holds, and that new rows are made with the levels and knots of the fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from formula_frames import houses
from formulaic import model_matrix
from in_process import completed
from nursery import Done

import gdsolve

FORMULA = (
    "log(price) ~ poly(age, 2) + zone*area + C(rooms) + bs(`sq ft`, df=4) + cr(area, df=3) + scale(`sq ft`) + center(w)"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The houses, a model of them, and new ones within the bounds of the old."""
    made = tmp_path_factory.mktemp("models")
    houses().write_csv(made / "houses.csv")
    options = ["--formula", FORMULA, "--ridge", "0.5", "--save", str(made / "model.json"), "--quiet"]
    assert completed("fit", str(made / "houses.csv"), *options).code == 0
    fresh(made, houses(30, seed=7))
    return made


def fresh(folder: Path, frame: pl.DataFrame, name: str = "new.csv") -> str:
    old = houses()
    bounded = frame.with_columns(pl.col("sq ft").clip(old["sq ft"].min(), old["sq ft"].max()))
    bounded.write_csv(folder / name)
    return str(folder / name)


def run(folder: Path, verb: str, table: str = "new.csv", *more: str) -> Done:
    return completed(verb, str(folder / "model.json"), str(folder / table), *more)


def saved(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "model.json").read_text())
    return found


def test_new_rows_are_made_as_formulaic_makes_them(folder: Path) -> None:
    """The columns of new rows by the model specification of formulaic, times the weights that were saved."""
    spec = model_matrix(FORMULA, houses().to_pandas()).rhs.model_spec
    new = pl.read_csv(folder / "new.csv")
    columns = spec.get_model_matrix(new.to_pandas())
    record = saved(folder)
    expected = record["intercept"] + sum(
        columns[name].to_numpy() * weight for name, weight in record["weights"].items()
    )
    done = run(folder, "predict", "new.csv", "--only")
    assert done.code == 0
    assert "predictions are of log(price), not of price" in done.err
    found = [float(line) for line in done.out.splitlines()[1:]]
    assert found == pytest.approx(expected, rel=1e-12)
    path = str(folder / "model.json")
    for given in (new, new.to_pandas(), str(folder / "new.csv")):
        assert gdsolve.predict(path, given) == pytest.approx(expected, rel=1e-12)
    fitted = gdsolve.fit(houses(), formula=FORMULA, ridge=0.5)
    assert np.array_equal(gdsolve.predict(fitted, new), gdsolve.predict(path, new))


def test_what_was_learnt_is_plain_json(folder: Path) -> None:
    kept = saved(folder)["data"]["formula"]
    assert (kept["text"], kept["rest"], kept["texts"]) == (FORMULA, None, ["zone"])
    assert kept["levels"] == {"C(rooms)": [1, 2, 3, 4, 5], "zone": ["a", "b", "c"]}
    age = houses()["age"].to_numpy()
    assert kept["state"]["poly(age, 2)"]["alpha"]["map"][0] == [0, pytest.approx(age.mean())]
    assert kept["state"]["scale(ǃ0)"]["scale"] == pytest.approx(float(houses()["sq ft"].std(ddof=1)))
    assert saved(folder)["data"]["target_column"] == "price"


def test_scores_and_intervals_are_in_units_of_the_target(folder: Path) -> None:
    new = pl.read_csv(folder / "new.csv")
    told = np.log(new["price"].to_numpy())
    found = gdsolve.predict(str(folder / "model.json"), new)
    score = json.loads(run(folder, "score", "new.csv", "--format", "json").out)
    assert score["target"] == "log(price)"
    assert score["rmse"] == pytest.approx(float(np.sqrt(np.mean((found - told) ** 2))), rel=1e-12)
    plain = gdsolve.fit(houses(), formula="log(price) ~ log(area) + poly(age, 2)")
    both = gdsolve.predict(plain, new, interval=0.9, diagnose=True)
    assert both["residual"].to_numpy() == pytest.approx(told - both["prediction"].to_numpy(), rel=1e-9)
    assert (both["lower"] < both["prediction"]).all()


def test_weights_are_certified_with_what_their_model_learnt(folder: Path) -> None:
    """On other rows knots and means are still those of the model, whose weights would mean nothing with others."""
    text = "log(price) ~ poly(age, 2) + scale(area) + zone"
    fitted = gdsolve.fit(houses(), formula=text)
    new = houses(60, seed=3)
    other = gdsolve.certify(new, weights=fitted)
    residuals = np.log(new["price"].to_numpy()) - gdsolve.predict(fitted, new)
    assert other.figures.sse == pytest.approx(float(residuals @ residuals), rel=1e-9)
    assert gdsolve.certify(houses(), weights=fitted).gap == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("text", ["price ~ log(area) + age", "price ~ log(area) + age - 1"])
def test_weights_of_any_tool_are_certified_for_a_formula(tmp_path: Path, text: str) -> None:
    fitted = gdsolve.fit(houses(), formula=text)
    plain = {"weights": dict(fitted.weights), "intercept": fitted.intercept}
    houses().write_csv(tmp_path / "houses.csv")
    (tmp_path / "w.json").write_text(json.dumps(plain))
    table = str(tmp_path / "houses.csv")
    found = [
        gdsolve.certify(houses(), weights=plain, formula=text),
        gdsolve.certify(table, weights=plain, formula=text),
        gdsolve.certify(houses(), weights=fitted),
        gdsolve.certify(table, weights=fitted),
    ]
    assert [one.figures.sse for one in found] == pytest.approx([fitted.figures.sse] * 4, rel=1e-12)
    words = ("certify", table, "--weights", str(tmp_path / "w.json"), "--formula", text, "--format", "json")
    assert json.loads(completed(*words).out)["sse"] == pytest.approx(fitted.figures.sse, rel=1e-12)


def test_groups_have_weights_of_the_same_columns(tmp_path: Path) -> None:
    houses().write_csv(tmp_path / "houses.csv")
    words = ["--formula", "price ~ poly(age, 2) + log(area)", "--group-by", "zone", "--quiet"]
    assert completed("fit", str(tmp_path / "houses.csv"), *words, "--save", str(tmp_path / "g.json")).code == 0
    found = gdsolve.predict(str(tmp_path / "g.json"), houses())
    frame = houses()
    age = model_matrix("0 + poly(age, 2)", frame.to_pandas()).to_numpy()
    X = np.column_stack([age, np.log(frame["area"]), np.ones(len(age))])
    for zone in "abc":
        here = (frame["zone"] == zone).to_numpy()
        w = np.linalg.lstsq(X[here], frame["price"].to_numpy()[here], rcond=None)[0]
        assert found[here] == pytest.approx(X[here] @ w, rel=1e-8)


def test_several_classes_are_predicted(tmp_path: Path) -> None:
    fitted = gdsolve.fit(houses(), formula="zone ~ log(area) + C(rooms)", loss="softmax", save=tmp_path / "z.json")
    made = model_matrix("log(area) + C(rooms)", houses().to_pandas())
    weights = {f"Intercept[{zone}]": fitted.weights[f"intercept[{zone}]"] for zone in "abc"} | fitted.weights
    z = np.column_stack([sum(made[name] * weights[f"{name}[{zone}]"] for name in made.columns) for zone in "abc"])
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    found = gdsolve.predict(tmp_path / "z.json", houses(), class_=True)
    assert found[:, :3].to_numpy() == pytest.approx(expected, rel=1e-12)
    assert found["class"].to_list() == [list("abc")[place] for place in expected.argmax(axis=1)]


@pytest.mark.parametrize(
    ("changed", "words", "remedy"),
    [
        ({"zone": "d"}, "row 2 (line 3), column 'zone': 'd' is not among the levels of zone", "--na-values d"),
        ({"rooms": 9}, "row 2 (line 3), column 'rooms': 9 is not among the levels of C(rooms)", "--na-values 9"),
        (
            {"sq ft": 5.0},
            "row 2 (line 3), column 'sq ft': sq ft = 5 is outside the bounds of bs(`sq ft`, df=4)",
            "clip",
        ),
        ({"area": "wide"}, "row 2 (line 3), column 'area': 'wide' is not a number", "--na-values wide"),
    ],
)
def test_what_the_fit_has_not_met_is_told_by_row_and_column(
    folder: Path, changed: dict[str, Any], words: str, remedy: str
) -> None:
    rows = pl.read_csv(folder / "new.csv").head(3).to_dicts()
    rows[1] |= changed
    pl.DataFrame(rows, strict=False, infer_schema_length=None).write_csv(folder / "odd.csv")
    for verb in ("predict", "score"):
        done = run(folder, verb, "odd.csv")
        assert done.code == 5
        assert words in done.err
        assert remedy in done.err
    if "--na-values" in remedy:
        done = run(folder, "predict", "odd.csv", "--only", *remedy.split())
        assert (done.code, done.out.splitlines()[2]) == (0, "")
    frame = pl.DataFrame(rows, strict=False, infer_schema_length=None)
    with pytest.raises(gdsolve.GdsolveError, match=r"row 2|column 'area' of X is not"):
        gdsolve.predict(str(folder / "model.json"), frame)


def test_a_missing_column_or_cell_is_told(folder: Path) -> None:
    new = pl.read_csv(folder / "new.csv")
    new.drop("age").write_csv(folder / "short.csv")
    done = run(folder, "predict", "short.csv")
    assert (done.code, "short.csv: has no column 'age', which the model needs" in done.err) == (5, True)
    gap = new.with_columns(
        pl.when(pl.int_range(pl.len()) == 4).then(None).otherwise(pl.col("area")).alias("area"),
        pl.when(pl.int_range(pl.len()) == 5).then(None).otherwise(pl.col("zone")).alias("zone"),
    )
    gap.write_csv(folder / "gap.csv")
    done = run(folder, "predict", "gap.csv", "--only")
    lines = done.out.splitlines()[1:]
    assert [place for place, line in enumerate(lines) if not line] == [4, 5]
    assert "2 of 30 rows: a cell that the model needs is missing (first: " in done.err
    assert run(folder, "score", "gap.csv").code == 5
    assert json.loads(run(folder, "score", "gap.csv", "--na", "drop", "--format", "json").out)["rows"] == 28


def test_a_value_that_is_none_leaves_a_prediction_empty() -> None:
    fitted = gdsolve.fit(houses(), formula="price ~ log(area)")
    found = gdsolve.predict(fitted, pl.DataFrame({"area": [10.0, 0.0, -1.0, 20.0]}))
    assert np.isnan(found).tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"text": "log(price) ~ __import__('os').getcwd()"}, "formula"),
        ({"text": 3}, "data.formula.text is 3, not a text"),
        ({"levels": {"zone": ["a", "b"]}}, "makes other features than it has weights of"),
        ({"state": {"poly(age, 2)": [1]}}, "state.poly(age, 2) is [1], not a mapping"),
        ({"texts": None}, "not a mapping with the key texts"),
    ],
)
def test_a_damaged_model_is_told(folder: Path, damage: dict[str, Any], words: str) -> None:
    record = saved(folder)
    record["data"]["formula"] |= damage
    (folder / "damaged.json").write_text(json.dumps(record))
    done = completed("predict", str(folder / "damaged.json"), str(folder / "new.csv"))
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
