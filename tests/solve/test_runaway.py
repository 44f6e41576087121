"""How far a weight that runs away is followed outward, and how it is brought back to where it came from."""

from __future__ import annotations

import math
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from gdsolve.solve import runaway
from gdsolve.solve.runaway import DOUBLINGS, INWARD, RATIO, running_together, running_weights


def followed(
    monkeypatch: pytest.MonkeyPatch, w: list[float], start: list[float], along: list[float], **changes: float
) -> tuple[tuple[int, ...], list[list[float]]]:
    """The weights that run away where the loss changes by so much either way, and the strides that were tried."""
    tried: list[list[float]] = []

    def change(problem: Any, place: Any, rate: torch.Tensor, first: int, strides: list[float]) -> list[float]:
        assert float(rate[first]) == 1.0
        tried.append(strides)
        return [changes["outward" if strides[0] > 0.0 else "inward"]] * len(strides)

    monkeypatch.setattr(runaway, "_changes", change)
    monkeypatch.setattr(runaway, "_is_level_outward", lambda *_: False)
    column = [torch.tensor(one, dtype=torch.float64)[:, None] for one in (w, start, along)]
    problem: Any = SimpleNamespace(start=column[1])
    direction: Any = SimpleNamespace(vector=column[2], tolerance=1e-9)
    return running_weights(problem, SimpleNamespace(w=column[0]), direction), tried  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [RATIO, 4e5, 3e12])
def test_a_weight_is_brought_back_by_strides_that_double(size: float, monkeypatch: pytest.MonkeyPatch) -> None:
    found, (outward, inward) = followed(monkeypatch, [-size], [0.0], [size], outward=0.0, inward=1.0)
    assert (found, outward) == ((0,), [1.0] * DOUBLINGS)
    back = math.ceil(math.log2(size / INWARD))
    assert inward[:3] == [-4.0, -8.0, -16.0]
    assert all(after == max(2.0 * before, -back) for before, after in pairwise(inward))
    assert inward[-1] == -back
    assert sum(inward) <= -back


@pytest.mark.parametrize(
    ("w", "start", "outward", "inward", "running"),
    [
        ([200.0, 1.0], [0.0, 1.0], 0.0, 1.0, (0,)),
        # Of two that move together both run away, also where one of them shrinks.
        ([200.0, -300.0], [0.0, 0.0], -1.0, 1.0, (0, 1)),
        # The loss rises further out, or is the same on the way back: no weight runs away.
        ([200.0, -300.0], [0.0, 0.0], 1e-8, 1.0, ()),
        ([200.0, -300.0], [0.0, 0.0], 0.0, 1e-10, ()),
        # Grown by less than a hundred times, or there from the start.
        ([RATIO - 1.0, 1.0], [0.0, 1.0], 0.0, 1.0, ()),
        ([200.0, -300.0], [200.0, -300.0], 0.0, 1.0, ()),
        ([200.0, -300.0], [3.0, -4.0], 0.0, 1.0, ()),
    ],
)
def test_which_weights_run_away(
    w: list[float], start: list[float], outward: float, inward: float, running: tuple[int, ...], monkeypatch: Any
) -> None:
    found, _ = followed(monkeypatch, w, start, [0.5 * one for one in w], outward=outward, inward=inward)
    assert found == running


@pytest.mark.parametrize(
    ("loss", "start", "running"),
    [
        (lambda w: float((-w).exp().sum()), 1.0, (0, 1)),
        (lambda w: float((w - 8.0).square().sum()), 1.0, ()),
        (lambda w: 1.0, 1.0, ()),
        (lambda w: float((-w).exp().sum()), 8.0, ()),
    ],
)
def test_all_weights_may_run_away_together(loss: Any, start: float, running: tuple[int, ...]) -> None:
    w = torch.full((2, 1), 8.0, dtype=torch.float64)
    objective = SimpleNamespace(evaluate=lambda at: SimpleNamespace(value=loss(at)))
    problem: Any = SimpleNamespace(start=torch.full_like(w, start), smooth=True, box=None, objective=objective)
    place: Any = SimpleNamespace(w=w, value=loss(w))
    assert running_together(problem, place, 1e-9) == running
    problem.smooth = False
    assert running_together(problem, place, 1e-9) == ()
