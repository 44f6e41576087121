"""Standard errors, intervals and correlations: certified values, formulas, and what has no error bar and why."""

from __future__ import annotations

import json
import math
from typing import Any

import nist
import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

import gdsolve
from gdsolve.objective.inference import (
    AT_BOUND,
    EXACT,
    FIXED,
    NO_MINIMUM,
    NOT_FINITE,
    PENALISED,
    Inference,
    from_factor,
    from_hessian,
    too_far,
    withhold,
    without_bars,
)
from gdsolve.objective.spread import NO_INFLUENCE
from gdsolve.report.inference_record import inference_record

DIGITS = {"Norris": 13, "Pontius": 12, "Filip": 7, "Longley": 14, "Wampler3": 13, "Wampler4": 13, "Wampler5": 13}


def fitted(X: Any, y: Any, **options: Any) -> Inference:
    inference = gdsolve.fit(X, y, report=True, **options).inference
    assert inference is not None
    return inference


def digits(value: float | None, certified: float) -> float:
    assert value is not None
    return 16.0 if value == certified else -math.log10(abs(value - certified) / certified)


def errors(inference: Inference) -> list[float]:
    """All standard errors, which must be there."""
    found = [one.standard_error for one in inference.estimates]
    assert None not in found
    return found  # type: ignore[return-value]


def reasons(inference: Inference) -> list[str | None]:
    return [one.reason for one in inference.estimates]


def tensor(values: Any) -> torch.Tensor:
    return torch.tensor(np.asarray(values, dtype=float), dtype=torch.float64, device="cpu")


def textbook(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Estimates, their covariance s²(XᵀX)⁻¹ and s, as the books have them."""
    inverse = np.linalg.inv(X.T @ X)
    w = inverse @ X.T @ y
    s2 = float(np.sum((X @ w - y) ** 2)) / (len(y) - X.shape[1])
    return w, s2 * inverse, s2**0.5


@pytest.mark.parametrize("name", [name for name in nist.CERTIFIED if name not in ("Wampler1", "Wampler2")])
def test_certified_standard_deviations(name: str) -> None:
    """Filip's powers lose half their digits when they are stored as float64: no method gets more of that table."""
    table, certified = nist.table(name), nist.CERTIFIED[name]
    found = fitted(table[:, :-1], table[:, -1], no_intercept=name in nist.NO_INTERCEPT)
    assert found.degrees_of_freedom == certified.freedom
    least = DIGITS.get(name, 14)
    assert digits(found.residual_standard_deviation, certified.residual) >= min(least, 13)
    for error, deviation in zip(errors(found), certified.deviations, strict=True):
        assert digits(error, deviation) >= least - 0.5


@pytest.mark.parametrize("name", ["Wampler1", "Wampler2"])
def test_an_exact_fit_has_no_scatter_to_tell_an_error_from(name: str) -> None:
    table = nist.table(name)
    found = fitted(table[:, :-1], table[:, -1])
    assert reasons(found) == [EXACT] * 6
    assert found.residual_standard_deviation == pytest.approx(0.0, abs=1e-8)
    assert found.degrees_of_freedom == nist.CERTIFIED[name].freedom


def test_an_exact_fit_in_float32_is_exact_to_its_rounding() -> None:
    x = np.linspace(0.1, 1.0, 10)
    assert reasons(fitted(x[:, None], 0.3 * x + 0.7, dtype="float32")) == [EXACT] * 2


def test_longley_tests_and_intervals() -> None:
    """As R prints them: summary(lm(...)) and confint(...)."""
    found = fitted(nist.table("Longley")[:, :-1], nist.table("Longley")[:, -1])
    assert found.statistic == "t"
    third = found.estimates[2]
    assert third.statistic == pytest.approx(-4.136427, abs=5e-7)
    assert third.p_value == pytest.approx(0.002535, abs=5e-7)
    assert (third.lower, third.upper) == (pytest.approx(-3.1250666, abs=1e-6), pytest.approx(-0.9153929, abs=1e-6))


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 40), st.sampled_from([0.5, 0.9, 0.999]))
def test_least_squares_agrees_with_the_formula(seed: int, p: int, extra: int, confidence: float) -> None:
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(p + extra, p)) * 10.0 ** rng.integers(-6, 6, size=p), rng.normal(size=p + extra)
    w, covariance, s = textbook(X, y)
    sse = float(np.sum((X @ w - y) ** 2))
    names = [f"x{j}" for j in range(p)]
    found = from_factor(tensor(X), tensor(w), sse, len(y), names=names, confidence=confidence)
    deviations = np.sqrt(np.diag(covariance))
    assert found.residual_standard_deviation == pytest.approx(s, rel=1e-12)
    assert errors(found) == pytest.approx(deviations, rel=1e-6)
    assert found.correlation is not None
    assert np.array(found.correlation) == pytest.approx(
        covariance / np.outer(deviations, deviations), rel=1e-6, abs=1e-6
    )
    for one in found.estimates:
        assert one.lower is not None and one.upper is not None and one.p_value is not None
        assert one.lower < one.value < one.upper
        # An interval leaves out zero if and only if the test against zero is as sure as that.
        assert (one.lower > 0 or one.upper < 0) == (one.p_value < 1 - confidence)


