"""What is known beforehand of a descent with a constant rate on a quadratic, with momentum or without."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gdsolve.solve.words import at_the_limit, coordinates_of, will_diverge
from gdsolve.spec import Method, RateSchedule
from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.descent.characteristic import ConstantMomentum
    from gdsolve.descent.leap import Form
    from gdsolve.descent.methods.build import Recipe
    from gdsolve.descent.stop import StopRule
    from gdsolve.solve.posed.problem import Posed

logger = logging.getLogger("gdsolve")


def has_closed_form(method: Method, schedule: RateSchedule, momentum: float | None) -> bool:
    """True for a linear recurrence: constant rate, and momentum constant or none."""
    constant = method in (Method.GD, Method.MOMENTUM) or (method is Method.NESTEROV and momentum is not None)
    return constant and schedule is RateSchedule.CONSTANT


def momentum_of(recipe: Recipe) -> ConstantMomentum | None:
    """The momentum of a recipe as its closed form takes it; None for plain descent."""
    from gdsolve.descent.characteristic import ConstantMomentum, MomentumKind
    from gdsolve.descent.methods.build import USUAL_MOMENTUM

    if recipe.method is Method.GD:
        return None
    beta = USUAL_MOMENTUM if recipe.momentum is None else recipe.momentum
    kind = MomentumKind.HEAVY_BALL if recipe.method is Method.MOMENTUM else MomentumKind.NESTEROV
    return ConstantMomentum(kind, beta)


def form_of(posed: Posed, recipe: Recipe) -> Form | None:
    """The closed form of a run, None where it has none or the objective is no quadratic without bounds."""
    import torch

    from gdsolve.descent.closed_form import ClosedForm
    from gdsolve.descent.recurrence import LinearRecurrence

    closed = has_closed_form(recipe.method, recipe.schedule, recipe.momentum)
    if posed.modes is None or posed.box is not None or not closed:
        return None
    start = posed.start.to(posed.modes.minimiser)
    rates = torch.tensor([recipe.rate], dtype=start.dtype, device=start.device)
    momentum = momentum_of(recipe)
    if momentum is None:
        return ClosedForm.of(posed.modes, start, rates)
    return LinearRecurrence.of(posed.modes, start, rates, momentum)


def stable_below(posed: Posed, recipe: Recipe) -> float | None:
    """The rate at which the method would blow up, where it is known."""
    from gdsolve.descent.characteristic import largest_stable_rate

    if posed.modes is None or not has_closed_form(recipe.method, recipe.schedule, recipe.momentum):
        return None
    momentum = momentum_of(recipe)
    spectrum = posed.modes.spectrum
    return spectrum.largest_stable if momentum is None else largest_stable_rate(momentum, spectrum.largest)


def announce_fate(posed: Posed, recipe: Recipe) -> Status:
    """Say before the run what its rate will lead to, where it is known; returns the status that max_iter would give."""
    from gdsolve.descent.leap import limit_status

    form = form_of(posed, recipe)
    if form is None:
        return Status.MAX_ITER
    (fate,) = limit_status(form)
    stable = stable_below(posed, recipe)
    if fate is Status.DIVERGED and stable is not None:
        logger.warning("%s", will_diverge(recipe.rate, stable, coordinates_of(posed.spec)))
    elif fate is Status.EDGE_OF_STABILITY:
        logger.warning("%s", at_the_limit(recipe.rate, coordinates_of(posed.spec)))
    return fate


def predict(posed: Posed, recipe: Recipe, stops: tuple[StopRule, ...]) -> int | None:
    """The iterations to convergence, known without taking them; None where they are not."""
    from gdsolve.descent.leap import find_stops
    from gdsolve.descent.sweep import SearchTooLongError

    form, rules = form_of(posed, recipe), quadratic_rules(stops)
    if form is None or len(rules) == 1:
        return None
    try:
        (stop,) = find_stops(form, rules, None)
    except SearchTooLongError:
        return None
    return stop.iterations if stop.status is Status.CONVERGED else None


def quadratic_rules(stops: tuple[StopRule, ...]) -> tuple[StopRule, ...]:
    """The rules that can hold on a convex quadratic, which is defined everywhere and bounded below."""
    from gdsolve.descent.stop import BadStart, LeftDomain, Unbounded

    return tuple(rule for rule in stops if not isinstance(rule, BadStart | LeftDomain | Unbounded))
