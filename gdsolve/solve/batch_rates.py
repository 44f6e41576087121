"""Learning rates of stochastic descent side by side: how fast each comes down, and where its noise keeps it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from gdsolve.descent.epochs import descend_by_epochs
from gdsolve.descent.methods.blind import BlindRule
from gdsolve.descent.methods.build import Recipe, build_method
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution, Trace
from gdsolve.objective.threads import one_thread
from gdsolve.solve.batch_plan import plan_stochastic, predicted
from gdsolve.solve.batch_words import judged, measured
from gdsolve.solve.certify import certify_best, gap_of
from gdsolve.solve.comparison import Comparison, RateResult, interruption, until_interrupted
from gdsolve.solve.deal import Deal
from gdsolve.solve.illustrator import Illustrator
from gdsolve.solve.minibatches import Minibatches
from gdsolve.solve.minimum import Certificate
from gdsolve.solve.observer import observing
from gdsolve.solve.outcome import Subject
from gdsolve.solve.plan import Plan
from gdsolve.solve.problem import Problem
from gdsolve.solve.rate_advice import advise_rates
from gdsolve.solve.separated import without_minimum
from gdsolve.solve.units import optimum_of, trace_in_units
from gdsolve.solve.words import coordinates_of
from gdsolve.spec import Scale, Spec
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.methods import PLAIN
from gdsolve.spec.numbers import rate_exactly, typable
from gdsolve.status import Status

# Shares of the largest rate that holds the noise: each is a run of its own.
SHARES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.9, 1.1)


def compare_batch_rates(
    problem: Problem, command: Command, began: float, illustrator: Illustrator | None
) -> Comparison:
    """Descend on batches at every rate of the spec; `began` is when that was asked for.

    Raises:
        GdsolveError: rows that no batch can be made of.
    """
    spec, descending = problem.spec, time.perf_counter()
    plan = plan_stochastic(replace(problem, spec=_plain(spec)))
    deal, told = plan.deal, plan.batches
    assert deal is not None and told is not None
    rates = _rates(spec, plan)
    solutions = until_interrupted(_descents(problem, plan, deal, rates))
    certificate = certify_best(problem, solutions)
    found = [
        _result(problem, replace(plan, recipe=_at(plan, rate)), deal, told, one, certificate)
        for rate, one in zip(rates, solutions, strict=False)
    ]
    cut = len(found) < len(rates) or any(one.status is Status.INTERRUPTED for one in found)
    picture = None
    if illustrator is not None:
        picture = illustrator.picture_of_rates(problem, found, solutions, certificate, plan.tol, plan.max_iter)
    deal.close()
    finished = time.perf_counter()
    return Comparison(
        spec=spec,
        subject=Subject(problem.kind.value, spec.minimize or spec.model),
        names=problem.labels,
        intercept=problem.intercept,
        rates=tuple(found),
        spectrum=certificate.spectrum,
        optimum=None if certificate.minimum is None else optimum_of(problem, certificate.minimum),
        tol=plan.tol,
        max_iter=plan.max_iter,
        data=problem.data,
        advice=_advice(problem, certificate, found, command),
        seconds={"read": problem.seconds, "descend": finished - descending, "total": finished - began},
        stable_below=told.stable_below,
        message=interruption(len(found), len(rates), "rates") if cut else None,
        picture=picture,
        batches=told,
    )


def _plain(spec: Spec) -> Spec:
    """For what all rates share: by plain descent at a constant rate, whatever that is."""
    return replace(spec, lr=spec.lr if isinstance(spec.lr, float) else 1.0, scale=spec.scale)


def _rates(spec: Spec, plan: Plan) -> tuple[float, ...]:
    if isinstance(spec.lr, tuple):
        return spec.lr
    if isinstance(spec.lr, float):
        return (spec.lr,)
    largest = plan.stable_below or plan.recipe.rate
    return tuple(sorted({typable(share * largest) for share in SHARES}))


def _at(plan: Plan, rate: float) -> Recipe:
    return replace(plan.recipe, method=PLAIN, rate=rate, momentum=None)


def _descents(problem: Problem, plan: Plan, deal: Deal, rates: tuple[float, ...]) -> Iterator[Solution]:
    for place, rate in enumerate(rates, start=1):
        method = build_method(_at(plan, rate), problem.limits)
        assert isinstance(method, BlindRule)
        title = f"rate {place} of {len(rates)}"
        with observing(title, plan.last, problem.loss_unit) as observer, one_thread():
            solution = descend_by_epochs(
                deal.batches,
                deal.objective,
                deal.start,
                method,
                plan.stops,
                deal.course,
                schedule=Schedule(1 if problem.spec.iterates else "log"),
                observe=observer,
            )
        yield solution
        if solution.status is Status.INTERRUPTED:
            return


def _result(
    problem: Problem, plan: Plan, deal: Deal, told: Minibatches, solution: Solution, certificate: Certificate
) -> RateResult:
    """The state when the rate stopped, also where a better one came before."""
    ended, unit = judged(problem.spec, solution, certificate), problem.loss_unit
    foreseen = predicted(problem, told, plan.recipe, deal.outlook, deal.course.limit)
    trace = ended.trace
    sse, last = trace.sse[-1], replace(ended, w=trace.weights[:, -1:], value=trace.values[-1])
    spectrum = certificate.spectrum
    return RateResult(
        plan.recipe.rate,
        ended.status,
        ended.stopped_by or "max_iter",
        ended.iterations,
        None if sse is None else sse * unit,
        last.value * unit,
        gap_of(problem, last, certificate.minimum),
        None if spectrum is None else spectrum.contraction(plan.recipe.rate),
        trace_in_units(problem, _first(trace, problem.spec.iterates)) if problem.spec.iterates else None,
        excess=measured(foreseen, problem, ended, certificate).excess,
        predicted_excess=foreseen.predicted_excess,
        predicted_at_end=foreseen.predicted_at_end,
    )


def _first(trace: Trace, epochs: int) -> Trace:
    """The start and the ends of the first epochs."""
    count = epochs + 1
    return Trace(
        trace.iterations[:count],
        trace.weights[:, :count],
        trace.sse[:count],
        trace.values[:count],
        trace.gradient_norms[:count],
        trace.updates[:count],
    )


def _advice(
    problem: Problem, certificate: Certificate, results: list[RateResult], command: Command
) -> tuple[Advice, ...]:
    if found := without_minimum(problem, command, certificate):
        return tuple(found)
    usable = [one for one in results if one.status not in (Status.DIVERGED, Status.FAILED)]
    if not usable or any(one.status is Status.INTERRUPTED for one in results):
        lines = advise_rates(problem.spec, command, results, None, convex=problem.convex)
    else:
        best, where = min(usable, key=lambda one: one.loss), coordinates_of(problem.spec)
        changes: dict[str, object] = {"lr": rate_exactly(best.learning_rate), "iterates": None}
        if problem.spec.standardise:
            changes["scale"] = Scale.STANDARD
        lines = [Advice(f"The lowest loss{where} by itself", command.but("fit", **changes))]
    minimum = certificate.minimum
    if minimum is None and certificate.reason:
        lines.append(Advice(f"How far they are from a minimum is not known: {certificate.reason}."))
    return tuple(lines)
