"""Early stopping at the update that the folds find best, beside descent in a loop and ridge by scikit-learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.model_selection import PredefinedSplit, cross_val_score

import gdsolve
from gdsolve.cli.main import run
from gdsolve.solve.outcome import Fit
from gdsolve.solve.stop_best import least_of
from gdsolve.solve.validation import Stopping
from gdsolve.status import GdsolveError

ROWS, FOLDS = 60, 4
# Updates of a loop, beyond the best ones of these tables.
LONG = 1000


def noisy(n: int = 12, seed: int = 1, signal: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Columns that go together, of which the first three explain something."""
    random = np.random.default_rng(seed)
    Z = random.normal(size=(ROWS, n))
    Z[:, 1:] += 1.5 * Z[:, :1]
    X = Z * np.geomspace(1.0, 5.0, n) + 2.0
    return X, signal * Z[:, :3].sum(axis=1) + 2.0 * random.normal(size=ROWS) + 7.0


class Loop:
    """Descent on half the mean square, step by step, on all rows but those of a fold; and its errors on the fold."""

    def __init__(self, X: np.ndarray, y: np.ndarray, fold: np.ndarray, **how: Any) -> None:
        self.standard, self.intercept = how.get("standard", True), how.get("intercept", True)
        self.ridge, self.weight = how.get("ridge", 0.0), how.get("weight", np.ones(len(y)))
        self.parts = [self.prepared(X[fold != j], y[fold != j], self.weight[fold != j]) for j in range(FOLDS)]
        self.held = [(X[fold == j], y[fold == j], self.weight[fold == j]) for j in range(FOLDS)]

    def prepared(self, X: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[Any, ...]:
        centre, scale, middle, unit = np.zeros(X.shape[1]), np.ones(X.shape[1]), 0.0, 1.0
        if self.standard:
            if self.intercept:
                centre, middle = np.average(X, axis=0, weights=w), np.average(y, weights=w)
            scale = np.average((X - centre) ** 2, axis=0, weights=w) ** 0.5
            unit = np.average((y - middle) ** 2, weights=w) ** 0.5
        A = (X - centre) / scale
        A = np.column_stack([A, np.ones(len(A))]) if self.intercept else A
        penalty = np.zeros(A.shape[1])
        penalty[: X.shape[1]] = self.ridge / scale**2
        H = (A.T @ (A * w[:, None]) + np.diag(penalty)) / w.sum()
        return H, A.T @ (w * (y - middle) / unit) / w.sum(), centre, scale, middle, unit

    def largest(self, X: np.ndarray, y: np.ndarray) -> float:
        whole = self.prepared(X, y, self.weight)
        return max(float(np.linalg.eigvalsh(part[0])[-1]) for part in [*self.parts, whole])

    def errors(self, rate: float, updates: int) -> np.ndarray:
        """RMSE, (folds, updates + 1)."""
        found = np.empty((FOLDS, updates + 1))
        for j, ((H, b, centre, scale, middle, unit), (X, y, w)) in enumerate(zip(self.parts, self.held, strict=True)):
            A = (X - centre) / scale
            A = np.column_stack([A, np.ones(len(A))]) if self.intercept else A
            z = np.zeros(len(b))
            for k in range(updates + 1):
                found[j, k] = np.average((middle + unit * (A @ z) - y) ** 2, weights=w) ** 0.5
                z = z - rate * (H @ z - b)
        return found


def best(X: np.ndarray, y: np.ndarray, **options: Any) -> tuple[Fit, Stopping]:
    fit = gdsolve.fit(X, y, cv=FOLDS, stop="best", **options)
    assert fit.validation is not None
    assert fit.validation.stopping is not None
    return fit, fit.validation.stopping


CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"no_intercept": True}, {"intercept": False}),
    ({"ridge": 4.0}, {"ridge": 4.0}),
    ({"lr": 0.002}, {"standard": False}),
    # Beyond 1/L_max the steps go to and fro: odd and even updates have errors of their own.
    ({"lr": 0.095, "scale": "standard"}, {}),
    ({"max_iter": 9}, {}),
]


