"""`fit` where there is no triangle: formulas, curves, and losses that are no squares."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.plan import Plan
from gdsolve.solve.fingerprint import Identity, columns_of, fingerprint
from gdsolve.solve.gradient_check import check_gradient
from gdsolve.solve.observer import is_told, telling
from gdsolve.solve.outcome import Figures, Fit, GradientCheck, Subject, adjusted, has_errors, reported
from gdsolve.solve.posed.ending import advise_ending, explain_ending
from gdsolve.solve.posed.inference import fixed_values, posed_inference
from gdsolve.solve.posed.known import announce_fate, momentum_of, predict, quadratic_rules, stable_below
from gdsolve.solve.posed.polish import minimum_near
from gdsolve.solve.posed.problem import Kind, Posed, loss_unit
from gdsolve.solve.posed.recipe import RATED, decide
from gdsolve.solve.posed.rules import stops_of, tolerance_of
from gdsolve.solve.posed.units import gap_above, in_units, optimum_at, weights_of
from gdsolve.solve.posed.verdict import judged
from gdsolve.spec import Engine, PlotKind, RateSchedule
from gdsolve.spec.command import Command
from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.descent.iterate import Observer
    from gdsolve.descent.methods.build import Recipe
    from gdsolve.descent.solution import Solution
    from gdsolve.descent.stop import StopRule
    from gdsolve.objective.base import Objective
    from gdsolve.objective.inference import Inference
    from gdsolve.picture import Picture
    from gdsolve.progress import Outlook
    from gdsolve.solve.checkpointer import Checkpointer
    from gdsolve.solve.posed.polish import Place
    from gdsolve.solve.squares.run import Run

logger = logging.getLogger("gdsolve")


def bounded(posed: Posed) -> Objective:
    """The objective within its bounds, if it has any."""
    from gdsolve.objective.box import Boxed

    return posed.objective if posed.box is None else Boxed(posed.objective, posed.box)


def descend_smoothly(
    posed: Posed,
    recipe: Recipe,
    stops: tuple[StopRule, ...],
    at_limit: Status,
    *,
    observe: Observer | None = None,
    keeper: Checkpointer | None = None,
    title: str = "descending",
) -> tuple[Solution, Engine]:
    """Descend by a recipe, from the start, within the bounds; returns the way that was taken as well.

    A loop tells `observe` how far it is, and whoever listens, under `title`; it tells `keeper` where it stands.

    Raises:
        GdsolveError: the leap was asked for and cannot find where it ends, or a run cannot be resumed.
    """
    from gdsolve.descent.iterate import iterate
    from gdsolve.descent.leap import DEFAULT_MAX_ITER
    from gdsolve.descent.methods.build import build_method
    from gdsolve.descent.schedule import Schedule
    from gdsolve.descent.sweep import SearchTooLongError

    spec, schedule = posed.spec, Schedule(posed.spec.every)
    resumed = None if keeper is None else keeper.way
    if posed.engine is Engine.LEAP and (resumed is None or spec.engine is Engine.LEAP):
        try:
            return _leap(posed, recipe, stops, keeper), Engine.LEAP
        except SearchTooLongError:
            if spec.engine is Engine.LEAP:
                raise
    way = Engine.TRIANGLE if posed.engine is Engine.LEAP else posed.engine
    limit = DEFAULT_MAX_ITER if recipe.length is None else recipe.length
    schedule.require_room(limit, len(posed.start))
    if keeper is not None:
        keeper.identify(_identity(posed, recipe, stops, way))
    end = _end_of(posed, recipe, stops)
    with telling(title, end, loss_unit(posed), observe, _outlook(posed, recipe, end or limit)) as told:
        found = iterate(
            bounded(posed),
            posed.start,
            build_method(recipe, posed.box),
            stops,
            max_iter=limit,
            schedule=schedule,
            at_limit=at_limit,
            observe=told,
            keeper=keeper,
        )
    return found, way


def _leap(posed: Posed, recipe: Recipe, stops: tuple[StopRule, ...], keeper: Checkpointer | None) -> Solution:
    from gdsolve.descent.leap import leap
    from gdsolve.descent.schedule import Schedule

    assert posed.modes is not None
    start, rules, momentum = posed.start.to(posed.modes.minimiser), quadratic_rules(stops), momentum_of(recipe)
    schedule, limit = Schedule(posed.spec.every), recipe.length
    if keeper is not None:
        keeper.identify(_identity(posed, recipe, stops, Engine.LEAP))
    found = leap(posed.modes, start, recipe.rate, rules, max_iter=limit, schedule=schedule, momentum=momentum)
    if keeper is not None:
        keeper.keep_leap(found.iterations, found.value)
    return found


def _identity(posed: Posed, recipe: Recipe, stops: tuple[StopRule, ...], way: Engine) -> Identity:
    from gdsolve.descent.stop import SmallGradient, SmallLossChange, SmallUpdate

    convergent = SmallUpdate | SmallLossChange | SmallGradient
    tolerances = {rule.name: rule.tolerance for rule in stops if isinstance(rule, convergent)}
    return Identity(
        way=way,
        device=posed.start.device.type,
        length=recipe.length if recipe.schedule is RateSchedule.COSINE else None,
        tolerances={"tol": 0.0, "loss_tol": 0.0, "grad_tol": 0.0} | tolerances,
        columns=columns_of(posed.labels, posed.data),
        start=fingerprint(posed.units.to_user(posed.start)),
        bounds=fingerprint(posed.box),
        data=fingerprint(posed.objective, posed.units),
    )


def _end_of(posed: Posed, recipe: Recipe, stops: tuple[StopRule, ...]) -> int | None:
    """The update at which a loop ends, as far as it is known beforehand, for whoever is told how far it is."""
    if not is_told():
        return None
    ends = [end for end in (predict(posed, recipe, stops), recipe.length) if end is not None]
    return min(ends, default=None)


def _outlook(posed: Posed, recipe: Recipe, last: int) -> Outlook | None:
    """What is known of the loss, where somebody watches it."""
    if not (posed.spec.watch and is_told()):
        return None
    from gdsolve.pictures.live import outlook_of
    from gdsolve.pictures.scene import scene_of_posed
    from gdsolve.solve.posed.known import form_of

    form = form_of(posed, recipe) if recipe.method in RATED and not recipe.backtracks else None
    return outlook_of(scene_of_posed(posed, None), form, last)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A descent that was decided on and taken."""

    recipe: Recipe
    reason: str
    tol: float
    stops: tuple[StopRule, ...]
    solution: Solution
    engine: Engine


