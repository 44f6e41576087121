"""`fit` on formulas, curves and other losses: the textbook's B8, the ways a run can end, and its certificate."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from places import CONFIGS

import gdsolve
from gdsolve.report.record import fit_record
from gdsolve.solve.fit import fit
from gdsolve.solve.outcome import Fit
from gdsolve.spec import Engine, Loss, Method, Spec
from gdsolve.spec.file import build_spec
from gdsolve.status import ExitCode, GdsolveError, Status

B8 = "(2 - a - b)**2 + (4 - 3*a - b)**2"
ROSENBROCK = "(1 - a)**2 + 100*(b - a**2)**2"
PENGUINS = {"target": "sex", "ignore": ("species", "island", "year"), "na": "drop"}


def minimise(formula: str, *start: str, **options: object) -> Fit:
    return fit(build_spec([], {"minimize": formula, "start": list(start), **options}, "fit"))


def curve(tmp_path: Path, formula: str, x: np.ndarray, y: np.ndarray, *start: str, **options: object) -> Fit:
    path = tmp_path / "curve.csv"
    path.write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    return fit(build_spec([str(path)], {"model": formula, "start": list(start), **options}, "fit"))


def test_b8_takes_the_steps_of_the_two_points() -> None:
    """configs/textbook, B8: the same iterates as B1, B2 and B5, by autograd."""
    found = fit(build_spec([str(CONFIGS / "textbook" / "b8_formula.yaml")], {}, "fit"))
    rows = gdsolve.fit(CONFIGS / "two_points.csv", loss="sse", lr=0.01, max_iter=1000, engine="rows")
    assert found.plan.engine is Engine.AUTOGRAD
    assert (found.status, found.iterations) == (Status.MAX_ITER, 1000)
    assert found.trace.iterations == rows.trace.iterations
    torch.testing.assert_close(found.trace.weights, rows.trace.weights, rtol=1e-11, atol=1e-12)
    assert found.trace.values[:2] == pytest.approx((20.0, 11.8016), rel=1e-13)
    assert found.trace.gradient_norms[0] == pytest.approx(math.hypot(28.0, 12.0), rel=1e-14)
    assert found.weights == pytest.approx({"a": 1.0002115, "b": 0.9994893}, abs=5e-8)
    assert found.loss == pytest.approx(1.0485e-7, rel=1e-4)


def test_a_quadratic_formula_carries_the_whole_certificate() -> None:
    found = minimise(B8, "a=0,b=0", lr=0.01)
    assert found.status is Status.CONVERGED
    assert found.optimum is not None
    assert found.spectrum is not None
    assert found.optimum.weights == pytest.approx({"a": 1.0, "b": 1.0}, rel=1e-12)
    assert found.optimum.is_global
    assert found.spectrum.largest_stable == pytest.approx(2.0 / (12.0 + 8.0 * math.sqrt(2.0)), rel=1e-13)
    assert found.predicted_iterations == found.iterations
    assert found.gap == pytest.approx(found.loss, rel=1e-6)


def test_what_will_diverge_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    found = minimise(B8, "a=0,b=0", lr=0.5)
    assert caplog.messages == ["learning rate 0.5 will diverge: rates below 0.0857864 are stable"]
    assert (found.status, found.exit_code) == (Status.DIVERGED, ExitCode.DIVERGED)
    assert found.weights == {"a": 0.0, "b": 0.0}
    assert found.trace.weights[:, 1].tolist() == pytest.approx([14.0, 6.0], rel=1e-14)


@pytest.mark.parametrize(
    ("formula", "start", "options", "status", "stopped_by", "iterations"),
    [
        ("log(a) + a", "a=-1", {}, Status.FAILED, "start", 0),
        ("1/a", "a=0", {}, Status.FAILED, "start", 0),
        ("exp(a)", "a=1000", {}, Status.FAILED, "start", 0),
        ("log(a)", "a=1", {}, Status.FAILED, "no_step", None),
        ("a*b", "a=1,b=1", {}, Status.FAILED, "saddle", None),
        ("a - log(a)", "a=5", {"lr": 10.0}, Status.FAILED, "domain", 1),
        ("sqrt(a) + (a - 1)**2", "a=1", {"lr": 3.0}, Status.FAILED, "domain", 1),
        ("-a**2", "a=1", {}, Status.DIVERGED, "unbounded", 7),
        ("a**3", "a=-1", {}, Status.DIVERGED, "unbounded", None),
        ("-a", "a=0", {"method": "newton"}, Status.DIVERGED, "unbounded", 1),
        ("exp(-a) - a", "a=0", {"method": "newton"}, Status.DIVERGED, "unbounded", 4),
        ("a", "a=0", {"lr": 1.0, "max_iter": 10}, Status.MAX_ITER, "max_iter", 10),
        ("a**3", "a=0", {}, Status.FAILED, "inflection", 0),
        ("exp(exp(a))", "a=5", {"lr": 1.0}, Status.CONVERGED, "tol", None),
        ("exp(a**2)", "a=4", {"lr": 0.1}, Status.DIVERGED, "explosion", 1),
        ("abs(a)", "a=1", {}, Status.CONVERGED, None, None),
        ("abs(a)", "a=0", {}, Status.CONVERGED, None, None),
    ],
)
def test_every_bad_end_has_a_status_a_best_point_and_a_hint(
    formula: str, start: str, options: dict[str, object], status: Status, stopped_by: str | None, iterations: int | None
) -> None:
    found = minimise(formula, start, **options)
    assert found.status is status
    assert found.stopped_by == stopped_by or stopped_by is None
    assert found.iterations == iterations or iterations is None
    values = [value for value in found.trace.values if math.isfinite(value)]
    assert not values or found.loss == pytest.approx(min(values), rel=1e-12)
    assert found.advice or status in (Status.CONVERGED, Status.MAX_ITER)
    json.dumps(fit_record(found), default=list)


def test_a_step_that_leaves_the_domain_is_not_taken_by_backtracking() -> None:
    found = minimise("a - log(a)", "a=5")
    assert found.status is Status.CONVERGED
    assert found.weights["a"] == pytest.approx(1.0, abs=1e-7)
    assert min(found.trace.weights[0].tolist()) > 0.0


@pytest.mark.parametrize("method", [Method.LBFGS, Method.NEWTON, Method.BB, Method.NESTEROV])
def test_rosenbrock_by_every_method(method: Method) -> None:
    found = minimise(ROSENBROCK, "a=-1.2,b=1", method=method, max_iter=20_000)
    assert found.status is Status.CONVERGED
    assert found.weights == pytest.approx({"a": 1.0, "b": 1.0}, abs=1e-6)
    assert found.optimum is not None
    assert not found.optimum.is_global
    assert found.evaluations > found.iterations


def test_vectors_matrices_and_constants(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        "minimize: sum((X @ w - y)**2) + c\n"
        "parameters:\n  w: [[0], [0]]\n  c: {start: 3, fixed: true}\n"
        "constants: {X: [[1, 1], [3, 1]], y: [[2], [4]]}\n"
    )
    found = fit(build_spec([str(path)], {}, "fit"))
    assert found.weights == pytest.approx({"w[0,0]": 1.0, "w[1,0]": 1.0}, abs=1e-8)
    assert found.loss == pytest.approx(3.0, abs=1e-12)
    assert fit_record(found)["objective"]["fixed"] == {"c": 3.0}


def test_a_formula_of_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("name,x,y\none,1,2\ntwo,3,4\n")
    found = fit(build_spec([str(path)], {"minimize": "sum((y - a*x - b)**2)", "start": ["a=0,b=0"]}, "fit"))
    assert found.weights == pytest.approx({"a": 1.0, "b": 1.0}, abs=1e-8)
    assert found.data is not None
    assert (found.data.rows, found.data.roles.ignored) == (2, ("name",))


def test_a_curve_recovers_what_made_it(tmp_path: Path) -> None:
    x = np.linspace(0.0, 4.0, 30)
    y = 2.5 * (1.0 - np.exp(-0.7 * x))
    found = curve(tmp_path, "b1*(1 - exp(-b2*x))", x, y, "b1=1,b2=1")
    assert (found.status, found.method) == (Status.CONVERGED, Method.LM)
    assert found.weights == pytest.approx({"b1": 2.5, "b2": 0.7}, rel=1e-12)
    assert found.sse == pytest.approx(0.0, abs=1e-24)


def test_bounds_and_fixed_parameters(tmp_path: Path) -> None:
    x = np.linspace(0.0, 4.0, 30)
    y = 2.5 * (1.0 - np.exp(-0.7 * x))
    free = curve(tmp_path, "b1*(1 - exp(-b2*x))", x, y, "b1=1,b2=1", upper="b1=2", report=True)
    assert free.weights["b1"] == 2.0
    assert free.inference is not None
    assert [estimate.standard_error is None for estimate in free.inference.estimates] == [True, False]
    fixed = curve(tmp_path, "b1*(1 - exp(-b2*x))", x, y, "b1=2,b2=1", fix="b1")
    assert fixed.weights == pytest.approx({"b2": free.weights["b2"]}, rel=1e-8)


def test_a_line_as_a_curve_is_least_squares(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=40), rng.normal(size=40)
    line = curve(tmp_path, "a + b*x", x, y, "a=0,b=0", report=True)
    design = np.column_stack([x, np.ones_like(x)])
    (slope, constant), *_ = np.linalg.lstsq(design, y, rcond=None)
    assert line.weights == pytest.approx({"a": constant, "b": slope}, rel=1e-10)
    table = gdsolve.fit(tmp_path / "curve.csv", report=True)
    assert line.inference is not None
    assert table.inference is not None
    errors = {one.name: one.standard_error for one in table.inference.estimates}
    assert [one.standard_error for one in line.inference.estimates] == pytest.approx(
        [errors["intercept"], errors["x"]], rel=1e-9
    )


@pytest.mark.parametrize("loss", [loss for loss in Loss if loss.info.squared])
@pytest.mark.parametrize("method", [one for one in Method.all() if one.info.self_ending or one.info.momentum])
def test_every_method_reaches_the_least_squares_of_a_table(loss: Loss, method: Method) -> None:
    plain = gdsolve.fit(CONFIGS / "norris.csv", loss=loss)
    found = gdsolve.fit(CONFIGS / "norris.csv", loss=loss, method=method)
    assert found.status is Status.CONVERGED
    assert found.weights == pytest.approx(plain.weights, rel=1e-9)
    assert found.intercept == pytest.approx(plain.intercept, rel=1e-7)
    assert found.optimum is not None
    assert found.optimum.weights == pytest.approx(plain.optimum.weights, rel=1e-12)


def test_logistic_weights_zero_the_score(tmp_path: Path) -> None:
    """At the minimum Xᵀ(σ(Xw) − y) = 0 (McCullagh and Nelder, section 4.4)."""
    found = gdsolve.fit(CONFIGS / "penguins.csv", loss="logistic", **PENGUINS)
    assert (found.status, found.method) == (Status.CONVERGED, Method.NEWTON)
    assert found.gap == pytest.approx(0.0, abs=1e-14)
    assert found.sse is None
    path, model = tmp_path / "p.csv", tmp_path / "m.json"
    from gdsolve.report import save_json

    save_json(fit_record(found), str(model))
    with path.open("w") as out:
        gdsolve.predict(model, CONFIGS / "penguins.csv", out)
    import polars as pl

    rows = pl.read_csv(path, null_values=["NA", ""]).drop_nulls(["sex", "prediction"])
    residual = rows["prediction"] - (rows["sex"] == "male").cast(pl.Float64)
    assert rows.height == 333
    assert abs(float(residual.sum())) < 1e-9
    assert abs(float((residual * rows["body_mass_g"]).sum())) < 1e-5


def test_separable_classes_have_no_minimum(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n-2,0\n-1,0\n1,1\n2,1\n")
    found = gdsolve.fit(path, loss="logistic")
    assert (found.status, found.stopped_by, found.optimum) == (Status.DIVERGED, "separated", None)
    ridge = gdsolve.fit(path, loss="logistic", ridge=0.1)
    assert ridge.status is Status.CONVERGED
    assert ridge.optimum is not None
    assert ridge.optimum.is_global


def test_the_median_is_certified_by_linear_programming(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n0,1\n1,2\n2,30\n3,4\n4,5\n")
    found = gdsolve.fit(path, loss="absolute", max_iter=4000)
    assert found.optimum is not None
    assert found.optimum.weights["x"] == pytest.approx(1.0, abs=1e-12)
    assert found.optimum.loss == pytest.approx(27.0 / 5.0, rel=1e-12)
    assert found.gap == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("engine", list(Engine))
def test_the_gradient_agrees_with_central_differences(engine: Engine) -> None:
    found = gdsolve.fit(CONFIGS / "norris.csv", engine=engine, check_gradient=True)
    assert [check.agrees for check in found.gradient_checks] == [True, True]


def test_going_on_from_a_saved_curve(tmp_path: Path) -> None:
    x = np.linspace(0.0, 4.0, 30)
    y = 2.5 * (1.0 - np.exp(-0.7 * x)) + 0.01 * np.sin(9.0 * x)
    options = {"method": "gd", "lr": 0.2}
    once = curve(tmp_path, "b1*(1 - exp(-b2*x))", x, y, "b1=1,b2=1", max_iter=20, **options)
    half = curve(tmp_path, "b1*(1 - exp(-b2*x))", x, y, "b1=1,b2=1", max_iter=10, **options)
    from gdsolve.report import save_json

    save_json(fit_record(half), str(tmp_path / "half.json"))
    again = curve(
        tmp_path, "b1*(1 - exp(-b2*x))", x, y, "b1=1,b2=1", max_iter=10, init=str(tmp_path / "half.json"), **options
    )
    assert again.weights == once.weights


def test_a_formula_needs_no_table_and_a_model_does() -> None:
    with pytest.raises(GdsolveError, match="there is no table to fit it to"):
        fit(Spec(model="a*x", start=("a=1",)))


def test_a_linear_model_of_another_loss_is_not_taken_for_a_quadratic(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n-2,0\n-1,1\n0,0\n1,1\n2,1\n3,0\n")
    table = gdsolve.fit(path, loss="logistic")
    formula = gdsolve.fit(path, model="b + a*x", parameters={"a": 0, "b": 0}, loss="logistic", link="logit")
    assert formula.weights["a"] == pytest.approx(table.weights["x"], rel=1e-7)
    assert formula.optimum is not None
    assert formula.optimum.weights["b"] == pytest.approx(table.intercept, rel=1e-7)
    assert not formula.optimum.is_global
    assert formula.gap == pytest.approx(0.0, abs=1e-14)


def test_a_rate_that_fades_away_proves_nothing() -> None:
    short = minimise(ROSENBROCK, "a=-1.2,b=1", method="gd", lr=1e-3, schedule="cosine", max_iter=300)
    assert (short.status, short.stopped_by, short.iterations) == (Status.MAX_ITER, "max_iter", 300)
    quadratic = minimise(B8, "a=0,b=0", lr=0.05, schedule="cosine", max_iter=3000)
    assert (quadratic.status, quadratic.stopped_by, quadratic.iterations) == (Status.CONVERGED, "gap", 3000)


def test_predictions_must_not_depend_on_other_rows(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n0,1\n1,3\n2,5\n")
    gdsolve.fit(path, model="a*(x - mean(x)) + c", parameters={"a": 1, "c": 0}, save=str(tmp_path / "m.json"))
    with pytest.raises(GdsolveError, match="the curve sums over the rows of its table"):
        gdsolve.predict(tmp_path / "m.json", path, io.StringIO())


def test_a_long_sum_is_not_deep() -> None:
    text = " + ".join(f"(a - {place})**2" for place in range(300))
    found = minimise(text, "a=+1")
    assert found.weights["a"] == pytest.approx(149.5, rel=1e-10)
