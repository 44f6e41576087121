"""`fit`: descend, and say what was reached and how far that is from the optimum."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.checkpointer import Checkpointer, checkpointer_of
from gdsolve.solve.device import device_for
from gdsolve.solve.gradient_check import check_gradient
from gdsolve.solve.outcome import Fit, GradientCheck, Subject, has_errors, reported
from gdsolve.solve.squares.advice import advise, announce, explain
from gdsolve.solve.squares.course import chart, descend
from gdsolve.solve.squares.inference import linear_inference
from gdsolve.solve.squares.problem import load
from gdsolve.solve.squares.result import figures_of, optimum_of, trace_in_units
from gdsolve.solve.squares.run import Run, prepare
from gdsolve.solve.words import updates_in_words
from gdsolve.spec import Method, PlotKind, RateSchedule, Spec
from gdsolve.spec.command import Command
from gdsolve.status import GdsolveError, Status

if TYPE_CHECKING:
    import torch

    from gdsolve.data import Table
    from gdsolve.descent.iterate import Observer
    from gdsolve.descent.solution import Solution
    from gdsolve.picture import Picture
    from gdsolve.solve.posed.problem import Posed
    from gdsolve.solve.squares.course import Course

logger = logging.getLogger("gdsolve")


def fit(
    spec: Spec,
    table: Table | None = None,
    command: Command | None = None,
    observe: Observer | None = None,
    ranks: Ranks = ALONE,
) -> Fit:
    """Fit `spec`, on `table` where one is given; `command` is how the user asked, for the advice.

    A descent that takes its steps one by one tells `observe` the latest, again and again; the closed form has none.
    Of several ranks each reads its share of the rows, and all return the same.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table.
        DataError: data that cannot be used.
    """
    if isinstance(spec.lr, tuple):
        raise GdsolveError(
            f"lr: {len(spec.lr)} rates, and fit takes one", "run gdsolve compare-lr, which takes several"
        )
    began = time.perf_counter()
    command = command or Command("fit", spec.data)
    keeper = checkpointer_of(spec, spec.data[0] if spec.data else "these")
    if not spec.is_least_squares:
        from gdsolve.solve.posed.descend import fit_posed

        return fit_posed(pose(spec, table, ranks), command, began, observe, keeper)
    run = prepare(spec, load(spec, table, ranks))
    # What every rank reads for itself, a start say, is there on all of them.
    ranks.gather(None)
    return fit_run(run, command, began, observe, keeper)


def fit_run(
    run: Run,
    command: Command,
    began: float,
    observe: Observer | None = None,
    keeper: Checkpointer | None = None,
) -> Fit:
    """Descend on a prepared run: plainly, or by the method that its spec names; `began` is when it was asked for."""
    spec = run.spec
    plain = spec.method in (Method.AUTO, Method.GD) and spec.momentum is None
    if not plain or spec.schedule is not RateSchedule.CONSTANT:
        return _descend_posed(run, command, began, observe, keeper)
    return _descend(run, command, began, observe, keeper)


def _descend_posed(
    run: Run, command: Command, began: float, observe: Observer | None, keeper: Checkpointer | None
) -> Fit:
    """Least squares by a method other than plain descent."""
    from gdsolve.solve.posed.descend import fit_posed
    from gdsolve.solve.posed.table import pose_run

    spec = run.spec
    method = Method.GD if spec.method is Method.AUTO else spec.method
    posed = replace(pose_run(run), spec=replace(spec, method=method, report=False))
    found = fit_posed(posed, command, began, observe, keeper, run)
    errors = linear_inference(run, found.w, spec) if has_errors(spec, found.status) else None
    return replace(found, spec=spec, errors=errors)


def _descend(run: Run, command: Command, began: float, observe: Observer | None, keeper: Checkpointer | None) -> Fit:
    """Plain descent, by the way of least predicted cost."""
    descending = time.perf_counter()
    spec, problem, course = run.spec, run.problem, chart(run, None if keeper is None else keeper.way)
    announce(logger, run, course.learning_rate)
    logger.info("engine %s: %s", course.plan.engine.value, course.plan.reason)
    device = device_for(spec.device, course.plan.engine)
    solution = descend(run, course, device, observe, keeper)
    needed = run.predict(course.learning_rate, course.stops, None) if len(course.stops) > 1 else None
    predicted = needed.iterations if needed is not None and needed.status is Status.CONVERGED else None
    w = solution.w.to(run.start.device, run.start.dtype)
    user, design = run.coordinates.to_user(w), problem.data.roles.design
    gap = float(run.modes.gap(w)) * run.coordinates.target_scale**2
    figures = figures_of(run, w)
    finished = time.perf_counter()
    logger.info("%s in %.3f s", updates_in_words(solution.iterations), finished - descending)
    return Fit(
        spec=spec,
        subject=Subject("linear", None),
        w=user,
        status=solution.status,
        stopped_by=solution.stopped_by,
        iterations=solution.iterations,
        best_iteration=solution.best_iteration,
        evaluations=solution.evaluations,
        trace=reported(trace_in_units(run, solution.trace), spec),
        weights=dict(zip(design, user[: len(design), 0].tolist(), strict=True)),
        intercept=float(user[-1, 0]) if run.coordinates.intercept else None,
        figures=figures,
        learning_rate=course.learning_rate,
        max_iter=course.max_iter,
        tol=course.tol,
        optimum=optimum_of(run),
        gap=gap,
        spectrum=run.modes.spectrum,
        predicted_iterations=predicted,
        method=Method.GD,
        stable_below=run.modes.spectrum.largest_stable,
        schedule=RateSchedule.CONSTANT,
        momentum=None,
        plan=course.plan,
        device=device.type,
        data=problem.data,
        errors=linear_inference(run, user, spec) if has_errors(spec, solution.status) else None,
        gradient_checks=_checks(run, w, solution.best_iteration) if spec.check_gradient else (),
        message=explain(run, solution, course, gap, figures.loss),
        advice=advise(run, solution, course.learning_rate, course.tol, command),
        seconds={"read": problem.seconds, "descend": finished - descending, "total": finished - began},
        checkpoint_error=None if keeper is None else keeper.checkpoint_error,
        pictures=_draw(run, course, solution, predicted) if spec.plots else {},
    )


def _draw(run: Run, course: Course, solution: Solution, predicted: int | None) -> dict[PlotKind, Picture]:
    from gdsolve.pictures.draw import pictures_of_run

    return pictures_of_run(run, course, solution, predicted)


def _checks(run: Run, w: torch.Tensor, k: int) -> tuple[GradientCheck, ...]:
    """The gradient at the start and where the run ended."""
    places = ((run.start, 0), (w, k))
    return tuple(check_gradient(run.modes.quadratic, place, iteration) for place, iteration in places)


def pose(spec: Spec, table: Table | None, ranks: Ranks = ALONE) -> Posed:
    """The objective of a spec that is no least squares on a table; formulas and curves are for one process alone.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table, or is not shared by ranks.
        DataError: data that cannot be used.
    """
    from gdsolve.solve.posed.formula import pose_formula
    from gdsolve.solve.posed.pointwise import pose_pointwise

    linear = spec.minimize is None and spec.model is None
    return pose_pointwise(spec, table, ranks) if linear else pose_formula(spec, table)
