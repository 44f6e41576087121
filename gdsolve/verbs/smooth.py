"""`fit` where there is no triangle: formulas, curves, and losses that are no squares."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.plan import Plan
from gdsolve.spec import Method, RateSchedule
from gdsolve.spec.command import Command
from gdsolve.status import Status
from gdsolve.verbs.ending import advise_ending, explain_ending
from gdsolve.verbs.gradient_check import check_gradient
from gdsolve.verbs.outcome import Figures, Fit, GradientCheck, Optimum, Subject
from gdsolve.verbs.polish import Minimum, Place, minimum_near
from gdsolve.verbs.posed import Posed
from gdsolve.verbs.posed_inference import fixed_values, posed_inference
from gdsolve.verbs.recipe import RATED, decide

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.closed_form import ClosedForm
    from gdsolve.descent.methods.build import Recipe
    from gdsolve.descent.solution import Solution, Trace
    from gdsolve.descent.stop import StopRule
    from gdsolve.objective.base import Objective

logger = logging.getLogger("gdsolve")


def stops_of(posed: Posed, tol: float) -> tuple[StopRule, ...]:
    """The rules in force; a tolerance of 0 is off, and a loss that explodes, ends or sinks for ever always is one."""
    from gdsolve.descent.stop import Explosion, LeftDomain, SmallGradient, SmallLossChange, SmallUpdate, Unbounded

    spec, now = posed.spec, posed.objective.evaluate(posed.start)
    # A size of the loss near the start: what it is, or what a step as long as the start would change.
    slope = float(now.gradient.norm()) * (1.0 + float(posed.start.norm()))
    reference = max(size for size in (abs(float(now.value)), slope, 0.0) if not math.isnan(size))
    rules: list[StopRule] = [LeftDomain(), Explosion(reference), Unbounded(reference)]
    wanted = ((SmallUpdate, tol), (SmallLossChange, spec.loss_tol), (SmallGradient, spec.grad_tol))
    return (*rules, *(rule(threshold) for rule, threshold in wanted if threshold))


def tolerance_of(posed: Posed) -> float:
    """The tolerance on updates: as asked for, else the usual one of the precision."""
    from gdsolve.descent.learning_rate import TOLERANCE

    return posed.spec.tol if posed.spec.tol is not None else TOLERANCE[posed.start.dtype]


def bounded(posed: Posed) -> Objective:
    """The objective within its bounds, if it has any."""
    from gdsolve.objective.box import Boxed

    return posed.objective if posed.box is None else Boxed(posed.objective, posed.box)


def descend_smoothly(posed: Posed, recipe: Recipe, stops: tuple[StopRule, ...], at_limit: Status) -> Solution:
    """Descend by a recipe, from the start, within the bounds."""
    from gdsolve.descent.iterate import iterate
    from gdsolve.descent.leap import DEFAULT_MAX_ITER
    from gdsolve.descent.methods.build import build_method
    from gdsolve.descent.schedule import Schedule

    spec = posed.spec
    limit = DEFAULT_MAX_ITER if recipe.length is None else recipe.length
    schedule = Schedule(spec.every)
    schedule.require_room(limit, len(posed.start))
    method = build_method(recipe, posed.box)
    return iterate(bounded(posed), posed.start, method, stops, max_iter=limit, schedule=schedule, at_limit=at_limit)


def fit_posed(posed: Posed, command: Command, began: float) -> Fit:
    """Descend on a posed objective, and say how far the end is from a minimum near it.

    Raises:
        GdsolveError: a method or an option that does not go with this objective.
    """
    from gdsolve.descent.leap import DEFAULT_MAX_ITER

    descending = time.perf_counter()
    spec, tol = posed.spec, tolerance_of(posed)
    recipe, reason = decide(posed)
    stops = stops_of(posed, tol)
    at_limit = _announce(posed, recipe)
    logger.info("method %s", reason)
    solution = descend_smoothly(posed, recipe, stops, at_limit)
    place = minimum_near(posed, solution.w, solution.status)
    solution = _flat(solution, place)
    minimum = place.minimum
    gap = gap_above(posed, solution, minimum)
    finished = time.perf_counter()
    weights, intercept = weights_of(posed, solution.w)
    return Fit(
        spec=spec,
        subject=Subject(posed.kind.value, spec.minimize or spec.model),
        w=posed.units.to_user(solution.w),
        status=solution.status,
        stopped_by=solution.stopped_by,
        iterations=solution.iterations,
        best_iteration=solution.best_iteration,
        evaluations=solution.evaluations,
        trace=in_units(posed, solution.trace),
        weights=weights,
        intercept=intercept,
        figures=_figures(posed, solution),
        learning_rate=recipe.rate if recipe.method in RATED else None,
        max_iter=DEFAULT_MAX_ITER if recipe.length is None else recipe.length,
        tol=tol,
        optimum=None if minimum is None else optimum_at(posed, minimum),
        gap=gap,
        spectrum=None if minimum is None else minimum.spectrum,
        predicted_iterations=_predicted(posed, recipe, stops),
        method=recipe.method,
        schedule=recipe.schedule,
        momentum=recipe.momentum,
        plan=Plan(posed.engine, reason),
        device=solution.w.device.type,
        data=posed.data,
        inference=posed_inference(posed, solution.w, place) if spec.report else None,
        gradient_checks=_checks(posed, solution) if spec.check_gradient else (),
        fixed=fixed_values(posed),
        message=explain_ending(posed, solution, place, gap, tol),
        advice=advise_ending(posed, solution, place, recipe, command),
        seconds={"read": posed.seconds, "descend": finished - descending, "total": finished - began},
    )


def _checks(posed: Posed, solution: Solution) -> tuple[GradientCheck, ...]:
    """The gradient at the start and where the run ended."""
    places = ((posed.start, 0), (solution.w, solution.best_iteration))
    return tuple(check_gradient(posed.objective, w, k) for w, k in places)


def _announce(posed: Posed, recipe: Recipe) -> Status:
    """Say before the run what its rate must lead to, where the curvature is known; the status that max_iter gives."""
    if posed.modes is None or posed.box is not None or recipe.method is not Method.GD or recipe.backtracks:
        return Status.MAX_ITER
    if recipe.schedule is not RateSchedule.CONSTANT:
        return Status.MAX_ITER
    from gdsolve.descent.leap import limit_status

    (fate,) = limit_status(closed_form(posed, [recipe.rate]))
    stable = posed.modes.spectrum.largest_stable
    if fate is Status.DIVERGED:
        logger.warning("learning rate %.6g must diverge: the largest stable rate is %.6g", recipe.rate, stable)
    elif fate is Status.EDGE_OF_STABILITY:
        logger.warning(
            "learning rate %.6g is the edge of stability: the error will neither grow nor vanish", recipe.rate
        )
    return fate


def closed_form(posed: Posed, rates: Sequence[float]) -> ClosedForm:
    """The closed form of plain descent on a quadratic, at each of `rates`."""
    import torch

    from gdsolve.descent.closed_form import ClosedForm

    assert posed.modes is not None
    start = posed.start.to(torch.float64)
    return ClosedForm.of(posed.modes, start, torch.tensor(rates, dtype=torch.float64, device=start.device))


def _predicted(posed: Posed, recipe: Recipe, stops: tuple[StopRule, ...]) -> int | None:
    """The iterations that plain descent on a quadratic needs, known without taking them."""
    from gdsolve.descent.leap import find_stops
    from gdsolve.descent.stop import LeftDomain, Unbounded

    plain = recipe.method is Method.GD and recipe.schedule is RateSchedule.CONSTANT
    if posed.modes is None or posed.box is not None or not plain:
        return None
    rules = tuple(rule for rule in stops if not isinstance(rule, LeftDomain | Unbounded))
    if len(rules) == 1:
        return None
    (stop,) = find_stops(closed_form(posed, [recipe.rate]), rules, None)
    return stop.iterations if stop.status is Status.CONVERGED else None


def gap_above(posed: Posed, solution: Solution, minimum: Minimum | None) -> float | None:
    """How far the loss is above its minimum, in the user's units."""
    if posed.modes is not None:
        return float(posed.modes.gap(solution.w.to(posed.modes.minimiser))) * loss_unit(posed)
    return None if minimum is None else minimum.gap(solution.w, solution.value) * loss_unit(posed)


