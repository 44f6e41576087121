"""`compare-lr`: what learning rates do, side by side, from one decomposition."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.comparison import Comparison, RateResult, grid_around, interruption, until_interrupted
from gdsolve.solve.fit import pose
from gdsolve.solve.outcome import Subject
from gdsolve.solve.posed.rates import compare_posed
from gdsolve.solve.rate_advice import advise_rates
from gdsolve.solve.squares.problem import load
from gdsolve.solve.squares.result import optimum_of, trace_in_units
from gdsolve.solve.squares.run import Run, prepare
from gdsolve.spec import Spec
from gdsolve.spec.command import Advice, Command

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.descent.closed_form import ClosedForm
    from gdsolve.descent.leap import States, Stop
    from gdsolve.descent.solution import Trace
    from gdsolve.picture import Picture

# Rates × modes of so many numbers stay in cache.
AT_ONCE = 65_536


def compare_lr(
    spec: Spec, table: Table | None = None, command: Command | None = None, ranks: Ranks = ALONE
) -> Comparison:
    """Descend at every rate of `spec`, or on a grid around the largest stable one.

    Raises:
        GdsolveError: what was asked for contradicts itself or the table.
        DataError: data that cannot be used.
    """
    began = time.perf_counter()
    command = command or Command("compare-lr", spec.data)
    if not spec.is_least_squares:
        return compare_posed(pose(spec, table, ranks), began, command)
    problem = load(spec, table, ranks)
    from gdsolve.objective.threads import one_thread

    descending = time.perf_counter()
    run = prepare(spec, problem)
    ranks.gather(None)
    rates = _rates(run)
    tol = run.tolerance(min(rates)) if spec.tol is not None else _usual_tolerance(run)
    size = max(1, AT_ONCE // max(1, run.coordinates.p * (spec.iterates + 1)))
    with one_thread():
        chunks = (compare_rates(run, rates[i : i + size], tol) for i in range(0, len(rates), size))
        results = [result for chunk in until_interrupted(chunks) for result in chunk]
    finished = time.perf_counter()
    return Comparison(
        spec,
        Subject("linear", None),
        problem.data.roles.design,
        run.coordinates.intercept,
        tuple(results),
        run.modes.spectrum,
        optimum_of(run),
        tol,
        spec.max_iter,
        problem.data,
        _advice(run, results, command),
        {"read": problem.seconds, "descend": finished - descending, "total": finished - began},
        run.modes.spectrum.largest_stable,
        message=interruption(len(results), len(rates), "rates") if len(results) < len(rates) else None,
        picture=_draw(run, results, tol) if spec.plots else None,
    )


def _draw(run: Run, results: list[RateResult], tol: float) -> Picture:
    from gdsolve.pictures.draw import picture_of_rates

    return picture_of_rates(run, results, tol)


def _usual_tolerance(run: Run) -> float:
    from gdsolve.descent.learning_rate import TOLERANCE

    return TOLERANCE[run.dtype]


def _rates(run: Run) -> tuple[float, ...]:
    if isinstance(run.spec.lr, tuple):
        return run.spec.lr
    return (run.spec.lr,) if isinstance(run.spec.lr, float) else usual_rates(run)


def usual_rates(run: Run) -> tuple[float, ...]:
    """Rates on both sides of the largest stable one, and the best."""
    stable = run.modes.spectrum.largest_stable
    return (run.modes.spectrum.best,) if stable is None else grid_around(stable, run.modes.spectrum.best)


def compare_rates(run: Run, rates: tuple[float, ...], tol: float) -> list[RateResult]:
    """What every rate reaches on a prepared run, from its one decomposition.

    Raises:
        GdsolveError: nothing would ever stop a run.
    """
    import torch

    from gdsolve.descent.leap import find_stops, states_at

    form = run.closed_form(rates)
    stops = find_stops(form, run.stops(tol), run.spec.max_iter)
    k = torch.tensor([float(stop.iterations) for stop in stops], dtype=torch.float64, device=run.start.device)
    states = states_at(run.modes, form, run.start, k)
    gaps = run.modes.gap(states.weights).tolist()
    traces = _first_iterates(run, form) if run.spec.iterates else [None] * len(rates)
    return [_result(run, *one) for one in zip(rates, stops, _columns(states), gaps, traces, strict=True)]


def _columns(states: States) -> list[tuple[float, float]]:
    return list(zip(states.sse.tolist(), states.values.tolist(), strict=True))


def _result(
    run: Run, rate: float, stop: Stop, reached: tuple[float, float], gap: float, trace: Trace | None
) -> RateResult:
    unit = run.coordinates.target_scale**2
    sse, value = reached
    factor = run.modes.spectrum.contraction(rate)
    return RateResult(
        rate, stop.status, stop.stopped_by, stop.iterations, sse * unit, value * unit, gap * unit, factor, trace
    )


def _first_iterates(run: Run, form: ClosedForm) -> list[Trace | None]:
    """Iterates 0 to K of every rate, whether or not it stops before: the textbook's table goes on as well."""
    import torch

    from gdsolve.descent.leap import States, states_at, trace_of

    count, device = run.spec.iterates + 1, run.start.device
    q = form.rates.shape[0]
    every = torch.arange(q, device=device).repeat_interleave(count)
    k = torch.arange(count, dtype=torch.float64, device=device).repeat(q)
    states = states_at(run.modes, form.only(every), run.start, k)
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
        traces.append(trace_in_units(run, trace_of(one, range(count))))
    return traces


def _advice(run: Run, results: list[RateResult], command: Command) -> tuple[Advice, ...]:
    lines = advise_rates(run.spec, command, results, run.spec.max_iter, convex=True)
    if not run.modes.unique:
        rank, p = run.modes.spectrum.rank, run.modes.quadratic.p
        lines.append(Advice(f"The minimiser is not unique: rank {rank} < {p} weights."))
    return tuple(lines)
