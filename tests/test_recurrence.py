"""Heavy ball and Nesterov's method leap to the same k, status and w that the loop finds step by step."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import ONE_WEIGHT, Posed, pose, random_table

from gdsolve.descent import oscillation
from gdsolve.descent.bounds import Stretch, cosine_between
from gdsolve.descent.characteristic import ConstantMomentum, MomentumKind, Roots, contraction, largest_stable_rate
from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.iterate import iterate
from gdsolve.descent.leap import best_iterations, find_stops, leap, limit_status
from gdsolve.descent.methods.base import Advance, Point
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.descent.stop import Explosion, SmallGradient, SmallLossChange, SmallUpdate, StopRule
from gdsolve.descent.sweep import SearchTooLongError, first_holding
from gdsolve.objective.base import Objective
from gdsolve.status import Status

HEAVY_BALL, NESTEROV = MomentumKind.HEAVY_BALL, MomentumKind.NESTEROV
BOTH = pytest.mark.parametrize("kind", list(MomentumKind))
RULES: tuple[Callable[[float], StopRule], ...] = (SmallUpdate, SmallLossChange, SmallGradient)
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Loop:
    """The textbook's two lines, for the loop of gdsolve."""

    momentum: ConstantMomentum
    rate: float
    blind: bool = True

    def begin(self, objective: Objective, start: Point) -> torch.Tensor:
        return start.w if self.momentum.kind is NESTEROV else torch.zeros_like(start.w)

    def step(self, objective: Objective, point: Point, memory: torch.Tensor, k: int) -> Advance:
        if self.momentum.kind is HEAVY_BALL:
            velocity = self.momentum.beta * memory + point.now.gradient
            return Advance(Point.at(objective, point.w - self.rate * velocity), velocity)
        ahead = point.w + self.momentum.beta * (point.w - memory)
        return Advance(Point.at(objective, ahead - self.rate * objective.evaluate(ahead).gradient), point.w, 2)


def posed_of(seed: int, n: int = 3, m: int = 12) -> Posed:
    return pose(random_table(seed, m, n), 1.0 / m)


def form_of(posed: Posed, momentum: ConstantMomentum, *rates: float) -> LinearRecurrence:
    return LinearRecurrence.of(posed.modes, posed.start, torch.tensor(rates, dtype=torch.float64), momentum)


def stable(posed: Posed, momentum: ConstantMomentum) -> float:
    rate = largest_stable_rate(momentum, posed.modes.spectrum.largest)
    assert rate is not None
    return rate


def critical(posed: Posed, kind: MomentumKind, rate: float, mode: int = 0) -> float:
    """The β at which a mode has a double root."""
    root = math.sqrt(rate * float(posed.modes.eigenvalues[mode]))
    return (1.0 - root) ** 2 if kind is HEAVY_BALL else (1.0 - root) / (1.0 + root)


def walk(posed: Posed, momentum: ConstantMomentum, rate: float, updates: int) -> torch.Tensor:
    """All iterates, (p, updates + 1)."""
    method = Loop(momentum, rate)
    point = Point.at(posed.quadratic, posed.start)
    memory, path = method.begin(posed.quadratic, point), [posed.start]
    for k in range(updates):
        advance = method.step(posed.quadratic, point, memory, k)
        point, memory = advance.point, advance.memory
        path.append(point.w)
    return torch.cat(path, dim=1)


def both_ways(
    posed: Posed, momentum: ConstantMomentum, rate: float, rules: tuple[StopRule, ...], max_iter: int, every: int = 100
) -> tuple[Solution, Solution]:
    stops = (Explosion(float(posed.quadratic.value(posed.start))), *rules)
    (at_limit,) = limit_status(form_of(posed, momentum, rate))
    loop = iterate(
        posed.quadratic,
        posed.start,
        Loop(momentum, rate),
        stops,
        max_iter=max_iter,
        schedule=Schedule(every),
        at_limit=at_limit,
    )
    leapt = leap(posed.modes, posed.start, rate, stops, max_iter=max_iter, schedule=Schedule(every), momentum=momentum)
    return loop, leapt


