"""A run ends by itself where the digits of the loss end, and says so when it was no minimum."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import FLOAT, Smooth, Squares, column, descend
from problems import pose, random_table
from torch import Tensor

from gdsolve.descent.methods.backtracking import BacktrackingDescent
from gdsolve.descent.methods.barzilai_borwein import BarzilaiBorwein
from gdsolve.descent.methods.base import Halt, Point, UpdateRule
from gdsolve.descent.methods.lbfgs import LBFGS
from gdsolve.descent.methods.levenberg_marquardt import LevenbergMarquardt
from gdsolve.descent.methods.line_search import strong_wolfe
from gdsolve.descent.methods.nesterov import Nesterov
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.methods.rounding import Trial, rounding, verdict
from gdsolve.descent.rates import ConstantRate
from gdsolve.objective.base import Evaluation
from gdsolve.status import Status

FIRST_ORDER: list[UpdateRule] = [
    BacktrackingDescent(1.0),
    BarzilaiBorwein(1e-2),
    Nesterov(ConstantRate(1.0), backtrack=True),
]
ALL: list[UpdateRule] = [*FIRST_ORDER, LBFGS(), Newton(), LevenbergMarquardt()]


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("noise", [0.0, 1e-9, 1.0])
def test_least_squares_ends_by_itself(method: UpdateRule, offset: float, noise: float) -> None:
    """With no residual at all, with one far below the target's size, and beside a large constant."""
    generator = torch.Generator().manual_seed(7)
    design = torch.randn(40, 4, generator=generator, dtype=FLOAT)
    w = torch.randn(4, 1, generator=generator, dtype=FLOAT)
    target = 10.0 * (design @ w)[:, 0] + noise * torch.randn(40, generator=generator, dtype=FLOAT)
    constant = torch.full((1,), offset, dtype=FLOAT)
    objective = Squares(residual=lambda w: torch.cat([design @ w - target, constant]))
    solution = descend(objective, torch.zeros(4, 1, dtype=FLOAT), method, 2000)
    expected = torch.linalg.lstsq(design, target[:, None]).solution
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert objective.calls <= 600
    resolved = 1e-2 if offset else 1e-6
    torch.testing.assert_close(solution.w, expected, rtol=0.0, atol=resolved)


@settings(max_examples=examples(40), deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 4), noise=st.sampled_from([0.0, 1e-12, 1e-6, 1.0]))
def test_none_fails_on_least_squares(seed: int, n: int, noise: float) -> None:
    values = random_table(seed, 15, n)
    generator = torch.Generator().manual_seed(seed)
    values[:, -1] = values[:, :-1].sum(axis=1) + noise * torch.randn(15, generator=generator, dtype=FLOAT).numpy()
    posed = pose(values, 1.0 / 15.0)
    for method in (BarzilaiBorwein(1e-2), LBFGS(), Newton(), LevenbergMarquardt()):
        solution = descend(posed.quadratic, posed.start, method, 5000)
        assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")


@pytest.mark.parametrize("method", ALL)
def test_start_at_the_minimum(method: UpdateRule) -> None:
    solution = descend(Squares(residual=lambda w: w - 1.0), column(1.0, 1.0), method)
    assert (solution.status, solution.stopped_by, solution.iterations) == (Status.CONVERGED, "rounding", 0)


@pytest.mark.parametrize("method", ALL)
def test_start_outside_of_the_domain(method: UpdateRule) -> None:
    solution = descend(Squares(residual=torch.sqrt), column(-1.0), method)
    assert (solution.status, solution.stopped_by, solution.iterations) == (Status.FAILED, "no_step", 0)


@dataclass
class Uphill(Smooth):
    """An objective whose gradient has the wrong sign."""

    def evaluate(self, w: Tensor) -> Evaluation:
        now = super().evaluate(w)
        return Evaluation(now.value, -now.gradient)


