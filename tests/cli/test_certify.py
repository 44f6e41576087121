"""`certify`: weights from anywhere beside the optimum of a table, a curve or a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from places import CONFIGS
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, PoissonRegressor, QuantileRegressor, Ridge

import gdsolve
from gdsolve.cli.main import run
from gdsolve.report.certify_record import certify_record
from gdsolve.status import DataError, ExitCode, GdsolveError

TABLE = "x,y\n1,2\n2,5\n3,6.5\n4,9\n"
# Of this table: x̄ = 2.5, ȳ = 5.625, Σ(x − x̄)(y − ȳ) = 11.25, Σ(x − x̄)² = 5, so that the line is y = 2.25·x + 0.
OPTIMUM = {"x": 2.25, "intercept": 0.0}


@pytest.fixture
def certify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Any, str]]:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)

    def ask(*arguments: str, weights: object = None) -> tuple[int, Any, str]:
        given = []
        if weights is not None:
            Path("w.json").write_text(weights if isinstance(weights, str) else json.dumps(weights))
            given = ["--weights", "w.json"]
        code = run(["certify", *arguments, *given])
        out, err = capsys.readouterr()
        return code, json.loads(out) if "json" in arguments else out, err

    return ask


@pytest.fixture(scope="module")
def diabetes() -> tuple[np.ndarray, np.ndarray]:
    X, y = load_diabetes(return_X_y=True)
    return X, y


def test_a_line_beside_the_optimum(certify: Callable[..., tuple[int, Any, str]]) -> None:
    """w = (2.2, 0.1): residuals 0.3, −0.5, 0.2, −0.1, SSE 0.39; the least is 0.375, so the gap is 0.015/8."""
    weights = {"weights": {"x": 2.2}, "intercept": 0.1}
    code, record, _ = certify("t.csv", "--format", "json", weights=weights)
    assert (code, record["schema"], record["exit_code"]) == (0, "gdsolve.certify/1", 0)
    assert record["sse"] == pytest.approx(0.39, rel=1e-14)
    assert record["optimum"]["sse"] == pytest.approx(0.375, rel=1e-14)
    assert record["gap"] == pytest.approx(0.015 / 8, rel=1e-12)
    assert record["relative_gap"] == pytest.approx(0.04, rel=1e-12)
    # ∇L = 1/4·Xᵀr with r = Xw − y.
    gradient = np.array([[1, 2, 3, 4], [1, 1, 1, 1]]) @ np.array([0.3, -0.5, 0.2, -0.1]) / 4
    assert record["gradient_norm"] == pytest.approx(float(np.linalg.norm(gradient)), rel=1e-12)
    assert record["message"].startswith("The loss is 0.00187 (4 %) above its minimum. Every weight has 1 digit of")


@pytest.mark.parametrize(
    "weights",
    [
        {"weights": {"x": 2.25}, "intercept": 0},
        {"weights": [2.25], "intercept": 0},
        {"coef_": [2.25], "intercept_": 0.0},
        {"coef_": [[2.25]], "intercept_": [0.0]},
        {"coef_": [2.25], "intercept_": 0, "feature_names_in_": ["x"]},
    ],
    ids=["by name", "in order", "coef_", "coef_ of classes", "coef_ by name"],
)
def test_every_form_of_weights(certify: Callable[..., tuple[int, Any, str]], weights: object) -> None:
    code, record, _ = certify("t.csv", "--format", "json", weights=weights)
    assert (code, record["weights"], record["intercept"]) == (0, {"x": 2.25}, 0.0)
    assert record["gap"] < 1e-28
    assert record["message"] == "The loss is at its minimum. Every weight has 15 digits of the optimum."


def test_a_saved_model_brings_its_columns_and_its_loss(certify: Callable[..., tuple[int, Any, str]]) -> None:
    Path("big.csv").write_text("z,x,c,w,y\n9,1,a,1,2\n1,2,b,1,5\n4,3,a,2,6.5\n2,4,b,1,9\n7,5,a,3,12\n")
    options = ["--features", "x,c", "--categorical", "onehot", "--weight", "w", "--ridge", "0.5", "--loss", "sse"]
    assert run(["fit", "big.csv", *options, "--save", "m.json", "--quiet"]) == 0
    certify("t.csv", weights=OPTIMUM)
    assert run(["certify", "big.csv", "--weights", "m.json"]) == 0
    found = gdsolve.certify("big.csv", weights="m.json")
    assert found.data is not None
    assert (found.data.roles.design, found.data.roles.weight) == (("x", "c=b"), "w")
    assert (found.spec.ridge, found.spec.loss.value) == (0.5, "sse")
    assert found.gap is not None
    assert found.gap < 1e-15
    assert found.digits is not None
    assert found.digits > 9
    # What is asked for stands against what the model was fitted to.
    other = gdsolve.certify("big.csv", weights="m.json", ridge=0.0)
    assert other.gap is not None
    assert other.gap > 1e-3


def test_csv_and_table(certify: Callable[..., tuple[int, Any, str]]) -> None:
    weights = {"weights": {"x": 2.5}, "intercept": 0}
    rows = list(csv.DictReader(io.StringIO(certify("t.csv", "--format", "csv", weights=weights)[1])))
    assert [row["term"] for row in rows] == ["x", "intercept"]
    assert (float(rows[0]["weight"]), float(rows[0]["difference"])) == (2.5, pytest.approx(0.25, rel=1e-12))
    out = certify("t.csv", weights=weights)[1]
    assert "weights         from w.json" in out
    assert max(map(len, out.splitlines())) <= 100
    assert "in the units of the columns" in out


def test_against_scikit_learn(diabetes: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = diabetes
    best = gdsolve.certify(X, y, weights=LinearRegression().fit(X, y))
    ridge = gdsolve.certify(X, y, weights=Ridge(alpha=1.0, solver="svd").fit(X, y), ridge=1)
    origin = gdsolve.certify(X, y, weights=LinearRegression(fit_intercept=False).fit(X, y).coef_, no_intercept=True)
    for found in (best, ridge, origin):
        assert found.gap is not None
        assert found.gap < 1e-20 * found.figures.loss
        assert found.digits is not None
        assert found.digits > 11
    # Ridge is not least squares: L(w) − L* is what scikit-learn's own residuals say.
    shrunk = Ridge(alpha=1.0, solver="svd").fit(X, y)
    apart = gdsolve.certify(X, y, weights=shrunk)
    least = LinearRegression().fit(X, y)
    gap = float(np.square(y - shrunk.predict(X)).sum() - np.square(y - least.predict(X)).sum()) / (2 * len(y))
    assert apart.gap == pytest.approx(gap, rel=1e-10)


@pytest.mark.parametrize("place", ["optimum", "zero", "far"])
@pytest.mark.parametrize("loss", ["logistic", "poisson", "quantile"])
def test_other_losses_against_scikit_learn(diabetes: tuple[np.ndarray, np.ndarray], loss: str, place: str) -> None:
    """From any weights the optimum is that of scikit-learn, also from where the curvature has vanished."""
    X, y = 10.0 * diabetes[0][:150, :4], diabetes[1][:150]
    if loss == "logistic":
        y = (y > 140).astype(float)
        model: Any = LogisticRegression(C=1.0, tol=1e-12, max_iter=10_000).fit(X, y)
    elif loss == "poisson":
        model = PoissonRegressor(alpha=1 / 150, tol=1e-12, max_iter=10_000).fit(X, np.round(y / 30))
        y = np.round(y / 30)
    else:
        model = QuantileRegressor(quantile=0.5, alpha=0.0).fit(X, y)
    known = [*np.ravel(model.coef_).tolist(), float(np.ravel(model.intercept_)[0])]
    given = {"optimum": known, "zero": [0.0] * 5, "far": [8.0] * 5}[place]
    found = gdsolve.certify(X, y, weights=given, loss=loss, ridge=0.0 if loss == "quantile" else 1.0)
    assert found.optimum is not None
    if loss == "quantile":
        assert not found.optimum.unique
        low, high = zip(*(found.optimum.ranges or {}).values(), strict=True)
        assert all(np.array(low) - 1e-9 <= known)
        assert all(known <= np.array(high) + 1e-9)
    else:
        assert [*found.optimum.weights.values(), found.optimum.intercept] == pytest.approx(known, rel=1e-4, abs=1e-4)
    assert found.gap is not None
    assert (found.gap < 1e-9) == (place == "optimum")


def test_the_gradient_is_that_of_autograd(diabetes: tuple[np.ndarray, np.ndarray]) -> None:
    """∂L/∂w of the user's weights, though the optimum is looked for in others."""
    X, y = diabetes[0][:, :3] * np.array([1.0, 1e3, 1e-2]) + 5.0, (diabetes[1] > 140).astype(float)
    w = torch.tensor([[0.2], [0.001], [3.0], [-1.0]], dtype=torch.float64, requires_grad=True)
    rows = torch.cat([torch.tensor(X), torch.ones(len(X), 1, dtype=torch.float64)], dim=1)
    target = torch.tensor(y)[:, None]
    torch.nn.functional.binary_cross_entropy_with_logits(rows @ w, target).backward()
    found = gdsolve.certify(X, y, weights=w.detach(), loss="logistic")
    assert found.figures.gradient_norm == pytest.approx(float(w.grad.norm()), rel=1e-11)  # type: ignore[union-attr]


