"""Where a run of a formula or a curve ended: a minimum, or what else is there, and no error bar without one."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from places import CONFIGS

import gdsolve
from gdsolve.cli.main import run
from gdsolve.solve.fit import fit
from gdsolve.solve.outcome import Fit
from gdsolve.spec.file import build_spec
from gdsolve.status import ExitCode, Status

CASES = Path(__file__).parent / "cases"
NIST = CONFIGS / "nist"
LANCZOS = "b1*exp(-b2*x) + b3*exp(-b4*x) + b5*exp(-b6*x)"


def minimise(formula: str, *start: str, **options: Any) -> Fit:
    return fit(build_spec([], {"minimize": formula, "start": list(start), **options}, "fit"))


def curve(path: Path, formula: str, *start: str, **options: Any) -> Fit:
    return fit(build_spec([str(path)], {"model": formula, "start": list(start), **options}, "fit"))


@pytest.mark.parametrize(
    ("formula", "start", "options", "stopped_by"),
    [
        ("a**3", "a=1", {}, "inflection"),
        ("a**3", "a=1", {"method": "newton"}, "inflection"),
        ("a**6 - 3*a**4 + 3*a**2", "a=2", {}, "inflection"),
        ("a**2 + b**3", "a=1,b=1", {"method": "newton"}, "inflection"),
        ("(b - a**2)*(b - 2*a**2)", "a=0,b=0", {}, "inflection"),
        ("a**3 - 3*a*b**2", "a=0,b=0", {}, "inflection"),
        ("exp(-a)", "a=0", {"method": "newton"}, "runaway"),
        ("exp(-a**2)", "a=0.5", {"method": "lbfgs"}, "runaway"),
        ("1/(1 + exp(-a))", "a=1", {"method": "newton"}, "runaway"),
        ("sin(a)", f"a={math.pi / 2}", {}, "maximum"),
        ("cos(a) + cos(b)", "a=0,b=0", {}, "maximum"),
        ("a**2 - b**2 + b**4", "a=1,b=0", {}, "saddle"),
        ("(1 - a)**2 + 100*(b - a**2)**2", "a=-1.2,b=1", {"tol": 1e-3}, "short"),
    ],
)
def test_what_is_no_minimum_is_not_called_one(
    formula: str, start: str, options: dict[str, Any], stopped_by: str
) -> None:
    found = minimise(formula, start, **options)
    assert (found.status, found.stopped_by, found.exit_code) == (Status.FAILED, stopped_by, ExitCode.DIVERGED)
    assert found.standard_errors == dict.fromkeys(found.weights)


@pytest.mark.parametrize(
    ("formula", "start", "options", "value", "unique"),
    [
        ("(a**2 + b**2 - 1)**2 + 3", "a=0.3,b=2", {}, 3.0, False),
        ("(a*b - 1)**2", "a=3,b=2", {}, 0.0, False),
        ("(a - b)**2", "a=3,b=2", {}, 0.0, False),
        ("a**4 - a**2", "a=1", {}, -0.25, True),
        ("-exp(-a**2)", "a=1", {}, -1.0, True),
        ("-exp(-a**2)", "a=5", {}, -1.0, True),
        ("a**4 + 1", "a=1", {}, 1.0, True),
        ("a**4", "a=1", {"method": "newton"}, 0.0, True),
        ("sin(a)", "a=1.5", {}, -1.0, True),
        ("(a - 1e6)**2 + (b - 2e-6)**2 + (a*b - 2)**2", "a=1,b=1", {"method": "newton"}, 0.0, True),
    ],
)
def test_minima_are_certified_also_where_they_are_flat(
    formula: str, start: str, options: dict[str, Any], value: float, unique: bool
) -> None:
    found = minimise(formula, start, **options)
    assert found.status is Status.CONVERGED
    assert found.loss == pytest.approx(value, abs=1e-12)
    assert found.optimum is not None
    assert found.optimum.unique is unique


def test_a_product_of_matrices_at_its_global_minimum_is_no_saddle(tmp_path: Path) -> None:
    """‖X·W₁·W₂ − Y‖² at the least-squares residual of Y on X, 5/6: numpy.linalg.lstsq."""
    path = tmp_path / "product.yaml"
    path.write_text(
        "minimize: sum((X @ W1 @ W2 - Y)**2)\n"
        "parameters: {W1: [[0.1, 0.2], [0.3, -0.1]], W2: [[0.5, 0.1], [0.2, 0.3]]}\n"
        "constants: {X: [[1, 2], [3, 4], [5, 6]], Y: [[1, 0], [0, 1], [1, 1]]}\n"
        "method: lbfgs\n"
    )
    found = fit(build_spec([str(path)], {}, "fit"))
    assert (found.status, found.optimum and found.optimum.unique) == (Status.CONVERGED, False)
    assert found.loss == pytest.approx(5 / 6, abs=1e-12)
    assert found.spectrum is not None
    # Any invertible 2 × 2 matrix may stand between the two factors.
    assert found.spectrum.rank == 8 - 4


@pytest.mark.parametrize(
    ("name", "formula", "start", "running"),
    [
        ("power", "c0 + c*x**m", "c0=1,c=1,m=1", "c0 and c run to infinity"),
        ("saturation", "a - b*exp(-c*x)", "a=1,b=1,c=1", "a and b run to infinity"),
        ("growth", "a*exp(-b*x) + c", "a=1,b=1,c=1", "b runs to infinity"),
    ],
)
def test_parameters_that_run_to_infinity_are_named(name: str, formula: str, start: str, running: str) -> None:
    found = curve(CASES / f"{name}.csv", formula, start, report=True)
    assert (found.status, found.stopped_by, found.exit_code) == (Status.FAILED, "runaway", ExitCode.DIVERGED)
    assert f"{running}: no minimum in this direction." in found.message
    assert found.optimum is None
    assert found.inference is not None
    assert {one.reason for one in found.inference.estimates} == {"the run failed"}
    assert any("Start elsewhere" in line for line in found.advice)


@pytest.mark.parametrize(
    ("name", "formula", "start", "sse"),
    [
        # scipy.optimize.least_squares from these starts.
        ("power", "c0 + c*x**m", "c0=2,c=2,m=-0.5", 0.00152118),
        ("growth", "a*exp(-b*x) + c", "a=1,b=-0.1,c=1", 27300.34),
    ],
)
def test_the_same_curves_have_minima_from_better_starts(name: str, formula: str, start: str, sse: float) -> None:
    found = curve(CASES / f"{name}.csv", formula, start)
    assert (found.status, found.optimum and found.optimum.unique) == (Status.CONVERGED, True)
    assert found.sse == pytest.approx(sse, rel=1e-5)


def test_a_dead_curve_is_told() -> None:
    """Misra1a of NIST from b₁ = b₂ = 1: the exponential is 0 on all rows at once, and b₂ free to run."""
    found = curve(NIST / "misra1a.csv", "b1*(1 - exp(-b2*x))", "b1=1,b2=1")
    assert (found.status, found.stopped_by) == (Status.FAILED, "runaway")
    assert "b2 runs to infinity" in found.message
    assert "The curve is constant on all rows: it explains nothing of the target (R² is 0)." in map(str, found.advice)


@pytest.mark.parametrize("start", ["b1=500,b2=1e-4", "b1=250,b2=5e-4", "b1=1e3,b2=1e-5"])
def test_rank_does_not_depend_on_the_start(start: str) -> None:
    found = curve(NIST / "misra1a.csv", "b1*(1 - exp(-b2*x))", start)
    assert (found.status, found.optimum and found.optimum.unique) == (Status.CONVERGED, True)
    assert found.spectrum is not None
    assert found.spectrum.rank == 2
    doubled = curve(NIST / "misra1a.csv", "b1*b3*(1 - exp(-b2*x))", f"{start},b3=0.7")
    assert (doubled.status, doubled.optimum and doubled.optimum.unique) == (Status.CONVERGED, False)


@pytest.mark.parametrize("start", ["1.2,0.3,5.6,5.5,6.5,7.6", "0.5,0.7,3.6,4.2,4,6.3"])
@pytest.mark.parametrize("digits", [14, 5])
def test_lanczos_has_full_rank_from_both_starts_of_nist(tmp_path: Path, start: str, digits: int) -> None:
    """Lanczos 1 and 3: Σ of three exponentials, to 14 and to 5 digits. Source: Lanczos (1956), pages 272 to 280."""
    path = tmp_path / "lanczos.csv"
    times = [0.05 * step for step in range(24)]
    truth = (0.0951, 1.0, 0.8607, 3.0, 1.5576, 5.0)
    target = [sum(a * math.exp(-b * t) for a, b in zip(truth[::2], truth[1::2], strict=True)) for t in times]
    rows = [f"{t:.2f},{y:.{digits}g}" for t, y in zip(times, target, strict=True)]
    path.write_text("\n".join(["x,y", *rows, ""]))
    found = curve(path, LANCZOS, *(f"b{n}={value}" for n, value in enumerate(start.split(","), start=1)))
    assert (found.status, found.optimum and found.optimum.unique) == (Status.CONVERGED, True)
    assert found.spectrum is not None
    assert found.spectrum.rank == 6


def test_rank_is_full_whatever_the_units() -> None:
    found = curve(CASES / "decay.csv", "a*exp(-b*x)", "a=1,b=1", report=True)
    assert (found.status, found.optimum and found.optimum.unique) == (Status.CONVERGED, True)
    assert found.weights == pytest.approx({"a": 3.0098106e10, "b": 0.79988096}, rel=1e-7)


@pytest.mark.parametrize(
    ("formula", "start", "least", "at"),
    [
        # By hand; the last by SLSQP on its epigraph: 0.8993801506 at (0.867557, −0.383047).
        ("10*abs(a - 1) + (a - b)**2 + b**2", "a=3,b=3", 0.5, {"a": 1.0, "b": 0.5}),
        ("abs(a) + 10*abs(b)", "a=1,b=1", 0.0, {"a": 0.0, "b": 0.0}),
        ("max(a**2 + b**2, (a - 2)**2 + b)", "a=3,b=3", 0.8993801506, {"a": 0.867557, "b": -0.383047}),
    ],
)
def test_kinks_are_known(formula: str, start: str, least: float, at: dict[str, float]) -> None:
    found = minimise(formula, start, max_iter=4000)
    assert (found.status, found.stopped_by) == (Status.CONVERGED, "gap")
    assert found.loss == pytest.approx(least, abs=1e-6)
    assert found.optimum is not None
    assert found.optimum.loss == pytest.approx(least, abs=1e-9)
    assert found.optimum.weights == pytest.approx(at, abs=1e-6)


@pytest.mark.parametrize("method", ["lbfgs", "newton"])
@pytest.mark.parametrize("formula", ["10*abs(a - 1) + (a - b)**2 + b**2", "max(a**2 + b**2, (a - 2)**2 + b)"])
def test_no_method_calls_a_kink_away_from_the_minimum_converged(formula: str, method: str) -> None:
    found = minimise(formula, "a=3,b=3", method=method)
    assert found.optimum is not None
    left = found.loss - found.optimum.loss
    assert (found.status is Status.CONVERGED) == (left <= 1e-4 * (found.trace.values[0] - found.optimum.loss))


def test_a_kink_that_no_name_shows_is_found_by_what_is_around() -> None:
    found = minimise("sqrt((a - 1)**2 + b**2) + b**2", "a=3,b=2")
    assert found.status is Status.CONVERGED
    assert found.optimum is not None
    assert found.optimum.weights == pytest.approx({"a": 1.0, "b": 0.0}, abs=1e-9)


def test_a_peak_of_absolute_values_is_no_minimum() -> None:
    found = minimise("a**2 - abs(a)", "a=0", max_iter=100)
    assert found.status is Status.MAX_ITER
    assert found.optimum is not None
    assert found.optimum.loss == pytest.approx(-0.25)


@pytest.mark.parametrize("options", [{"max_iter": 4000}, {"method": "bb"}, {"method": "lbfgs"}])
def test_a_curve_of_least_absolute_values_ends_at_its_optimum(options: dict[str, Any]) -> None:
    """0.18944894724 at a = 3.000287, b = 0.779911, c = 0.484022: a linear program in a and c for every b."""
    found = curve(CASES / "outliers.csv", "a*exp(-b*x) + c", "a=1,b=1,c=1", loss="absolute", **options)
    assert found.status is Status.CONVERGED
    assert found.loss == pytest.approx(0.18944894724, abs=1e-7)
    assert found.optimum is not None
    assert found.optimum.loss == pytest.approx(0.18944894724, abs=1e-11)
    assert found.optimum.weights == pytest.approx({"a": 3.000287, "b": 0.779911, "c": 0.484022}, abs=1e-6)


@pytest.mark.parametrize(
    ("options", "status", "reason"),
    [
        ({"method": "gd", "lr": 5.0}, Status.DIVERGED, "the run diverged"),
        ({"max_iter": 2}, Status.MAX_ITER, None),
    ],
)
def test_unfinished_runs_have_no_error_bars(options: dict[str, Any], status: Status, reason: str | None) -> None:
    found = curve(CASES / "m.csv", "a*exp(-b*x) + c", "a=1,b=1,c=1", report=True, **options)
    assert found.status is status
    assert found.inference is not None
    assert [one.standard_error for one in found.inference.estimates] == [None] * 3
    reasons = {one.reason for one in found.inference.estimates}
    assert reasons == {reason} if reason else all(reasons)


def test_the_same_run_to_its_end_has_them() -> None:
    """scipy.optimize.curve_fit."""
    found = curve(CASES / "m.csv", "a*exp(-b*x) + c", "a=1,b=1,c=1", report=True)
    assert found.weights == pytest.approx({"a": 3.00862, "b": 0.79427, "c": 0.48710}, abs=1e-5)
    assert found.inference is not None
    assert all(one.standard_error is not None for one in found.inference.estimates)


@pytest.mark.parametrize("options", [{}, {"tol": 1e-10}, {"tol": 1e-3}])
def test_a_small_step_far_from_the_minimum_is_no_convergence(options: dict[str, Any]) -> None:
    """The minimum is 0, at a = log(2)·10⁻¹² and b = 1: steps of a are small from the start."""
    found = minimise("(exp(1e12*a) - 2)**2 + (b - 1)**4", "a=0,b=3", max_iter=2000, **options)
    assert (found.status is Status.CONVERGED) == (found.loss <= 1e-4 * 17.0)
    small = curve(CASES / "small.csv", "a*x**b", "a=0,b=0.5", method="gd", max_iter=2000, **options)
    assert small.optimum is not None
    assert (small.status is Status.CONVERGED) == (small.loss <= 1e-4 * small.trace.values[0])
    assert not any("still well above" in line for line in small.advice if small.status is Status.CONVERGED)


def test_the_shell_says_it_with_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["fit", "--minimize", "a**3", "--start", "a=1"])
    out = capsys.readouterr().out
    assert code == ExitCode.DIVERGED
    assert "FAILED after 34 updates: the gradient is zero, but in some direction the loss falls on" in out


def test_compare_judges_every_method_where_it_ended() -> None:
    found = gdsolve.compare(minimize="a**3", start=["a=1"], methods=["gd", "newton", "lbfgs"])
    assert [(one.status, one.stopped_by) for one in found.methods] == [(Status.FAILED, "inflection")] * 3
    assert found.optimum is None


def test_weights_that_start_at_zero_count_in_units_of_one() -> None:
    """Powell's singular function: quartic along two directions, with one minimum."""
    formula = "(x1 + 10*x2)**2 + 5*(x3 - x4)**2 + (x2 - 2*x3)**4 + 10*(x1 - x4)**4"
    found = minimise(formula, "x1=3,x2=-1,x3=0,x4=1", method="newton")
    assert (found.status, found.optimum and found.optimum.unique) == (Status.CONVERGED, True)
    assert found.loss <= 1e-28


