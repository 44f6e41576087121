"""The parameter of a loss in a saved model: 0 where there is none, no number where groups have one each."""

from __future__ import annotations

import math

import pytest

from gdsolve.data.deviance import parameter_of
from gdsolve.spec.losses import Loss

OWN = {loss: loss.info.parameter.name for loss in Loss if loss.info.parameter is not None}


@pytest.mark.parametrize("loss", list(Loss))
def test_the_parameter_is_the_one_of_the_loss(loss: Loss) -> None:
    own = OWN.get(loss)
    saved = {name: 0.25 + place for place, name in enumerate(sorted(set(OWN.values())))}
    assert parameter_of(loss, saved) == (0.0 if own is None else saved[own])
    assert [parameter_of(loss, one) for one in ({}, None, [], {"loss": "x"})] == [0.0] * 4
    if own is not None:
        assert parameter_of(loss, {own: 3}) == 3.0
        assert parameter_of(loss, {own: "3"}) == 0.0
        assert math.isnan(parameter_of(loss, {own: None}))
