"""`--show gradient`: the partial derivatives of the printed loss, per unit of the printed weights, at every iterate."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_process import completed
from loss_targets import target_of
from places import CONFIGS

import gdsolve
from gdsolve.spec.losses import Loss

TWO_POINTS = str(CONFIGS / "two_points.csv")
SMOOTH = [loss for loss in Loss if loss not in (Loss.ABSOLUTE, Loss.QUANTILE)]
PARAMETERS: dict[Loss, dict[str, float]] = {Loss.TWEEDIE: {"power": 1.5}, Loss.NEGATIVE_BINOMIAL: {"dispersion": 0.5}}


def rows_of(fit: gdsolve.Fit) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (R, p), partial derivatives (R, p) and losses (R,) of the reported iterates."""
    assert fit.trace.gradients is not None
    return fit.trace.weights.T.numpy(), fit.trace.gradients.T.numpy(), np.array(fit.trace.values)


def assert_derivatives(fit: gdsolve.Fit, relative: float) -> None:
    """The loss changes from one iterate to the next by the mean gradient times the step: exactly, for a quadratic."""
    weights, gradients, losses = rows_of(fit)
    steps = np.diff(weights, axis=0)
    foreseen = ((gradients[1:] + gradients[:-1]) / 2.0 * steps).sum(axis=1)
    assert np.diff(losses) == pytest.approx(foreseen, rel=relative, abs=1e-12 * abs(losses[0]))
    assert (np.diff(losses) < 0.0).all()


@pytest.mark.parametrize("loss", SMOOTH)
@pytest.mark.parametrize("scale", ["standard", "none"])
def test_the_loss_falls_by_the_gradient_times_the_step(loss: Loss, scale: str) -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 2)) * [1.0, 3.0] + [0.0, 2.0]
    y = target_of(loss.info.target, 0.4 * X[:, 0] - 0.1 * X[:, 1], rng)
    options: dict[str, Any] = {"loss": loss.value, "scale": scale, "lr": 1e-4, "max_iter": 4, "every": 1}
    fit = gdsolve.fit(X, y, show="gradient", **options, **PARAMETERS.get(loss, {}))
    assert_derivatives(fit, 1e-9 if loss.info.squared else 1e-4)


@pytest.mark.parametrize(
    "options",
    [
        {"ridge": 3.0},
        {"ridge": 3.0, "scale": "standard", "penalize_intercept": True, "lr": 1e-5},
        {"engine": "rows"},
        {"engine": "autograd"},
        {"no_intercept": True},
        {"method": "momentum", "momentum": 0.5},
        {"dtype": "float32", "engine": "rows"},
    ],
    ids=str,
)
def test_for_every_engine_and_penalty(options: dict[str, Any]) -> None:
    usual = {
        "lr": 1e-3,
        "max_iter": 5,
        "every": 1,
        "target": "body_mass_g",
        "na": "drop",
        "ignore": "species,island,sex",
    }
    fit = gdsolve.fit(CONFIGS / "penguins.csv", show="gradient", **{**usual, "scale": "standard", **options})
    assert_derivatives(fit, 2e-3 if "dtype" in options else 1e-8)


def test_a_formula_and_a_curve() -> None:
    formula = gdsolve.fit(
        minimize="exp(a) - 2*a + (b-a)**2", start="a=0,b=3", lr=1e-4, max_iter=3, every=1, show="gradient"
    )
    assert_derivatives(formula, 1e-6)
    weights, gradients, _ = rows_of(formula)
    assert gradients[0] == pytest.approx([1.0 - 2.0 - 2.0 * 3.0, 6.0], rel=1e-12)
    assert weights[0].tolist() == [0.0, 3.0]
    options: dict[str, Any] = {"model": "a*exp(-b*x)", "target": "y", "start": "a=2,b=0.1", "show": "gradient"}
    curve = gdsolve.fit(TWO_POINTS, **options, lr=1e-4, method="gd", max_iter=3, every=1)
    assert_derivatives(curve, 1e-4)