def assert_same(loop: Solution, leapt: Solution, rtol: float = 1e-9) -> None:
    assert (leapt.iterations, leapt.status, leapt.stopped_by) == (loop.iterations, loop.status, loop.stopped_by)
    assert leapt.best_iteration == loop.best_iteration
    assert leapt.trace.iterations == loop.trace.iterations
    largest = loop.trace.weights.abs().amax(dim=0).cummax(dim=0).values
    assert bool(((leapt.trace.weights - loop.trace.weights).abs() <= rtol * largest).all())
    torch.testing.assert_close(leapt.w, loop.w, rtol=rtol, atol=1e-12)
    assert leapt.trace.values == pytest.approx(loop.trace.values, rel=rtol)
    gradients = loop.trace.gradient_norms
    assert leapt.trace.gradient_norms == pytest.approx(gradients, rel=rtol, abs=1e-9 * max(gradients[0], 1e-3))


@BOTH
@pytest.mark.parametrize("beta", [0.0, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("share", [1e-5, 0.05, 0.3, 0.95, 1.0, 1.1])
def test_same_descent(kind: MomentumKind, beta: float, share: float) -> None:
    posed = posed_of(3)
    momentum = ConstantMomentum(kind, beta)
    loop, leapt = both_ways(posed, momentum, share * stable(posed, momentum), (SmallUpdate(1e-7),), 1000)
    expected = {1.0: Status.EDGE_OF_STABILITY, 1.1: Status.DIVERGED}.get(share)
    assert expected in (None, loop.status)
    assert_same(loop, leapt)


@BOTH
@pytest.mark.parametrize("rule", [SmallUpdate(1e-6), SmallLossChange(1e-9), SmallGradient(1e-5)])
@pytest.mark.parametrize(("beta", "share"), [(0.5, 0.4), (0.9, 0.01), (0.9, 0.5), (0.98, 0.2)])
def test_every_rule_stops_where_the_loop_does(kind: MomentumKind, rule: StopRule, beta: float, share: float) -> None:
    posed = posed_of(6, n=4, m=25)
    momentum = ConstantMomentum(kind, beta)
    loop, leapt = both_ways(posed, momentum, share * stable(posed, momentum), (rule,), 100_000)
    assert loop.stopped_by == rule.name
    assert_same(loop, leapt)


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(MomentumKind),
    beta=st.sampled_from([0.0, 1e-9, 0.1, 0.5, 0.9, 0.99]) | st.floats(0.0, 0.99),
    share=st.sampled_from([1e-7, 1e-3, 0.5, 1.0, 1.3]) | st.floats(0.001, 1.3),
)
def test_closed_form_is_the_loop(seed: int, kind: MomentumKind, beta: float, share: float) -> None:
    posed = posed_of(seed)
    momentum = ConstantMomentum(kind, beta)
    assert_closed_form(posed, momentum, share * stable(posed, momentum))


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(MomentumKind),
    share=st.floats(1e-4, 0.9),
    mode=st.integers(0, 2),
    off=st.sampled_from([0.0, 1e-15, -1e-15, 1e-12, -1e-12, 1e-8, -1e-8, 1e-4, -1e-4]),
)
def test_closed_form_at_and_near_double_roots(
    seed: int, kind: MomentumKind, share: float, mode: int, off: float
) -> None:
    posed = posed_of(seed)
    rate = share / float(posed.modes.eigenvalues[0])
    beta = min(max(critical(posed, kind, rate, mode) + off, 0.0), 0.9999)
    assert_closed_form(posed, ConstantMomentum(kind, beta), rate)


def assert_closed_form(posed: Posed, momentum: ConstantMomentum, rate: float, updates: int = 250) -> None:
    form, path = form_of(posed, momentum, rate), walk(posed, momentum, rate, updates)
    k = torch.arange(0.0, updates + 1.0, dtype=torch.float64)
    evaluated = [posed.quadratic.evaluate(w[:, None]) for w in path.T]
    norms = torch.stack([now.gradient.norm() for now in evaluated])
    values = torch.stack([now.value for now in evaluated])
    assert_near(posed.start.T + form.displacements(k), path.T)
    assert_near(form.updates(k[1:]), path.diff(dim=1).T)
    assert_near(form.update_norms(k[1:])[:, None], path.diff(dim=1).norm(dim=0)[:, None])
    assert_near(form.gradients(k).norm(dim=1)[:, None], norms[:, None])
    assert_near(form.values(k)[:, None], values[:, None])
    assert_near(form.decrease(k[1:])[:, None], -values.diff()[:, None], float(values.max()))


