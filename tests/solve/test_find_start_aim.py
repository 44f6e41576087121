"""What a curve shall be near while a start is looked for, loss by loss."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from gdsolve.solve.find_start import HALF_COUNT, ODDS, _aim
from gdsolve.spec import Loss, Spec
from gdsolve.spec.losses import Link

Y = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)
OFFSET = torch.tensor([0.5, -1.0, 0.0, 2.0], dtype=torch.float64)
WEIGHT = torch.tensor([1.0, 4.0, 0.0, 2.0], dtype=torch.float64)
NONE = torch.zeros_like(Y)
MEAN = float((WEIGHT * Y).sum() / WEIGHT.sum())


@pytest.mark.parametrize(
    ("options", "aim", "weight", "level"),
    [
        ({"loss": Loss.HALF_MSE}, Y - OFFSET, WEIGHT, None),
        ({"loss": Loss.QUANTILE, "quantile": 0.9}, Y, WEIGHT, 0.9),
        ({"loss": Loss.QUANTILE, "quantile": 0.1}, Y, WEIGHT, 0.1),
        ({"loss": Loss.ABSOLUTE}, Y, WEIGHT, 0.5),
        ({"loss": Loss.HUBER}, Y, WEIGHT, 0.5),
        ({"loss": Loss.LOGISTIC}, Y - OFFSET, WEIGHT, None),
        ({"loss": Loss.LOGISTIC, "link": Link.LOGIT}, ODDS * (2.0 * Y - 1.0) - OFFSET, WEIGHT, None),
        ({"loss": Loss.SQUARED_HINGE}, ODDS * (2.0 * Y - 1.0) - OFFSET, WEIGHT, None),
        ({"loss": Loss.POISSON}, Y - OFFSET, WEIGHT, None),
        (
            {"loss": Loss.POISSON, "link": Link.LOG},
            (Y + HALF_COUNT).log() - OFFSET,
            WEIGHT * (Y + HALF_COUNT),
            None,
        ),
        (
            {"loss": Loss.TWEEDIE, "link": Link.LOG},
            (Y + HALF_COUNT * MEAN).log() - OFFSET,
            WEIGHT * (Y + HALF_COUNT * MEAN),
            None,
        ),
        ({"loss": Loss.GAMMA, "link": Link.LOG}, Y.log() - OFFSET, WEIGHT * Y, None),
    ],
)
def test_what_a_curve_shall_be_near(
    options: dict[str, Any], aim: torch.Tensor, weight: torch.Tensor, level: float | None
) -> None:
    spec = Spec(data=("t.csv",), model="a*x", start=("a=1",), **options)
    found, root, told = _aim(spec, torch.stack([Y, OFFSET], dim=1), WEIGHT)
    assert torch.equal(found, aim)
    assert torch.allclose(root, weight.sqrt(), rtol=1e-15)
    assert told == level
    without, _, _ = _aim(spec, Y[:, None], WEIGHT)
    assert torch.equal(without, _aim(spec, torch.stack([Y, NONE], dim=1), WEIGHT)[0])