def test_the_textbook_of_two_points() -> None:
    # TEXTBOOK B1 and B2: (−28, −12) at the start, (−21.44, −9.28) after one step of 0.01.
    fit = gdsolve.fit(CONFIGS / "textbook" / "b5_sse.yaml", every=1, max_iter=2, show="gradient")
    _, gradients, _ = rows_of(fit)
    assert gradients[:2] == pytest.approx(np.array([[-28.0, -12.0], [-21.44, -9.28]]), rel=1e-14)


def test_the_table_the_record_and_the_history(tmp_path: Path) -> None:
    asked = ("fit", TWO_POINTS, "--loss", "sse", "--lr", "0.01", "--max-iter", "1", "--show", "gradient", "--exit-zero")
    shown = completed(*asked, COLUMNS="80")
    lines = [line.split()[-4:] for line in shown.out.splitlines()]
    assert ["x", "intercept", "∂L/∂x", "∂L/∂intercept"] in lines
    assert ["0.28", "0.12", "-21.44", "-9.28"] in lines
    record = json.loads(completed(*asked, "--format", "json").out)
    slopes = record["trace"][1]["gradient"]
    assert slopes["weights"]["x"] == pytest.approx(-21.44, rel=1e-14)
    assert slopes["intercept"] == pytest.approx(-9.28, rel=1e-14)
    for name in ("h.csv", "h.ndjson"):
        assert completed(*asked, "--history", str(tmp_path / name), "--quiet").code == 0
    rows = list(csv.DictReader((tmp_path / "h.csv").open()))
    assert list(rows[1])[-4:] == ["x", "intercept", "gradient_x", "gradient_intercept"]
    assert float(rows[1]["gradient_intercept"]) == slopes["intercept"]
    last = json.loads((tmp_path / "h.ndjson").read_text().splitlines()[-1])
    assert last["gradient_x"] == slopes["weights"]["x"]


def test_standardised_columns_say_whose_the_derivatives_are() -> None:
    shown = completed("fit", str(CONFIGS / "longley.csv"), "--show", "gradient", COLUMNS="80").out
    assert "∂L/∂ is per unit of the weights shown; |gradient| is in the coordinates of descent" in shown
    assert "left out for width; --history FILE has all" in shown


def test_not_asked_for_nothing_is_added() -> None:
    record = json.loads(completed("fit", TWO_POINTS, "--format", "json").out)
    assert all("gradient" not in row for row in record["trace"])


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--every", "none"), "show: adds to the iterations, and --every none reports none"),
        (("--format", "csv"), "show: --format csv writes the coefficients here, and no iterations"),
        (("--group-by", "x"), "show: with --group-by goes with a single fit"),
        (("--each", "--format", "csv"), "show: with --each csv has a line for each, and no iterations"),
    ],
)
def test_refused_where_no_iteration_is_shown(more: tuple[str, ...], told: str) -> None:
    done = completed("fit", TWO_POINTS, "--show", "gradient", *more)
    assert done.code == 2
    assert told in done.err


def test_check_shows_the_minimum_norm_of_the_columns_as_they_are() -> None:
    # TEXTBOOK D1: (0.202, 0.606), to which ridge tends as λ goes to 0.
    record = json.loads(completed("check", str(CONFIGS / "textbook" / "d1_collinear.yaml"), "--format", "json").out)
    found = {one["method"]: one for one in record["solutions"] if one["ridge"] is None}
    assert found["normal equations"]["weights"] is None
    assert found["descent"]["weights"] == pytest.approx({"area": 0.202, "volume": 0.606}, rel=1e-10)
    assert found["descent"]["intercept"] == pytest.approx(-0.04, rel=1e-9)
    automatic = json.loads(completed("check", str(CONFIGS / "collinear.csv"), "--format", "json").out)
    both = {one["method"]: one["weights"] for one in automatic["solutions"] if one["ridge"] is None}
    assert both["descent"] == pytest.approx({"area": 0.202, "volume": 0.606}, rel=1e-10)
    assert both["descent --lr auto"] == pytest.approx({"area": 1.01, "volume": 0.3366666666667}, rel=1e-10)