@pytest.mark.parametrize(("options", "how"), CASES)
def test_the_best_update_is_that_of_a_loop(options: dict[str, Any], how: dict[str, Any]) -> None:
    X, y = noisy()
    fold = gdsolve.folds(ROWS, FOLDS)
    fit, found = best(X, y, **options)
    loop = Loop(X, y, fold, **how)
    if "lr" in options:
        assert found.rate == options["lr"]
    else:
        assert found.rate == pytest.approx(1.0 / loop.largest(X, y), rel=1e-12)
    errors = loop.errors(found.rate, options.get("max_iter", LONG))
    means = errors.mean(axis=0)
    assert found.best == int(means.argmin())
    assert (fit.iterations, fit.status, fit.stopped_by, fit.exit_code) == (found.best, "converged", "validation", 0)
    assert fit.validation is not None
    assert fit.validation.scores == pytest.approx(errors[:, found.best], rel=1e-10)
    assert fit.validation.mean == pytest.approx(means.min(), rel=1e-10)
    for point in found.points:
        if point.iteration is not None and point.iteration <= LONG:
            assert point.mean == pytest.approx(means[point.iteration], rel=1e-10)
            spread = errors[:, point.iteration].std(ddof=1) / FOLDS**0.5
            assert point.standard_error == pytest.approx(spread, rel=1e-9)
    assert fit.max_iter == options.get("max_iter")
    assert fit.message.startswith(f"Converged after {found.best} updates: there the error over the folds is least.")


def test_rows_with_weights() -> None:
    X, y = noisy()
    w = np.random.default_rng(4).uniform(0.5, 2.0, ROWS)
    fit = gdsolve.fit(np.column_stack([X, w]), y, weight="x13", cv=FOLDS, stop="best")
    assert fit.validation is not None
    assert fit.validation.stopping is not None
    means = Loop(X, y, gdsolve.folds(ROWS, FOLDS), weight=w).errors(fit.validation.stopping.rate, LONG).mean(axis=0)
    assert fit.validation.stopping.best == int(means.argmin())


def test_descent_had_better_converge() -> None:
    X, y = noisy(n=3, signal=50.0)
    fit, found = best(X, y)
    assert (found.best, fit.status, fit.stopped_by) == (None, "converged", "tol")
    split = PredefinedSplit(gdsolve.folds(ROWS, FOLDS))
    expected = -cross_val_score(Ridge(alpha=0.0), X, y, cv=split, scoring="neg_root_mean_squared_error")
    assert found.last == pytest.approx(expected.mean(), rel=1e-9)
    assert found.points[-1].iteration is None
    assert found.points[-1].degrees_of_freedom == pytest.approx(4.0)
    assert (found.points[-1].ridge, found.points[-1].ridge_mean) == (0.0, pytest.approx(found.last, rel=1e-9))


def test_no_update_may_be_best() -> None:
    random = np.random.default_rng(3)
    # What goes up in most rows of a fold goes down elsewhere: every step is wrong on the rows that are held out.
    X = random.normal(size=(8, 1))
    fold = gdsolve.folds(8, FOLDS)
    y = np.where(fold % 2 == 0, 1.0, -1.0) * X[:, 0]
    fit, found = best(X, y)
    assert (found.best, fit.iterations, fit.stopped_by) == (0, 0, "validation")
    assert fit.weights["x"] == 0.0


def test_degrees_of_freedom_are_the_trace_of_the_smoother_and_those_of_ridge() -> None:
    X, y = noisy()
    _, found = best(X, y)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    eigenvalues = np.linalg.eigvalsh(Z.T @ Z / ROWS)
    centred = np.linalg.svd(X - X.mean(axis=0), compute_uv=False) ** 2
    split = PredefinedSplit(gdsolve.folds(ROWS, FOLDS))
    compared = 0
    for point in found.points:
        left = np.zeros(12) if point.iteration is None else (1.0 - found.rate * eigenvalues) ** point.iteration
        assert point.degrees_of_freedom == pytest.approx(1.0 + (1.0 - left).sum(), rel=1e-9)
        if point.ridge:
            assert 1.0 + (centred / (centred + point.ridge)).sum() == pytest.approx(point.degrees_of_freedom, rel=1e-9)
            ridge = Ridge(alpha=point.ridge, solver="svd")
            scores = cross_val_score(ridge, X, y, cv=split, scoring="neg_root_mean_squared_error")
            assert point.ridge_mean == pytest.approx(-scores.mean(), rel=1e-9)
            typed = gdsolve.fit(X, y, ridge=point.ridge, cv=FOLDS).validation
            assert typed is not None
            assert typed.mean == pytest.approx(point.ridge_mean, rel=1e-9)
            compared += 1
    assert compared >= 3


