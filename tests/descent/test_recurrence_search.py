"""The first k at which momentum stops is found without the steps between: no dip is jumped over."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from momentum_loop import HEAVY_BALL, NESTEROV, assert_same, both_ways, form_of, posed_of, stable
from problems import ONE_WEIGHT, pose

from gdsolve.descent import oscillation
from gdsolve.descent.characteristic import ConstantMomentum, MomentumKind
from gdsolve.descent.ends import best_iterations
from gdsolve.descent.intervals import Stretch, cosine_between
from gdsolve.descent.leap import find_stops, leap
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import Divergence, SmallGradient, SmallLossChange, SmallUpdate, StopRule
from gdsolve.descent.sweep import SearchTooLongError, first_holding
from gdsolve.status import Status

BOTH = pytest.mark.parametrize("kind", list(MomentumKind))
RULES: tuple[Callable[[float], StopRule], ...] = (SmallUpdate, SmallLossChange, SmallGradient)
CPU = torch.device("cpu")


@settings(max_examples=examples(80), deadline=None)
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
    exploded = brute_force(form, Divergence(reference), limit)
    ends = min(exploded, float(limit))
    horizon = torch.tensor([ends], dtype=torch.float64)
    assert float(oscillation.first_stop(form, Divergence(reference), horizon)) == exploded
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
        case Divergence():
            return first_true(~(form.values(k) <= rule.threshold))
    return first_true(holds & (k > 0.0))


def first_true(holds: torch.Tensor) -> float:
    found = holds.nonzero()[:, 0]
    return float(found[0]) if len(found) else math.inf


@settings(max_examples=examples(60), deadline=None)
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


@settings(max_examples=examples(100), deadline=None)
@given(start=st.floats(-20.0, 100.0), length=st.floats(0.0, 7.0))
def test_bounds_of_the_cosine_hold(start: float, length: float) -> None:
    first, last = torch.tensor([start, start + length], dtype=torch.float64)
    bounds = cosine_between(first, last)
    seen = torch.linspace(start, start + length, 4001, dtype=torch.float64).cos()
    assert float(bounds.least) == pytest.approx(float(seen.min()), abs=2e-6)
    assert float(bounds.most) == pytest.approx(float(seen.max()), abs=2e-6)


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
    rules = (Divergence(56.0), SmallUpdate(tolerance))
    solution = leap(posed.modes, posed.start, rate, rules, max_iter=10**13, schedule=Schedule("log"), momentum=momentum)
    assert (solution.status, solution.iterations) == (Status.CONVERGED, k)
    assert k > 10**10


@BOTH
def test_beyond_the_whole_numbers_of_a_float(kind: MomentumKind) -> None:
    posed = posed_of(2)
    form = form_of(posed, ConstantMomentum(kind, 0.9), 1e-28)
    (stop,) = find_stops(form, (Divergence(1e9), SmallUpdate(1e-32)), None)
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
    stops = (Divergence(float(posed.quadratic.value(posed.start))), SmallUpdate(1e-8))
    together = find_stops(form_of(posed, momentum, *rates), stops, None)
    assert together == [find_stops(form_of(posed, momentum, rate), stops, None)[0] for rate in rates]
    assert {stop.status for stop in together} == {Status.CONVERGED, Status.DIVERGED}


@settings(max_examples=examples(40), deadline=None)
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
    sensitive = Divergence(0.5 * highest / 1e12)
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


@settings(max_examples=examples(60), deadline=None)
@given(low=st.integers(0, 50), length=st.integers(-1, 9000), wanted=st.sets(st.integers(0, 9000), max_size=4))
def test_sweep_finds_the_least_of_any_set(low: int, length: int, wanted: set[int]) -> None:
    members = torch.tensor(sorted(wanted), dtype=torch.float64)

    def excluded(start: torch.Tensor, end: torch.Tensor) -> torch.Tensor:
        return ~((start[:, None] <= members) & (members <= end[:, None])).any(dim=1)

    found = first_holding(lambda k: torch.isin(k, members), excluded, float(low), float(low + length), CPU, 1_000_000)
    assert found == min((k for k in wanted if low <= k <= low + length), default=math.inf)
