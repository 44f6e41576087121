"""Linear models within bounds, against scipy, the conditions of Karush, Kuhn and Tucker, and each other."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear, minimize, nnls
from sklearn.datasets import load_diabetes

import gdsolve
from gdsolve.cli.main import run
from gdsolve.objective.bounded_squares import minimise_within
from gdsolve.objective.box import Box
from gdsolve.report.record import fit_record
from gdsolve.spec.weight_bounds import _pairs
from gdsolve.status import ExitCode, GdsolveError, Status

X, Y = load_diabetes(return_X_y=True)
M, N = X.shape
# In units of their own, as columns of a file are.
RAW = X * np.array([1, 100, 10, 30, 500, 1, 10, 2, 7, 40]) + np.arange(10)
ONES = np.column_stack([RAW, np.ones(M)])
LOWER = np.array([0.0, -1.0, -np.inf, 2.0, -np.inf, -500.0, -np.inf, 0.0, 10.0, -np.inf])
UPPER = np.array([np.inf, 0.0, 20.0, np.inf, 0.5, np.inf, 3.0, 1.0, np.inf, np.inf])
NAMES = [f"x{i + 1}" for i in range(N)]


def sides(lower: np.ndarray, upper: np.ndarray) -> dict[str, Any]:
    """The bounds that there are, as Python gives them."""
    return {
        side: {name: bound for name, bound in zip(NAMES, bounds, strict=False) if np.isfinite(bound)}
        for side, bounds in (("lower", lower), ("upper", upper))
    }


def coefficients(found: Any) -> np.ndarray:
    return np.array([*found.weights.values(), *([] if found.intercept is None else [found.intercept])])


def least(design: np.ndarray, target: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """scipy's minimiser, on columns of one length."""
    lengths = np.linalg.norm(design, axis=0)
    found = lsq_linear(design / lengths, target, (lower * lengths, upper * lengths), method="bvls", tol=1e-15)
    solved: np.ndarray = found.x / lengths
    return solved


WAYS: list[dict[str, Any]] = [
    {},
    {"loss": "mse"},
    {"loss": "sse"},
    {"method": "gd"},
    {"method": "bb"},
    {"method": "newton"},
    {"method": "lm"},
    {"engine": "rows"},
    {"engine": "autograd"},
    {"schedule": "backtracking", "method": "nesterov"},
    {"scale": "none", "method": "newton"},
]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_way_leads_to_the_minimiser_of_scipy(way: dict[str, Any]) -> None:
    found = gdsolve.fit(RAW, Y, **sides(LOWER, UPPER), **way)
    best = least(ONES, Y, np.append(LOWER, -np.inf), np.append(UPPER, np.inf))
    assert found.status is Status.CONVERGED
    assert coefficients(found) == pytest.approx(best, rel=1e-7, abs=1e-7)
    at = {name: one.at for name, one in found.bounds.items() if one.at}
    expected = {name: "lower" for name, w, bound in zip(NAMES, best, LOWER, strict=False) if w == bound}
    expected |= {name: "upper" for name, w, bound in zip(NAMES, best, UPPER, strict=False) if w == bound}
    assert at == expected
    assert len(at) >= 4
    # A weight at its bound is that very number.
    assert all(found.weights[name] == getattr(found.bounds[name], side) for name, side in at.items())
    assert found.optimum is not None
    assert found.optimum.unique
    assert 0.0 <= found.gap < 1e-12 * found.loss


def test_nonnegative_weights_are_those_of_nnls() -> None:
    found = gdsolve.fit(RAW, Y, nonnegative=True, no_intercept=True, tol=1e-13)
    expected, norm = nnls(RAW, Y)
    assert coefficients(found) == pytest.approx(expected, rel=1e-7, abs=1e-9)
    assert found.sse == pytest.approx(norm**2, rel=1e-12)


def test_the_intercept_is_held_by_its_name_alone() -> None:
    free = gdsolve.fit(RAW, Y, nonnegative=True)
    assert free.intercept is not None
    assert free.intercept < 0.0
    held = gdsolve.fit(RAW, Y, nonnegative=True, lower={"intercept": 0.0, "x2": -5.0})
    lower = np.zeros(N + 1)
    lower[1] = -5.0
    assert coefficients(held) == pytest.approx(least(ONES, Y, lower, np.full(N + 1, np.inf)), rel=1e-7, abs=1e-7)


def test_multipliers_are_slopes_in_the_units_of_the_user() -> None:
    found = gdsolve.fit(RAW, Y, **sides(LOWER, UPPER))
    w = torch.tensor(coefficients(found), dtype=torch.float64, requires_grad=True)
    loss = 0.5 * (torch.tensor(ONES) @ w - torch.tensor(Y)).square().mean()
    (slope,) = torch.autograd.grad(loss, w)
    for name, one in found.bounds.items():
        if one.at is None:
            assert one.multiplier is None
        else:
            rise = float(slope[NAMES.index(name)]) * (1.0 if one.at == "lower" else -1.0)
            assert one.multiplier == pytest.approx(rise, rel=1e-6)
            assert one.multiplier > 0.0


