"""Every verb takes a formula: the same columns, the same optimum, the same names, from a table, a scan and Python."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any

import formula_tables
import numpy as np
import polars as pl
import pytest
from in_process import completed

import gdsolve

pytest.importorskip("formulaic")

FORMULA = "log(mpg) ~ wt*C(am) + poly(hp, 2) + bs(qsec, df=4)"
NAMES = [
    *("wt", "C(am)[T.1]", "poly(hp, 2)[1]", "poly(hp, 2)[2]"),
    *(f"bs(qsec, df=4)[{place}]" for place in (1, 2, 3, 4)),
    "wt:C(am)[T.1]",
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cars.csv").write_text(formula_tables.MTCARS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(*words: str, code: int = 0) -> dict[str, Any]:
    done = completed(*words, "--format", "json")
    assert done.code == code, done.err
    return json.loads(done.out)


def fitted(*more: str) -> dict[str, Any]:
    return told("fit", "cars.csv", "--formula", FORMULA, *more)


def optimum() -> np.ndarray:
    """The least squares solution for the columns as formulaic makes them, the intercept last."""
    from formulaic import Formula

    frame = pl.read_csv(io.StringIO(formula_tables.MTCARS))
    made = Formula(FORMULA).get_model_matrix(frame.to_pandas())
    assert [*made.rhs.columns] == ["Intercept", *NAMES]
    solution: np.ndarray = np.linalg.lstsq(made.rhs.to_numpy(), made.lhs.to_numpy()[:, 0])[0]
    return np.roll(solution, -1)


def weights(record: dict[str, Any]) -> list[float]:
    assert [*record["weights"]] == NAMES
    return [*record["weights"].values(), record["intercept"]]


def test_fit_and_report_have_the_weights_by_their_names(here: Path) -> None:
    record = fitted("--save", "m.json")
    assert weights(record) == pytest.approx(optimum(), rel=1e-8)
    assert record["data"]["target"] == "log(mpg)" and record["data"]["formula"]["text"] == FORMULA
    assert completed("report", "cars.csv", "--formula", FORMULA, "-o", "r.html").code == 0
    page = (here / "r.html").read_text(encoding="utf-8")
    assert all(name in page for name in NAMES)


def test_compare_and_compare_lr_end_at_that_optimum(here: Path) -> None:
    methods = told("compare", "cars.csv", "--formula", FORMULA, "--methods", "gd,newton")["methods"]
    assert [one["status"] for one in methods] == ["converged", "converged"]
    sse = fitted()["sse"]
    for record in (*methods, *told("compare-lr", "cars.csv", "--formula", FORMULA, "--lr", "0.02,0.05")["rates"]):
        assert record["sse"] == pytest.approx(sse, rel=1e-9)


def test_path_has_the_weights_of_every_column(here: Path) -> None:
    record = told("path", "cars.csv", "--formula", FORMULA, "--points", "20", "--cv", "4", "--select", "min")
    assert [*record["points"][-1]["weights"]] == NAMES
    assert record["points"][0]["nonzero"] == 0 and record["points"][-1]["nonzero"] == len(NAMES)


def test_check_proposes_what_runs(here: Path) -> None:
    lines = formula_tables.MTCARS.splitlines()
    (here / "gaps.csv").write_text("\n".join([*lines, lines[3].replace(lines[3].split(",")[3], "", 1)]) + "\n")
    record = told("check", "gaps.csv", "--formula", FORMULA)
    assert record["problem"] and "row 33" in record["problem"]
    parts = {one["name"]: one["role"] for one in record["columns"]}
    assert [name for name, part in parts.items() if part == "feature"] == ["hp", "wt", "qsec", "am"]
    assert parts["mpg"] == "target" and parts["cyl"] == "ignored"
    assert record["commands"][0] == f"gdsolve fit gaps.csv --formula '{FORMULA}' --format json --na drop"
    assert told("fit", "gaps.csv", "--formula", FORMULA, "--na", "drop")["weights"] == pytest.approx(
        fitted()["weights"], rel=1e-8
    )


def test_check_learns_the_loss_and_what_stops_a_formula(here: Path) -> None:
    record = told("check", "cars.csv", "--formula", "am ~ wt", "--loss", "logistic")
    assert record["problem"] is None and "--loss logistic" in record["commands"][0]
    record = told("check", "cars.csv", "--formula", "mpg ~ log(am)")
    assert "log(am) is not finite at am = 0" in record["problem"] and record["commands"] == []
    (here / "two.csv").write_text("c,x\na,1\nb,2\na,3\nb,1\na,2\n")
    assert told("check", "two.csv", "--formula", "c ~ x")["commands"] == [
        "gdsolve fit two.csv --formula 'c ~ x' --format json --loss logistic"
    ]
    (here / "three.csv").write_text("c,x\na,1\nb,2\nc,3\nb,1\na,2\nc,1\na,3\nb,3\n")
    command = told("check", "three.csv", "--formula", "c ~ x")["commands"][0]
    assert command == "gdsolve fit three.csv --formula 'c ~ x' --format json --loss softmax"
    done = completed("check", "cars.csv", "--formula", "mpg ~ wtt")
    assert (done.code, "column 7: no column 'wtt'" in done.err) == (2, True)


def test_a_scan_keeps_the_columns_and_what_was_learnt(here: Path) -> None:
    record = told("scan", "cars.csv", "--formula", FORMULA, "-o", "cars.tri", "--cv", "4")
    assert (record["columns"], record["formula"], record["target"]) == ([*NAMES, "log(mpg)"], FORMULA, "log(mpg)")
    of_scan, of_table = told("fit", "cars.tri", "--save", "s.json"), fitted("--save", "t.json")
    assert weights(of_scan) == pytest.approx(weights(of_table), rel=1e-9)
    assert of_scan["data"]["formula"] == of_table["data"]["formula"]
    first, second = (completed("predict", model, "cars.csv", "--only").out.split() for model in ("s.json", "t.json"))
    assert first[0] == second[0] and len(first) == 33
    assert [*map(float, first[1:])] == pytest.approx([*map(float, second[1:])], rel=1e-9)
    assert told("score", "s.json", "cars.csv")["r2"] == pytest.approx(of_table["r2"], rel=1e-9)
    assert told("check", "cars.tri")["rank"] == len(NAMES) + 1
    again = told("path", "cars.tri", "--cv", "4", "--points", "9")["points"]
    there = told("path", "cars.csv", "--formula", FORMULA, "--cv", "4", "--points", "9")["points"]
    assert [one["weights"] for one in again] == [pytest.approx(one["weights"], abs=1e-7) for one in there]


def test_a_scan_without_intercept_stays_so(here: Path) -> None:
    assert completed("scan", "cars.csv", "--formula", "mpg ~ wt + C(am) - 1", "-o", "c.tri").code == 0
    record = told("fit", "c.tri")
    assert record["intercept"] is None
    assert record["weights"] == pytest.approx(
        told("fit", "cars.csv", "--formula", "mpg ~ wt + C(am) - 1")["weights"], rel=1e-9
    )


def test_what_is_said_of_a_scan_of_a_formula(here: Path) -> None:
    assert completed("scan", "cars.csv", "--formula", "mpg ~ wt", "-o", "c.tri").code == 0
    done = completed("fit", "c.tri", "--target", "wt")
    assert done.code == 2 and "target: c.tri has the columns of the formula 'mpg ~ wt'" in done.err
    done = completed("fit", "c.tri", "--formula", "mpg ~ hp")
    assert done.code == 2 and "formula: is settled when a table is scanned" in done.err
    done = completed("scan", "c.tri", "cars.csv", "-o", "d.tri")
    assert done.code == 5 and "scan the tables together" in done.err
    assert completed("scan", "cars.csv", "--formula", "mpg ~ hp", "-o", "e.tri").code == 0
    done = completed("scan", "c.tri", "e.tri", "-o", "d.tri")
    assert done.code == 5 and "e.tri is scanned by the formula 'mpg ~ hp'" in done.err
    assert told("scan", "c.tri", "c.tri", "-o", "d.tri")["rows"] == 64


def test_groups_sources_and_specs(here: Path) -> None:
    lines = completed("fit", "cars.csv", "--formula", "mpg ~ wt + I(wt**2)", "--group-by", "am", "--format", "json").out
    groups = [json.loads(line) for line in lines.splitlines()]
    assert [[*one["weights"]] for one in groups] == [["wt", "I(wt ** 2)"]] * 2
    (here / "more.csv").write_text(formula_tables.MTCARS)
    lines = completed(
        "fit", "cars.csv", "more.csv", "--each", "--formula", "mpg ~ log(wt)", "--format", "json"
    ).out.splitlines()
    assert [[*json.loads(line)["weights"]] for line in lines] == [["log(wt)"]] * 2
    (here / "spec.yaml").write_text(f'data: cars.csv\nformula: "{FORMULA}"\n')
    assert told("fit", "spec.yaml")["weights"] == fitted()["weights"]
    (here / "wrong.yaml").write_text('data: cars.csv\nformula: "mpg ~ wtt"\n')
    done = completed("fit", "wrong.yaml")
    assert done.code == 2 and "wrong.yaml: line 2: formula: column 7: no column 'wtt'" in done.err


def test_verbs_of_python(caplog: pytest.LogCaptureFixture) -> None:
    frame = pl.read_csv(io.StringIO(formula_tables.MTCARS))
    fit = gdsolve.fit(frame, formula=FORMULA)
    assert [*fit.weights.values(), fit.intercept] == pytest.approx(optimum(), rel=1e-8)
    scan = gdsolve.scan(frame, formula=FORMULA)
    assert scan.columns == (*NAMES, "log(mpg)")
    assert gdsolve.fit(scan).weights == pytest.approx(fit.weights, rel=1e-9)
    assert gdsolve.check(frame, formula=FORMULA).commands[0] == f"gdsolve.fit(X, formula={FORMULA!r})"
    assert gdsolve.compare(frame, formula=FORMULA, methods="newton").subject.kind == "linear"
    assert gdsolve.compare_lr(frame, formula=FORMULA, lr="0.1").names == tuple(NAMES)
    assert gdsolve.path(frame, formula=FORMULA, points=5).weights.shape[0] == 5
    with caplog.at_level(logging.ERROR, "gdsolve"):
        of_frame = gdsolve.predict(fit, frame)
    assert of_frame == pytest.approx(np.log(frame["mpg"].to_numpy()), abs=0.25)
    with pytest.raises(gdsolve.GdsolveError, match="column 7: no column 'wtt'"):
        gdsolve.fit(frame, formula="mpg ~ wtt")
