"""Methods side by side on one problem, measured against the best minimum that any of them leads to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from gdsolve.solve.ambiguity import ambiguity
from gdsolve.solve.certify import certify, certify_best, gap_of
from gdsolve.solve.comparison import MethodComparison, MethodResult, cannot_begin, interruption
from gdsolve.solve.descend import descend
from gdsolve.solve.engine import ground_of
from gdsolve.solve.illustrator import Descent, Illustrator
from gdsolve.solve.method import refusal, shown_rate, traits_of
from gdsolve.solve.minimum import Certificate, NoMinimum
from gdsolve.solve.outcome import Subject
from gdsolve.solve.plan import Plan, plan_descent
from gdsolve.solve.problem import Problem
from gdsolve.solve.reclassify import reclassify
from gdsolve.solve.separated import without_minimum
from gdsolve.solve.start_counts import chosen_start
from gdsolve.solve.units import optimum_of, sse_of
from gdsolve.solve.words import coordinates_of
from gdsolve.spec import Method, RateSchedule
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.numbers import rate_text
from gdsolve.status import GdsolveError, Status

MOST_SOLVED = 300


def compare_methods(
    problem: Problem, asked: tuple[Method, ...], command: Command, began: float, illustrator: Illustrator | None
) -> MethodComparison:
    """Descend on a problem by the methods `asked` for, or by all that can be used; `began` is when that was.

    Raises:
        GdsolveError: a method that cannot be used here.
    """
    spec = problem.spec
    plans, left_out = _plans(problem, asked)
    descending = time.perf_counter()
    runs = list(_runs(problem, plans))
    done = sum(one.solution.status is not Status.INTERRUPTED for one, _ in runs)
    cut = done < len(plans)
    certificate = Certificate(None)
    if not cut:
        certificate = certify_best(problem, [one.solution for one, _ in runs], NoMinimum.NO_POINT)
    results = [_result(one, seconds, certificate) for one, seconds in runs]
    finished = time.perf_counter()
    minimum = certificate.minimum
    return MethodComparison(
        spec,
        Subject(problem.kind.value, spec.minimize or spec.model),
        tuple(results),
        left_out,
        None if minimum is None else optimum_of(problem, minimum),
        spec.tol,
        problem.data,
        _advice(problem, results, certificate, command),
        {"read": problem.seconds, "descend": finished - descending, "total": finished - began},
        interruption(done, len(plans), "methods") if cut or certificate.interrupted else None,
        None if illustrator is None else illustrator.picture_of_methods([one for one, _ in runs], certificate),
        starts=chosen_start(problem),
        found_start=problem.found_start,
    )


def _advice(
    problem: Problem, results: list[MethodResult], certificate: Certificate, command: Command
) -> tuple[Advice, ...]:
    if problem.fault_of_start is not None:
        return (cannot_begin(problem.fault_of_start),)
    if told := without_minimum(problem, command, certificate):
        return tuple(told)
    lines = []
    lost = [one.method.value for one in results if one.status is Status.DIVERGED and one.learning_rate is not None]
    if lost and isinstance(problem.spec.lr, float):
        where = coordinates_of(problem.spec)
        found = f"Learning rate {rate_text(problem.spec.lr)} is too large{where} for {', '.join(lost)}"
        lines.append(Advice(f"{found}; with rates of their own", command.but(lr="auto")))
    if certificate.reason:
        lines.append(Advice(f"How far they are from a minimum is not known: {certificate.reason}."))
    return (*lines, *ambiguity(problem, certificate.minimum))


def _runs(problem: Problem, plans: Sequence[Plan]) -> Iterator[tuple[Descent, float]]:
    """Every method on the same ground, and the seconds that it took."""
    ground = ground_of(problem, plans[0].engine, plans[0].device) if plans else None
    for place, plan in enumerate(plans, start=1):
        began = time.perf_counter()
        title = f"{plan.recipe.method.value} ({place} of {len(plans)})"
        solution = descend(problem, plan, ground, title=title)
        if not problem.convex and solution.status in (Status.CONVERGED, Status.FAILED):
            # Each may have come to a place of its own, and not each of them is a minimum.
            solution = reclassify(problem, solution, certify(problem, solution), plan.recipe)
        yield Descent(problem, plan, solution, Certificate(None)), time.perf_counter() - began
        if solution.status is Status.INTERRUPTED:
            return


def _plans(problem: Problem, asked: tuple[Method, ...]) -> tuple[list[Plan], dict[str, str]]:
    """The plans of the methods to run; those left out where none was asked for, with the reason."""
    traits = traits_of(problem)
    refused = {method: why for method in asked if (why := refusal(method, traits))}
    if refused:
        others = ",".join(method.value for method in asked if method not in refused)
        raise GdsolveError(
            "; ".join(refused.values()),
            f"give --methods {others}" if others else "leave --methods out: all that can be used are run",
            option="methods",
        )
    if asked:
        return [plan_descent(problem, method, may_leap=False) for method in asked], {}
    left_out: dict[str, str] = {}
    plans: list[Plan] = []
    for method in Method.all():
        try:
            if why := refusal(method, traits) or _too_slow(problem, method):
                raise GdsolveError(why)
            plans.append(plan_descent(problem, method, may_leap=False))
        except GdsolveError as fault:
            left_out[method.value] = fault.message
    return plans, left_out


def _too_slow(problem: Problem, method: Method) -> str | None:
    """Why a method that solves equations of all weights is not run unasked on more weights than rows."""
    if method.info.needs is None or problem.p <= max(MOST_SOLVED, problem.rows):
        return None
    return f"each of its steps solves {problem.p} equations; --methods {method.value} runs it"


def _result(descent: Descent, seconds: float, certificate: Certificate) -> MethodResult:
    problem, plan, solution = descent.problem, descent.plan, descent.solution
    if plan.recipe.schedule is RateSchedule.COSINE or certificate.separation is not None:
        solution = reclassify(problem, solution, certificate, plan.recipe)
    w = solution.w.to(problem.start)
    weights, intercept = problem.named(w)
    return MethodResult(
        plan.recipe.method,
        plan.recipe.schedule,
        shown_rate(plan.recipe),
        plan.recipe.momentum,
        solution.status,
        solution.stopped_by,
        solution.iterations,
        solution.evaluations,
        seconds,
        sse_of(problem, w),
        solution.value * problem.loss_unit,
        gap_of(problem, solution, certificate.minimum),
        plan.tol,
        weights,
        intercept,
        plan.reason,
    )