def test_a_penalty_goes_with_bounds() -> None:
    found = gdsolve.fit(RAW, Y, **sides(LOWER, UPPER), ridge=5.0, no_intercept=True)
    stacked = np.vstack([RAW, np.sqrt(5.0) * np.eye(N)])
    best = least(stacked, np.append(Y, np.zeros(N)), LOWER, UPPER)
    assert coefficients(found) == pytest.approx(best, rel=1e-7, abs=1e-7)


def test_rows_count_as_often_as_their_weights_say() -> None:
    frame = pl.DataFrame({"a": RAW[:, 2], "b": RAW[:, 3], "y": Y, "n": np.arange(M) % 3 + 1})
    repeated = frame[np.repeat(np.arange(M), frame["n"])]
    options: dict[str, Any] = {"target": "y", "features": ["a", "b"], "lower": {"a": 90.0}}
    weighed = gdsolve.fit(frame, weight="n", **options)
    written = gdsolve.fit(repeated, **options)
    assert coefficients(weighed) == pytest.approx(coefficients(written), rel=1e-9)
    assert weighed.bounds["a"].at == written.bounds["a"].at == "lower"


@pytest.mark.parametrize("loss", ["huber", "logcosh", "logistic", "poisson"])
@pytest.mark.parametrize("method", ["auto", "nesterov"])
def test_losses_with_curvature_end_where_the_conditions_hold(loss: str, method: str) -> None:
    target = {"logistic": (Y > 140).astype(float), "poisson": np.round(Y / 20)}.get(loss, Y / 50)
    options: dict[str, Any] = {"delta": 1.0} if loss == "huber" else {}
    upper = {"x3": 0.2}
    found = gdsolve.fit(RAW[:, 2:7], target, loss=loss, method=method, nonnegative=True, upper=upper, **options)
    assert found.status is Status.CONVERGED
    w = torch.tensor(coefficients(found), dtype=torch.float64, requires_grad=True)
    z = torch.tensor(np.column_stack([RAW[:, 2:7], np.ones(M)])) @ w
    y = torch.tensor(target)
    losses = {
        "huber": lambda: torch.nn.functional.huber_loss(z, y, delta=1.0),
        "logcosh": lambda: (z - y).cosh().log().mean(),
        "logistic": lambda: torch.nn.functional.binary_cross_entropy_with_logits(z, y),
        "poisson": (z.exp() - y * z).mean,
    }
    (slope,) = torch.autograd.grad(losses[loss](), w)
    held = [one.at for one in found.bounds.values()]
    assert sum(at is not None for at in held) >= 2
    for at, rise in zip([*held, None], slope.tolist(), strict=True):
        if at is None:
            assert abs(rise) < 1e-7
        else:
            assert rise * (1.0 if at == "lower" else -1.0) > 0.0
    assert found.optimum is not None
    assert found.optimum.unique
    assert found.gap == pytest.approx(0.0, abs=1e-12)


def test_the_least_loss_within_bounds_is_that_of_l_bfgs_b() -> None:
    y = (Y > 140).astype(float)
    found = gdsolve.fit(RAW[:, 2:5], y, loss="logistic", lower={"x1": 0.05}, upper={"x2": 0.01})
    design = np.column_stack([RAW[:, 2:5] - RAW[:, 2:5].mean(axis=0), np.ones(M)])

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = design @ w
        return float(np.mean(np.logaddexp(0.0, z) - y * z)), design.T @ (1.0 / (1.0 + np.exp(-z)) - y) / M

    other = minimize(
        loss,
        np.zeros(4),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.05, None), (None, 0.01), (None, None), (None, None)],
        options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 10_000},
    )
    assert found.loss == pytest.approx(other.fun, rel=1e-11)
    assert list(found.weights.values()) == pytest.approx(other.x[:3], rel=1e-4)


def test_errors_are_those_with_the_weights_at_their_bounds_known() -> None:
    found = gdsolve.fit(RAW[:, :4], Y, upper={"x3": 20.0}, report=True)
    assert found.bounds["x3"].at == "upper"
    assert found.inference is not None
    design = sm.add_constant(np.delete(RAW[:, :4], 2, axis=1), prepend=False)
    other = sm.OLS(Y - 20.0 * RAW[:, 2], design).fit()
    errors = found.standard_errors
    assert errors["x3"] is None
    assert [errors[name] for name in ("x1", "x2", "x4", "intercept")] == pytest.approx(other.bse, rel=1e-7)
    assert found.inference.degrees_of_freedom == other.df_resid


