"""Backtracking by the gradient alone, where the loss has no digits left to judge a step by."""

from __future__ import annotations

import pytest
import torch
from landscapes import FLOAT, Smooth

from gdsolve.descent.methods.backtracking import GROWTH, PATIENCE, BacktrackingDescent, Rates
from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.rounding import Faint

TINY = 1e-10


def refined(begin: float, faint: Faint, curvature: float = 1.0) -> tuple[Advance | Halt, int]:
    """One step on 1 + ½·c·x² at 10⁻¹⁰, with the next rate to try, and the calls that it cost."""
    objective = Smooth(lambda w: 1.0 + 0.5 * curvature * w[0] ** 2)
    point = Point.at(objective, torch.tensor([[TINY]], dtype=FLOAT))
    objective.calls = 0
    return BacktrackingDescent(1.0).step(objective, point, Rates(begin, 1.0, faint), 7), objective.calls


@pytest.mark.parametrize(("begin", "trials", "rate"), [(0.25, 1, 0.25), (1.0, 1, 1.0), (1.5, 2, 0.75), (64.0, 7, 1.0)])
@pytest.mark.parametrize("curvature", [1.0, 16.0])
def test_a_rate_is_halved_until_the_slope_is_not_turned_round(
    begin: float, trials: int, rate: float, curvature: float
) -> None:
    advance, calls = refined(begin / curvature, Faint(), curvature)
    assert isinstance(advance, Advance)
    assert float(advance.point.w) == pytest.approx((1.0 - rate) * TINY, rel=1e-12)
    assert (advance.evaluations, calls) == (trials, trials)
    assert (advance.memory.next, advance.memory.longest) == (GROWTH * rate / curvature, 1.0)
    assert advance.memory.faint == Faint(pytest.approx(rate * curvature * TINY**2, rel=1e-9))


def test_promises_that_no_longer_fall_end_the_run() -> None:
    least = TINY**2
    advance, _ = refined(1.0, Faint(least, PATIENCE - 2))
    assert isinstance(advance, Advance)
    assert advance.memory.faint == Faint(least, PATIENCE - 1)
    assert refined(1.0, Faint(least, PATIENCE - 1)) == (Halt.ROUNDING, 1)
    again, _ = refined(1.0, Faint(2.1 * least, PATIENCE - 1))
    assert isinstance(again, Advance)
    assert again.memory.faint.idle == 0
