"""What a step of Levenberg and Marquardt costs, and how it compares what it promised with what it brought."""

from __future__ import annotations

import pytest
import torch
from landscapes import FLOAT, Squares, rosenbrock
from torch import Tensor

from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.levenberg_marquardt import LevenbergMarquardt, State, _compare

START = torch.tensor([[-1.2], [1.0]], dtype=FLOAT)


@pytest.mark.parametrize("falls_back", [False, True])
def test_every_evaluation_of_a_step_is_counted(falls_back: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of residuals, Jacobians and losses; where no damped step helps, the steepest descent counts as well."""
    damped = LevenbergMarquardt._descend
    if falls_back:
        monkeypatch.setattr(LevenbergMarquardt, "_descend", lambda *given: (None, damped(*given)[1]))
    objective = Squares(residual=rosenbrock)
    method, point = LevenbergMarquardt(), Point.at(objective, START)
    memory, before = method.begin(objective, point), float(point.now.value)
    for k in range(3):
        objective.calls = 0
        advance = method.step(objective, point, memory, k)
        assert isinstance(advance, Advance)
        assert advance.evaluations == objective.calls
        point, memory = advance.point, advance.memory
        assert float(point.now.value) < before
        before = float(point.now.value)


def test_what_a_step_promised_and_what_it_brought() -> None:
    jacobian = torch.tensor([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]], dtype=FLOAT)
    residuals = torch.tensor([[1.0], [-2.0], [0.5]], dtype=FLOAT)
    moved = torch.tensor([[0.25], [-0.5]], dtype=FLOAT)

    def half(r: Tensor) -> float:
        return 0.5 * float(r.square().sum())

    linear = residuals + jacobian @ moved
    after = linear + 0.125
    state = State(residuals, jacobian, torch.ones(2, 1, dtype=FLOAT), 1e-3, 2.0, None)
    predicted, actual, length = _compare(state, moved, after)
    assert (predicted, actual) == pytest.approx((half(residuals) - half(linear), half(residuals) - half(after)))
    assert length == 0.5
    # Of two losses that agree in nearly all their digits the decrease still has its own.
    large, apart = 1e8 * residuals, 2.0**-20
    _, small, _ = _compare(State(large, jacobian, state.scale, 1e-3, 2.0, None), moved, large - apart)
    assert small == pytest.approx(apart * float(large.sum()) - 1.5 * apart**2, rel=1e-12)


def test_there_is_no_step_where_nothing_is_finite() -> None:
    objective = Squares(residual=lambda w: torch.stack([w[0].log(), w[1]]))
    point = Point.at(objective, torch.tensor([[0.0], [1.0]], dtype=FLOAT))
    assert LevenbergMarquardt().step(objective, point, None, 0) is Halt.NO_STEP