def assert_near(closed: torch.Tensor, loop: torch.Tensor, scale: float = 0.0) -> None:
    """Close beside the largest value so far: the loop's own rounding is of that size."""
    sofar = loop.abs().amax(dim=1).cummax(dim=0).values.clamp(min=scale)
    assert bool(((closed - loop).abs().amax(dim=1) <= 1e-9 * sofar + 1e-14).all())


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(1, 5),
    kind=st.sampled_from(MomentumKind),
    beta=st.sampled_from([0.0, 0.1, 0.5, 0.9, 0.99, 0.999]) | st.floats(0.0, 0.999),
    share=st.sampled_from([1e-6, 1e-4, 0.01, 0.1, 0.5, 1.0, 1.001, 1.5]) | st.floats(0.01, 1.2),
    exponent=st.floats(-9.0, -1.0),
)
def test_search_finds_the_first_k(
    seed: int, n: int, kind: MomentumKind, beta: float, share: float, exponent: float
) -> None:
    """Updates, gradients and changes of the loss swing: the search must not jump over the first dip of any."""
    posed = posed_of(seed, n=n)
    momentum = ConstantMomentum(kind, beta)
    form = form_of(posed, momentum, share * stable(posed, momentum))
    reference, tolerance, limit = float(posed.quadratic.value(posed.start)), 10.0**exponent, 2000
    exploded = brute_force(form, Explosion(reference), limit)
    ends = min(exploded, float(limit))
    horizon = torch.tensor([ends], dtype=torch.float64)
    assert float(oscillation.first_stop(form, Explosion(reference), horizon)) == exploded
    for kind_of_rule in RULES:
        rule = kind_of_rule(tolerance)
        first = brute_force(form, rule, int(ends))
        assert float(oscillation.first_stop(form, rule, horizon)) == first
        assert math.isinf(first) or float(oscillation.horizon_of(form, (rule,))) >= first


def brute_force(form: LinearRecurrence, rule: StopRule, limit: int) -> float:
    """The first k at which a rule holds, of all k from 0."""
    k = torch.arange(0.0, limit + 1.0, dtype=torch.float64)
    match rule:
        case SmallUpdate():
            holds = form.updates(k.clamp(min=1.0)).abs().amax(dim=1) < rule.tolerance
        case SmallLossChange():
            holds = form.decrease(k.clamp(min=1.0)).abs() < rule.tolerance
        case SmallGradient():
            return first_true(form.gradients(k).norm(dim=1) < rule.tolerance)
        case Explosion():
            return first_true(~(form.values(k) <= rule.threshold))
    return first_true(holds & (k > 0.0))


def first_true(holds: torch.Tensor) -> float:
    found = holds.nonzero()[:, 0]
    return float(found[0]) if len(found) else math.inf


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(MomentumKind),
    beta=st.sampled_from([0.0, 0.5, 0.9, 0.99]) | st.floats(0.0, 0.999),
    share=st.sampled_from([1e-4, 0.1, 0.5, 1.0]) | st.floats(0.001, 1.1),
    start=st.integers(1, 300),
    length=st.integers(0, 60),
)
def test_bounds_hold(seed: int, kind: MomentumKind, beta: float, share: float, start: int, length: int) -> None:
    posed = posed_of(seed)
    momentum = ConstantMomentum(kind, beta)
    form = form_of(posed, momentum, share * stable(posed, momentum))
    one = torch.ones(1, dtype=torch.float64)
    for k in range(start, start + length + 1):
        stretch = Stretch(form, start * one, (start + length) * one, k % 2 == 1)
        for interval, value in (
            (stretch.strides(), form.strides(k * one)),
            (stretch.gradients(), form.gradients(k * one)),
        ):
            assert bool(((interval.least <= value) & (value <= interval.most)).all())
        change = form.decrease(k * one)
        assert float(stretch.decreases().least.sum()) <= float(change) <= float(stretch.decreases().most.sum())


@settings(max_examples=100, deadline=None)
@given(start=st.floats(-20.0, 100.0), length=st.floats(0.0, 7.0))
def test_bounds_of_the_cosine_hold(start: float, length: float) -> None:
    first, last = torch.tensor([start, start + length], dtype=torch.float64)
    bounds = cosine_between(first, last)
    seen = torch.linspace(start, start + length, 4001, dtype=torch.float64).cos()
    assert float(bounds.least) == pytest.approx(float(seen.min()), abs=2e-6)
    assert float(bounds.most) == pytest.approx(float(seen.max()), abs=2e-6)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(MomentumKind), share=st.floats(0.01, 1.3), tol=st.floats(2, 9))
