"""What shuffled rows leave at the end of an epoch, beside sums that are written out and all orders of few rows."""

from __future__ import annotations

from itertools import permutations

import pytest
import torch

from gdsolve.objective.gradient_noise import GradientNoise, _apart, _shuffled, _sum_of_powers

RATE = 0.3


def noise_of(eigenvalues: list[float], covariance: list[float], turning: torch.Tensor, rows: int) -> GradientNoise:
    lam = torch.tensor(eigenvalues, dtype=torch.float64)
    return GradientNoise(
        lam, torch.tensor(covariance, dtype=torch.float64).diag(), None, lam.diag(), 1.0, turning, rows
    )


@pytest.mark.parametrize(("rows", "batch"), [(4, 1), (6, 2), (12, 3), (12, 6), (5, 5)])
def test_later_batches_are_the_rows_that_earlier_ones_were_not(rows: int, batch: int) -> None:
    """E[e] = −α²/(m − 1)·Σ over s > t of aⱼ^(T−1−s)·aₖ^(s−1−t)·Dⱼₖ in an epoch, and its sum over all epochs."""
    lam = [2.0, 0.7, 0.1]
    turning = torch.tensor([[0.5, -1.0, 2.0], [3.0, 0.25, -0.5], [1.5, -2.5, 4.0]], dtype=torch.float64)
    noise, nothing = noise_of(lam, [0.0] * 3, turning, rows), torch.zeros(3, dtype=torch.float64)
    updates, kept = rows // batch, [1.0 - RATE * one for one in lam]
    expected = []
    for j in range(3):
        mean = 0.0
        for k in range(3):
            pairs = ((s, t) for s in range(updates) for t in range(s))
            powers = sum(kept[j] ** (updates - 1 - s) * kept[k] ** (s - 1 - t) for s, t in pairs)
            mean -= RATE**2 / (rows - 1) * powers * float(turning[j, k])
        expected.append((mean / (1.0 - kept[j] ** updates)) ** 2)
    found = _shuffled(noise, RATE, batch, nothing, nothing)
    assert found.tolist() == pytest.approx(expected, rel=1e-10, abs=0.0 if updates > 1 else 1e-30)


@pytest.mark.parametrize(("batch", "curvature"), [(1, 2.0), (1, 0.5), (2, 2.0), (3, 0.01), (6, 1.0)])
def test_noise_alone_is_that_of_all_orders_of_the_rows(batch: int, curvature: float) -> None:
    slopes = [3.0, -1.0, 0.5, -4.0, 2.0, -0.5]
    rows, updates, a = len(slopes), len(slopes) // batch, 1.0 - RATE * curvature
    ends = []
    for order in permutations(slopes):
        means = (sum(order[t * batch : (t + 1) * batch]) / batch for t in range(updates))
        ends.append(-RATE * sum(a ** (updates - 1 - t) * mean for t, mean in enumerate(means)))
    assert sum(ends) / len(ends) == pytest.approx(0.0, abs=1e-12)
    expected = sum(end * end for end in ends) / len(ends) / (1.0 - a ** (2 * updates))
    covariance = sum(slope * slope for slope in slopes) / rows
    none, one = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    noise = noise_of([curvature], [covariance], none, rows)
    assert float(_shuffled(noise, RATE, batch, one, one)) == pytest.approx(expected, rel=1e-10, abs=1e-15)
    assert float(_shuffled(noise, RATE, batch, 3.0 * one, 2.0 * one)) == pytest.approx(1.5 * expected, abs=1e-15)


@pytest.mark.parametrize("base", [1.0, 1.0 - 1e-13, 0.5, 0.0, -0.7])
def test_sums_of_powers_and_long_epochs(base: float, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = torch.tensor([base], dtype=torch.float64)
    for count in (1, 2, 7):
        powers = sum(base**t for t in range(count))
        assert float(_sum_of_powers(kept, count)) == pytest.approx(powers, rel=1e-10)
        counted = float(_apart(kept, 3 * count, count))
        monkeypatch.setattr("gdsolve.objective.gradient_noise.MOST_COUNTED", 0)
        assert float(_apart(kept, 3 * count, count)) == pytest.approx(counted, rel=1e-9, abs=1e-12)
        monkeypatch.undo()