@settings(max_examples=examples(30), deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.booleans(), st.floats(0.0, 1e6))
def test_a_fit_agrees_with_the_formula_wherever_the_means_are(seed: int, n: int, flat: bool, mean: float) -> None:
    rng = np.random.default_rng(seed)
    # Through the origin the columns are all but parallel where the means are large, and the formula fails.
    mean = 0.0 if flat else mean
    X, y = rng.normal(size=(n + 12, n)) + mean, rng.normal(size=n + 12) + mean
    found = fitted(X, y, no_intercept=flat)
    # Moved to the mean, where the formula is accurate, the intercept is another linear combination of the same.
    centre = np.zeros(n) if flat else X.mean(axis=0)
    moved = X if flat else np.column_stack([X - centre, np.ones(len(y))])
    _, covariance, _ = textbook(moved, y - mean)
    back = np.eye(n + (not flat))
    if not flat:
        back[-1, :n] = -centre
    covariance = back @ covariance @ back.T
    deviations = np.sqrt(np.diag(covariance))
    assert errors(found) == pytest.approx(deviations, rel=1e-6)
    assert found.correlation is not None
    assert np.array(found.correlation) == pytest.approx(covariance / np.outer(deviations, deviations), abs=1e-6)


def test_a_large_mean_of_the_target_takes_no_digits_of_the_errors() -> None:
    X, noise = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0]]), np.array([1.0, -1.0, 0.0, -1.0, 1.0])
    far, near = (errors(fitted(X, noise + mean)) for mean in (2.0**40, 0.0))
    assert far == pytest.approx(near, rel=1e-12)


@pytest.mark.parametrize("engine", ["rows", "triangle", "leap"])
def test_every_way_gives_the_same_errors(engine: str) -> None:
    table = nist.table("Norris")
    found = fitted(table[:, :-1], table[:, -1], engine=engine)
    assert errors(found) == pytest.approx(nist.CERTIFIED["Norris"].deviations, rel=1e-12)


def test_frequency_2_is_the_row_written_twice(tmp_path: Any) -> None:
    (tmp_path / "weighted.csv").write_text("x,n,y\n1,2,1\n2,1,3\n4,3,2\n5,1,7\n")
    (tmp_path / "written.csv").write_text("x,y\n1,1\n1,1\n2,3\n4,2\n4,2\n4,2\n5,7\n")
    options = {"weight": "n", "weight_kind": "frequency", "report": True}
    weighted = gdsolve.fit(tmp_path / "weighted.csv", **options).inference
    written = gdsolve.fit(tmp_path / "written.csv", report=True).inference
    assert weighted is not None and written is not None
    assert weighted.degrees_of_freedom == written.degrees_of_freedom == 5
    assert errors(weighted) == pytest.approx(errors(written), rel=1e-12)


def test_weights_that_sum_to_too_little_are_named(tmp_path: Any) -> None:
    (tmp_path / "weighted.csv").write_text("x,n,y\n1,0.25,1\n2,0.25,3\n4,0.25,2\n5,0.25,7\n")
    found = gdsolve.fit(tmp_path / "weighted.csv", weight="n", weight_kind="frequency", report=True).inference
    assert found is not None
    assert "1 row (the sum of the row weights) for 2 parameters" in str(reasons(found)[0])


def test_as_many_parameters_as_rows_leave_no_degree_of_freedom() -> None:
    found = fitted([[1.0], [3.0]], [2.0, 4.0])
    assert found.degrees_of_freedom == 0
    assert found.residual_standard_deviation is None
    assert (
        reasons(found)
        == ["no degrees of freedom: 2 rows for 2 parameters leave no residuals to estimate an error from"] * 2
    )
    assert found.correlation is not None
    assert found.correlation[0][1] == pytest.approx(-2 / math.sqrt(5))


def test_one_row_determines_only_combinations() -> None:
    found = fitted([[2.0]], [3.0])
    assert reasons(found) == ["not determined by the data: only combinations of x and intercept are"] * 2
    assert found.correlation is None
    alone = fitted([[2.0]], [3.0], no_intercept=True)
    assert reasons(alone) == [
        "no degrees of freedom: 1 row for 1 parameter leave no residuals to estimate an error from"
    ]


