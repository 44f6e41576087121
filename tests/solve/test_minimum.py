"""How far a loss is above its minimum: by its value, and by the curvature where the difference would cancel."""

from __future__ import annotations

import pytest
import torch

from gdsolve.solve.minimum import NEGLIGIBLE, Minimum

W = torch.tensor([[1.0], [-2.0]], dtype=torch.float64)
HESSIAN = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)


def minimum(value: float, hessian: torch.Tensor | None) -> Minimum:
    return Minimum(W, value, hessian, None, unique=True, is_global=True)


@pytest.mark.parametrize("value", [1e6, 1.0, 1e-6, -3.0])
def test_a_gap_that_cancels_is_told_by_the_curvature(value: float) -> None:
    size = NEGLIGIBLE * abs(value)
    away = torch.tensor([[1e-3], [2e-3]], dtype=torch.float64)
    by_curvature = 0.5 * (2.0 * 1e-6 + 2.0 * 0.5 * 2e-6 + 1.0 * 4e-6)
    known = minimum(value, HESSIAN)
    for difference in (0.5 * size, -0.5 * size):
        assert known.gap(W + away, value + difference) == pytest.approx(by_curvature, rel=1e-9)
    above = value + 2.0 * size
    assert known.gap(W + away, above) == above - value
    assert known.gap(W + away, value - 2.0 * size) == 0.0


def test_without_curvature_the_values_tell_and_none_is_below_zero() -> None:
    known = minimum(1.0, None)
    assert [known.gap(W, value) for value in (1.5, 1.0, 0.5)] == [0.5, 0.0, 0.0]
    assert minimum(0.0, -HESSIAN).gap(W + 1.0, 0.0) == 0.0
    assert minimum(0.0, HESSIAN).gap(W, 0.0) == 0.0
