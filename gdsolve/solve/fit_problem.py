"""A problem is fitted: planned, descended on, certified, and told in the user's units."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from gdsolve.descent.iterate import Observer
from gdsolve.descent.solution import Solution
from gdsolve.objective.threads import one_thread
from gdsolve.solve.advise import advise
from gdsolve.solve.certify import certify
from gdsolve.solve.checkpointer import Checkpointer
from gdsolve.solve.descend import descend
from gdsolve.solve.explain import explain
from gdsolve.solve.gradient_check import check_gradient
from gdsolve.solve.held import held_weights
from gdsolve.solve.illustrator import Descent, Illustrator
from gdsolve.solve.inference import fixed_values, inference_of
from gdsolve.solve.method import shown_rate
from gdsolve.solve.observer import is_observed
from gdsolve.solve.outcome import Fit, GradientCheck, Subject, has_errors, reported
from gdsolve.solve.plan import announce, plan_descent
from gdsolve.solve.problem import Problem
from gdsolve.solve.reclassify import reclassify
from gdsolve.solve.units import figures_of, optimum_of, trace_in_units
from gdsolve.solve.words import updates_in_words
from gdsolve.spec.choices import StopAt
from gdsolve.spec.command import Advice, Command
from gdsolve.status import Status

logger = logging.getLogger("gdsolve")


def fit_problem(
    problem: Problem,
    command: Command,
    began: float,
    *,
    observe: Observer | None = None,
    checkpointer: Checkpointer | None = None,
    illustrator: Illustrator | None = None,
) -> Fit:
    """Descend on a problem, and certify where that ended; `began` is when the fit was asked for.

    Where it shall end at the best update, or a penalty has the best strength, that is found first.

    Raises:
        GdsolveError: a method or an option that does not go with this problem.
    """
    strength = None
    if problem.spec.sought is not None:
        from gdsolve.solve.find_strength import find_strength

        problem, strength = find_strength(problem)
    stopping, asked = None, problem.spec
    if asked.stop is StopAt.BEST:
        from gdsolve.solve.stop_best import find_stopping, stopped_at

        # Matrices of a fold are small: their threads would wait for each other.
        with one_thread():
            stopping = find_stopping(problem)
        problem = replace(problem, spec=stopped_at(asked, stopping))
    if problem.spec.batch is None:
        plan = plan_descent(problem, resumed=None if checkpointer is None else checkpointer.engine)
        announce(logger, problem, plan)
    else:
        from gdsolve.solve.batch_plan import announce_batches, plan_stochastic

        plan = plan_stochastic(problem)
        announce_batches(logger, problem, plan)
    watched = illustrator is not None and problem.spec.watch and is_observed()
    outlook = illustrator.outlook_of(problem, plan) if watched and illustrator is not None else None
    descending = time.perf_counter()
    solution = descend(problem, plan, observe=observe, checkpointer=checkpointer, outlook=outlook)
    # What was predicted: without the plan and the certificate.
    seconds = {"read": problem.seconds, "descend": time.perf_counter() - descending}
    logger.info("%s in %.3f s", updates_in_words(solution.iterations), seconds["descend"])
    certificate = certify(problem, solution)
    deal = None
    if plan.batches is None:
        ended = reclassify(problem, solution, certificate, plan.recipe)
    else:
        from gdsolve.solve.batch_words import judged, measured

        ended = judged(problem.spec, solution, certificate)
        deal = plan.deal
        plan = replace(plan, batches=measured(plan.batches, problem, ended, certificate), deal=None)
    descent = Descent(problem, plan, ended, certificate)
    found = _result(
        descent, command, seconds | {"total": time.perf_counter() - began}, checkpointer, stopped=stopping is not None
    )
    if deal is not None:
        deal.close()
    if stopping is not None:
        found = replace(found, spec=asked, max_iter=asked.max_iter)
    if strength is not None:
        found = replace(found, found=strength)
    if problem.dealt is not None:
        from gdsolve.solve.validate import hold_out, validate

        found = replace(found, validation=validate(problem, ended, stopping), holdout=hold_out(problem, ended))
    if illustrator is None:
        return found
    drawn = replace(descent, problem=replace(problem, spec=asked), validation=found.validation)
    return found.drawn(illustrator.pictures_of_fit(drawn))


def _result(
    descent: Descent,
    command: Command,
    seconds: dict[str, float],
    checkpointer: Checkpointer | None,
    *,
    stopped: bool,
) -> Fit:
    """What is told of a descent, in the user's units; where it was `stopped` at its best update that is no limit."""
    problem, plan, solution, certificate = descent.problem, descent.plan, descent.solution, descent.certificate
    spec, recipe, minimum = problem.spec, plan.recipe, certificate.minimum
    figures = figures_of(problem, solution)
    ended = (
        replace(solution, status=Status.CONVERGED, stopped_by="validation")
        if stopped and solution.status is Status.MAX_ITER
        else solution
    )
    user = problem.units.to_user(solution.w.to(problem.start))
    weights, intercept = problem.of_user(user)
    starts = None
    if problem.spread is not None:
        from gdsolve.solve.start_counts import count_starts

        starts = count_starts(problem, problem.spread, solution, certificate)
    message = explain(problem, plan, ended, certificate, figures.loss)
    advice = _advice(descent, command) if ended is solution else ()
    return Fit(
        spec=spec,
        subject=Subject(problem.kind.value, spec.minimize or spec.model),
        w=user,
        status=ended.status,
        stopped_by=ended.stopped_by,
        iterations=solution.iterations,
        best_iteration=solution.best_iteration,
        evaluations=solution.evaluations,
        trace=reported(trace_in_units(problem, solution.trace), spec),
        weights=weights,
        intercept=intercept,
        figures=figures,
        learning_rate=shown_rate(recipe),
        max_iter=plan.max_iter,
        tol=plan.tol,
        optimum=None if minimum is None else optimum_of(problem, minimum),
        gap=certificate.gap,
        duality_gap=certificate.duality_gap,
        spectrum=certificate.spectrum,
        predicted_iterations=plan.predicted,
        method=recipe.method,
        schedule=recipe.schedule,
        momentum=recipe.momentum,
        # Its closed form holds tensors of the size of the triangle: a script may keep many fits.
        plan=replace(plan, form=None),
        stable_below=plan.stable_below,
        delta_found=problem.delta_found,
        device=solution.w.device.type,
        data=problem.data,
        errors=inference_of(problem, solution, certificate) if has_errors(spec, solution.status) else None,
        gradient_checks=_checks(problem, solution) if spec.check_gradient else (),
        fixed=fixed_values(problem),
        bounds=held_weights(problem, solution.w.to(problem.start), None if minimum is None else minimum.w),
        message=message if starts is None or not starts.sentence else f"{message} {starts.sentence}",
        advice=advice if starts is None else (*starts.advise(problem, command), *advice),
        starts=starts,
        found_start=problem.found_start,
        seconds=seconds,
        checkpoint_error=None if checkpointer is None else checkpointer.checkpoint_error,
    )


def _advice(descent: Descent, command: Command) -> tuple[Advice, ...]:
    problem, plan, solution, certificate = descent.problem, descent.plan, descent.solution, descent.certificate
    if plan.batches is None:
        return advise(problem, plan, solution, certificate, command)
    from gdsolve.solve.batch_words import advise_batches

    return advise_batches(plan, plan.batches, solution, certificate, command)


def _checks(problem: Problem, solution: Solution) -> tuple[GradientCheck, ...]:
    """The gradient at the start and where the run ended."""
    places = ((problem.start, 0), (solution.w.to(problem.start), solution.best_iteration))
    return tuple(check_gradient(problem, w, k) for w, k in places)
