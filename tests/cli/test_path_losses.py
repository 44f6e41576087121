"""Paths of losses that are no squares, beside scikit-learn and beside `fit` at one of their strengths."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression, PoissonRegressor
from sklearn.metrics import log_loss

import gdsolve
from gdsolve.cli.main import run
from gdsolve.report.record import fit_record
from gdsolve.solve import penalised_rows
from gdsolve.status import DataError

ROWS = 90
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(ROWS, 4)) * [1.0, 10.0, 0.1, 3.0] + [0.0, 50.0, 3.0, -1.0]
SLOPE = (X - X.mean(axis=0)) / X.std(axis=0) @ [1.0, -0.7, 0.0, 0.4]
CLASSES = (RANDOM.random(ROWS) < 1.0 / (1.0 + np.exp(-SLOPE))).astype(float)
COUNTS = RANDOM.poisson(np.exp(0.5 * SLOPE + 1.0)).astype(float)
Y = SLOPE + RANDOM.standard_t(2, size=ROWS)


def test_weights_of_classes_are_those_of_scikit_learn() -> None:
    found = gdsolve.path(X, CLASSES, loss="logistic", points=6)
    assert found.intercepts is not None
    assert not found.weights[0].any()
    share = CLASSES.mean()
    assert found.lambdas[0] == pytest.approx(np.abs(X.T @ (CLASSES - share)).max(), rel=1e-5)
    for place in (2, 5):
        other = LogisticRegression(l1_ratio=1.0, C=1.0 / found.l1[place], solver="saga", tol=1e-10, max_iter=100_000)
        scaled = (X - X.mean(axis=0)) / X.std(axis=0)
        same = gdsolve.path(X, CLASSES, loss="logistic", points=6, penalty_scale="standard")
        other.C = 1.0 / same.l1[place]
        other.fit(scaled, CLASSES)
        assert same.weights[place] * X.std(axis=0) == pytest.approx(other.coef_[0], abs=1e-6)
        deviance = 2.0 * log_loss(CLASSES, other.predict_proba(scaled)[:, 1])
        assert same.scores[place] == pytest.approx(deviance, rel=1e-7)
        null = 2.0 * log_loss(CLASSES, np.full(ROWS, share))
        assert same.explained[place] == pytest.approx(1.0 - deviance / null, rel=1e-6)
    assert (found.score, found.sse, found.rmse, found.r2, found.freedom) == ("deviance", None, None, None, None)


def test_weights_of_counts_are_those_of_scikit_learn() -> None:
    found = gdsolve.path(X, COUNTS, loss="poisson", points=5, l1_ratio=0)
    for place in (1, 3):
        other = PoissonRegressor(alpha=found.ridge[place] / ROWS, solver="newton-cholesky", tol=1e-10).fit(X, COUNTS)
        assert found.weights[place] == pytest.approx(other.coef_, rel=1e-6, abs=1e-9)


KINDS: list[dict[str, Any]] = [
    {"loss": "logistic", "y": CLASSES},
    {"loss": "logistic", "y": CLASSES, "l1_ratio": 0.0},
    {"loss": "poisson", "y": COUNTS, "l1_ratio": 0.5},
    {"loss": "huber", "delta": 1.0, "y": Y},
    {"loss": "logcosh", "y": Y, "no_intercept": True},
    {"loss": "huber", "delta": 1.0, "y": Y, "penalty_scale": "standard"},
]


@pytest.mark.parametrize("options", KINDS, ids=lambda one: " ".join(str(v) for k, v in one.items() if k != "y"))
def test_a_strength_typed_back_gives_the_same(options: dict[str, Any]) -> None:
    given = dict(options)
    y = given.pop("y")
    found = gdsolve.path(X, y, points=6, cv=3, **given)
    given.pop("l1_ratio", None)
    model = gdsolve.fit(X, y, l1=found.l1[3], ridge=found.ridge[3], cv=3, **given)
    weights = np.array(list(model.weights.values()))
    assert weights * X.std(axis=0) == pytest.approx(found.weights[3] * X.std(axis=0), abs=1e-6)
    assert ((weights == 0.0) == (found.weights[3] == 0.0)).all()
    assert model.loss == pytest.approx(found.losses[3], rel=1e-10)
    assert model.validation is not None
    assert found.folds is not None
    assert found.folds.scores[:, 3] == pytest.approx(np.array(model.validation.scores), rel=1e-6)
    assert found.scores[3] == pytest.approx(model.validation.own, rel=1e-7)
    assert (found.duality_gaps >= 0.0).all()
    assert (found.duality_gaps <= 1e-9 * np.abs(found.losses)).all()
    selected = fit_record(found.refit(3))
    assert selected["status"] == "converged"
    assert list(selected["weights"].values()) == pytest.approx(weights.tolist(), rel=1e-6, abs=1e-9)
    assert selected["validation"]["score"] == found.score


@pytest.mark.parametrize("options", [{"loss": "huber", "delta": 0.1}, {"loss": "logcosh"}], ids=str)
def test_rows_far_off_have_no_curvature(options: dict[str, Any]) -> None:
    """No row is within δ of the start: Newton's method alone would find no step."""
    found = gdsolve.path([[1.0], [2.0], [3.0], [4.0]], [2.0, 5.0, 6.5, 20.0], points=4, **options)
    assert (np.diff(found.scores) < 0.0).all()
    assert not found.weights[0].any()
    for place in (1, 3):
        model = found.refit(place)
        assert model.loss == pytest.approx(found.losses[place], rel=1e-9)


def test_what_has_no_minimum_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="'y' has one value alone"):
        gdsolve.path(X, np.zeros(ROWS), loss="poisson")
    with pytest.raises(DataError, match="without fold 2, 'y' has one value alone"):
        gdsolve.path(X[:6], [0.0, 1.0, 0.0, 1.0, 0.0, 0.0], loss="logistic", cv=2)
    null = penalised_rows.PenalisedRows.of

    def without_steps(*arguments: Any) -> Any:
        found = null(*arguments)
        monkeypatch.setattr(penalised_rows, "MOST_STEPS", 0)
        return found

    monkeypatch.setattr(penalised_rows.PenalisedRows, "of", without_steps)
    with pytest.raises(DataError, match="Newton's method finds no minimum at l1 "):
        gdsolve.path(X, CLASSES, loss="logistic")


def test_a_strength_of_classes_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "t.csv"
    pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "w": np.arange(ROWS) % 3, "c": CLASSES.astype(int)}).write_csv(file)
    call = [str(file), "--loss", "logistic", "--weight", "w", "--cv", "3", "--format", "json"]
    assert run(["fit", *call, "--l1", "auto"]) == 0
    fitted = json.loads(capsys.readouterr().out)
    assert run(["path", *call]) == 0
    walked = json.loads(capsys.readouterr().out)
    best = walked["validation"]["min"]
    assert fitted["found"]["strength"] == fitted["descent"]["l1"] == best["lambda"]
    point = walked["points"][best["point"]]
    assert fitted["found"]["mean"] == point["cv_score"]
    assert fitted["validation"]["mean"] == pytest.approx(point["cv_score"], rel=1e-6)
    assert (walked["score"], point["rmse"], point["r2"]) == ("deviance", None, None)
    assert run(["path", str(file), "--loss", "logistic", "--cv", "3", "--points", "4"]) == 0
    printed = capsys.readouterr().out
    assert "λ·Σ|w| on the sum of logistic" in printed
    assert "mean deviance over 3 folds" in printed
