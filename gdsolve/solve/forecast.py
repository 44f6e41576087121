"""What is known of a descent before its first step, where the objective is a quadratic and the rate constant."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gdsolve.descent.characteristic import ConstantMomentum, MomentumKind, largest_stable_rate
from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.ends import Stop, limit_status
from gdsolve.descent.foreseen import converges, of_quadratic
from gdsolve.descent.leap import Form, find_stops
from gdsolve.descent.methods.build import USUAL_MOMENTUM, Recipe
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.stop import StopRule
from gdsolve.descent.sweep import SearchTooLongError
from gdsolve.objective.threads import one_thread
from gdsolve.solve.problem import Problem
from gdsolve.spec import RateSchedule
from gdsolve.spec.methods import Recurrence
from gdsolve.status import Status


def has_closed_form(recipe: Recipe) -> bool:
    """True for a linear recurrence: constant rate, and momentum constant or none."""
    recurrence = recipe.method.info.recurrence
    linear = recurrence is not None and (recurrence is not Recurrence.NESTEROV or recipe.momentum is not None)
    return linear and recipe.schedule is RateSchedule.CONSTANT


def momentum_of(recipe: Recipe) -> ConstantMomentum | None:
    """The momentum of a recipe as its closed form takes it; None for plain descent."""

    recurrence = recipe.method.info.recurrence
    if recurrence is None or recurrence is Recurrence.PLAIN:
        return None
    return ConstantMomentum(
        MomentumKind(recurrence.value), USUAL_MOMENTUM if recipe.momentum is None else recipe.momentum
    )


def form_of(problem: Problem, recipe: Recipe, rates: Sequence[float] | None = None) -> Form | None:
    """The closed form of a recipe, at its own rate or at several; None where it has none.

    That is wherever the objective is no quadratic, or is one within bounds.
    """
    if problem.modes is None or problem.box is not None or not has_closed_form(recipe):
        return None
    start = problem.start.to(problem.modes.minimiser)
    with one_thread():
        tensor = torch.tensor([recipe.rate] if rates is None else list(rates), dtype=start.dtype, device=start.device)
        momentum = momentum_of(recipe)
        if momentum is None:
            return ClosedForm.of(problem.modes, start, tensor)
        return LinearRecurrence.of(problem.modes, start, tensor, momentum)


def stable_below(problem: Problem, recipe: Recipe) -> float | None:
    """The rate below which the method is stable, and at which it would blow up, where that is known.

    With an l1 penalty, or within bounds, plain descent may be stable beyond it too: weights that are held do not move.
    """
    if problem.limits is not None and problem.smooth_spectrum is not None and has_closed_form(recipe):
        return problem.smooth_spectrum.largest_stable if momentum_of(recipe) is None else None
    if problem.modes is None or not has_closed_form(recipe):
        return None
    momentum, spectrum = momentum_of(recipe), problem.modes.spectrum
    return spectrum.largest_stable if momentum is None else largest_stable_rate(momentum, spectrum.largest)


def stop_of(form: Form | None, stops: tuple[StopRule, ...]) -> Stop | None:
    """Where a run without a limit stops; None where that is not known."""

    if form is None:
        return None
    try:
        (stop,) = find_stops(form, of_quadratic(stops), None)
    except SearchTooLongError:
        return None
    return stop


def updates_to_converge(form: Form | None, stops: tuple[StopRule, ...]) -> int | None:
    """How many updates convergence takes, known without taking them; None where they are not, or no number will do."""

    stop = stop_of(form, stops) if any(map(converges, stops)) else None
    return stop.iterations if stop is not None and stop.status is Status.CONVERGED else None


def fate_of(form: Form | None) -> Status:
    """What a run is called that its limit ends: its rate may be one at which it would never have converged."""

    return Status.MAX_ITER if form is None else limit_status(form)[0]
