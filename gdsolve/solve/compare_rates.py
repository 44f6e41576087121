"""Learning rates side by side on one problem: from one decomposition wherever there is a closed form."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from gdsolve.descent.ends import DEFAULT_MAX_ITER
from gdsolve.descent.foreseen import of_quadratic
from gdsolve.descent.iterate import iterate
from gdsolve.descent.leap import Form, States, find_stops, states_at, trace_of
from gdsolve.descent.methods.build import Recipe, build_method
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution, Trace
from gdsolve.objective.threads import one_thread
from gdsolve.solve.ambiguity import ambiguity
from gdsolve.solve.certify import certify, certify_best, gap_of
from gdsolve.solve.comparison import Comparison, RateResult, cannot_begin, grid_around, interruption, until_interrupted
from gdsolve.solve.forecast import form_of, stable_below
from gdsolve.solve.illustrator import Illustrator
from gdsolve.solve.method import curvature_at_start
from gdsolve.solve.minimum import Certificate
from gdsolve.solve.observer import observing
from gdsolve.solve.outcome import Subject
from gdsolve.solve.problem import Problem
from gdsolve.solve.rate_advice import advise_rates
from gdsolve.solve.reclassify import reclassify
from gdsolve.solve.rules import require_end, rules_of, usual_tolerance
from gdsolve.solve.separated import without_minimum
from gdsolve.solve.start_counts import chosen_start
from gdsolve.solve.units import optimum_of, trace_in_units
from gdsolve.spec import Spec
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.methods import PLAIN
from gdsolve.status import Status

# Where every rate is a run of its own, and every step is taken.
MOST_UPDATES = 10_000
# Rates × modes of so many numbers stay in cache.
AT_ONCE = 65_536


def compare_all_rates(problem: Problem, command: Command, began: float, illustrator: Illustrator | None) -> Comparison:
    """Descend on a problem at every rate of its spec; `began` is when that was asked for.

    Raises:
        GdsolveError: nothing would ever stop a run.
    """
    spec = problem.spec
    if spec.batch is not None:
        from gdsolve.solve.batch_rates import compare_batch_rates

        return compare_batch_rates(problem, command, began, illustrator)
    descending = time.perf_counter()
    rates, limit, tol = rates_of(problem), _limit(problem), usual_tolerance(spec)
    results, solutions, certificate = compare_rates(problem, rates, tol, limit)
    done = sum(one.status is not Status.INTERRUPTED for one in results)
    cut = done < len(rates) or certificate.interrupted
    picture = None
    if illustrator is not None:
        picture = illustrator.picture_of_rates(problem, results, solutions, certificate, tol, limit)
    finished = time.perf_counter()
    return Comparison(
        spec=spec,
        subject=Subject(problem.kind.value, spec.minimize or spec.model),
        names=problem.labels,
        intercept=problem.intercept,
        rates=tuple(results),
        spectrum=certificate.spectrum,
        optimum=None if certificate.minimum is None else optimum_of(problem, certificate.minimum),
        tol=tol,
        max_iter=limit,
        data=problem.data,
        advice=_advice(problem, certificate, results, limit, command),
        seconds={"read": problem.seconds, "descend": finished - descending, "total": finished - began},
        stable_below=stable_below(problem, _plain(1.0)),
        message=interruption(done, len(rates), "rates") if cut else None,
        picture=picture,
        starts=chosen_start(problem),
        found_start=problem.found_start,
    )


def compare_rates(
    problem: Problem, rates: tuple[float, ...], tol: float, limit: int | None
) -> tuple[list[RateResult], list[Solution] | None, Certificate]:
    """What every rate reaches; the solutions where every step was taken, and the minimum that all are measured against.

    Raises:
        GdsolveError: nothing would ever stop a run.
    """
    if form_of(problem, _plain(rates[0])) is None:
        assert limit is not None
        solutions = until_interrupted(_descents(problem, rates, tol, limit))
        certificate = certify_best(problem, solutions)
        pairs = zip(rates, solutions, strict=False)
        return [_result(problem, rate, one, certificate) for rate, one in pairs], solutions, certificate
    size = max(1, AT_ONCE // max(1, problem.p * (problem.spec.iterates + 1)))
    with one_thread():
        chunks = (_foreseen(problem, rates[i : i + size], tol, limit) for i in range(0, len(rates), size))
        results = [result for chunk in until_interrupted(chunks) for result in chunk]
    return results, None, certify(problem, _at_start(problem))


def rates_of(problem: Problem) -> tuple[float, ...]:
    """The rates that were asked for, or the usual ones."""
    lr = problem.spec.lr
    if isinstance(lr, tuple):
        return lr
    return (lr,) if isinstance(lr, float) else usual_rates(problem)


def usual_rates(problem: Problem) -> tuple[float, ...]:
    """Rates on both sides of the largest stable one, and the best where the curvature is known."""
    if problem.modes is None:
        return grid_around(2.0 / (problem.bound or curvature_at_start(problem)))
    stable, best = problem.modes.spectrum.largest_stable, problem.modes.spectrum.best
    return (best,) if stable is None else grid_around(stable, best)


def _plain(rate: float) -> Recipe:
    return Recipe(PLAIN, rate)


def _limit(problem: Problem) -> int | None:
    """As many updates as `fit` takes, where the closed form has them for nothing."""

    if problem.spec.max_iter is not None or (problem.squares is not None and problem.modes is not None):
        return problem.spec.max_iter
    return MOST_UPDATES if problem.modes is None else DEFAULT_MAX_ITER


def _foreseen(problem: Problem, rates: tuple[float, ...], tol: float, limit: int | None) -> list[RateResult]:
    """The state of every rate where it stops, from the closed form."""
    modes, form, rules = problem.modes, form_of(problem, _plain(rates[0]), rates), rules_of(problem, tol)
    assert modes is not None and form is not None
    require_end(problem, replace(_plain(rates[0]), length=limit), rules)
    stops, start = find_stops(form, of_quadratic(rules), limit), problem.start.to(modes.minimiser)
    k = torch.tensor([float(stop.iterations) for stop in stops], dtype=torch.float64, device=start.device)
    states = states_at(modes, form, start, k)
    gaps = modes.gap(states.weights).tolist()
    traces = _first_iterates(problem, form, rates) if problem.spec.iterates else [None] * len(rates)
    columns = zip(rates, stops, _losses(problem, states), gaps, traces, strict=True)
    unit, spectrum = problem.loss_unit, modes.spectrum
    return [
        RateResult(
            rate,
            stop.status,
            stop.stopped_by,
            stop.iterations,
            None if sse is None else sse * unit,
            value * unit,
            gap * unit,
            spectrum.contraction(rate),
            trace,
        )
        for rate, stop, (sse, value), gap, trace in columns
    ]


def _losses(problem: Problem, states: States) -> list[tuple[float | None, float]]:
    """SSE and loss of every state; of a formula by itself, of which the quadratic knows the shape alone."""
    if problem.squares is not None:
        return list(zip(states.sse.tolist(), states.values.tolist(), strict=True))
    weights = states.weights.to(problem.start)
    values = [float(problem.objective.evaluate(w[:, None]).value) for w in weights.mT]
    errors = problem.objective.sse(weights)
    return list(zip([None] * len(values) if errors is None else errors.tolist(), values, strict=True))


def _at_start(problem: Problem) -> Solution:
    """A descent of no update, of a quadratic, whose minimum is known from anywhere."""

    start, value = problem.start, float(problem.objective.evaluate(problem.start).value)
    trace = Trace((0,), start, (None,), (value,), (0.0,), (None,))
    return Solution(start, value, Status.MAX_ITER, "max_iter", 0, 0, 0, trace)


def _descents(problem: Problem, rates: tuple[float, ...], tol: float, limit: int) -> Iterator[Solution]:
    for place, rate in enumerate(rates, start=1):
        solution = _descend(problem, rate, tol, limit, f"rate {place} of {len(rates)}")
        yield solution
        if solution.status is Status.INTERRUPTED:
            return


def _descend(problem: Problem, rate: float, tol: float, limit: int, title: str) -> Solution:
    """As `fit` descends at this rate, and with its status."""

    recipe, rules = _plain(rate), rules_of(problem, tol)
    with observing(title, limit, problem.loss_unit) as observer:
        found = iterate(
            problem.bounded,
            problem.start,
            build_method(recipe, problem.limits),
            rules,
            max_iter=limit,
            schedule=_schedule(problem.spec),
            observe=observer,
        )
    if problem.convex or found.status is not Status.CONVERGED:
        return found
    return reclassify(problem, found, certify(problem, found), recipe)


def _schedule(spec: Spec) -> Schedule:
    """Every iterate where the first ones were asked for, else as few as possible."""

    return Schedule(1 if spec.iterates and spec.max_iter == spec.iterates else "log")


def _result(problem: Problem, rate: float, solution: Solution, certificate: Certificate) -> RateResult:
    """The state when the rate stopped, also where a better one came before."""
    if certificate.separation is not None:
        solution = reclassify(problem, solution, certificate, _plain(rate))
    spectrum, trace, unit = certificate.spectrum, solution.trace, problem.loss_unit
    sse, last = trace.sse[-1], replace(solution, w=trace.weights[:, -1:], value=trace.values[-1])
    return RateResult(
        rate,
        solution.status,
        solution.stopped_by or "max_iter",
        solution.iterations,
        None if sse is None else sse * unit,
        last.value * unit,
        gap_of(problem, last, certificate.minimum),
        # With an l1 penalty, or within bounds, the weights that are free alone shrink so.
        None if spectrum is None or problem.holds_weights else spectrum.contraction(rate),
        _loop_from_start(problem, rate) if problem.spec.iterates else None,
    )


def _first_iterates(problem: Problem, form: Form, rates: Sequence[float]) -> list[Trace | None]:
    """Iterates 0 to K of every rate, whether or not it stops before: the textbook's table goes on as well."""
    if problem.squares is None:
        return [_loop_from_start(problem, rate) for rate in rates]
    assert problem.modes is not None
    count, device, q = problem.spec.iterates + 1, problem.start.device, len(rates)
    every = torch.arange(q, device=device).repeat_interleave(count)
    k = torch.arange(count, dtype=torch.float64, device=device).repeat(q)
    states = states_at(problem.modes, form.only(every), problem.start, k)
    traces: list[Trace | None] = []
    for i in range(q):
        part = slice(i * count, (i + 1) * count)
        one = States(
            states.weights[:, part],
            states.sse[part],
            states.values[part],
            states.gradient_norms[part],
            states.updates[part],
        )
        traces.append(trace_in_units(problem, trace_of(one, range(count))))
    return traces


