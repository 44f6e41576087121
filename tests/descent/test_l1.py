"""Fits with an l1 penalty, against scikit-learn, closed forms and each other."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge

import gdsolve
from gdsolve.cli.main import run
from gdsolve.descent.methods.build import WITH_LIMITS
from gdsolve.objective.shrinkage import Shrinkage
from gdsolve.report.record import comparison_record, fit_record
from gdsolve.spec.methods import PROXIMAL
from gdsolve.status import GdsolveError, Status

X, Y = load_diabetes(return_X_y=True)
M = len(Y)
# In units of their own, as columns of a file are.
RAW = X * np.array([1, 100, 10, 30, 500, 1, 10, 2, 7, 40]) + np.arange(10)


def coefficients(found: Any) -> np.ndarray:
    """The weights of a fit in the order of the columns, without the intercept."""
    return np.array(list(found.weights.values()))


def soft(values: np.ndarray, limits: np.ndarray | float) -> np.ndarray:
    """Every value moved towards 0 by its limit, 0 where that is further than it is."""
    shrunk: np.ndarray = np.sign(values) * np.maximum(np.abs(values) - limits, 0.0)
    return shrunk


WAYS: list[dict[str, Any]] = [
    {},
    {"method": "gd"},
    {"engine": "rows"},
    {"engine": "autograd"},
    {"loss": "mse"},
    {"loss": "sse"},
    {"schedule": "backtracking", "method": "gd"},
    {"schedule": "backtracking", "method": "nesterov"},
    {"method": "nesterov", "momentum": 0.5},
    {"method": "gd", "lr": 0.2, "scale": "standard"},
    {"dtype": "float32"},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_way_leads_to_the_lasso_of_scikit_learn(way: dict[str, Any]) -> None:
    reference = Lasso(alpha=0.5, tol=1e-14, max_iter=100_000).fit(X, Y)
    found = gdsolve.fit(X, Y, l1=0.5 * M, **way)
    size = np.abs(reference.coef_).max()
    # In float32 the cells are rounded before; a rate that was asked for ends by tol alone.
    digits = 1e-4 if "dtype" in way else 1e-8 if "lr" in way else 1e-9
    np.testing.assert_allclose(coefficients(found), reference.coef_, rtol=0.0, atol=digits * size)
    assert (coefficients(found) == 0.0).tolist() == (reference.coef_ == 0.0).tolist()
    assert (found.status, found.nonzero) == (Status.CONVERGED, 4)
    assert found.optimum is not None and found.optimum.unique
    np.testing.assert_allclose(
        list(found.optimum.weights.values()), reference.coef_, rtol=1e-6 if "dtype" in way else 1e-10, atol=1e-9
    )
    assert found.gap is not None and found.duality_gap is not None
    assert 0.0 <= found.gap <= digits**2 * found.loss
    assert found.gap * (1.0 - 1e-9) <= found.duality_gap <= max(1e-14, digits**2) * found.loss


def test_an_elastic_net_on_columns_in_units_of_their_own() -> None:
    reference = ElasticNet(alpha=0.1, l1_ratio=0.6, tol=1e-14, max_iter=1_000_000).fit(RAW, Y)
    found = gdsolve.fit(RAW, Y, l1=0.06 * M, ridge=0.04 * M)
    np.testing.assert_allclose(coefficients(found), reference.coef_, rtol=1e-6, atol=1e-9)
    assert found.intercept == pytest.approx(reference.intercept_, rel=1e-6)
    # The loss has the penalties in it: 1/m·(½SSE + λ₁‖w‖₁ + λ₂/2‖w‖²).
    w = coefficients(found)
    sse = float(np.square(RAW @ w + found.intercept - Y).sum())
    penalty = 0.06 * M * np.abs(w).sum() + 0.02 * M * np.square(w).sum()
    assert found.loss == pytest.approx((0.5 * sse + penalty) / M, rel=1e-12)
    assert found.trace.values[-1] == pytest.approx(found.loss, rel=1e-12)


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_penalties_on_standardised_columns_are_those_of_glmnet(ratio: float) -> None:
    # glmnet divides columns, and of a gaussian model y, by their standard deviations, 1/m within; λ is told in units
    # of y. So it solves 1/(2m)·‖y/s − Zβ‖² + λ/s·(α‖β‖₁ + (1 − α)/2·‖β‖²), which is λ₁ = mλα and λ₂ = mλ(1 − α)/s.
    penalty, spread = 1.7, float(Y.std())
    columns = (RAW - RAW.mean(axis=0)) / RAW.std(axis=0)
    reference = ElasticNet(alpha=penalty / spread, l1_ratio=ratio, tol=1e-15, max_iter=1_000_000)
    reference.fit(columns, (Y - Y.mean()) / spread)
    found = gdsolve.fit(
        RAW, Y, l1=M * penalty * ratio, ridge=M * penalty * (1.0 - ratio) / spread, penalty_scale="standard"
    )
    np.testing.assert_allclose(coefficients(found), spread * reference.coef_ / RAW.std(axis=0), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("rows", "options"), [(M, {}), (M, {"scale": "none"}), (7, {}), (M, {"engine": "rows"})])
def test_a_ridge_penalty_on_standardised_columns(rows: int, options: dict[str, Any]) -> None:
    design, target = RAW[:rows], Y[:rows]
    spreads = design.std(axis=0)
    reference = Ridge(alpha=30.0).fit((design - design.mean(axis=0)) / spreads, target)
    found = gdsolve.fit(design, target, ridge=30.0, penalty_scale="standard", **options)
    np.testing.assert_allclose(coefficients(found), reference.coef_ / spreads, rtol=1e-8)


@pytest.mark.parametrize("scale", ["standard", "none"])
def test_a_penalised_intercept_is_a_weight_of_a_column_of_ones(scale: str) -> None:
    features = X * 20.0 + 0.3
    reference = Lasso(alpha=3.0, fit_intercept=False, tol=1e-15, max_iter=1_000_000)
    reference.fit(np.column_stack([features, np.ones(M)]), Y)
    found = gdsolve.fit(features, Y, l1=3.0 * M, penalize_intercept=True, scale=scale)
    np.testing.assert_allclose([*coefficients(found), found.intercept], reference.coef_, rtol=1e-7, atol=1e-7)
    assert found.duality_gap is not None and found.duality_gap <= 1e-13 * found.loss


def test_a_logistic_lasso_is_that_of_scikit_learn() -> None:
    features, classes = load_breast_cancer(return_X_y=True)
    features = features[:, :10]
    columns = (features - features.mean(axis=0)) / features.std(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = LogisticRegression(C=0.1, l1_ratio=1.0, solver="saga", tol=1e-13, max_iter=100_000)
        reference.fit(columns, classes)
    found = gdsolve.fit(columns, classes, loss="logistic", l1=10.0)
    np.testing.assert_allclose(coefficients(found), reference.coef_[0], rtol=1e-8, atol=1e-8)
    assert found.intercept == pytest.approx(reference.intercept_[0], rel=1e-8)
    assert found.duality_gap is not None and found.duality_gap <= 1e-14
    alike = gdsolve.fit(features, classes, loss="logistic", l1=10.0, penalty_scale="standard")
    np.testing.assert_allclose(coefficients(alike) * features.std(axis=0), reference.coef_[0], rtol=1e-7, atol=1e-7)


LOSSES: dict[str, dict[str, Any]] = {
    "huber": {"delta": 40.0, "l1": 3000.0},
    "logcosh": {"l1": 10.0},
    "poisson": {"l1": 2000.0, "ridge": 1.0},
}


@pytest.mark.parametrize(("loss", "method"), [(loss, "nesterov") for loss in LOSSES] + [("huber", "gd")])
def test_losses_with_curvature_end_where_no_slope_is_left(loss: str, method: str) -> None:
    target = Y / 50.0 if loss == "logcosh" else Y
    found = gdsolve.fit(20.0 * X, target, loss=loss, method=method, **LOSSES[loss])
    assert (found.status, found.optimum is not None) == (Status.CONVERGED, True)
    assert found.figures.gradient_norm <= 1e-7 * found.trace.gradient_norms[0]
    best = found.optimum and list(found.optimum.weights.values())
    np.testing.assert_allclose(coefficients(found), best, rtol=1e-7, atol=1e-7)
    assert found.duality_gap is not None
    assert (found.gap or 0.0) * (1.0 - 1e-9) <= found.duality_gap <= 1e-12 * abs(found.loss)
    assert 0 < (found.nonzero or 0) < 10


def test_the_first_steps_are_those_of_the_textbook() -> None:
    # w ← S(w − α∇L(w), αλ₁/m) on the columns as they are; the intercept is not penalised.
    rate, l1, design = 0.05, 30.0, np.column_stack([X[:, :3] * 20.0, np.ones(M)])
    found = gdsolve.fit(X[:, :3] * 20.0, Y, l1=l1, lr=rate, max_iter=20, every=1)
    w, limits = np.zeros(4), rate * l1 / M * np.array([1.0, 1.0, 1.0, 0.0])
    for k in range(21):
        np.testing.assert_allclose(found.trace.weights[:, k], w, rtol=1e-12, atol=1e-12)
        w = soft(w - rate * design.T @ (design @ w - Y) / M, limits)


def test_one_step_does_for_orthonormal_columns() -> None:
    basis = np.linalg.qr(np.random.default_rng(1).standard_normal((12, 4))).Q
    slopes = np.array([3.0, -0.5, 1.25, -2.0])
    found = gdsolve.fit(basis, basis @ slopes, l1=1.0, loss="sse", lr=0.5, no_intercept=True)
    np.testing.assert_allclose(coefficients(found), [2.0, 0.0, 0.25, -1.0], atol=1e-14)
    assert (found.iterations, coefficients(found)[1]) == (2, 0.0)


@settings(max_examples=examples(200), deadline=None)
@given(
    w=st.lists(st.sampled_from([0.0, -1.5, 0.3, 1e-3, 4.0]), min_size=3, max_size=3),
    gradient=st.lists(st.floats(-5.0, 5.0), min_size=3, max_size=3),
    threshold=st.sampled_from([0.0, 0.5, 2.0]),
    rate=st.sampled_from([0.01, 0.3, 2.0]),
)
def test_a_step_along_the_least_slope_is_the_proximal_one(
    w: list[float], gradient: list[float], threshold: float, rate: float
) -> None:
    here, slope = torch.tensor([w], dtype=torch.float64).mT, torch.tensor([gradient], dtype=torch.float64).mT
    penalty = Shrinkage(torch.full_like(here, threshold))
    stepped = penalty.step(here, penalty.slope(here, slope), rate)
    expected = soft(here.numpy() - rate * slope.numpy(), rate * threshold)
    np.testing.assert_allclose(stepped, expected, rtol=1e-12, atol=1e-12)
    # Zeros are zeros, and none of them is negative.
    assert not torch.signbit(stepped[stepped == 0.0]).any()


def test_weights_of_rows_are_rows_written_again() -> None:
    counts = np.arange(M) % 3
    frame = pl.DataFrame({**dict(zip("abcdefghij", X.T, strict=True)), "y": Y, "k": counts})
    weighed = gdsolve.fit(frame, target="y", weight="k", l1=60.0)
    again = gdsolve.fit(np.repeat(X, counts, axis=0), np.repeat(Y, counts), l1=60.0)
    np.testing.assert_allclose(coefficients(weighed), coefficients(again), rtol=1e-8, atol=1e-8)


def test_more_columns_than_rows() -> None:
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((20, 60))
    target = wide[:, :3] @ [3.0, -2.0, 1.0] + 0.1 * rng.standard_normal(20)
    reference = Lasso(alpha=0.1, tol=1e-15, max_iter=1_000_000).fit(wide, target)
    found = gdsolve.fit(wide, target, l1=2.0)
    np.testing.assert_allclose(coefficients(found), reference.coef_, rtol=1e-7, atol=1e-9)
    assert found.optimum is not None and found.optimum.unique


def test_a_penalty_beyond_the_largest_leaves_the_mean() -> None:
    largest = float(np.abs(X.T @ (Y - Y.mean())).max())
    found = gdsolve.fit(X, Y, l1=1.0001 * largest)
    assert (found.nonzero, found.iterations, found.intercept) == (0, 1, pytest.approx(Y.mean(), rel=1e-14))
    said = f"An l1 penalty of {largest:.6g} and more sets every weight to zero; a smaller one leaves some"
    assert found.advice[0].startswith(f"{said}: gdsolve.fit(X, y, l1=")
    below = gdsolve.fit(X, Y, l1=0.9999 * largest)
    assert (below.nonzero, [one for one in below.advice if "penalty" in one]) == (1, [])


def test_the_record_has_the_proof_and_no_error_bars() -> None:
    record = fit_record(gdsolve.fit(X, Y, l1=221.0, report=True))
    assert (record["descent"]["l1"], record["descent"]["penalty_scale"]) == (221.0, "user")
    assert (record["nonzero"], record["spectrum"]["best_lr"], record["spectrum"]["predicted_iterations"]) == (
        4,
        None,
        None,
    )
    assert record["spectrum"]["largest_stable_lr"] == pytest.approx(
        2.0 / np.linalg.eigvalsh(np.corrcoef(X.T))[-1], rel=1e-12
    )
    assert 0.0 <= record["gap"] <= record["duality_gap"] <= 1e-12 * record["loss"]
    assert record["descent"]["reason"].endswith("the closed form does not hold with an l1 penalty")
    assert record["message"].endswith("The loss is at its minimum. 4 of 10 weights are not zero.")
    assert set(record["standard_errors"]["weights"].values()) == {None}
    reason = "an l1 penalty sets weights to zero and shrinks the others, so that they have no standard errors"
    assert reason in json.dumps(record["report"])
    plain = fit_record(gdsolve.fit(X, Y))
    assert (plain["duality_gap"], plain["nonzero"], plain["descent"]["l1"]) == (None, None, 0.0)


def test_rates_are_compared_and_none_is_promised() -> None:
    found = comparison_record(gdsolve.compare_lr(X, Y, l1=221.0, lr=(0.1, 0.4, 0.6, 3.0), scale="standard"))
    assert [one["status"] for one in found["rates"]] == ["converged", "converged", "converged", "diverged"]
    assert [one["factor"] for one in found["rates"]] == [None] * 4
    assert found["descent"]["stable_below"] == pytest.approx(0.49699186, rel=1e-7)
    methods = gdsolve.compare(X, Y, l1=221.0)
    assert [one.method.value for one in methods.methods] == list(PROXIMAL)
    assert methods.left_out["lbfgs"] == "lbfgs takes no l1 penalty"
    assert set(PROXIMAL) == set(WITH_LIMITS)


def test_a_run_goes_on_where_it_stood(tmp_path: Path) -> None:
    whole = gdsolve.fit(X, Y, l1=50.0, method="nesterov", max_iter=300, tol=0.0)
    kept = str(tmp_path / "run.json")
    gdsolve.fit(X, Y, l1=50.0, method="nesterov", max_iter=128, tol=0.0, checkpoint=kept)
    resumed = gdsolve.fit(X, Y, l1=50.0, method="nesterov", max_iter=300, tol=0.0, resume=kept)
    assert torch.equal(resumed.w, whole.w)
    with pytest.raises(GdsolveError) as caught:
        gdsolve.fit(X, Y, l1=60.0, method="nesterov", max_iter=300, tol=0.0, resume=kept)
    assert caught.value.option == "l1"


REFUSED = [
    ("--l1=-1", "l1: -1.0 is not a finite number of at least 0"),
    ("--l1 1 --method lbfgs", "method: lbfgs takes no l1 penalty"),
    ("--l1 1 --engine leap", "engine: the closed form does not hold with an l1 penalty"),
    ("--l1 1 --loss quantile", "l1: an l1 penalty needs a loss with curvature, and quantile has corners"),
    ("--l1 1 --loss absolute", "l1: an l1 penalty needs a loss with curvature, and absolute has corners"),
    (
        "--l1 1 --loss huber",
        "delta: with --l1 no delta is looked for, as the scale of the residuals depends on the penalty",
    ),
    ("--l1 1 --model a*x+b", "l1: goes with linear models, and this is a model"),
    ("--penalty-scale standard", "penalty_scale: --penalty-scale is for --ridge and --l1, and there is no penalty"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_what_does_not_go_with_it_is_one_line(
    options: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3,4\n4,6\n")
    assert run(["fit", str(tmp_path / "t.csv"), *options.split()]) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", f"gdsolve: error: {message}")