def _take(posed: Posed, observe: Observer | None, keeper: Checkpointer | None) -> _Taken:
    recipe, reason = decide(posed)
    tol = tolerance_of(posed, recipe.method, recipe.schedule)
    stops = stops_of(posed, tol)
    at_limit = announce_fate(posed, recipe)
    logger.info("method %s", reason)
    solution, engine = descend_smoothly(posed, recipe, stops, at_limit, observe=observe, keeper=keeper)
    return _Taken(recipe, reason, tol, stops, solution, engine)


def fit_posed(
    posed: Posed,
    command: Command,
    began: float,
    observe: Observer | None = None,
    keeper: Checkpointer | None = None,
    run: Run | None = None,
) -> Fit:
    """Descend on a posed objective, and say how far the end is from a minimum near it.

    `run` is the one that least squares were posed from, to look for a better one.

    Raises:
        GdsolveError: a method or an option that does not go with this objective.
    """
    from gdsolve.descent.leap import DEFAULT_MAX_ITER

    descending = time.perf_counter()
    taken = _take(posed, observe, keeper)
    recipe, tol, solution = taken.recipe, taken.tol, taken.solution
    place = minimum_near(posed, solution.w, solution.status)
    solution = judged(posed, solution, place, recipe)
    minimum = place.minimum
    gap = gap_above(posed, solution, minimum)
    finished = time.perf_counter()
    weights, intercept = weights_of(posed, solution.w)
    predicted = predict(posed, recipe, taken.stops)
    return Fit(
        spec=posed.spec,
        subject=Subject(posed.kind.value, posed.spec.minimize or posed.spec.model),
        w=posed.units.to_user(solution.w),
        status=solution.status,
        stopped_by=solution.stopped_by,
        iterations=solution.iterations,
        best_iteration=solution.best_iteration,
        evaluations=solution.evaluations,
        trace=reported(in_units(posed, solution.trace), posed.spec),
        weights=weights,
        intercept=intercept,
        figures=_figures(posed, solution),
        learning_rate=recipe.rate if recipe.method in RATED and not recipe.backtracks else None,
        max_iter=DEFAULT_MAX_ITER if recipe.length is None and taken.engine is not Engine.LEAP else recipe.length,
        tol=tol,
        optimum=None if minimum is None else optimum_at(posed, minimum),
        gap=gap,
        spectrum=None if minimum is None else minimum.spectrum,
        predicted_iterations=predicted,
        method=recipe.method,
        schedule=recipe.schedule,
        momentum=recipe.momentum,
        plan=Plan(taken.engine, taken.reason),
        stable_below=stable_below(posed, recipe),
        device=solution.w.device.type,
        data=posed.data,
        errors=_errors(posed, solution, place),
        gradient_checks=_checks(posed, solution) if posed.spec.check_gradient else (),
        fixed=fixed_values(posed),
        message=explain_ending(posed, solution, place, recipe, gap, tol),
        advice=advise_ending(posed, solution, place, recipe, command, run),
        seconds={"read": posed.seconds, "descend": finished - descending, "total": finished - began},
        checkpoint_error=None if keeper is None else keeper.checkpoint_error,
        pictures=_draw(posed, recipe, solution, place, predicted) if posed.spec.plots else {},
    )


