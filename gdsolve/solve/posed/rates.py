"""`compare-lr` where there is no triangle: plain descent at many rates on a formula, a curve or another loss."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.solve.comparison import Comparison, RateResult, grid_around, interruption, until_interrupted
from gdsolve.solve.observer import telling
from gdsolve.solve.outcome import Subject
from gdsolve.solve.posed.descend import bounded
from gdsolve.solve.posed.known import quadratic_rules, stable_below
from gdsolve.solve.posed.polish import Place, minimum_near
from gdsolve.solve.posed.problem import loss_unit
from gdsolve.solve.posed.recipe import curvature_at_start
from gdsolve.solve.posed.rules import stops_of, tolerance_of
from gdsolve.solve.posed.units import gap_above, in_units, optimum_at, own_figures
from gdsolve.solve.posed.verdict import judged
from gdsolve.solve.rate_advice import advise_rates
from gdsolve.spec import Method, Spec
from gdsolve.spec.command import Advice, Command
from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.descent.schedule import Schedule
    from gdsolve.descent.solution import Solution, Trace
    from gdsolve.picture import Picture
    from gdsolve.solve.posed.problem import Posed

# Every rate is a run of its own here.
MOST_UPDATES = 10_000


def compare_posed(posed: Posed, began: float, command: Command) -> Comparison:
    """Descend at every rate of the spec, or on a grid around the limit that the curvature sets."""
    from gdsolve.descent.methods.build import Recipe

    spec = posed.spec
    descending = time.perf_counter()
    rates = _rates(posed)
    limit = _usual_limit(posed) if spec.max_iter is None else spec.max_iter
    solutions = until_interrupted(_descents(posed, rates, limit))
    place = _place(posed, solutions)
    results = [_result(posed, rate, one, place) for rate, one in zip(rates, solutions, strict=False)]
    done = sum(one.status is not Status.INTERRUPTED for one in solutions)
    finished = time.perf_counter()
    minimum = place.minimum
    return Comparison(
        spec=spec,
        subject=Subject(posed.kind.value, spec.minimize or spec.model),
        names=posed.labels,
        intercept=posed.intercept,
        rates=tuple(results),
        spectrum=None if minimum is None else minimum.spectrum,
        optimum=None if minimum is None else optimum_at(posed, minimum),
        tol=tolerance_of(posed, Method.GD),
        max_iter=limit,
        data=posed.data,
        advice=_advice(posed, place, results, limit, command),
        seconds={"read": posed.seconds, "descend": finished - descending, "total": finished - began},
        stable_below=stable_below(posed, Recipe(Method.GD, 1.0)),
        message=interruption(done, len(rates), "rates") if done < len(rates) or place.interrupted else None,
        picture=_draw(posed, results, solutions, place, limit) if spec.plots else None,
    )


def _draw(
    posed: Posed, results: list[RateResult], solutions: list[Solution], place: Place, limit: int | None
) -> Picture:
    from gdsolve.pictures.draw import picture_of_posed_rates

    return picture_of_posed_rates(posed, results, solutions, place.minimum, limit)


def _rates(posed: Posed) -> tuple[float, ...]:
    lr = posed.spec.lr
    if isinstance(lr, tuple):
        return lr
    if isinstance(lr, float):
        return (lr,)
    if posed.modes is not None and posed.modes.spectrum.rank:
        return grid_around(2.0 / posed.modes.spectrum.largest, posed.modes.spectrum.best)
    return grid_around(2.0 / (posed.bound or curvature_at_start(posed)))


def _usual_limit(posed: Posed) -> int:
    """As many updates as `fit` takes, where the closed form has them for nothing."""
    from gdsolve.descent.leap import DEFAULT_MAX_ITER

    return MOST_UPDATES if posed.modes is None else DEFAULT_MAX_ITER


def _descents(posed: Posed, rates: tuple[float, ...], limit: int) -> Iterator[Solution]:
    for place, rate in enumerate(rates, start=1):
        solution = _descend(posed, rate, limit, f"rate {place} of {len(rates)}")
        yield solution
        if solution.status is Status.INTERRUPTED:
            return


def _descend(posed: Posed, rate: float, limit: int, title: str) -> Solution:
    """As `fit` descends at this rate, and with its status."""
    from gdsolve.descent.iterate import iterate
    from gdsolve.descent.leap import leap
    from gdsolve.descent.methods.build import Recipe
    from gdsolve.descent.methods.gradient import GradientDescent
    from gdsolve.descent.rates import Constant

    stops = stops_of(posed, tolerance_of(posed, Method.GD))
    if posed.modes is not None and posed.box is None:
        rules = quadratic_rules(stops)
        start = posed.start.to(posed.modes.minimiser)
        return own_figures(posed, leap(posed.modes, start, rate, rules, max_iter=limit, schedule=_schedule(posed.spec)))
    method = GradientDescent(Constant(rate), posed.box)
    with telling(title, limit, loss_unit(posed)) as told:
        found = iterate(
            bounded(posed),
            posed.start,
            method,
            stops,
            max_iter=limit,
            schedule=_schedule(posed.spec),
            observe=told,
        )
    if posed.convex or found.status is not Status.CONVERGED:
        return found
    return judged(posed, found, minimum_near(posed, found.w, found.status), Recipe(Method.GD, rate))


def _schedule(spec: Spec) -> Schedule:
    """Every iterate where the first ones were asked for, else as few as possible."""
    from gdsolve.descent.schedule import Schedule

    return Schedule(1 if spec.iterates and spec.max_iter == spec.iterates else "log")


def _place(posed: Posed, solutions: list[Solution]) -> Place:
    usable = [one for one in solutions if one.status not in (Status.DIVERGED, Status.FAILED)]
    if not usable:
        return Place(None)
    best = min(usable, key=lambda one: one.value)
    return minimum_near(posed, best.w, best.status)


def _result(posed: Posed, rate: float, solution: Solution, place: Place) -> RateResult:
    """The state when the rate stopped, also where a better one came before."""
    spectrum = None if place.minimum is None else place.minimum.spectrum
    trace, unit = solution.trace, loss_unit(posed)
    sse = trace.sse[-1]
    last = replace(solution, w=trace.weights[:, -1:], value=trace.values[-1])
    return RateResult(
        rate,
        solution.status,
        solution.stopped_by or "max_iter",
        solution.iterations,
        None if sse is None else sse * unit,
        last.value * unit,
        gap_above(posed, last, place.minimum),
        None if spectrum is None else spectrum.contraction(rate),
        _first_iterates(posed, rate) if posed.spec.iterates else None,
    )


def _first_iterates(posed: Posed, rate: float) -> Trace:
    """Iterates 0 to K, whether or not a rule would stop the descent before."""
    from gdsolve.descent.iterate import iterate
    from gdsolve.descent.methods.gradient import GradientDescent
    from gdsolve.descent.rates import Constant
    from gdsolve.descent.schedule import Schedule

    method = GradientDescent(Constant(rate), posed.box)
    steps = posed.spec.iterates
    found = iterate(bounded(posed), posed.start, method, (), max_iter=steps, schedule=Schedule(1))
    return in_units(posed, found.trace)


def _advice(posed: Posed, place: Place, results: list[RateResult], limit: int, command: Command) -> tuple[Advice, ...]:
    lines = advise_rates(posed.spec, command, results, limit, convex=posed.convex or posed.modes is not None)
    if place.minimum is None and place.reason:
        lines.append(Advice(f"How far they are from a minimum is not known: {place.reason}."))
    if place.minimum is not None and place.minimum.spectrum is not None and posed.modes is None:
        lines.append(Advice("Limits are those near the minimum; on the way there the curvature may be larger."))
    return tuple(lines)