def test_without_momentum_it_is_plain_descent(seed: int, kind: MomentumKind, share: float, tol: float) -> None:
    posed = posed_of(seed)
    rate = share * posed.modes.spectrum.largest_stable
    stops = (Explosion(float(posed.quadratic.value(posed.start))), SmallUpdate(10.0**-tol), SmallLossChange(1e-15))
    options = {"max_iter": 50_000, "schedule": Schedule("log")}
    plain = leap(posed.modes, posed.start, rate, stops, **options)
    still = leap(posed.modes, posed.start, rate, stops, **options, momentum=ConstantMomentum(kind, 0.0))
    assert_same(plain, still, rtol=1e-11)
    rates = torch.tensor([rate], dtype=torch.float64)
    k = torch.tensor([1e6], dtype=torch.float64)
    form = LinearRecurrence.of(posed.modes, posed.start, rates, ConstantMomentum(kind, 0.0))
    expected = ClosedForm.of(posed.modes, posed.start, rates).displacements(k)
    torch.testing.assert_close(form.displacements(k), expected, rtol=1e-9, atol=1e-12)


@BOTH
def test_a_double_root_is_that_of_the_textbook(kind: MomentumKind) -> None:
    """One mode at its double root r: g_k/g_0 = rᵏ(1 + k(1 − r)), which stays near 1 for a while, then decays."""
    posed = pose(ONE_WEIGHT, 2.0, intercept=False)
    rate = 0.25 / 28.0
    beta, r = (0.25, 0.5) if kind is HEAVY_BALL else (1.0 / 3.0, 0.5)
    form = form_of(posed, ConstantMomentum(kind, beta), rate)
    k = torch.arange(0.0, 60.0, dtype=torch.float64)
    expected = float(form.gradient) * r**k * (1.0 + k * (1.0 - r))
    torch.testing.assert_close(form.gradients(k)[:, 0], expected, rtol=1e-12, atol=0.0)
    torch.testing.assert_close(form.strides(k[1:])[:, 0], rate * form.gradient[0] * k[1:] * r ** (k[1:] - 1.0))


def test_optimal_heavy_ball_has_double_roots_at_both_ends() -> None:
    """Polyak (1964): the contraction is (√κ − 1)/(√κ + 1), the same in all modes."""
    posed = posed_of(5, n=4, m=20)
    low, high = math.sqrt(posed.modes.spectrum.smallest), math.sqrt(posed.modes.spectrum.largest)
    rate, root = 4.0 / (low + high) ** 2, (high - low) / (high + low)
    momentum = ConstantMomentum(HEAVY_BALL, root**2)
    form = form_of(posed, momentum, rate)
    assert float(form.roots.angle[0, 0]) == pytest.approx(0.0, abs=1e-6)
    assert float(form.roots.apart[0, 0]) in (pytest.approx(0.0, abs=1e-6), pytest.approx(1.0))
    torch.testing.assert_close(
        form.roots.log_radius.exp()[0], torch.full((5,), root, dtype=torch.float64), rtol=1e-6, atol=0.0
    )
    assert contraction(momentum, rate, posed.modes.spectrum) == pytest.approx(root, rel=1e-6)
    assert_closed_form(posed, momentum, rate)
    for rule in (SmallUpdate(1e-9), SmallGradient(1e-8), SmallLossChange(1e-10)):
        assert_same(*both_ways(posed, momentum, rate, (rule,), 10_000))