@settings(deadline=None, max_examples=examples(60))
@given(st.integers(0, 5000), st.integers(0, 5000), st.booleans())
def test_the_least_of_a_valley_is_found(end: int, place: int, alternates: bool) -> None:
    def height(k: int) -> float:
        return abs(np.log1p(k) - np.log1p(place)) + (0.01 if alternates and (k + place) % 2 else 0.0)

    found = least_of(lambda some: [height(k) for k in some], end)
    assert height(found) == min(height(k) for k in range(end + 1))


def test_the_least_far_out_is_exact() -> None:
    looked: list[int] = []

    def heights(some: Any) -> list[float]:
        looked.extend(some)
        return [abs(k - 123_456_789_012) / 1e12 for k in some]

    assert least_of(heights, 2**50) == 123_456_789_012
    assert len(looked) < 10_000


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    X, y = noisy(n=8)
    names = [f"x{place}" for place in range(8)]
    table, model = tmp_path / "t.csv", tmp_path / "m.json"
    np.savetxt(table, np.column_stack([X, y]), delimiter=",", header=",".join([*names, "y"]), comments="")
    assert run(["fit", str(table), "--cv", "4", "--stop", "best", "--save", str(model)]) == 0
    shown = capsys.readouterr().out
    record = json.loads(model.read_text())
    stopping = record["validation"]["stopping"]
    assert (record["status"], record["stopped_by"], record["exit_code"]) == ("converged", "validation", 0)
    assert record["iterations"] == stopping["best"]
    assert record["learning_rate"] == stopping["learning_rate"]
    assert record["descent"]["max_iter"] is None
    lines = shown.splitlines()
    assert len(lines) <= 40
    start = next(place for place, line in enumerate(lines) if "ridge λ" in line)
    table_lines = lines[start + 2 : start + 2 + len(stopping["points"])]
    assert [line.split()[0] for line in table_lines] == [
        "converged" if one["iteration"] is None else str(one["iteration"]) for one in stopping["points"]
    ]
    assert [line.split()[0] for line in table_lines if "least" in line] == [str(stopping["best"])]
    assert {one["reason"] for one in record["standard_errors"]["reasons"]} == {"the run stopped before the minimum"}
    assert run(["predict", str(model), str(table), "--only"]) == 0


def test_the_picture_shows_where_the_error_is_least(tmp_path: Path) -> None:
    X, y = noisy()
    fit, found = best(X, y, plot=str(tmp_path / "v.svg"), plot_kind="validation")
    assert (tmp_path / "v.svg").stat().st_size > 1000
    assert fit.picture is not None
    (panel,) = fit.picture.panels
    mean, above, below = panel.series
    assert mean.x == tuple(map(float, found.iterations))
    assert mean.y == found.means
    at = dict(zip(found.iterations, found.means, strict=True))
    assert found.best is not None
    assert min(found.means) >= next(one.mean for one in found.points if one.iteration == found.best) - 1e-12
    assert at[0] == pytest.approx(found.points[0].mean)
    for one, other, error in zip(above.y, below.y, found.standard_errors, strict=True):
        assert (one - other) / 2.0 == pytest.approx(error)
    assert [rule.x for rule in panel.rules] == [float(found.best), None]
    assert panel.rules[1].y == found.last
    with pytest.raises(GdsolveError, match="which is found with --stop best"):
        gdsolve.fit(X, y, cv=FOLDS, plot=str(tmp_path / "v.svg"), plot_kind="validation")


REFUSED = [
    ({}, "is found on folds, and there are none"),
    ({"cv": 4, "loss": "huber"}, "which linear models with a squared loss have"),
    ({"cv": 4, "tol": 1e-3}, "--stop best finds where it stops"),
    ({"cv": 4, "method": "nesterov"}, "--stop best is found for plain descent"),
    ({"cv": 4, "method": "momentum", "momentum": 0.5}, "--stop best is found for plain descent"),
    ({"cv": 4, "schedule": "invscaling"}, "--stop best is found at a constant rate"),
    ({"cv": 4, "lr": 0.3, "scale": "standard"}, "0.3 diverges without one of the folds: it is stable below"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_what_has_no_best_update(options: dict[str, Any], message: str) -> None:
    X, y = noisy()
    with pytest.raises(GdsolveError, match=message):
        gdsolve.fit(X, y, stop="best", **options)