def test_a_straight_line_in_disguise_is_not_unique() -> None:
    """a + b·max(x − c, 0) with c below all x: only a − b·c is determined."""
    found = curve(CASES / "outliers.csv", "a + b*max(x - c, 0)", "a=3,b=-1,c=1")
    assert (found.status, found.optimum and found.optimum.unique) == (Status.CONVERGED, False)
    assert found.standard_errors["b"] is not None
    assert (found.standard_errors["a"], found.standard_errors["c"]) == (None, None)


def test_a_constant_formula_is_flat() -> None:
    found = minimise("0*a + 5", "a=1")
    assert (found.status, found.stopped_by) == (Status.FAILED, "flat")


def test_a_run_that_ended_short_is_told_a_command_that_ends_well() -> None:
    """The dose-response curve from 1, 1, 1, 1: SSE 0.23745615 by scipy.optimize.least_squares from a better start."""
    formula, start = "a + b*x**n/(k**n + x**n)", "a=1,b=1,n=1,k=1"
    found = curve(CASES / "dose.csv", formula, start)
    assert (found.status, found.stopped_by) == (Status.FAILED, "short")
    assert any("--method newton" in line for line in found.advice)
    better = curve(CASES / "dose.csv", formula, start, method="newton", report=True)
    assert (better.status, better.sse) == (Status.CONVERGED, pytest.approx(0.23745615, rel=1e-6))
    assert better.inference is not None
    assert all(one.standard_error is not None for one in better.inference.estimates)