@BOTH
def test_trillion_iterations_stop_at_the_exact_k(kind: MomentumKind, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one mode the k is known on paper: α·g·r₁ᵏ/(r₁ − r₂) < tol, r₂ᵏ being nothing."""
    monkeypatch.setattr(oscillation, "LONGEST", 100_000)
    posed = pose(ONE_WEIGHT, 2.0, intercept=False)
    rate, beta, tolerance = 1e-12, 0.875, 1e-14
    momentum = ConstantMomentum(kind, beta)
    form = form_of(posed, momentum, rate)
    with localcontext() as context:
        context.prec = 60
        stretch = Decimal(rate) * Decimal(float(posed.modes.eigenvalues[0]))
        share = 1 - stretch if kind is NESTEROV else Decimal(1)
        total = (1 + Decimal(beta)) * share if kind is NESTEROV else 1 + Decimal(beta) - stretch
        root = (total * total - 4 * Decimal(beta) * share).sqrt()
        first = Decimal(tolerance) * root / (Decimal(rate) * abs(Decimal(float(form.gradient))))
        k = int((first.ln() / ((total + root) / 2).ln()).to_integral_value("ROUND_CEILING"))
    rules = (Explosion(56.0), SmallUpdate(tolerance))
    solution = leap(posed.modes, posed.start, rate, rules, max_iter=10**13, schedule=Schedule("log"), momentum=momentum)
    assert (solution.status, solution.iterations) == (Status.CONVERGED, k)
    assert k > 10**10


@BOTH
def test_beyond_the_whole_numbers_of_a_float(kind: MomentumKind) -> None:
    posed = posed_of(2)
    form = form_of(posed, ConstantMomentum(kind, 0.9), 1e-28)
    (stop,) = find_stops(form, (Explosion(1e9), SmallUpdate(1e-32)), None)
    assert (stop.status, stop.stopped_by) == (Status.CONVERGED, "tol")
    k = torch.tensor([float(stop.iterations), math.nextafter(float(stop.iterations), 0.0)], dtype=torch.float64)
    assert stop.iterations > 2**60
    assert (form.updates(k).abs().amax(dim=1) < 1e-32).tolist() == [True, False]


@BOTH
def test_long_oscillation_is_searched_at_every_k(kind: MomentumKind) -> None:
    """About 10⁵ updates, where nearly every range holds a change of sign."""
    posed = posed_of(4, n=2)
    momentum = ConstantMomentum(kind, 0.9995)
    form = form_of(posed, momentum, 0.001 * stable(posed, momentum))
    (stop,) = find_stops(form, (SmallUpdate(1e-12),), None)
    assert stop.iterations == brute_force(form, SmallUpdate(1e-12), 200_000)


@BOTH
def test_many_rates_stop_as_each_alone(kind: MomentumKind) -> None:
    posed = posed_of(9, n=4, m=30)
    momentum = ConstantMomentum(kind, 0.8)
    rates = [10.0**exponent * stable(posed, momentum) for exponent in np.linspace(-3.0, 0.2, 12)]
    stops = (Explosion(float(posed.quadratic.value(posed.start))), SmallUpdate(1e-8))
    together = find_stops(form_of(posed, momentum, *rates), stops, None)
    assert together == [find_stops(form_of(posed, momentum, rate), stops, None)[0] for rate in rates]
    assert {stop.status for stop in together} == {Status.CONVERGED, Status.DIVERGED}


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(MomentumKind),
    beta=st.floats(0.0, 0.99),
    beyond=st.floats(-6.0, -0.5),
    last=st.integers(0, 3000),
)
def test_a_diverging_run_returns_its_least_loss(
    seed: int, kind: MomentumKind, beta: float, beyond: float, last: int
) -> None:
    posed = posed_of(seed)
    momentum = ConstantMomentum(kind, beta)
    form = form_of(posed, momentum, (1.0 + 10.0**beyond) * stable(posed, momentum))
    (best,) = best_iterations(form, [last])
    excess = form.excess(torch.arange(0.0, last + 1.0, dtype=torch.float64))
    assert best == int(excess.nan_to_num(nan=math.inf).argmin())


def test_a_loss_that_rises_on_its_way_is_followed() -> None:
    """Stable, yet the loss overshoots: no rule may take the first rise for the end."""
    posed = posed_of(12)
    momentum = ConstantMomentum(HEAVY_BALL, 0.99)
    rate = 0.999 * stable(posed, momentum)
    form = form_of(posed, momentum, rate)
    k = torch.arange(0.0, 500.0, dtype=torch.float64)
    start = float(posed.quadratic.value(posed.start))
    highest = float(form.values(k).max())
    assert highest > 100.0 * start
    loop, leapt = both_ways(posed, momentum, rate, (SmallUpdate(1e-6),), 20_000)
    assert loop.status is Status.CONVERGED
    assert_same(loop, leapt)
    sensitive = Explosion(0.5 * highest / 1e12)
    assert float(oscillation.first_stop(form, sensitive, torch.tensor([1e5], dtype=torch.float64))) == brute_force(
        form, sensitive, 500
    )


def test_a_search_that_is_not_worth_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    posed = posed_of(7)
    momentum = ConstantMomentum(HEAVY_BALL, 0.9999)
    rate = 0.4 * stable(posed, momentum)
    (exact,) = find_stops(form_of(posed, momentum, rate), (SmallUpdate(1e-12),), None)
    monkeypatch.setattr(oscillation, "LONGEST", 100_000)
    with pytest.raises(SearchTooLongError) as error:
        leap(
            posed.modes,
            posed.start,
            rate,
            (SmallUpdate(1e-12),),
            max_iter=None,
            schedule=Schedule("log"),
            momentum=momentum,
        )
    assert 1.0 < error.value.before < exact.iterations
    capped = leap(
        posed.modes,
        posed.start,
        rate,
        (SmallUpdate(1e-12),),
        max_iter=5000,
        schedule=Schedule("log"),
        momentum=momentum,
    )
    assert (capped.iterations, capped.stopped_by) == (5000, "max_iter")


def test_edge_of_stability_ends_as_plain_descent_does() -> None:
    posed = pose(ONE_WEIGHT, 2.0, intercept=False)
    momentum = ConstantMomentum(HEAVY_BALL, 0.5)
    form = form_of(posed, momentum, 3.0 / 28.0)
    (stop,) = find_stops(form, (SmallUpdate(1e-9),), None)
    assert (stop.iterations, stop.status, stop.stopped_by) == (10**6, Status.EDGE_OF_STABILITY, "max_iter")


def test_nothing_to_descend_stops_at_once() -> None:
    table = random_table(1, 12, 2)
    table[:, -1] = 0.0
    posed = pose(table, 1.0 / 12.0)
    for rule, k in ((SmallUpdate(1e-9), 1), (SmallGradient(1e-9), 0), (SmallLossChange(1e-9), 1)):
        loop, leapt = both_ways(posed, ConstantMomentum(NESTEROV, 0.9), 0.1, (rule,), 10)
        assert (leapt.iterations, leapt.status) == (loop.iterations, loop.status) == (k, Status.CONVERGED)


@BOTH
@pytest.mark.parametrize("beta", [0.0, 0.3, 0.9, 0.999])
def test_roots_are_those_of_the_polynomial(kind: MomentumKind, beta: float) -> None:
    momentum = ConstantMomentum(kind, beta)
    limit = momentum.limit
    stretch = torch.linspace(0.01, 1.2, 60, dtype=torch.float64) * limit
    roots = Roots.of(momentum, stretch)
    for at, log_radius in zip(stretch.tolist(), roots.log_radius.tolist(), strict=True):
        rest = 1.0 - at if kind is NESTEROV else 1.0
        total = (1.0 + beta) * rest if kind is NESTEROV else 1.0 + beta - at
        expected = np.abs(np.roots([1.0, -total, beta * rest])).max()
        assert math.exp(log_radius) == pytest.approx(expected, rel=1e-6)
        assert (log_radius < 0.0) == (at < limit)


@BOTH
def test_largest_stable_rate_divides_decay_from_growth(kind: MomentumKind) -> None:
    posed = posed_of(8)
    momentum = ConstantMomentum(kind, 0.7)
    rate = stable(posed, momentum)
    forms = form_of(posed, momentum, rate * (1.0 - 1e-9), rate, rate * (1.0 + 1e-9))
    assert limit_status(forms) == [Status.MAX_ITER, Status.EDGE_OF_STABILITY, Status.DIVERGED]
    assert contraction(momentum, rate, posed.modes.spectrum) == pytest.approx(1.0, abs=1e-12)
    assert largest_stable_rate(momentum, 0.0) is None


@pytest.mark.parametrize("beta", [-0.1, 1.0, math.nan])
def test_momentum_outside_its_range_is_refused(beta: float) -> None:
    with pytest.raises(ValueError, match="not in"):
        ConstantMomentum(HEAVY_BALL, beta)


@settings(max_examples=60, deadline=None)
@given(low=st.integers(0, 50), length=st.integers(-1, 9000), wanted=st.sets(st.integers(0, 9000), max_size=4))
def test_sweep_finds_the_least_of_any_set(low: int, length: int, wanted: set[int]) -> None:
    members = torch.tensor(sorted(wanted), dtype=torch.float64)

    def excluded(start: torch.Tensor, end: torch.Tensor) -> torch.Tensor:
        return ~((start[:, None] <= members) & (members <= end[:, None])).any(dim=1)

    found = first_holding(lambda k: torch.isin(k, members), excluded, float(low), float(low + length), CPU, 1_000_000)
    assert found == min((k for k in wanted if low <= k <= low + length), default=math.inf)