def _draw(
    posed: Posed, recipe: Recipe, solution: Solution, place: Place, predicted: int | None
) -> dict[PlotKind, Picture]:
    from gdsolve.pictures.draw import pictures_of_posed

    return pictures_of_posed(posed, recipe, solution, place.minimum, predicted)


def _errors(posed: Posed, solution: Solution, place: Place) -> Inference | None:
    """The errors of the weights; those of least squares on a table come from its triangle."""
    if posed.modes is not None and posed.kind is Kind.LINEAR:
        return None
    return posed_inference(posed, solution.w, place) if has_errors(posed.spec, solution.status) else None


def _checks(posed: Posed, solution: Solution) -> tuple[GradientCheck, ...]:
    """The gradient at the start and where the run ended."""
    places = ((posed.start, 0), (solution.w.to(posed.start), solution.best_iteration))
    return tuple(check_gradient(posed.objective, w, k) for w, k in places)


def _figures(posed: Posed, solution: Solution) -> Figures:
    from gdsolve.objective.base import SumOfSquares
    from gdsolve.objective.pointwise_rows import Scored

    # The leap computes in float64 whatever the data are in.
    w, objective = solution.w.to(posed.start), posed.objective
    sse = objective.sse(w)
    squares = None if sse is None else float(sse) * loss_unit(posed)
    total = posed.total_sum_of_squares
    r2 = None if squares is None or not total else 1.0 - squares / total
    squared = isinstance(objective, SumOfSquares) or posed.modes is not None
    rank = len(posed.start) if posed.modes is None else posed.modes.spectrum.rank
    intercept = posed.intercept or posed.kind is Kind.CURVE
    return Figures(
        sse=squares,
        loss=solution.value * loss_unit(posed),
        rmse=None if squares is None else (squares / posed.rows) ** 0.5,
        r2=r2,
        gradient_norm=float(bounded(posed).evaluate(w).gradient.norm()),
        adjusted_r2=adjusted(r2, posed.rows, rank, intercept=intercept) if squared and not posed.spec.ridge else None,
        **(objective.scores(w) if isinstance(objective, Scored) else {}),
    )
