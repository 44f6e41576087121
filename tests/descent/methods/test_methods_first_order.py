"""Momentum, Nesterov, Adam, backtracking and Barzilai-Borwein: conventions, speed, endings."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from landscapes import FLOAT, Smooth, Squares, beale, column, descend, rosenbrock
from torch import Tensor

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.adam import Adam
from gdsolve.descent.methods.backtracking import BacktrackingDescent
from gdsolve.descent.methods.barzilai_borwein import BarzilaiBorwein
from gdsolve.descent.methods.base import Point, UpdateRule
from gdsolve.descent.methods.gradient import GradientDescent
from gdsolve.descent.methods.momentum import Momentum
from gdsolve.descent.methods.nesterov import Nesterov
from gdsolve.descent.methods.rmsprop import RMSprop
from gdsolve.descent.rates import ConstantRate, Cosine, Rate
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.descent.stop import SmallGradient
from gdsolve.status import Status

STEPS = 60
HEIGHTS = torch.logspace(0, 4, 12, dtype=FLOAT)


def valley() -> Smooth:
    """½Σhᵢ(wᵢ − 1)² + 1, condition 10⁴."""
    return Smooth(lambda w: 0.5 * (HEIGHTS * (w - 1.0) ** 2).sum() + 1.0)


def iterates(method: UpdateRule, function: Callable[[Tensor], Tensor], start: Tensor, steps: int = STEPS) -> Tensor:
    objective = Smooth(function)
    return iterate(objective, start, method, (), max_iter=steps, schedule=Schedule(1)).trace.weights


def torch_iterates(
    build: Callable[[list[Tensor], float], torch.optim.Optimizer],
    rate: Rate,
    function: Callable[[Tensor], Tensor],
    start: Tensor,
) -> Tensor:
    w = start[:, 0].clone().requires_grad_()
    optimiser = build([w], rate.at(0))
    path = [w.detach().clone()]
    for k in range(STEPS):
        optimiser.param_groups[0]["lr"] = rate.at(k)
        optimiser.zero_grad()
        function(w).backward()
        optimiser.step()
        path.append(w.detach().clone())
    return torch.stack(path, dim=1)


def bowl(w: Tensor) -> Tensor:
    return rosenbrock(w).square().sum() / 100.0


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("rate", [ConstantRate(1e-2), Cosine(2e-2, STEPS)])
def test_momentum_is_that_of_torch(beta: float, rate: Rate) -> None:
    start = column(-1.2, 1.0)
    theirs = torch_iterates(lambda w, lr: torch.optim.SGD(w, lr=lr, momentum=beta), rate, bowl, start)
    torch.testing.assert_close(iterates(Momentum(rate, beta), bowl, start), theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("beta1", "beta2", "epsilon"), [(0.9, 0.999, 1e-8), (0.5, 0.9, 1e-3)])
@pytest.mark.parametrize("rate", [ConstantRate(1e-2), Cosine(1e-1, STEPS)])
def test_adam_is_that_of_torch(beta1: float, beta2: float, epsilon: float, rate: Rate) -> None:
    start = column(-1.2, 1.0)
    theirs = torch_iterates(
        lambda w, lr: torch.optim.Adam(w, lr=lr, betas=(beta1, beta2), eps=epsilon), rate, bowl, start
    )
    ours = iterates(Adam(rate, beta1, beta2, epsilon), bowl, start)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("beta", "epsilon"), [(0.99, 1e-8), (0.5, 1e-3)])
@pytest.mark.parametrize("rate", [ConstantRate(1e-2), Cosine(1e-1, STEPS)])
def test_rmsprop_is_that_of_torch(beta: float, epsilon: float, rate: Rate) -> None:
    start = column(-1.2, 1.0)
    theirs = torch_iterates(lambda w, lr: torch.optim.RMSprop(w, lr=lr, alpha=beta, eps=epsilon), rate, bowl, start)
    torch.testing.assert_close(iterates(RMSprop(rate, beta, epsilon), bowl, start), theirs, rtol=1e-12, atol=1e-14)


def test_rmsprop_settles_only_as_its_rate_fades_away() -> None:
    """At a constant rate α it ends up α/2 on either side of the minimum, to and fro."""
    generator = torch.Generator().manual_seed(0)
    design = torch.randn(12, 4, dtype=FLOAT, generator=generator)
    target = torch.randn(12, 1, dtype=FLOAT, generator=generator)
    minimum = torch.linalg.lstsq(design, target).solution
    for rate, away in ((ConstantRate(1e-2), 5e-3), (Cosine(1e-2, 2000), 0.0)):
        objective = Squares(residual=lambda w: design @ w - target[:, 0])
        found = iterate(
            objective, torch.zeros(4, 1, dtype=FLOAT), RMSprop(rate), (), max_iter=2000, schedule=Schedule(1)
        )
        assert float((found.trace.weights[:, -1:] - minimum).abs().amax()) == pytest.approx(away, rel=0.01, abs=1e-12)


@pytest.mark.parametrize("beta", [0.3, 0.9])
def test_iterates_of_torch_are_the_points_ahead_of_nesterov(beta: float) -> None:
    """Its k-th iterate is x_k + β(x_k − x_{k−1})."""
    start = column(-1.2, 1.0)
    rate = ConstantRate(1e-2)
    theirs = torch_iterates(lambda w, lr: torch.optim.SGD(w, lr=lr, momentum=beta, nesterov=True), rate, bowl, start)
    ours = iterates(Nesterov(rate, beta), bowl, start)
    before = torch.cat([ours[:, :1], ours[:, :-1]], dim=1)
    torch.testing.assert_close(ours + beta * (ours - before), theirs, rtol=1e-12, atol=1e-14)


def test_fista_is_the_textbook_loop_until_it_restarts() -> None:
    objective, start = valley(), torch.zeros(12, 1, dtype=FLOAT)
    x, y, t = start, start, 1.0
    path = [start]
    for _ in range(20):
        ahead = y - 1e-4 * objective.evaluate(y).gradient
        following = (1.0 + math.sqrt(1.0 + 4.0 * t * t)) / 2.0
        x, y, t = ahead, ahead + (t - 1.0) / following * (ahead - x), following
        path.append(x)
    ours = iterates(Nesterov(ConstantRate(1e-4)), objective.function, start, 20)
    torch.testing.assert_close(ours, torch.cat(path, dim=1), rtol=1e-12, atol=1e-14)


def updates_to(method: UpdateRule, gradient: float, limit: int) -> Solution:
    start = torch.zeros(12, 1, dtype=FLOAT)
    rules = (SmallGradient(gradient),)
    return iterate(valley(), start, method, rules, max_iter=limit, schedule=Schedule("log"))


def test_acceleration_pays_on_an_ill_conditioned_quadratic() -> None:
    plain = updates_to(GradientDescent(ConstantRate(1e-4)), 1e-6, 8_000)
    restarted = updates_to(Nesterov(ConstantRate(1e-4)), 1e-6, 20_000)
    searched = updates_to(Nesterov(ConstantRate(1.0), backtrack=True), 1e-6, 20_000)
    spectral = updates_to(BarzilaiBorwein(1e-4), 1e-6, 20_000)
    assert (plain.status, plain.iterations) == (Status.MAX_ITER, 8_000)
    assert restarted.iterations < 2500
    assert searched.iterations < 2500
    assert spectral.iterations < 1500
    for solution in (restarted, searched, spectral):
        assert solution.status is Status.CONVERGED
        torch.testing.assert_close(solution.w, torch.ones_like(solution.w), rtol=0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "blind", "first", "second"),
    [
        (Momentum(ConstantRate(1e-5)), True, 1, 1),
        (Adam(ConstantRate(1e-5)), True, 1, 1),
        (RMSprop(ConstantRate(1e-5)), True, 1, 1),
        (Nesterov(ConstantRate(1e-5)), True, 1, 2),
        (Nesterov(ConstantRate(1e-5), 0.5), True, 1, 2),
        (Nesterov(ConstantRate(1e-5), backtrack=True), False, 1, 2),
        (BacktrackingDescent(1e-5), False, 1, 1),
        (BarzilaiBorwein(1e-5), False, 1, 1),
    ],
)
def test_cost_of_a_step(method: UpdateRule, blind: bool, first: int, second: int) -> None:
    assert method.blind is blind
    objective = valley()
    point = Point.at(objective, torch.zeros(12, 1, dtype=FLOAT))
    memory = method.begin(objective, point)
    for k, expected in enumerate((first, second)):
        objective.calls = 0
        advance = method.step(objective, point, memory, k)
        assert (advance.evaluations, objective.calls) == (expected, expected)
        point, memory = advance.point, advance.memory


@pytest.mark.parametrize(
    ("method", "limit", "accuracy"),
    [
        (BacktrackingDescent(1.0), 8000, 1e-3),
        (BarzilaiBorwein(1e-3), 150, 1e-12),
        (Nesterov(ConstantRate(1e-2), backtrack=True), 2500, 1e-10),
    ],
)
def test_rosenbrock_is_solved(method: UpdateRule, limit: int, accuracy: float) -> None:
    objective = Squares(residual=rosenbrock)
    solution = descend(objective, column(-1.2, 1.0), method, limit)
    torch.testing.assert_close(solution.w, column(1.0, 1.0), rtol=0.0, atol=accuracy)
    assert solution.evaluations <= objective.calls <= 3 * limit


@pytest.mark.parametrize(
    ("method", "limit"),
    [
        (BacktrackingDescent(1.0), 4000),
        (BarzilaiBorwein(1e-2), 80),
        (Nesterov(ConstantRate(1.0), backtrack=True), 500),
    ],
)
def test_beale_ends_by_itself(method: UpdateRule, limit: int) -> None:
    solution = descend(Squares(residual=beale), column(1.0, 1.0), method, limit)
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    torch.testing.assert_close(solution.w, column(3.0, 0.5), rtol=1e-12, atol=0.0)


@pytest.mark.parametrize(
    "method",
    [BacktrackingDescent(100.0), BarzilaiBorwein(100.0), Nesterov(ConstantRate(100.0), backtrack=True)],
)
def test_a_step_out_of_the_domain_is_shortened(method: UpdateRule) -> None:
    """w − log w from 5: the first rate leads to w = −75, where there is no logarithm."""
    objective = Smooth(lambda w: (w - w.log()).sum())
    solution = descend(objective, column(5.0), method, 100)
    assert (solution.status, solution.stopped_by) == (Status.CONVERGED, "rounding")
    assert all(math.isfinite(value) for value in solution.trace.values)
    assert float(solution.w) == pytest.approx(1.0, abs=1e-7)


@pytest.mark.parametrize(
    "method",
    [
        GradientDescent(ConstantRate(0.02)),
        Momentum(ConstantRate(0.01), 0.8),
        Nesterov(ConstantRate(0.01), 0.8),
        Nesterov(ConstantRate(0.01)),
        Nesterov(ConstantRate(1.0), backtrack=True),
        Adam(Cosine(0.3, 2000)),
        RMSprop(Cosine(0.3, 2000)),
        BacktrackingDescent(1.0),
        BarzilaiBorwein(0.01),
    ],
)
def test_float32_stays_float32(method: UpdateRule) -> None:
    generator = torch.Generator().manual_seed(5)
    design = torch.randn(20, 3, generator=generator)
    target = design @ torch.tensor([1.0, -2.0, 0.5]) + 0.1 * torch.randn(20, generator=generator)
    solution = descend(Squares(residual=lambda w: design @ w - target), torch.zeros(3, 1), method, 2000)
    expected = torch.linalg.lstsq(design, target[:, None]).solution
    assert solution.w.dtype is torch.float32
    torch.testing.assert_close(solution.w, expected, rtol=0.0, atol=2e-3)
    assert solution.stopped_by == ("max_iter" if method.blind else "rounding")


def test_rate_follows_the_curvature() -> None:
    """From a first rate 10⁸ times too short or too long, the same minimum in hardly more steps."""
    counts = []
    for first in (1e-8, 1.0, 1e8):
        solution = descend(Squares(residual=beale), column(1.0, 1.0), BacktrackingDescent(first), 8000)
        assert solution.stopped_by == "rounding"
        counts.append(solution.iterations)
    assert max(counts) < 2 * min(counts)