def _loop_from_start(problem: Problem, rate: float) -> Trace:
    """The same, step by step."""

    method, steps = build_method(_plain(rate), problem.limits), problem.spec.iterates
    found = iterate(problem.bounded, problem.start, method, (), max_iter=steps, schedule=Schedule(1))
    return trace_in_units(problem, found.trace)


def _advice(
    problem: Problem, certificate: Certificate, results: list[RateResult], limit: int | None, command: Command
) -> tuple[Advice, ...]:
    if problem.fault_of_start is not None:
        return (cannot_begin(problem.fault_of_start),)
    if found := without_minimum(problem, command, certificate):
        return tuple(found)
    lines = advise_rates(problem.spec, command, results, limit, convex=problem.convex or problem.modes is not None)
    minimum = certificate.minimum
    if minimum is None and certificate.reason:
        lines.append(Advice(f"How far they are from a minimum is not known: {certificate.reason}."))
    if minimum is not None and not minimum.unique and minimum.spectrum is not None and problem.limits is None:
        lines.append(Advice(f"The minimiser is not unique: rank {minimum.spectrum.rank} < {problem.p} weights."))
    if problem.holds_weights:
        held = "zero" if problem.box is None else "their bounds"
        lines.append(
            Advice(f"Below the limit every rate converges; above it some may, as weights at {held} stay there.")
        )
    elif minimum is not None and minimum.spectrum is not None and problem.modes is None:
        lines.append(Advice("Limits are those near the minimum; on the way there the curvature may be larger."))
    return (*lines, *ambiguity(problem, minimum))
