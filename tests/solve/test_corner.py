"""What is looked at around a point where the gradient may jump: places within a hundredth of the weights' sizes."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from gdsolve.objective.box import Box
from gdsolve.solve.corner import RADII, _around, _look_around

W = torch.tensor([[2.0], [-3.0]], dtype=torch.float64)
SIZES = torch.tensor([[2.0], [30.0]], dtype=torch.float64)
COUNT = 6


def look(loss: Callable[[Tensor], float], box: Box | None = None) -> tuple[Any, list[Tensor]]:
    """What is found around W, and the places that were looked at."""
    places: list[Tensor] = []

    def evaluate(w: Tensor) -> Any:
        places.append(w)
        return SimpleNamespace(value=loss(w))

    problem: Any = SimpleNamespace(box=box, objective=SimpleNamespace(evaluate=evaluate))
    return _look_around(problem, W, loss(W), SIZES, COUNT), places


def test_places_lie_in_all_directions_within_a_hundredth_of_the_sizes() -> None:
    _, places = look(lambda w: 1.0)
    expected = [W + radius * SIZES * way[:, None] for way in _around(W, COUNT).mT for radius in RADII]
    assert torch.equal(torch.cat(places, dim=1), torch.cat(expected, dim=1))


def test_a_corner_rises_in_all_directions_and_is_left_at_the_first_rise() -> None:
    found, places = look(lambda w: 1.0 + float((w - W).abs().sum()))
    assert (found.rises, found.lowest, torch.equal(found.w, W)) == (True, 1.0, True)
    assert len(places) == 4 + COUNT


@pytest.mark.parametrize(
    "loss",
    [
        lambda w: float((w - W - 0.005 * SIZES).abs().sum()),
        lambda w: -float((w - W).norm()),
        lambda w: float(w[0]) if float(w[0]) <= 2.0 else math.inf,
    ],
)
def test_the_lowest_place_is_found(loss: Callable[[Tensor], float]) -> None:
    found, places = look(loss)
    values = [loss(place) for place in places]
    lowest = min(*values, loss(W))
    assert (found.rises, found.lowest, loss(found.w)) == (False, lowest, lowest)


def test_what_is_level_does_not_rise_and_what_is_no_number_does() -> None:
    assert not look(lambda w: 1.0)[0].rises
    assert look(lambda w: 1.0 if torch.equal(w, W) else math.nan)[0].rises
    # A direction that a bound holds leads nowhere, which counts as a rise.
    assert look(lambda w: 1.0, Box(W, W))[0].rises