@pytest.mark.parametrize("method", [*FIRST_ORDER, LBFGS(), Newton()])
@pytest.mark.parametrize("constant", [0.0, 1.0, -1e6])
def test_a_wrong_gradient_is_no_minimum(method: UpdateRule, constant: float) -> None:
    objective = Uphill(lambda w: ((w - 1.0) ** 2).sum() + constant)
    solution = descend(objective, column(3.0, 2.0), method)
    assert (solution.status, solution.stopped_by, solution.iterations) == (Status.FAILED, "no_step", 0)
    assert objective.calls < 250


def test_a_wrong_jacobian_is_no_minimum() -> None:
    class Wrong(Squares):
        def jacobian(self, w: Tensor) -> Tensor:
            return -super().jacobian(w)

        def evaluate(self, w: Tensor) -> Evaluation:
            now = super().evaluate(w)
            return Evaluation(now.value, -now.gradient)

    solution = descend(Wrong(residual=lambda w: w - 1.0), column(3.0, 2.0), LevenbergMarquardt())
    assert (solution.status, solution.stopped_by, solution.iterations) == (Status.FAILED, "no_step", 0)


@pytest.mark.parametrize("method", [*FIRST_ORDER[:1], LBFGS(), Newton(), FIRST_ORDER[2]])
def test_a_kink_is_no_minimum(method: UpdateRule) -> None:
    """|w₀| + (w₁ − 1)² + 1: steps along the gradient jam at w₀ = 0, before w₁ is at 1."""
    objective = Smooth(lambda w: w[0].abs() + (w[1] - 1.0) ** 2 + 1.0)
    solution = descend(objective, column(0.3, -0.7), method, 2000)
    assert (solution.status, solution.stopped_by) == (Status.FAILED, "no_step")


def halvings(first: float, count: int, promise: float, change: float, turned: float) -> list[Trial]:
    """Trials of f(t) = change·t² − promise·t, whose slope turns by `turned`·t."""
    rates = [first * 0.5**i for i in range(count)]
    return [Trial(t, promise * t, change * t * t - promise * t, turned * t) for t in rates]


def test_verdict() -> None:
    nothing = float("nan")
    noisy = [Trial(t, 1e-13 * t, 3e-13, 1.0) for t in (1.0, 0.5, 0.25)]
    lost = [Trial(t, t, nothing, nothing) for t in (1.0, 0.5, 0.25)]
    kink = [Trial(0.5**i, 0.5**i, 0.5**i, 2.0) for i in range(50)]
    wrong = [Trial(0.5**i, 0.5**i, 0.5**i, -0.1 * 0.5**i) for i in range(50)]
    assert verdict([], 1e-16) is Halt.ROUNDING
    assert verdict(noisy, 1e-16) is Halt.ROUNDING
    assert verdict(halvings(1.0, 3, 1e-17, 2e-17, 1.0), 1e-16) is Halt.ROUNDING
    assert verdict(lost, 1e-16) is Halt.NO_STEP
    assert verdict(kink, 1e-16) is Halt.NO_STEP
    assert verdict(wrong, 1e-16) is Halt.NO_STEP


@pytest.mark.parametrize("first", [1e-8, 1e-3, 1.0, 1e3, 1e8])
@pytest.mark.parametrize("bend", [0.0, 3.0])
def test_strong_wolfe(first: float, bend: float) -> None:
    """Both conditions hold at the step, whatever the first trial, outside of the domain too (bend = 3)."""
    objective = Smooth(lambda w: (w**2 + torch.sin(5.0 * w) - bend * torch.log(4.0 - w)).sum())
    point = Point.at(objective, column(-3.0))
    direction = -point.now.gradient
    slope = float((direction * point.now.gradient).sum())
    objective.calls = 0
    sample, evaluations = strong_wolfe(objective, point, direction, (float(point.now.value), slope), first)
    assert sample is not None
    assert (sample.t > 0.0, evaluations) == (True, objective.calls)
    assert evaluations <= 40
    assert sample.value <= float(point.now.value) + 1e-4 * sample.t * slope
    assert abs(sample.slope) <= -0.9 * slope


def test_rounding_is_that_of_the_precision() -> None:
    assert rounding(-2.0, torch.float64) == 8.0 * torch.finfo(torch.float64).eps
    assert rounding(1.0, torch.float32) == 4.0 * torch.finfo(torch.float32).eps
