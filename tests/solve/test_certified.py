"""Certified values of the NIST Statistical Reference Datasets, from a plain `gdsolve.fit` without any tuning.

Source: NIST StRD, linear regression, data sets Norris and Longley (the values are printed with 15 digits).
"""

from __future__ import annotations

import math

import pytest
from places import CONFIGS

import gdsolve

NORRIS = {"x": 1.00211681802045}
NORRIS_INTERCEPT, NORRIS_SSE = -0.262323073774029, 26.6173985294224
LONGLEY = {
    "x1": 15.0618722713733,
    "x2": -0.358191792925910e-01,
    "x3": -2.02022980381683,
    "x4": -1.03322686717359,
    "x5": -0.511041056535807e-01,
    "x6": 1829.15146461355,
}
LONGLEY_INTERCEPT, LONGLEY_SSE, LONGLEY_R2 = -3482258.63459582, 836424.055505915, 0.995479004577296


def digits(value: float, certified: float) -> float:
    """The number of digits that agree."""
    return 16.0 if value == certified else -math.log10(abs(value - certified) / abs(certified))


@pytest.mark.parametrize(
    ("name", "weights", "intercept", "sse"),
    [("norris", NORRIS, NORRIS_INTERCEPT, NORRIS_SSE), ("longley", LONGLEY, LONGLEY_INTERCEPT, LONGLEY_SSE)],
)
def test_certified_digits(name: str, weights: dict[str, float], intercept: float, sse: float) -> None:
    result = gdsolve.fit(CONFIGS / f"{name}.csv")
    assert result.status is gdsolve.Status.CONVERGED
    for column, certified in weights.items():
        assert digits(result.weights[column], certified) >= 9.5
        assert digits(result.optimum.weights[column], certified) >= 10.5
    assert result.intercept is not None
    assert digits(result.intercept, intercept) >= 9.5
    assert digits(result.sse, sse) >= 11
    assert result.gap <= 1e-15 * result.loss


def test_certified_r2() -> None:
    result = gdsolve.fit(CONFIGS / "longley.csv")
    assert result.figures.r2 == pytest.approx(LONGLEY_R2, rel=1e-12)


def test_r2_without_intercept_is_about_zero() -> None:
    """R² = 1 − SSE/Σy², as NIST certifies for its NoInt sets and R prints: here y = 2x exactly."""
    result = gdsolve.fit([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.5], no_intercept=True)
    w = (2.0 + 8.0 + 19.5) / 14.0
    sse = sum((w * x - y) ** 2 for x, y in ((1, 2.0), (2, 4.0), (3, 6.5)))
    assert result.figures.r2 == pytest.approx(1.0 - sse / (4.0 + 16.0 + 42.25), rel=1e-12)
