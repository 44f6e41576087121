"""A curvature and a slope as squares: BᵀB is the Hessian and Bᵀc the gradient, whatever the units and the rank."""

from __future__ import annotations

import pytest
import torch

from gdsolve.solve.l1 import as_squares


@pytest.mark.parametrize("units", [(1.0, 1.0, 1.0, 1.0), (1e-6, 1.0, 1e6, 1e3), (1.0, 0.0, 1.0, 1.0)])
@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_squares_have_the_curvature_and_the_slope(rank: int, units: tuple[float, ...]) -> None:
    random = torch.Generator().manual_seed(rank)
    rows = torch.randn(rank, 4, generator=random, dtype=torch.float64) * torch.tensor(units, dtype=torch.float64)
    hessian, gradient = rows.mT @ rows, rows.mT @ torch.randn(rank, 1, generator=random, dtype=torch.float64)
    design, target = as_squares(hessian, gradient)
    size = rows.norm(dim=0)[:, None]
    free = torch.where(size > 0.0, size, 1.0)
    assert design.shape == (min(rank, sum(unit > 0.0 for unit in units)), 4)
    assert target.shape == (len(design), 1)
    assert torch.allclose(design.mT @ design / free / free.mT, hessian / free / free.mT, rtol=0.0, atol=1e-13)
    assert torch.allclose(design.mT @ target / free, gradient / free, rtol=0.0, atol=1e-9)