def _flat(solution: Solution, place: Place) -> Solution:
    """A point where nothing slopes and nothing curves is no minimum that was reached."""
    still = solution.status is Status.CONVERGED and solution.trace.gradient_norms[-1] == 0.0
    if still and (place.minimum is None or _rank(place.minimum) == 0):
        return replace(solution, status=Status.FAILED, stopped_by="flat")
    return solution


def _rank(minimum: Minimum) -> int | None:
    return None if minimum.spectrum is None else minimum.spectrum.rank


def weights_of(posed: Posed, w: torch.Tensor) -> tuple[dict[str, float], float | None]:
    """Weights by name and intercept, in the user's units, of `w`, (p, 1) in descent's."""
    user = posed.units.to_user(w)
    named = dict(zip(posed.labels, user[: len(posed.labels), 0].tolist(), strict=True))
    return named, float(user[-1, 0]) if posed.intercept else None


def loss_unit(posed: Posed) -> float:
    """What a loss in descent's coordinates counts for in the user's units."""
    return float(getattr(posed.units, "target_scale", 1.0)) ** 2


def _figures(posed: Posed, solution: Solution) -> Figures:
    sse = posed.objective.sse(solution.w)
    squares = None if sse is None else float(sse) * loss_unit(posed)
    total = posed.total_sum_of_squares
    return Figures(
        sse=squares,
        loss=solution.value * loss_unit(posed),
        rmse=None if squares is None else (squares / posed.rows) ** 0.5,
        r2=None if squares is None or not total else 1.0 - squares / total,
        gradient_norm=float(bounded(posed).evaluate(solution.w).gradient.norm()),
    )


def optimum_at(posed: Posed, minimum: Minimum) -> Optimum:
    """A minimum in the user's units."""
    weights, intercept = weights_of(posed, minimum.w.to(posed.start.dtype))
    sse = posed.objective.sse(minimum.w.to(posed.start.dtype))
    return Optimum(
        weights=weights,
        intercept=intercept,
        sse=None if sse is None else float(sse) * loss_unit(posed),
        loss=minimum.value * loss_unit(posed),
        unique=minimum.unique,
        everywhere=minimum.everywhere,
    )


def in_units(posed: Posed, trace: Trace) -> Trace:
    """The trace with weights, SSE and loss in the user's units."""
    unit = loss_unit(posed)
    return replace(
        trace,
        weights=posed.units.to_user(trace.weights),
        sse=tuple(None if sse is None else sse * unit for sse in trace.sse),
        values=tuple(value * unit for value in trace.values),
    )
