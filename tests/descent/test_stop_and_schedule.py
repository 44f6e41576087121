"""Stopping rules alone, and which iterations are reported."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import (
    EXPLOSION,
    Divergence,
    SmallGradient,
    SmallLossChange,
    SmallUpdate,
    Step,
    first_to_stop,
)
from gdsolve.status import GdsolveError, Status

finite = st.floats(1e-12, 1e12)


@given(tolerance=finite, update=finite)
def test_small_update_is_strict(tolerance: float, update: float) -> None:
    status = SmallUpdate(tolerance).check(Step(1, 1.0, 2.0, 1.0, update))
    assert status == (Status.CONVERGED if update < tolerance else None)


@given(tolerance=finite, before=finite, after=finite)
def test_small_loss_change_looks_both_ways(tolerance: float, before: float, after: float) -> None:
    for a, b in ((before, after), (after, before)):
        status = SmallLossChange(tolerance).check(Step(1, a, b, 1.0, 1.0))
        assert status == (Status.CONVERGED if abs(before - after) < tolerance else None)


@given(tolerance=finite, norm=finite)
def test_small_gradient_holds_at_the_start_too(tolerance: float, norm: float) -> None:
    expected = Status.CONVERGED if norm < tolerance else None
    assert SmallGradient(tolerance).check(Step(0, 1.0, None, norm, None)) == expected


def test_nothing_has_changed_before_the_first_update() -> None:
    start = Step(0, 0.0, None, 1.0, None)
    assert first_to_stop((SmallUpdate(1.0), SmallLossChange(1.0)), start) is None


@pytest.mark.parametrize(("value", "stops"), [(1e12, False), (1.1e12, True), (math.inf, True), (math.nan, True)])
def test_explosion_is_relative_to_the_start(value: float, stops: bool) -> None:
    for scale in (1e-30, 1.0, 1e30):
        rule = Divergence(scale)
        assert rule.threshold == EXPLOSION * scale
        status = rule.check(Step(3, value * scale, 1.0, 1.0, 1.0))
        assert status == (Status.DIVERGED if stops else None)


def test_the_first_rule_in_order_is_named() -> None:
    rules = (SmallGradient(1.0), SmallUpdate(1.0))
    rule, status = first_to_stop(rules, Step(5, 1.0, 1.0, 0.5, 0.5)) or (None, None)
    assert rule is rules[0]
    assert status is Status.CONVERGED


def test_log_schedule() -> None:
    assert Schedule("log").up_to(321) == [*range(11), 20, 50, 100, 200, 321]
    assert Schedule("log").up_to(0) == [0]
    assert len(Schedule("log").up_to(10**12)) == 11 + 3 * 11


@given(every=st.integers(1, 50), last=st.integers(0, 500))
def test_every_nth_and_the_last(every: int, last: int) -> None:
    assert Schedule(every).up_to(last) == sorted({*range(0, last + 1, every), last})


@given(every=st.one_of(st.just("log"), st.integers(1, 50)), last=st.integers(0, 3000))
def test_loop_and_leap_report_the_same(every: int | str, last: int) -> None:
    schedule = Schedule(every)  # type: ignore[arg-type]
    assert [k for k in range(last + 1) if schedule.includes(k) or k == last] == schedule.up_to(last)


def test_a_trace_too_long_for_memory_is_refused_with_a_step_that_fits() -> None:
    with pytest.raises(GdsolveError, match=r"every: 1 would report 1,000,000,000,001 of") as caught:
        Schedule(1).require_room(10**12, 3)
    assert caught.value.hint == "give --every log or --every 10000000000"
    Schedule(1_000_000).require_room(10**12, 3)
    Schedule("log").require_room(10**32, 1000)