def test_separated_rows_have_no_optimum() -> None:
    found = gdsolve.certify([[1.0], [2.0], [3.0], [4.0]], [0, 0, 1, 1], weights=[1.0, -2.0], loss="logistic")
    assert (found.optimum, found.gap, found.digits) == (None, None, None)
    assert found.message.startswith("There is no optimum: x alone separates the classes (y is 1 wherever x ≥ 3")
    assert "ridge" in found.advice[0]


def test_curves_and_formulas(certify: Callable[..., tuple[int, Any, str]]) -> None:
    weights = {"weights": {"a": 2.25, "b": 1.0}}
    code, record, _ = certify("t.csv", "--model", "a*x**b", "--format", "json", weights=weights)
    assert code == 0
    assert record["gap"] > 0
    assert record["optimum"]["global"] is False
    assert run(["fit", "t.csv", "--model", "a*x**b", "--start", "a=1,b=1", "--save", "m.json", "--quiet"]) == 0
    assert gdsolve.certify("t.csv", weights="m.json").message.startswith("The loss is at a local minimum.")
    formula = "(2 - a - b)**2 + (4 - 3*a - b)**2"
    found = gdsolve.certify(minimize=formula, weights={"weights": {"a": 1, "b": 0.5}})
    assert found.gap == pytest.approx(0.5, rel=1e-12)
    saddle = gdsolve.certify(minimize="a**2 - b**2", weights={"weights": {"a": 0, "b": 0}})
    assert saddle.message == "There is no optimum here: the gradient is zero at a saddle point, which is not a minimum."
    vector = gdsolve.fit(minimize="sum((v - 1)**2)", parameters={"v": [1.0, 2.0]})
    assert gdsolve.certify(weights=vector).gap == 0.0