def test_float32_ends_near_the_same_place() -> None:
    found = gdsolve.fit(RAW, Y, nonnegative=True, dtype="float32")
    exact = gdsolve.fit(RAW, Y, nonnegative=True)
    assert {name for name, one in found.bounds.items() if one.at} == {
        name for name, one in exact.bounds.items() if one.at
    }
    assert found.loss == pytest.approx(exact.loss, rel=1e-5)


def test_columns_that_depend_on_each_other_are_told() -> None:
    twice = np.column_stack([RAW[:, 2], RAW[:, 2] * 2, RAW[:, 3]])
    found = gdsolve.fit(twice, Y, lower={"x3": 5.0})
    assert found.optimum is not None
    assert not found.optimum.unique
    # With both of them held there is nothing to share out.
    assert gdsolve.fit(twice, Y, lower={"x1": 100.0, "x2": 0.0}).optimum.unique  # type: ignore[union-attr]


def test_bounds_that_hold_nothing_change_nothing() -> None:
    loose = gdsolve.fit(RAW, Y, lower=dict.fromkeys(NAMES, -1e9), tol=1e-13)
    assert coefficients(loose) == pytest.approx(coefficients(gdsolve.fit(RAW, Y)), rel=1e-6)
    assert all(one.at is None for one in loose.bounds.values())


@settings(max_examples=examples(60))
@given(st.integers(0, 10**6))
def test_the_conditions_hold_at_any_minimiser(seed: int) -> None:
    random = np.random.default_rng(seed)
    p = int(random.integers(1, 9))
    design = random.normal(size=(int(random.integers(1, 15)), p)) * 10.0 ** random.uniform(-4, 4, p)
    if p > 2 and seed % 3 == 0:
        design[:, 1] = 2.0 * design[:, 0]
    target = random.normal(size=(len(design), 1))
    sizes = np.linalg.norm(design, axis=0)
    lower = np.where(random.random(p) < 0.7, -random.uniform(0, 0.5, p) / sizes, -np.inf)
    upper = np.where(random.random(p) < 0.7, random.uniform(0, 0.5, p) / sizes, np.inf)
    box = Box(torch.tensor(lower)[:, None], torch.tensor(upper)[:, None])
    found = minimise_within(torch.tensor(design), torch.tensor(target), box)
    w = found.w[:, 0].numpy()
    assert (w >= lower).all()
    assert (w <= upper).all()
    slope = design.T @ (design @ w - target[:, 0]) / sizes
    free = (w > lower) & (w < upper)
    assert np.abs(slope[free]).max(initial=0.0) < 1e-10
    assert (slope[w == lower] > -1e-10).all()
    assert (slope[w == upper] < 1e-10).all()
    other = lsq_linear(design / sizes, target[:, 0], (lower * sizes, upper * sizes), method="bvls")
    assert 0.5 * np.square(design @ w - target[:, 0]).sum() <= other.cost + 1e-10


@pytest.mark.parametrize(
    ("bounds", "status"),
    [
        ({"upper": {"x": 2.0}}, Status.CONVERGED),
        ({"lower": {"x": -1.0}}, Status.DIVERGED),
        ({"nonnegative": True}, Status.DIVERGED),
        ({"lower": {"x": -1.0}, "upper": {"x": 0.0}}, Status.CONVERGED),
        # Without an intercept that may fall the threshold cannot move.
        ({"lower": {"intercept": -1.0}}, Status.CONVERGED),
    ],
    ids=str,
)
def test_separation_is_what_no_bound_stops(bounds: dict[str, Any], status: Status) -> None:
    found = gdsolve.fit([[1.0], [2.0], [3.0], [4.0]], [0, 0, 1, 1], loss="logistic", **bounds)
    assert found.status is status


def test_a_scan_keeps_to_bounds_and_folds_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = pl.DataFrame({**{name: RAW[:, i] for i, name in enumerate(NAMES[:4])}, "y": Y})
    frame.write_csv("t.csv")
    assert run(["scan", "t.csv", "-o", "t.tri", "--quiet"]) == 0
    options: dict[str, Any] = {"target": "y", "upper": {"x3": 20.0}}
    table, scan = gdsolve.fit("t.csv", **options), gdsolve.fit("t.tri", **options)
    assert coefficients(scan) == pytest.approx(coefficients(table), rel=1e-9)
    found = gdsolve.fit("t.csv", cv=4, seed=3, **options)
    assert found.validation is not None
    fold = gdsolve.folds(len(frame), 4, seed=3)
    scores = []
    for k in range(4):
        rest, own = frame.filter(fold != k), frame.filter(fold == k)
        w = coefficients(gdsolve.fit(rest, **options))
        z = own.select(NAMES[:4]).to_numpy() @ w[:4] + w[4]
        scores.append(math.sqrt(np.square(z - own["y"].to_numpy()).mean()))
    assert found.validation.scores == pytest.approx(scores, rel=1e-8)


