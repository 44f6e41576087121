"""The coordinates in which a penalty or a bound is what descent can take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from problems import Block

from gdsolve.objective.triangle import build_triangle
from gdsolve.solve.squares import penalised_coordinates
from gdsolve.spec import Spec

TALL = np.random.default_rng(3).normal(size=(20, 4)) * [1.0, 5.0, 0.2, 2.0] + [3.0, -1.0, 0.0, 4.0]


@pytest.mark.parametrize(
    ("options", "centred"),
    [
        ({}, True),
        ({"l1": 0.5}, True),
        ({"ridge": 0.5, "penalize_intercept": True}, True),
        ({"l1": 0.5, "penalize_intercept": True}, False),
        ({"lower": ("intercept=0",)}, False),
        ({"upper": ("intercept=9",), "ridge": 0.5}, False),
        ({"upper": ("x1=9",)}, True),
    ],
)
def test_columns_stay_where_they_are_for_an_intercept_that_is_penalised_or_bounded(
    options: dict[str, Any], centred: bool
) -> None:
    triangle = build_triangle([Block(TALL)])
    assert triangle is not None
    standard = triangle.standardised(intercept=True)
    found = penalised_coordinates(Spec(data=("t.csv",), **options), triangle, standard)
    assert found.centred is centred
    assert torch.equal(found.scale, standard.scale)
    assert torch.equal(found.centre, standard.centre if centred else torch.zeros_like(standard.centre))
    assert found.target_centre == (standard.target_centre if centred else 0.0)