def test_many_minima_have_a_gap_and_no_digits() -> None:
    found = gdsolve.certify([[1.0, 1], [2, 2], [3, 3]], [1.0, 2, 2], weights=[0.25, 0.25, 2 / 3])
    assert found.gap is not None
    assert found.gap < 1e-30
    assert found.digits is None
    assert found.advice == ("The minimum is not unique: rank 2 < 3 weights.",)


def test_a_fit_certifies_itself(diabetes: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = diabetes
    for options in ({}, {"loss": "huber"}, {"features": ["x2", "x5"], "ridge": 3.0}, {"weight": "x1"}):
        table = np.abs(X) if "weight" in options else X
        fit = gdsolve.fit(table, y, **options)
        found = gdsolve.certify(table, y, weights=fit)
        assert found.weights == fit.weights
        assert found.digits is not None
        assert found.digits > 9, options
        assert found.figures.sse == pytest.approx(fit.sse, rel=1e-12)
        assert certify_record(found)["message"].startswith("The loss is at its minimum.")


def test_lasso_of_scikit_learn_has_a_duality_gap(diabetes: tuple[np.ndarray, np.ndarray]) -> None:
    """Lasso(alpha) is λ₁ = m·alpha; the gap, in the units of half-mse, is at most the duality gap."""
    X, y = diabetes
    model = Lasso(alpha=0.5, tol=1e-12, max_iter=100_000).fit(X, y)
    found = gdsolve.certify(X, y, weights=model, l1=0.5 * len(y))
    assert found.gap is not None
    assert found.duality_gap is not None
    assert found.gap <= found.duality_gap < 1e-9
    assert found.digits is not None
    assert found.digits > 7
    rough = gdsolve.certify(X, y, weights=Lasso(alpha=0.5, tol=0.1).fit(X, y), l1=0.5 * len(y))
    assert rough.duality_gap is not None
    assert rough.gap is not None
    assert 1e-3 < rough.gap <= rough.duality_gap * (1 + 1e-9)


@pytest.mark.parametrize(
    ("weights", "arguments", "code", "message"),
    [
        (None, (), 2, "weights: certify: no weights are given"),
        ({"weights": {"x": 1, "z": 2}, "intercept": 0}, (), 2, "--weights: t.csv has no column 'z'"),
        ({"coef_": [1, 2], "intercept_": 0}, (), 2, "weights: w.json: 2 weights for 1 columns: x"),
        ({"coef_": [1], "intercept_": [0, 1]}, (), 2, "weights: w.json: 2 intercepts, and one is expected"),
        ({"coef_": [1], "feature_names_in_": ["x", "z"]}, (), 2, "weights: w.json: 1 coefficients for 2 names"),
        ("[1, 2]", (), 2, "weights: w.json: no weights in it"),
        ('{"a": 1}', (), 2, "weights: w.json: no weights in it"),
        ('{"weights": {"x": "a"}}', (), 2, "weights: w.json: x is 'a', not a finite number"),
        ('{"weights": {"x": NaN}}', (), 2, "weights: w.json: x is nan, not a finite number"),
        ('{"weights"', (), 2, "w.json: not JSON (line 1)"),
        ('{"schema": "other/1"}', (), 2, "w.json: schema is 'other/1', not 'gdsolve.fit/1'"),
        ({"weights": {"x": 1}, "intercept": 2}, ("--no-intercept",), 2, "w.json: has an intercept, 2, which"),
        ({"weights": [1]}, ("--model", "a*x"), 2, "weights: w.json: the parameters of a formula have names"),
        ({"weights": {"b": 1}}, ("--model", "a*x"), 2, "model: column 1: unknown name 'a'"),
        ({"weights": {"x": 1e6}, "intercept": 0}, ("--loss", "poisson"), 5, "w.json: "),
    ],
)
def test_what_cannot_be_certified(
    certify: Callable[..., tuple[int, Any, str]],
    weights: object,
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    if "poisson" in arguments:
        Path("counts.csv").write_text("x,y\n1,2\n2,5\n3,6\n")
    found, out, err = certify("counts.csv" if "poisson" in arguments else "t.csv", *arguments, weights=weights)
    assert (found, out) == (code, "")
    assert err.startswith(f"gdsolve: error: {message}")
    assert len(err.splitlines()) == 2
    assert err.splitlines()[1].startswith("hint: ")


def test_a_missing_file_is_told_with_the_code_of_data(certify: Callable[..., tuple[int, Any, str]]) -> None:
    code, out, err = certify("t.csv", "--weights", "none.json")
    assert (code, out) == (ExitCode.DATA, "")
    assert err.startswith("gdsolve: error: none.json: no such file or directory\n")


def test_python_refuses_what_has_no_weights() -> None:
    with pytest.raises(GdsolveError, match="weights: 3 are no weights"):
        gdsolve.certify([[1.0], [2.0]], [1.0, 2.0], weights=3)
    with pytest.raises(DataError, match="weights: loss or gradient are beyond float64 at these weights"):
        gdsolve.certify([[1.0], [2.0], [3.0]], [1, 2, 2], weights=[1e6, 0.0], loss="poisson")


def test_weights_of_ten_digits_have_ten() -> None:
    """Of Longley's table, whose condition number takes as many digits from a gradient."""
    fit = gdsolve.fit(CONFIGS / "longley.csv")
    assert fit.intercept is not None
    rounded = {name: float(f"{value:.9e}") for name, value in fit.weights.items()}
    given = {"weights": rounded, "intercept": float(f"{fit.intercept:.9e}")}
    found = gdsolve.certify(CONFIGS / "longley.csv", weights=given)
    assert found.digits is not None
    assert 9.0 < found.digits < 11.5