def test_what_is_saved_is_certified_within_its_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("x,z,y\n1,2,1\n2,1,3\n3,5,2\n4,3,5\n5,8,4\n6,6,7\n")
    assert run(["fit", "t.csv", "--nonnegative", "--save", "m.json", "--quiet"]) == 0
    record = json.loads(Path("m.json").read_text())
    # By hand: y on x alone is 1/15 + 36/35·x, and there the mean of residual times z is 1.287.
    assert record["weights"] == {"x": pytest.approx(36 / 35, rel=1e-9), "z": 0.0}
    assert record["intercept"] == pytest.approx(1 / 15, rel=1e-8)
    assert record["bounds"]["z"] == {
        "lower": 0.0,
        "upper": None,
        "at": "lower",
        "multiplier": pytest.approx(1.2873015873015852, rel=1e-7),
    }
    capsys.readouterr()
    assert run(["certify", "t.csv", "--weights", "m.json", "--format", "json"]) == 0
    certified = json.loads(capsys.readouterr().out)
    assert certified["gap"] < 1e-15
    assert run(["certify", "t.csv", "--weights", "m.json", "--lower", "z=0.1"]) == int(ExitCode.USAGE)
    assert "m.json: z is 0, beyond its bounds 0.1 to inf" in capsys.readouterr().err


def test_names_end_where_a_number_follows() -> None:
    assert dict(_pairs("lower", ("zone=b=0,y=1/4", "a b = -2e-3", "x,y=3"))) == {
        "zone=b": 0.0,
        "y": 0.25,
        "a b": -0.002,
        "x,y": 3.0,
    }


def test_levels_of_a_text_are_held_by_their_names() -> None:
    frame = pl.DataFrame({"zone": ["a", "b", "c"] * 4, "y": [1.0, 0.5, 3.0] * 4})
    found = gdsolve.fit(frame, target="y", categorical="onehot", lower="zone=b=0")
    assert found.weights["zone=b"] == 0.0
    assert found.weights["zone=c"] == pytest.approx(2.25, rel=1e-8)
    assert found.intercept == pytest.approx(0.75, rel=1e-8)


def test_all_parameters_of_a_curve_are_kept_from_falling_below_zero() -> None:
    x = np.arange(1.0, 6.0)
    found = gdsolve.fit(x[:, None], 2.0 * x - 1.0, model="a*x + b", start="a=1,b=1", nonnegative=True)
    assert found.weights["b"] == 0.0
    # Through the origin: Σxy/Σx² = (2·55 − 15)/55.
    assert found.weights["a"] == pytest.approx(95 / 55, rel=1e-9)
    assert found.bounds["b"].at == "lower"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lower": "z=0"}, "'z' is no weight of this model"),
        ({"lower": "x1"}, "'x1' is not NAME=NUMBER"),
        ({"lower": "x1=inf"}, "'x1=inf' is not NAME=NUMBER"),
        ({"lower": "x1=1", "upper": "x1=1"}, "x1: its lower bound 1 is not below its upper bound 1"),
        ({"nonnegative": True, "upper": "x2=-1"}, "x2: its lower bound 0 is not below its upper bound -1"),
        ({"nonnegative": True, "l1": 1.0}, "an l1 penalty and bounds are not taken together"),
        ({"nonnegative": True, "loss": "absolute"}, "bounds need a loss with curvature, and absolute has corners"),
        ({"nonnegative": True, "engine": "leap"}, "the closed form does not hold within bounds"),
        ({"nonnegative": True, "method": "lbfgs"}, "lbfgs takes no bounds"),
        ({"nonnegative": True, "se": "hc3"}, "robust errors are those of weights without bounds"),
        ({"nonnegative": True, "stop": "best", "cv": 3}, "--stop best is found in closed form"),
        ({"nonnegative": True, "ridge": "auto", "cv": 3}, "a path of penalties does not keep to bounds"),
        ({"lower": "intercept=0", "no_intercept": True}, "'intercept' is no weight of this model"),
    ],
    ids=str,
)
def test_what_does_not_go_with_bounds_is_one_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GdsolveError) as caught:
        gdsolve.fit(RAW[:50, :2], Y[:50], **options)
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_record_has_every_weight_with_a_bound() -> None:
    record = fit_record(gdsolve.fit(RAW[:, :2], Y, lower={"x1": 0.0}, upper={"x1": 5.0}))
    assert list(record["bounds"]) == ["x1"]
    assert record["bounds"]["x1"]["lower"] == 0.0
    assert record["bounds"]["x1"]["upper"] == 5.0
    assert fit_record(gdsolve.fit(RAW[:, :2], Y))["bounds"] == {}
