"""--class-weight, and the figures of a fit of two classes, beside scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, roc_auc_score

import gdsolve
from gdsolve.cli.main import run
from gdsolve.spec.class_weights import read_class_weights

RNG = np.random.default_rng(8)
X = RNG.normal(size=(120, 2))
Z = X @ np.array([1.0, -0.5]) - 1.2
TWO = np.where(RNG.uniform(size=120) < 1.0 / (1.0 + np.exp(-Z)), "yes", "no")
THREE = np.array(["a", "b", "c"])[np.digitize(X[:, 0] + RNG.logistic(size=120), [-1.5, 1.0])]
WEIGHT = RNG.uniform(0.5, 2.0, 120)
FRAME = pd.DataFrame({"u": X[:, 0], "v": X[:, 1], "w": WEIGHT, "two": TWO, "three": THREE})
COLUMNS = {"features": ["u", "v"]}


def peer(y: np.ndarray, weight: np.ndarray | None, class_weight: Any) -> np.ndarray:
    model = LogisticRegression(solver="newton-cholesky", tol=1e-13, max_iter=1000, C=0.5, class_weight=class_weight)
    model.fit(X, y, sample_weight=weight)
    return np.hstack(
        [model.coef_, (model.intercept_ - (0.0 if len(model.coef_) == 1 else model.intercept_.mean()))[:, None]]
    )


def weights_of(fit: gdsolve.Fit) -> np.ndarray:
    values = [*fit.weights.values(), *([] if fit.intercept is None else [fit.intercept])]
    return np.array(values).reshape(-1, 3)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("asked", ["balanced", "named"])
@pytest.mark.parametrize("target", ["two", "three"])
def test_class_weights_are_those_of_scikit_learn(target: str, asked: str, weighted: bool) -> None:
    named = {"yes": 3.0} if target == "two" else {"a": 3.0, "c": 0.5}
    y = FRAME[target].to_numpy()
    other: Any = {name: named.get(name, 1.0) for name in np.unique(y)}
    weight = WEIGHT if weighted else None
    if asked == "balanced":
        # Of weighted rows what a class weighs counts, and not how many rows it has.
        totals = {name: float(WEIGHT[y == name].sum() if weighted else (y == name).sum()) for name in np.unique(y)}
        other = {name: sum(totals.values()) / (len(totals) * one) for name, one in totals.items()}
    if not weighted and asked == "balanced":
        np.testing.assert_allclose(peer(y, None, "balanced"), peer(y, None, other), rtol=1e-9)
    found = gdsolve.fit(
        FRAME,
        target,
        loss="logistic" if target == "two" else "softmax",
        ridge=2.0,
        class_weight="balanced" if asked == "balanced" else named,
        **COLUMNS,
        **({"weight": "w"} if weighted else {}),
    )
    np.testing.assert_allclose(weights_of(found), peer(y, weight, other), rtol=1e-8)
    assert found.gap == pytest.approx(0.0, abs=1e-14)


def test_figures_count_rows_whatever_their_class_weighs() -> None:
    found = gdsolve.fit(FRAME, "two", loss="logistic", class_weight="balanced", **COLUMNS)
    shares = gdsolve.predict(found, FRAME)
    told = np.where(shares > 0.5, "yes", "no")
    assert np.array(found.figures.confusion).tolist() == confusion_matrix(TWO, told).tolist()
    assert found.figures.auc == pytest.approx(roc_auc_score(TWO, shares))
    scored = gdsolve.score(found, FRAME)
    assert scored.log_loss == pytest.approx(found.figures.log_loss)
    assert scored.accuracy == pytest.approx(found.figures.accuracy)


def test_figures_weigh_rows_as_scikit_learn_does() -> None:
    found = gdsolve.fit(FRAME, "two", loss="logistic", weight="w", **COLUMNS)
    shares = gdsolve.predict(found, FRAME)
    assert found.figures.auc == pytest.approx(roc_auc_score(TWO, shares, sample_weight=WEIGHT))
    expected = confusion_matrix(TWO, np.where(shares > 0.5, "yes", "no"), sample_weight=WEIGHT)
    np.testing.assert_allclose(np.array(found.figures.confusion), expected)


def test_a_report_with_class_weights_compares_with_the_model_of_their_shares() -> None:
    good: Any = gdsolve.fit(FRAME, "two", loss="logistic", class_weight={"yes": 2}, report=True, **COLUMNS).errors
    doubled = pd.concat([FRAME, FRAME[FRAME["two"] == "yes"]])
    other: Any = gdsolve.fit(doubled, "two", loss="logistic", report=True, **COLUMNS).errors
    assert good.goodness.null_deviance == pytest.approx(other.goodness.null_deviance)
    assert good.goodness.log_likelihood == pytest.approx(other.goodness.log_likelihood)
    for one, same in zip(good.estimates, other.estimates, strict=True):
        assert one.standard_error == pytest.approx(same.standard_error, rel=1e-8)


def test_names_may_hold_commas_and_equal_signs() -> None:
    assert read_class_weights(["a,b=2"]).named == {"a,b": 2.0}
    assert read_class_weights(["x=y=2,z=1/2"]).named == {"x=y": 2.0, "z": 0.5}
    assert read_class_weights(["balanced"]).balanced
    assert not read_class_weights([]).counts


def test_a_loss_without_classes_takes_no_class_weight(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    fit = ["fit", str(tmp_path / "t.csv"), "--target", "u", "--features", "v"]
    assert run([*fit, "--class-weight", "balanced"]) == 2
    said = "--class-weight is for --loss logistic, softmax and squared-hinge, and this is --loss half-mse"
    assert said in capsys.readouterr().err
    assert run([*fit, "--reference", "a", "--report"]) == 2
    assert "--reference is for --loss softmax, and this is --loss half-mse" in capsys.readouterr().err


def test_the_table_of_two_classes_has_its_matrix_and_area(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    fit = ["fit", str(tmp_path / "t.csv"), "--target", "two", "--features", "u,v", "--loss", "logistic"]
    assert run([*fit, "--class-weight", "yes=2", "--save", str(tmp_path / "m.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "class weights   yes=2" in lines
    assert len(lines) <= 40
    found = json.loads((tmp_path / "m.json").read_text())
    assert found["classes"] == ["no", "yes"]
    assert sum(map(sum, found["confusion"])) == 120.0
    matrix = found["confusion"]
    rows = [line.split() for line in lines]
    assert ["no", *(f"{count:g}" for count in matrix[0])] in rows
    assert ["yes", *(f"{count:g}" for count in matrix[1])] in rows
    assert any(f"AUC {found['auc']:.8g}" in line for line in lines)
    assert run(["report", *fit[1:], "--output", str(tmp_path / "r.html")]) == 0
    assert "rows by class and told class" in (tmp_path / "r.html").read_text()


def test_one_class_has_no_area_and_says_so() -> None:
    weight = np.where(TWO == "yes", 1.0, 0.0)
    found = gdsolve.fit(FRAME.assign(w=weight), "two", loss="logistic", ridge=1.0, weight="w", max_iter=5, **COLUMNS)
    assert found.figures.auc is None
    assert found.figures.auc_reason == "a class has no rows"
