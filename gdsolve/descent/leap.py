"""Descent in closed form, the engine `leap`: any number of updates at the cost of one decomposition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.descent import oscillation, search
from gdsolve.descent.characteristic import ConstantMomentum
from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution, Trace
from gdsolve.descent.stop import Apart, Divergence, StopRule
from gdsolve.objective.modes import Modes
from gdsolve.objective.threads import one_thread
from gdsolve.status import Status

DEFAULT_MAX_ITER = 1_000_000

Form = ClosedForm | LinearRecurrence


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and why one run stops."""

    iterations: int
    status: Status
    stopped_by: str


def limit_status(form: Form) -> list[Status]:
    """What each run is called when max_iter ends it: known from the spectrum before the first step."""
    statuses = []
    for slowest in form.slowest().tolist():
        edge = Status.EDGE_OF_STABILITY if slowest == 0.0 else Status.MAX_ITER
        statuses.append(Status.DIVERGED if slowest > 0.0 else edge)
    return statuses


def _horizon_of(form: Form, stops: tuple[StopRule, ...]) -> Tensor:
    if isinstance(form, LinearRecurrence):
        return oscillation.horizon_of(form, stops)
    return search.horizon_of(form, stops)


def _first_stop(form: Form, rule: StopRule, horizon: Tensor) -> Tensor:
    if isinstance(form, LinearRecurrence):
        return oscillation.first_stop(form, rule, horizon)
    return search.first_stop(form, rule, horizon)


def find_stops(form: Form, stops: tuple[StopRule, ...], max_iter: int | None) -> list[Stop]:
    """The exact k at which each run stops, all of them at once.

    Without `max_iter` a rate at the edge of stability, which no rule stops, ends after 10⁶ updates as a loop would.

    Raises:
        SearchTooLongError: with momentum alone, where too many k would have to be looked at one by one.
    """
    # Hundreds of steps on a number a mode: a thousand of them are shared among threads, and not worth it.
    # Nothing is differentiated, which torch need not prepare for: a seventh less.
    with one_thread(), torch.inference_mode():
        return _find_stops(form, stops, max_iter)


def _find_stops(form: Form, stops: tuple[StopRule, ...], max_iter: int | None) -> list[Stop]:
    limit = torch.inf if max_iter is None else float(max_iter)
    horizon = _horizon_of(form, stops)
    endless = horizon.isinf() & (max_iter is None)
    horizon = torch.where(endless, float(DEFAULT_MAX_ITER), horizon.clamp(max=limit))
    explosions = [rule for rule in stops if _is_explosion(rule)]
    first = torch.full_like(horizon, torch.inf)
    winner = torch.full_like(horizon, -1, dtype=torch.long)
    # A run that explodes ends there: no other rule is asked beyond, where it would see nothing but overflow.
    for rule in (*explosions, *(rule for rule in stops if rule not in explosions)):
        k = _first_stop(form, rule, torch.minimum(horizon, first))
        order = stops.index(rule)
        earlier = (k < first) | ((k == first) & (order < winner))
        first, winner = torch.where(earlier, k, first), torch.where(earlier, order, winner)
    ends = []
    for k, order, last, at_limit in zip(
        first.tolist(), winner.tolist(), horizon.tolist(), limit_status(form), strict=True
    ):
        if order < 0:
            exact = max_iter if max_iter is not None and last == float(max_iter) else int(last)
            ends.append(Stop(exact, at_limit, "max_iter"))
        else:
            rule = stops[order]
            status = Status.DIVERGED if _is_explosion(rule) else Status.CONVERGED
            ends.append(Stop(int(k), status, rule.name))
    return ends


def _is_explosion(rule: StopRule) -> bool:
    return isinstance(rule.rule if isinstance(rule, Apart) else rule, Divergence)


def best_iterations(form: Form, last: Sequence[int]) -> list[int]:
    """The k of least loss among the first `last` ones, per rate: in plain descent the last before the loss rises."""
    if isinstance(form, LinearRecurrence):
        return oscillation.best_iterations(form, last)
    ends = torch.tensor([float(k) for k in last], dtype=form.rates.dtype, device=form.rates.device)
    rises = search.first_true(lambda k: ~(form.decrease(k) > 0.0), torch.ones_like(ends), ends)
    best = torch.where(rises.isfinite(), rises - 1.0, ends)
    return [min(int(k), end) for k, end in zip(best.tolist(), last, strict=True)]


@dataclass(frozen=True, slots=True)
class States:
    """States of descent, one a column: `weights` is (p, q), the others (q,)."""

    weights: Tensor
    sse: Tensor
    values: Tensor
    gradient_norms: Tensor
    updates: Tensor


def states_at(modes: Modes, form: Form, start: Tensor, k: Tensor) -> States:
    """The state of every rate of `form` after its own k, (q,), updates."""
    weights = start + form.displacements(k).mT
    updates = form.updates(k.clamp(min=1.0)).abs().amax(dim=1)
    norms = form.gradient_norms(k)
    return States(weights, modes.quadratic.sse(weights), modes.quadratic.value(weights), norms, updates)


def trace_of(states: States, iterations: Sequence[int]) -> Trace:
    """States after the given numbers of updates, as a trace."""
    updates = zip(iterations, states.updates.tolist(), strict=True)
    return Trace(
        tuple(iterations),
        states.weights,
        tuple(states.sse.tolist()),
        tuple(states.values.tolist()),
        tuple(states.gradient_norms.tolist()),
        tuple(None if k == 0 else update for k, update in updates),
    )


def _trace_at(modes: Modes, form: Form, start: Tensor, iterations: Sequence[int]) -> Trace:
    k = torch.tensor([float(k) for k in iterations], dtype=start.dtype, device=start.device)
    repeated = form.only(torch.zeros(len(k), dtype=torch.long, device=start.device))
    return trace_of(states_at(modes, repeated, start, k), iterations)


def leap(
    modes: Modes,
    start: Tensor,
    learning_rate: float,
    stops: tuple[StopRule, ...],
    *,
    max_iter: int | None,
    schedule: Schedule,
    momentum: ConstantMomentum | None = None,
) -> Solution:
    """Descend from `start`, (p, 1), to where a rule stops, without the steps between: same Solution as `iterate`.

    Plain descent, unless `momentum` is given. Source: docs/design.md, section 2, "The closed form".

    Raises:
        SearchTooLongError: with momentum alone, where too many k would have to be looked at one by one.
    """
    with one_thread():
        rates = torch.tensor([learning_rate], dtype=start.dtype, device=start.device)
        form: Form = ClosedForm.of(modes, start, rates)
        if momentum is not None:
            form = LinearRecurrence.of(modes, start, rates, momentum)
        (stop,) = find_stops(form, stops, max_iter)
        schedule.require_room(stop.iterations, len(start))
        trace = _trace_at(modes, form, start, schedule.up_to(stop.iterations))
        if stop.status is not Status.DIVERGED:
            w, value, best = trace.weights[:, -1:], trace.values[-1], stop.iterations
        else:
            (best,) = best_iterations(form, [stop.iterations])
            reached = _trace_at(modes, form, start, [best])
            w, value = reached.weights, reached.values[0]
        return Solution(w, value, stop.status, stop.stopped_by, stop.iterations, best, 0, trace)
