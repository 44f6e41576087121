"""Parts of the search over supports: which columns depend on others, and how far a step along a line may go."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gdsolve.objective import active_set
from gdsolve.objective.active_set import Penalties, _begun, _dependence, _Search, _searched, _searched_line, _settled


def upper_of(columns: list[list[float]]) -> tuple[Tensor, Tensor]:
    """R of a matrix of these columns, and their lengths."""
    design = torch.tensor(columns, dtype=torch.float64).mT
    return torch.linalg.qr(design, mode="r").R, design.norm(dim=0)


ONE, TWO, SUM = [1.0, 2.0, 3.0, 4.0], [1.0, -1.0, 1.0, 0.5], [3.0, 0.0, 5.0, 5.0]
NONE = [0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("columns", "way"),
    [
        ([ONE, TWO], None),
        ([ONE, TWO, [0.0, 0.0, 0.0, 1.0]], None),
        ([ONE, TWO, SUM], [-1.0, -2.0, 1.0]),
        ([ONE, ONE, TWO], [-1.0, 1.0, 0.0]),
        ([ONE, TWO, NONE], [0.0, 0.0, 1.0]),
        ([NONE, ONE, TWO], [1.0, 0.0, 0.0]),
        ([NONE], [1.0]),
    ],
)
def test_columns_that_depend_on_others_are_told_with_their_coefficients(
    columns: list[list[float]], way: list[float] | None
) -> None:
    found = _dependence(*upper_of(columns))
    assert (found is None) == (way is None)
    if found is not None and way is not None:
        assert found.tolist() == pytest.approx(way, abs=1e-14)


@pytest.mark.parametrize("far", [1e-13, 1e-10, 1e-8])
def test_what_is_more_than_rounding_away_is_independent(far: float) -> None:
    assert _dependence(*upper_of([ONE, [1.0 + far, 2.0, 3.0, 4.0]])) is None


@pytest.mark.parametrize("l1", [0.0, 0.05, 0.2, 0.22, 0.4, 1.0, 3.0])
def test_a_step_along_a_line_ends_at_its_least_value(l1: float) -> None:
    """½·bend·(1 − t)² + Σ λ₁|w + t·step| beyond what the slope at t = 0 has of it already, on a fine grid of t."""
    w = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    step = torch.tensor([-2.0, 2.5, -4.0, 1.0], dtype=torch.float64)
    limits, bend = torch.full_like(w, l1), 5.0
    crossing = (w + step).sign() != w.sign()
    t = torch.linspace(0.0, 1.0, 100_001, dtype=torch.float64)[:, None]
    past = torch.where(crossing, torch.maximum(t * step.abs() - w.abs(), torch.zeros_like(t)), 0.0)
    value = 0.5 * bend * (1.0 - t[:, 0]) ** 2 + 2.0 * (limits * past).sum(dim=1)
    least = float(t[int(value.argmin()), 0])
    found = _searched_line(w, step, limits, bend, crossing)
    assert ((found - w) / step).tolist() == pytest.approx([least] * 4, abs=2e-5)
    assert bool((found == 0.0).any()) == (l1 in {0.22, 1.0, 3.0})


@pytest.mark.parametrize("one_by_one", [False, True])
def test_weights_come_in_together_or_one_by_one(one_by_one: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four columns at right angles three are beyond their limits; the furthest comes first."""
    design, target = torch.eye(4, dtype=torch.float64), torch.tensor([[2.0], [-5.0], [0.5], [3.0]], dtype=torch.float64)
    ones = torch.ones(4, dtype=torch.float64)
    search = _begun(design, target, Penalties(ones, 0.0 * ones, ones), None)
    supports: list[list[int]] = []

    def noted(search: _Search) -> bool:
        supports.append(list(search.support))
        return _settled(search)

    monkeypatch.setattr(active_set, "_settled", noted)
    assert _searched(search, one_by_one=one_by_one)
    assert supports == ([[], [1], [1, 3], [1, 3, 0]] if one_by_one else [[], [1, 3, 0]])
    assert search.w.tolist() == [1.0, -4.0, 0.0, 2.0]
