"""Where descent in closed form ends: the k at which a rule stops it, and what it is called then."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.descent import search
from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.stop import Apart, Divergence, StopRule
from gdsolve.objective.namespace import Array, beside, namespace
from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.descent.recurrence import LinearRecurrence

DEFAULT_MAX_ITER = 1_000_000


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and why one run stops."""

    iterations: int
    status: Status
    stopped_by: str


def limit_status(form: ClosedForm | LinearRecurrence) -> list[Status]:
    """What each run is called when max_iter ends it: known from the spectrum before the first step."""
    statuses = []
    for slowest in form.slowest().tolist():
        edge = Status.EDGE_OF_STABILITY if slowest == 0.0 else Status.MAX_ITER
        statuses.append(Status.DIVERGED if slowest > 0.0 else edge)
    return statuses


def _horizon_of(form: ClosedForm | LinearRecurrence, stops: tuple[StopRule, ...]) -> Array:
    if isinstance(form, ClosedForm):
        return search.horizon_of(form, stops)
    from gdsolve.descent import oscillation

    return oscillation.horizon_of(form, stops)


def _first_stop(form: ClosedForm | LinearRecurrence, rule: StopRule, horizon: Array) -> Array:
    if isinstance(form, ClosedForm):
        return search.first_stop(form, rule, horizon)
    from gdsolve.descent import oscillation

    return oscillation.first_stop(form, rule, horizon)


def find_ends(form: ClosedForm | LinearRecurrence, stops: tuple[StopRule, ...], max_iter: int | None) -> list[Stop]:
    """The exact k at which each run stops, all of them at once.

    Without `max_iter` a rate at the edge of stability, which no rule stops, ends after 10⁶ updates as a loop would.

    Raises:
        SearchTooLongError: with momentum alone, where too many k would have to be looked at one by one.
    """
    limit = math.inf if max_iter is None else float(max_iter)
    horizon = _horizon_of(form, stops)
    xp = namespace(horizon)
    endless = xp.isinf(horizon) & (max_iter is None)
    horizon = xp.where(endless, float(DEFAULT_MAX_ITER), horizon.clip(None, limit))
    explosions = [rule for rule in stops if _is_explosion(rule)]
    first = xp.full_like(horizon, math.inf)
    winner = xp.full_like(horizon, -1.0)
    # A run that explodes ends there: no other rule is asked beyond, where it would see nothing but overflow.
    for rule in (*explosions, *(rule for rule in stops if rule not in explosions)):
        k = _first_stop(form, rule, xp.minimum(horizon, first))
        order = float(stops.index(rule))
        earlier = (k < first) | ((k == first) & (order < winner))
        first, winner = xp.where(earlier, k, first), xp.where(earlier, order, winner)
    ends = []
    for k, order, last, at_limit in zip(
        first.tolist(), winner.tolist(), horizon.tolist(), limit_status(form), strict=True
    ):
        if order < 0:
            exact = max_iter if max_iter is not None and last == float(max_iter) else int(last)
            ends.append(Stop(exact, at_limit, "max_iter"))
        else:
            rule = stops[int(order)]
            status = Status.DIVERGED if _is_explosion(rule) else Status.CONVERGED
            ends.append(Stop(int(k), status, rule.name))
    return ends


def _is_explosion(rule: StopRule) -> bool:
    return isinstance(rule.rule if isinstance(rule, Apart) else rule, Divergence)


def best_iterations(form: ClosedForm | LinearRecurrence, last: Sequence[int]) -> list[int]:
    """The k of least loss among the first `last` ones, per rate: in plain descent the last before the loss rises."""
    if not isinstance(form, ClosedForm):
        from gdsolve.descent import oscillation

        return oscillation.best_iterations(form, last)
    ends = beside([float(k) for k in last], form.rates)
    xp = namespace(ends)
    rises = search.first_true(lambda k: ~(form.decrease(k) > 0.0), xp.ones_like(ends), ends)
    best = xp.where(xp.isfinite(rises), rises - 1.0, ends)
    return [min(int(k), end) for k, end in zip(best.tolist(), last, strict=True)]
