"""Heavy ball and Nesterov's method in closed form are what the loop does step by step."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from momentum_loop import HEAVY_BALL, NESTEROV, assert_same, both_ways, critical, form_of, posed_of, stable, walk
from problems import ONE_WEIGHT, Posed, pose, random_table

from gdsolve.descent.characteristic import ConstantMomentum, MomentumKind, Roots, contraction, largest_stable_rate
from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.ends import limit_status
from gdsolve.descent.leap import find_stops, leap
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import Divergence, SmallGradient, SmallLossChange, SmallUpdate, StopRule
from gdsolve.status import Status

BOTH = pytest.mark.parametrize("kind", list(MomentumKind))


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


@settings(max_examples=examples(120), deadline=None)
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


@settings(max_examples=examples(60), deadline=None)
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


def assert_closed_form(posed: Posed, momentum: ConstantMomentum, rate: float, updates: int = 150) -> None:
    form, points = form_of(posed, momentum, rate), walk(posed, momentum, rate, updates)
    k = torch.arange(0.0, updates + 1.0, dtype=torch.float64)
    path = torch.cat([point.w for point in points], dim=1)
    norms = torch.cat([point.now.gradient for point in points], dim=1).norm(dim=0)
    values = torch.stack([point.now.value for point in points])
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


@settings(max_examples=examples(40), deadline=None)
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(MomentumKind), share=st.floats(0.01, 1.3), tol=st.floats(2, 9))
def test_without_momentum_it_is_plain_descent(seed: int, kind: MomentumKind, share: float, tol: float) -> None:
    posed = posed_of(seed)
    rate = share * posed.modes.spectrum.largest_stable
    stops = (Divergence(float(posed.quadratic.value(posed.start))), SmallUpdate(10.0**-tol), SmallLossChange(1e-15))
    options = {"max_iter": 50_000, "schedule": Schedule("log")}
    plain = leap(posed.modes, posed.start, rate, stops, **options)
    still = leap(posed.modes, posed.start, rate, stops, **options, momentum=ConstantMomentum(kind, 0.0))
    assert_same(plain, still, rtol=1e-11)
    rates = torch.tensor([rate], dtype=torch.float64)
    # What grows must not grow out of the range of floats.
    k = torch.tensor([1e6 if share < 1.0 else 100.0], dtype=torch.float64)
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
