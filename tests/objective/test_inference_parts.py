"""Parts of inference by themselves: correlations are never beyond 1, and none where nothing is known."""

from __future__ import annotations

import torch

from gdsolve.objective.inference import _correlation
from gdsolve.objective.spread import EstimateSpread


def spread_of(root: torch.Tensor, **reasons: str) -> EstimateSpread:
    return EstimateSpread(root, root, root.shape[1], reasons)


def test_correlations_of_estimates_that_move_together_are_one_and_no_more() -> None:
    random = torch.Generator().manual_seed(1)
    rows = torch.randn(40, 7, generator=random, dtype=torch.float64)
    root = torch.cat([rows, 3.0 * rows, -0.1 * rows])
    lengths = root / root.norm(dim=1)[:, None]
    # Rounding alone would bring some of them beyond.
    assert float((lengths @ lengths.mT).abs().max()) > 1.0
    found = _correlation(spread_of(root), [str(number) for number in range(120)])
    assert found is not None
    table = torch.tensor(found, dtype=torch.float64)
    assert float(table.abs().max()) == 1.0
    assert table.diagonal().tolist() == [1.0] * 120
    assert torch.allclose(table[:40, 80:].diagonal(), torch.tensor(-1.0, dtype=torch.float64), rtol=0.0, atol=1e-15)
    assert torch.equal(table, table.mT)


def test_parameters_without_error_bar_have_no_correlation() -> None:
    root = torch.tensor([[3.0, 4.0], [0.0, 0.0], [4.0, 3.0]], dtype=torch.float64)
    found = _correlation(spread_of(root, b="held"), ["a", "b", "c"])
    assert found is not None
    assert [[value and round(value, 15) for value in row] for row in found] == [
        [1, None, 0.96],
        [None] * 3,
        [0.96, None, 1],
    ]
    assert _correlation(spread_of(root, a="held", b="held", c="held"), ["a", "b", "c"]) is None
