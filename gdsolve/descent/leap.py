"""Descent in closed form, the engine `leap`: any number of updates at the cost of one decomposition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gdsolve.descent.characteristic import ConstantMomentum
from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.ends import Stop, best_iterations, find_ends
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution, Trace
from gdsolve.descent.stop import Apart, StopRule
from gdsolve.objective.modes import Modes
from gdsolve.objective.threads import one_thread
from gdsolve.status import Status

Form = ClosedForm | LinearRecurrence
# Numbers on which numpy has done its work before torch has looked up what to do.
FEW = 4096


def find_stops(form: Form, stops: tuple[StopRule, ...], max_iter: int | None) -> list[Stop]:
    """The exact k at which each run stops, all of them at once: see `gdsolve.descent.ends.find_ends`.

    Raises:
        SearchTooLongError: with momentum alone, where too many k would have to be looked at one by one.
    """
    alike = not any(isinstance(rule, Apart) for rule in stops)
    if alike and isinstance(form, ClosedForm) and form.rates.device.type == "cpu" and form.gradient.numel() <= FEW:
        with np.errstate(all="ignore"):
            return find_ends(form.as_arrays(), stops, max_iter)
    # Hundreds of steps on a number a mode: a thousand of them are shared among threads, and not worth it.
    # Nothing is differentiated, which torch need not prepare for.
    with one_thread(), torch.no_grad():
        return find_ends(form, stops, max_iter)


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
    known: Stop | None = None,
) -> Solution:
    """Descend from `start`, (p, 1), to where a rule stops, without the steps between: same Solution as `iterate`.

    Plain descent, unless `momentum` is given. `known` is where it stops without a limit, where that was found before.
    Source: docs/design.md, section 2, "The closed form".

    Raises:
        SearchTooLongError: with momentum alone, where too many k would have to be looked at one by one.
    """
    with one_thread():
        rates = torch.tensor([learning_rate], dtype=start.dtype, device=start.device)
        form: Form = ClosedForm.of(modes, start, rates)
        if momentum is not None:
            form = LinearRecurrence.of(modes, start, rates, momentum)
        stop = known
        # A rule may be met beyond a limit, and a limit is another one than that of a search without.
        if known is None or known.stopped_by == "max_iter" or (max_iter is not None and known.iterations > max_iter):
            (stop,) = find_stops(form, stops, max_iter)
        assert stop is not None
        schedule.require_room(stop.iterations, len(start))
        trace = _trace_at(modes, form, start, schedule.up_to(stop.iterations))
        if stop.status is not Status.DIVERGED:
            w, value, best = trace.weights[:, -1:], trace.values[-1], stop.iterations
        else:
            (best,) = best_iterations(form, [stop.iterations])
            reached = _trace_at(modes, form, start, [best])
            w, value = reached.weights, reached.values[0]
        return Solution(w, value, stop.status, stop.stopped_by, stop.iterations, best, 0, trace)