def test_dependent_columns_are_named_and_the_others_keep_their_errors() -> None:
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(30, 3)) + 4.0, rng.normal(size=30)
    doubled = np.column_stack([X, 3.0 * X[:, 0], np.full(30, 7.0)])
    found, reduced = fitted(doubled, y), fitted(X, y)
    assert found.degrees_of_freedom == reduced.degrees_of_freedom == 26
    alike = "not determined by the data: only combinations of {} and {} are"
    pair, constant = alike.format("x1", "x4"), alike.format("x5", "intercept")
    assert reasons(found) == [pair, None, None, pair, constant, constant]
    for name in (1, 2):
        assert found.estimates[name].standard_error == pytest.approx(reduced.estimates[name].standard_error, rel=1e-10)
    assert found.correlation is not None and reduced.correlation is not None
    assert found.correlation[1][2] == pytest.approx(reduced.correlation[1][2], abs=1e-10)
    assert found.correlation[0] == (None,) * 6


def test_many_dependent_columns_are_counted() -> None:
    names = [f"x{j}" for j in range(8)]
    found = from_factor(torch.ones(9, 8, dtype=torch.float64), torch.ones(8), 1.0, 9, names=names)
    assert reasons(found)[0] == "not determined by the data: only combinations of x0, x1, x2, x3 and 4 others are"


def test_a_parameter_without_influence_is_told_so() -> None:
    factor = tensor([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    found = from_factor(factor, tensor([1.0, 0.0]), 1.0, 3, names=["a", "b"])
    assert reasons(found) == [None, NO_INFLUENCE]
    assert found.degrees_of_freedom == 2


def test_ridge_gives_the_estimates_alone() -> None:
    found = fitted([[1.0], [2.0], [4.0]], [1.0, 3.0, 3.5], ridge=0.5)
    assert reasons(found) == [PENALISED] * 2
    assert found.residual_standard_deviation is found.degrees_of_freedom is found.correlation is None


def test_a_fit_that_stopped_early_says_how_far_it_is() -> None:
    table = nist.table("Norris")
    found = fitted(table[:, :-1], table[:, -1], lr=1e-6, max_iter=100)
    assert reasons(found) == [
        f"not converged: {away} standard errors away from the optimum" for away in ("0.877", "1.13")
    ]
    assert found.residual_standard_deviation == pytest.approx(nist.CERTIFIED["Norris"].residual, rel=1e-10)


def test_a_held_parameter_counts_as_known() -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(20, 3)) + 5.0
    held = {"b": AT_BOUND}
    found = from_factor(tensor(X), tensor([1.0, 0.0, 2.0]), 3.0, 20, names=["a", "b", "c"], held=held)
    without = from_factor(tensor(X[:, [0, 2]]), tensor([1.0, 2.0]), 3.0, 20, names=["a", "c"])
    assert found.degrees_of_freedom == 18
    assert [found.estimates[j] for j in (0, 2)] == list(without.estimates)
    assert found.estimates[1].reason == AT_BOUND
    assert found.correlation is not None and found.correlation[1] == (None, None, None)


@pytest.mark.parametrize("name", ["x", "intercept"])
def test_a_parameter_may_be_held_in_standardised_coordinates(name: str) -> None:
    rng = np.random.default_rng(7)
    x = rng.normal(size=25) + 3.0
    raw = np.column_stack([x, np.ones(25)])
    standard = np.column_stack([(x - 3.0) / 2.0, np.ones(25)])
    to_user = tensor([[0.5, 0.0], [-1.5, 1.0]])
    names, w = ["x", "intercept"], tensor([1.0, 2.0])
    inside = from_factor(tensor(standard), w, 2.0, 25, names=names, held={name: FIXED}, to_user=to_user)
    outside = from_factor(tensor(raw), w, 2.0, 25, names=names, held={name: FIXED})
    for one, other in zip(inside.estimates, outside.estimates, strict=True):
        assert (one.standard_error or 0.0) == pytest.approx(other.standard_error or 0.0, rel=1e-12)
        assert one.reason == other.reason


def test_all_parameters_may_be_held() -> None:
    found = from_factor(tensor([[1.0], [2.0]]), tensor([1.0]), 1.0, 2, names=["a"], held={"a": FIXED})
    assert reasons(found) == [FIXED]
    assert (found.degrees_of_freedom, found.correlation) == (2, None)


def test_numbers_that_are_not_finite_have_no_errors() -> None:
    for factor, w in (([[math.nan]], [1.0]), ([[1.0]], [math.inf])):
        assert reasons(from_factor(tensor(factor), tensor(w), 1.0, 3, names=["a"])) == [NOT_FINITE]
    assert reasons(from_factor(tensor([[1.0]]), tensor([1.0]), math.inf, 3, names=["a"])) == [NOT_FINITE]
    assert reasons(from_hessian(tensor([[math.nan]]), tensor([1.0]), names=["a"])) == [NOT_FINITE]


def test_withheld_parameters_leave_the_correlations() -> None:
    found = from_factor(tensor(np.eye(3)), tensor([1.0, 2.0, 3.0]), 1.0, 9, names=["a", "b", "c"], held={"a": FIXED})
    less = withhold(found, {"a": NO_MINIMUM, "b": NO_MINIMUM})
    assert reasons(less) == [FIXED, NO_MINIMUM, None]
    assert less.correlation is not None and less.correlation[2] == (None, None, 1.0)
    assert withhold(found, dict.fromkeys("abc", NO_MINIMUM)).correlation is None
    assert too_far(less, tensor([0.0, 0.0, 3.0])) == {}


def test_a_reason_stands_for_all_but_the_held() -> None:
    found = without_bars(["a", "b"], tensor([1.0, 2.0]), NO_MINIMUM, held={"b": FIXED})
    assert reasons(found) == [NO_MINIMUM, FIXED]


def test_the_rate_of_poisson_counts() -> None:
    """ln λ of counts that sum to n has standard error 1/√n."""
    found = from_hessian(tensor([[400.0]]), tensor([math.log(4.0)]), names=["rate"], confidence=0.95)
    (one,) = found.estimates
    assert (found.statistic, found.degrees_of_freedom) == ("z", None)
    assert one.standard_error == pytest.approx(0.05)
    assert one.upper == pytest.approx(math.log(4.0) + 1.959963984540054 * 0.05, rel=1e-14)
    assert found.residual_standard_deviation is None


def test_the_errors_of_a_likelihood_are_those_of_the_inverse_hessian() -> None:
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.normal(size=(50, 2)) * [1.0, 1e4], np.ones(50)])
    share = 1.0 / (1.0 + np.exp(-X @ [0.5, -1e-4, 0.2]))
    hessian = X.T @ (X * (share * (1.0 - share))[:, None])
    found = from_hessian(tensor(hessian), tensor([0.5, -1e-4, 0.2]), names=["a", "b", "c"])
    covariance = np.linalg.inv(hessian)
    assert errors(found) == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-10)
    assert found.correlation is not None
    assert found.correlation[0][1] == pytest.approx(covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1]))
    held = from_hessian(tensor(hessian), tensor([0.5, -1e-4, 0.2]), names=["a", "b", "c"], held={"c": FIXED})
    part = np.linalg.inv(hessian[:2, :2])
    assert held.estimates[0].standard_error == pytest.approx(math.sqrt(part[0, 0]), rel=1e-10)


