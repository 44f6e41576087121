"""Rows, triangle and closed form are the same descent: same k, same status, same w (docs/design.md, section 2)."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import ONE_WEIGHT, TWO_POINTS, Posed, pose, random_table

from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.ends import limit_status
from gdsolve.descent.iterate import iterate
from gdsolve.descent.leap import find_stops, leap
from gdsolve.descent.methods.gradient import GradientDescent
from gdsolve.descent.rates import ConstantRate
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.descent.stop import Divergence, SmallGradient, SmallLossChange, SmallUpdate, StopRule
from gdsolve.objective.losses import LOSSES
from gdsolve.spec import Loss
from gdsolve.status import Status


def three_ways(posed: Posed, rate: float, rules: tuple[StopRule, ...], max_iter: int, every: int = 1) -> list[Solution]:
    stops = (Divergence(max(float(posed.quadratic.value(posed.start)), 1e-12)), *rules)
    schedule = Schedule(every)
    form = ClosedForm.of(posed.modes, posed.start, torch.tensor([rate], dtype=torch.float64))
    (at_limit,) = limit_status(form)
    loops = []
    method = GradientDescent(ConstantRate(rate))
    for objective in (posed.rows, posed.quadratic):
        dtype = posed.rows.design.dtype
        moved = objective.to(dtype, posed.start.device) if objective is posed.quadratic else objective
        loops.append(
            iterate(
                moved,
                posed.start.to(dtype),
                method,
                stops,
                max_iter=max_iter,
                schedule=schedule,
                at_limit=at_limit,
            )
        )
    return [*loops, leap(posed.modes, posed.start, rate, stops, max_iter=max_iter, schedule=schedule)]


def assert_same(solutions: list[Solution], rtol: float, atol: float) -> None:
    first = solutions[0]
    for other in solutions[1:]:
        assert (other.iterations, other.status, other.stopped_by) == (first.iterations, first.status, first.stopped_by)
        assert other.best_iteration == first.best_iteration
        assert other.trace.iterations == first.trace.iterations
        torch.testing.assert_close(other.w.double(), first.w.double(), rtol=rtol, atol=atol)
        torch.testing.assert_close(other.trace.weights.double(), first.trace.weights.double(), rtol=rtol, atol=atol)


@pytest.mark.parametrize(
    ("loss", "standard", "ridge", "weighted", "share"),
    list(itertools.product(LOSSES, (False, True), (0.0, 2.5), (False, True), (0.05, 0.5, 0.95, 1.0, 1.3))),
)
def test_same_descent(loss: Loss, standard: bool, ridge: float, weighted: bool, share: float) -> None:
    values = random_table(3, 40, 3)
    weight = np.random.default_rng(4).uniform(0.2, 3.0, size=40) if weighted else None
    c = LOSSES[loss].curvature_scale(40.0 if weight is None else float(weight.sum()))
    posed = pose(values, c, weight=weight, standard=standard, ridge=ridge, penalize_intercept=weighted)
    rate = share * posed.modes.spectrum.largest_stable
    # At the edge every update is like those before it.
    solutions = three_ways(posed, rate, (SmallUpdate(1e-7),), max_iter=400 if share == 1.0 else 3000)
    expected = {1.0: Status.EDGE_OF_STABILITY, 1.3: Status.DIVERGED}.get(share, Status.CONVERGED)
    assert solutions[0].status in (expected, Status.MAX_ITER if share == 0.05 else expected)
    biggest = float(solutions[0].trace.weights.abs().amax())
    assert_same(solutions, rtol=1e-9, atol=1e-12 * biggest)


@pytest.mark.parametrize("rule", [SmallUpdate(1e-3), SmallLossChange(1e-4), SmallGradient(1e-2)])
@pytest.mark.parametrize("standard", [False, True])
def test_same_descent_in_float32(rule: StopRule, standard: bool) -> None:
    values = random_table(5, 30, 2)
    posed = pose(values, 1.0 / 30.0, standard=standard, dtype=torch.float32)
    solutions = three_ways(posed, 0.6 * posed.modes.spectrum.best, (rule,), max_iter=5000, every=100)
    assert solutions[0].status is Status.CONVERGED
    assert_same(solutions, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("rule", [SmallUpdate(1e-6), SmallLossChange(1e-9), SmallGradient(1e-5)])
def test_every_rule_stops_at_the_same_k(rule: StopRule) -> None:
    posed = pose(random_table(6, 25, 4), 2.0 / 25.0)
    solutions = three_ways(posed, 0.9 * posed.modes.spectrum.best, (rule,), max_iter=100_000, every=1000)
    assert solutions[0].stopped_by == rule.name
    assert_same(solutions, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("rate", "status", "iterates"),
    [
        (0.01, Status.MAX_ITER, (0.56, 0.9632, 1.253504)),
        (1 / 28, Status.MAX_ITER, (2.0, 2.0, 2.0)),
        (1 / 14, Status.EDGE_OF_STABILITY, (4.0, 0.0, 4.0)),
        (0.1, Status.DIVERGED, (5.6, -4.48, 13.664)),
        (0.5, Status.DIVERGED, (28.0, -336.0, 4396.0)),
        (2.0, Status.DIVERGED, (112.0, -6048.0, 332752.0)),
    ],
)
def test_one_weight_table(rate: float, status: Status, iterates: tuple[float, ...]) -> None:
    """configs/textbook, table C."""
    posed = pose(ONE_WEIGHT, 2.0, intercept=False)
    for solution in three_ways(posed, rate, (), max_iter=3):
        assert solution.status is status
        assert solution.trace.weights[0, 1:].tolist() == pytest.approx(iterates, rel=1e-13, abs=1e-13)


@pytest.mark.parametrize(("c", "rate", "tolerance", "k"), [(1.0 / 2.0, 0.01, 1e-6, 3935), (2.0, 0.0001, 1e-6, 51517)])
def test_textbook_stopping_iterations(c: float, rate: float, tolerance: float, k: int) -> None:
    """configs/textbook, B4 and B7."""
    posed = pose(TWO_POINTS, c)
    for solution in three_ways(posed, rate, (SmallUpdate(tolerance),), max_iter=100_000, every=10_000):
        assert (solution.iterations, solution.status) == (k, Status.CONVERGED)


def test_handwritten_step_is_that_of_torch_sgd() -> None:
    posed = pose(random_table(8, 50, 3), 1.0 / 50.0)
    rate = 0.5 * posed.modes.spectrum.best
    w = posed.start.clone().requires_grad_()
    optimiser = torch.optim.SGD([w], lr=rate)
    for _ in range(200):
        optimiser.zero_grad()
        residual = posed.rows.design @ w - posed.rows.target
        (residual.square().sum() / 100.0).backward()
        optimiser.step()
    for solution in three_ways(posed, rate, (), max_iter=200, every=200):
        torch.testing.assert_close(solution.w, w.detach(), rtol=1e-12, atol=1e-13)


def test_trillion_iterations_stop_at_the_exact_k() -> None:
    """With one mode the k is known on paper: αλ·|e|·(1 − αλ)^(k−1) < tol."""
    posed = pose(ONE_WEIGHT, 2.0, intercept=False)
    rate, tolerance = 1e-11, 1e-14
    rules = (Divergence(56.0), SmallUpdate(tolerance))
    solution = leap(posed.modes, posed.start, rate, rules, max_iter=10**12, schedule=Schedule("log"))
    shrink = np.log1p(-28.0 * rate)
    k = int(np.ceil(np.log(tolerance / (56.0 * rate)) / shrink)) + 1
    assert solution.status is Status.CONVERGED
    assert abs(solution.iterations - k) <= 1
    assert float(solution.w) == pytest.approx(2.0 - 2.0 * np.exp(solution.iterations * shrink), rel=1e-12)


def brute_force(form: ClosedForm, stops: tuple[StopRule, ...], limit: int) -> int:
    """The first k at which some |Δw| < tolerance, of all k up to the limit."""
    tolerance = next(rule.tolerance for rule in stops if isinstance(rule, SmallUpdate))
    updates = form.updates(torch.arange(1.0, limit + 1.0, dtype=torch.float64)).abs().amax(dim=1)
    small = torch.nonzero(updates < tolerance)
    return int(small[0]) + 1 if len(small) else limit


@settings(max_examples=examples(60), deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 5),
    share=st.floats(0.02, 0.999),
    exponent=st.floats(-9.0, -1.0),
)
def test_search_finds_the_first_k(seed: int, n: int, share: float, exponent: float) -> None:
    """The maximum norm need not fall steadily: the search must not jump over its first dip."""
    posed = pose(random_table(seed, 12, n), 1.0 / 12.0)
    rate = share * posed.modes.spectrum.largest_stable
    form = ClosedForm.of(posed.modes, posed.start, torch.tensor([rate], dtype=torch.float64))
    stops = (Divergence(float(posed.quadratic.value(posed.start))), SmallUpdate(10.0**exponent))
    (stop,) = find_stops(form, stops, 2000)
    assert stop.iterations == brute_force(form, stops, 2000)


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.1, 1.5), k=st.integers(0, 60))
def test_closed_form_is_the_loop(seed: int, share: float, k: int) -> None:
    posed = pose(random_table(seed, 10, 3), 1.0 / 10.0, standard=True)
    rate = share * posed.modes.spectrum.largest_stable
    w = posed.start
    for _ in range(k):
        w = w - rate * posed.quadratic.evaluate(w).gradient
    form = ClosedForm.of(posed.modes, posed.start, torch.tensor([rate], dtype=torch.float64))
    reached = posed.start + form.displacements(torch.tensor([float(k)], dtype=torch.float64)).mT
    torch.testing.assert_close(reached, w, rtol=1e-9, atol=1e-12 * max(1.0, float(w.abs().amax())))


def test_many_rates_stop_as_each_alone() -> None:
    posed = pose(random_table(9, 30, 4), 1.0 / 30.0)
    stable = posed.modes.spectrum.largest_stable
    rates = torch.logspace(-3, 0.2, 50, dtype=torch.float64) * stable
    stops = (Divergence(float(posed.quadratic.value(posed.start))), SmallUpdate(1e-8))
    together = find_stops(ClosedForm.of(posed.modes, posed.start, rates), stops, None)
    alone = [find_stops(ClosedForm.of(posed.modes, posed.start, rate[None]), stops, None)[0] for rate in rates]
    assert together == alone
    assert {stop.status for stop in together} == {Status.CONVERGED, Status.DIVERGED}


def test_what_a_rate_costs_among_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two bisections, of the norm and of the maximum, and few ranges: what only growing modes need is left out."""
    posed = pose(random_table(4, 40, 7, scale=100.0), 1.0 / 40.0)
    rates = torch.logspace(-6, -0.01, 1000, dtype=torch.float64) * posed.modes.spectrum.largest_stable
    form = ClosedForm.of(posed.modes, posed.start, rates)
    evaluated: list[int] = []
    magnitude = ClosedForm.magnitude

    def counted(self: ClosedForm, k: torch.Tensor) -> torch.Tensor:
        evaluated.append(len(k))
        return magnitude(self, k)

    monkeypatch.setattr(ClosedForm, "magnitude", counted)
    stops = find_stops(form, (Divergence(float(posed.quadratic.value(posed.start))), SmallUpdate(1e-10)), None)
    assert {stop.status for stop in stops} == {Status.CONVERGED}
    assert sum(evaluated) < 150 * len(rates)