@pytest.mark.parametrize("unit", [1e-150, 1e-20, 1e150])
def test_a_quadratic_has_its_minimum_in_any_unit_of_the_loss(unit: float) -> None:
    found = minimise(f"{unit}*(x**2 + x*y + y**2)", "x=1,y=2")
    assert (found.status, found.optimum and found.optimum.unique) == (Status.CONVERGED, True)
    assert found.optimum is not None
    assert found.optimum.weights == pytest.approx({"x": 0.0, "y": 0.0}, abs=1e-14)


def test_the_rank_of_a_quadratic_does_not_depend_on_the_units_of_its_weights() -> None:
    found = minimise("x**2 + 1e-30*y**2", "x=1,y=2", method="newton")
    assert (found.status, found.optimum and found.optimum.unique) == (Status.CONVERGED, True)
    assert found.weights == pytest.approx({"x": 0.0, "y": 0.0}, abs=1e-12)


def test_a_runaway_is_named_by_other_losses_and_methods_too() -> None:
    formula, start = "c0 + c*x**m", "c0=1,c=1,m=1"
    for options in ({"loss": "logcosh"}, {"method": "lbfgs"}):
        found = curve(CASES / "power.csv", formula, start, **options)
        assert (found.status, found.stopped_by) == (Status.FAILED, "runaway")


def test_a_start_from_which_all_is_far_off_hides_nothing(tmp_path: Path) -> None:
    """From b = −12 the loss begins near 10⁵⁰: with a and c at their best it still falls as b grows."""
    rows = [(0.2 + 0.2 * n, 3.0 * math.exp(-0.8 * (0.2 + 0.2 * n)) + 0.5 + 0.05 * (-1) ** n) for n in range(25)]
    path = tmp_path / "far.csv"
    path.write_text("x,y\n" + "".join(f"{x!r},{y!r}\n" for x, y in rows))
    found = curve(path, "a*exp(-b*x) + c", "a=38.67,b=-12.2867,c=0.018")
    assert found.status is not Status.CONVERGED
    assert found.standard_errors == dict.fromkeys("abc")