def test_a_flat_or_saddled_likelihood_says_so() -> None:
    flat = from_hessian(tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 4.0]]), tensor([1, 2, 3]), names="abc")
    assert reasons(flat) == ["not determined by the data: only combinations of a and b are"] * 2 + [None]
    assert flat.estimates[2].standard_error == pytest.approx(0.5)
    saddle = from_hessian(tensor([[1.0, 0.0], [0.0, -1.0]]), tensor([1, 2]), names="ab")
    assert reasons(saddle) == [NO_MINIMUM] * 2


def test_a_feature_called_intercept_keeps_its_name(tmp_path: Any) -> None:
    (tmp_path / "t.csv").write_text("intercept,y\n1,1\n2,3\n3,2\n4,6\n")
    found = gdsolve.fit(tmp_path / "t.csv", report=True).inference
    assert found is not None
    assert [one.name for one in found.estimates] == ["intercept", "(intercept)"]


def test_the_record_has_every_figure_by_name() -> None:
    table = nist.table("Norris")
    record = inference_record(fitted(table[:, :-1], table[:, -1], confidence=0.99))
    assert list(record) == [
        "confidence",
        "residual_standard_deviation",
        "degrees_of_freedom",
        "dispersion",
        "statistic",
        "errors",
        "adjusted_r2",
        "log_likelihood",
        "aic",
        "bic",
        "deviance",
        "null_deviance",
        "pseudo_r2",
        "f",
        "likelihood_ratio",
        "criteria_parameters",
        "parameters",
        "reference",
        "correlation",
    ]
    assert record["confidence"] == 0.99
    assert list(record["parameters"]) == ["x", "intercept"]
    assert list(record["parameters"]["x"]) == [
        "estimate",
        "standard_error",
        "statistic",
        "p_value",
        "lower",
        "upper",
        "reason",
        "vif",
        "vif_reason",
    ]
    assert record["correlation"]["x"]["intercept"] == record["correlation"]["intercept"]["x"]
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_no_report_unless_asked_for() -> None:
    assert gdsolve.fit([[1.0], [3.0]], [2.0, 4.0]).inference is None


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0, -0.5, math.nan])
def test_confidence_is_strictly_between_0_and_1(confidence: float) -> None:
    with pytest.raises(gdsolve.GdsolveError, match=r"^confidence: "):
        gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], confidence=confidence)