@pytest.mark.parametrize(("k", "more"), [(7, 7), (1, 99), (500, 500)])
def test_going_on_is_the_same_as_going_at_once(k: int, more: int) -> None:
    posed = pose(random_table(10, 20, 3), 0.05)
    rate = 0.3 * posed.modes.spectrum.best
    at_once = three_ways(posed, rate, (), max_iter=k + more, every=1000)
    for first, whole in zip(three_ways(posed, rate, (), max_iter=k, every=1000), at_once, strict=True):
        second = pose(random_table(10, 20, 3), 0.05, start=first.w)
        for solution in three_ways(second, rate, (), max_iter=more, every=1000):
            torch.testing.assert_close(solution.w, whole.w, rtol=1e-11, atol=1e-13)


def test_interrupt_returns_what_was_reached() -> None:
    posed = pose(random_table(11, 20, 2), 0.05)

    class Interrupted:
        step_elements = 10**9
        calls = 0

        def evaluate(self, w: torch.Tensor) -> object:
            self.calls += 1
            if self.calls == 6:
                raise KeyboardInterrupt
            return posed.quadratic.evaluate(w)

        def sse(self, weights: torch.Tensor) -> torch.Tensor:
            return posed.quadratic.sse(weights)

    solution = iterate(
        Interrupted(), posed.start, GradientDescent(ConstantRate(0.01)), (), max_iter=100, schedule=Schedule(1)
    )
    assert (solution.status, solution.iterations) == (Status.INTERRUPTED, 4)
    assert solution.trace.iterations == (0, 1, 2, 3, 4)
