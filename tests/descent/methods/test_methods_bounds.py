"""Within bounds every method ends at the same point of Karush, Kuhn and Tucker."""

from __future__ import annotations

import itertools

import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from landscapes import FLOAT, Smooth, Squares, column, descend
from torch import Tensor

from gdsolve.descent.methods.adam import Adam
from gdsolve.descent.methods.backtracking import BacktrackingDescent
from gdsolve.descent.methods.barzilai_borwein import BarzilaiBorwein
from gdsolve.descent.methods.base import UpdateRule
from gdsolve.descent.methods.gradient import GradientDescent
from gdsolve.descent.methods.levenberg_marquardt import LevenbergMarquardt
from gdsolve.descent.methods.momentum import Momentum
from gdsolve.descent.methods.nesterov import Nesterov
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.rates import ConstantRate, Cosine
from gdsolve.objective.box import Box, Boxed
from gdsolve.status import Status


def enumerate_faces(design: Tensor, target: Tensor, box: Box) -> Tensor:
    """The minimiser of ‖Xw − y‖² within the box: the best of the minimisers on all its faces that lie in it."""
    p = design.shape[1]
    best, value = box.lower, float("inf")
    for face in itertools.product((box.lower, None, box.upper), repeat=p):
        w = torch.cat(
            [torch.zeros(1, 1, dtype=FLOAT) if side is None else side[i, None] for i, side in enumerate(face)]
        )
        free = [i for i, side in enumerate(face) if side is None]
        if free:
            w[free] = torch.linalg.lstsq(design[:, free], target - design @ w).solution
        loss = float((design @ w - target).square().sum())
        if loss < value and bool(((w >= box.lower - 1e-12) & (w <= box.upper + 1e-12)).all()):
            best, value = w, loss
    return best


def bounded(seed: int, p: int, spread: float) -> tuple[Tensor, Tensor, Box, Tensor]:
    """A least-squares problem with columns of size exp(±spread), a box that cuts it, and a start, at times a corner."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=FLOAT)

    design = (draw(8, p) - 0.5) * torch.exp(spread * (2.0 * draw(p) - 1.0))
    target = draw(8, 1) - 0.5
    lower = -0.5 * draw(p, 1)
    box = Box(lower, lower + 0.8 * draw(p, 1))
    return design, target, box, lower if seed % 4 == 0 else lower + (box.upper - lower) * draw(p, 1)


def methods(box: Box, curvature: float) -> list[tuple[UpdateRule, float, int]]:
    """All of them with the accuracy that they reach and a limit on their updates."""
    rate = 1.0 / curvature
    return [
        (GradientDescent(ConstantRate(rate), box), 1e-8, 600),
        (Momentum(ConstantRate(0.5 * rate), 0.5, box), 1e-8, 600),
        (Nesterov(ConstantRate(rate), 0.5, box), 1e-8, 600),
        (Nesterov(ConstantRate(rate), limits=box), 1e-8, 600),
        (Nesterov(ConstantRate(1.0), limits=box, backtrack=True), 1e-6, 1000),
        (Adam(Cosine(0.1, 1000), box=box), 1e-5, 1000),
        (BacktrackingDescent(1.0, box), 1e-6, 3000),
        (BarzilaiBorwein(1e-2, box), 1e-9, 300),
        (Newton(box), 1e-12, 8),
        (LevenbergMarquardt(box), 1e-12, 20),
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("boxed", [False, True])
def test_every_method_ends_at_the_same_point(seed: int, boxed: bool) -> None:
    design, target, box, start = bounded(seed, 3, 0.5)
    expected = enumerate_faces(design, target, box)
    curvature = 2.0 * float(torch.linalg.matrix_norm(design, 2)) ** 2
    for method, accuracy, limit in methods(box, curvature):
        objective = Squares(residual=lambda w: design @ w - target[:, 0])
        solution = descend(Boxed(objective, box) if boxed else objective, start, method, limit)
        torch.testing.assert_close(solution.w, expected, rtol=0.0, atol=accuracy)
        assert bool(((solution.trace.weights >= box.lower) & (solution.trace.weights <= box.upper)).all())
        if not method.blind:
            assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")


@settings(max_examples=examples(60), deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000), p=st.integers(1, 4), spread=st.floats(0.0, 3.0), boxed=st.booleans())
def test_second_order_methods_find_the_active_bounds(seed: int, p: int, spread: float, boxed: bool) -> None:
    design, target, box, start = bounded(seed, p, spread)
    expected = enumerate_faces(design, target, box)
    lowest = (design @ expected - target).square().sum()
    for method, limit in ((Newton(box), 12), (LevenbergMarquardt(box), 40), (BarzilaiBorwein(1e-2, box), 4000)):
        objective = Squares(residual=lambda w: design @ w - target[:, 0])
        solution = descend(Boxed(objective, box) if boxed else objective, start, method, limit)
        assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
        assert solution.value == pytest.approx(float(lowest), rel=1e-12, abs=1e-15)


def test_levenberg_marquardt_within_bounds_on_a_curve() -> None:
    """a·exp(−bt) with b held at 0.5: the best a is a matter of linear least squares."""
    t = torch.linspace(0.0, 3.0, 12, dtype=FLOAT)
    y = 2.0 * torch.exp(-0.7 * t)
    box = Box(column(-torch.inf, 0.0), column(torch.inf, 0.5))
    objective = Squares(residual=lambda w: w[0] * torch.exp(-w[1] * t) - y)
    solution = descend(objective, column(0.0, 0.1), LevenbergMarquardt(box))
    basis = torch.exp(-0.5 * t)
    assert solution.stopped_by == "rounding"
    assert solution.w[1, 0] == 0.5
    assert float(solution.w[0, 0]) == pytest.approx(float((basis @ y) / (basis @ basis)), rel=1e-13)


@pytest.mark.parametrize("method", [Newton, BacktrackingDescent, BarzilaiBorwein])
def test_a_bound_keeps_out_of_where_the_loss_does_not_exist(method: type) -> None:
    """w + w² − log(w − 1) is NaN at and below 1; w ≥ 1.5 holds."""
    box = Box(column(1.5), column(torch.inf))
    objective = Smooth(lambda w: (w + w**2 - (w - 1.0).log()).sum())
    solution = descend(objective, column(9.0), method(box=box) if method is Newton else method(10.0, box))
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert float(solution.w) == 1.5
