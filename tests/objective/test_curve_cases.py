"""The optimum of every curve of `curve_cases`, held against NumPy and SciPy, which know nothing of gdsolve."""

from __future__ import annotations

import numpy as np
import pytest
from curve_cases import SHAPES, CurveCase, in_numpy, nist_cases, shape_cases
from scipy.optimize import least_squares

CASES = (*nist_cases(), *shape_cases())


def scaled_residuals(case: CurveCase, factors: np.ndarray) -> np.ndarray:
    """The residuals where every parameter is so many times its best value."""
    best = {name: value * factor for (name, value), factor in zip(case.best.items(), factors, strict=True)}
    with np.errstate(invalid="ignore"):
        return in_numpy(case.model, {**case.columns, **best}) - case.target


def test_all_cases_are_there() -> None:
    assert (len(nist_cases()), len(shape_cases())) == (27, 20)
    assert sum(len(case.starts) for case in nist_cases()) == 54
    assert {len(case.errors) for case in nist_cases()} == {2, 3, 4, 5, 6, 7, 8, 9}
    assert len({case.name for case in CASES}) == 47


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_sum_of_squares_is_that_at_the_best_parameters(case: CurveCase) -> None:
    residuals = scaled_residuals(case, np.ones(len(case.best)))
    if case.exact:
        assert case.sse < residuals @ residuals < 1e-20
    else:
        # NIST prints eleven digits of a parameter: in the sum of squares, an error of the second order.
        assert residuals @ residuals == pytest.approx(case.sse, rel=1e-9)


@pytest.mark.parametrize("case", shape_cases(), ids=lambda case: case.name)
def test_scipy_finds_the_best_parameters_of_a_shape(case: CurveCase) -> None:
    began = np.array(
        [made / best for made, best in zip(SHAPES[case.name].made_with.values(), case.best.values(), strict=True)]
    )
    found = least_squares(lambda w: scaled_residuals(case, w), began, method="lm", xtol=1e-12, ftol=1e-14, gtol=1e-14)
    assert 2.0 * found.cost == pytest.approx(case.sse, rel=1e-9)
    np.testing.assert_allclose(found.x, 1.0, atol=1e-6)
