"""`compare`: methods side by side on one objective, measured against the best minimum that any of them leads to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.plan import refusal
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.comparison import interruption
from gdsolve.solve.data import DataInfo
from gdsolve.solve.fit import pose
from gdsolve.solve.outcome import Optimum, Subject
from gdsolve.solve.posed.descend import descend_smoothly
from gdsolve.solve.posed.polish import Place, minimum_near
from gdsolve.solve.posed.problem import loss_unit
from gdsolve.solve.posed.recipe import RATED, decide, traits_of
from gdsolve.solve.posed.rules import stops_of, tolerance_of
from gdsolve.solve.posed.table import pose_run
from gdsolve.solve.posed.units import gap_above, optimum_at, weights_of
from gdsolve.solve.squares.problem import load
from gdsolve.solve.squares.run import prepare
from gdsolve.solve.words import coordinates_of
from gdsolve.spec import Method, RateSchedule, Spec
from gdsolve.spec.command import Advice, Command
from gdsolve.spec.numbers import nearest, rate_text, shown
from gdsolve.status import GdsolveError, Status

if TYPE_CHECKING:
    from gdsolve.data import Table
    from gdsolve.descent.methods.build import Recipe
    from gdsolve.descent.solution import Solution
    from gdsolve.picture import Picture
    from gdsolve.solve.posed.problem import Posed


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method reached, in the user's units, and what it cost."""

    method: Method
    schedule: RateSchedule
    learning_rate: float | None
    momentum: float | None
    status: Status
    stopped_by: str | None
    iterations: int
    evaluations: int
    seconds: float
    sse: float | None
    loss: float
    gap: float | None
    weights: dict[str, float]
    intercept: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class MethodComparison:
    """The methods in the order in which they were given, and what all of them share."""

    spec: Spec
    subject: Subject
    methods: tuple[MethodResult, ...]
    left_out: dict[str, str]
    optimum: Optimum | None
    tol: float
    data: DataInfo | None
    advice: tuple[Advice, ...]
    seconds: dict[str, float]
    message: str | None = None
    picture: Picture | None = None

    @property
    def interrupted(self) -> bool:
        """True where a method did not come to its end, or the search for the minimum did not; `message` says so."""
        return self.message is not None


def compare(
    spec: Spec, table: Table | None = None, command: Command | None = None, ranks: Ranks = ALONE
) -> MethodComparison:
    """Descend by every method of `spec`, or by all that can be used.

    Raises:
        GdsolveError: a method that does not exist or cannot be used here.
        DataError: data that cannot be used.
    """
    began = time.perf_counter()
    asked = _asked(spec)
    if spec.is_least_squares:
        posed = pose_run(prepare(spec, load(spec, table, ranks)), may_leap=False)
        ranks.gather(None)
    else:
        posed = pose(spec, table, ranks)
    methods, left_out = _usable(posed, asked)
    descending = time.perf_counter()
    runs = list(_runs(posed, methods))
    done = sum(solution.status is not Status.INTERRUPTED for _, solution, _, _ in runs)
    cut = done < len(methods)
    place = Place(None) if cut else _best_place(posed, [solution for _, solution, _, _ in runs])
    results = [_result(posed, *run, place) for run in runs]
    finished = time.perf_counter()
    minimum = place.minimum
    return MethodComparison(
        spec,
        Subject(posed.kind.value, spec.minimize or spec.model),
        tuple(results),
        left_out,
        None if minimum is None else optimum_at(posed, minimum),
        tolerance_of(posed, Method.GD),
        posed.data,
        _advice(posed, results, place, command or Command("compare", spec.data)),
        {"read": posed.seconds, "descend": finished - descending, "total": finished - began},
        interruption(done, len(methods), "methods") if cut or place.interrupted else None,
        _draw(posed, runs, place) if spec.plots else None,
    )


def _advice(posed: Posed, results: list[MethodResult], place: Place, command: Command) -> tuple[Advice, ...]:
    lines = []
    lost = [one.method.value for one in results if one.status is Status.DIVERGED and one.learning_rate is not None]
    if lost and isinstance(posed.spec.lr, float):
        where = coordinates_of(posed.spec)
        found = f"Learning rate {rate_text(posed.spec.lr)} is too large{where} for {', '.join(lost)}"
        lines.append(Advice(f"{found}; with rates of their own", command.but(lr="auto")))
    if place.reason:
        lines.append(Advice(f"How far they are from a minimum is not known: {place.reason}."))
    return tuple(lines)


def _draw(posed: Posed, runs: list[tuple[Recipe, Solution, float, str]], place: Place) -> Picture:
    from gdsolve.pictures.draw import picture_of_methods

    return picture_of_methods(posed, [(recipe, solution) for recipe, solution, _, _ in runs], place.minimum)


def _runs(posed: Posed, methods: list[Method]) -> Iterator[tuple[Recipe, Solution, float, str]]:
    for place, method in enumerate(methods, start=1):
        run = _run(posed, method, f"{method.value} ({place} of {len(methods)})")
        yield run
        if run[1].status is Status.INTERRUPTED:
            return


def _asked(spec: Spec) -> tuple[Method, ...]:
    names = [name.strip() for text in spec.methods for name in text.split(",") if name.strip()]
    known = [method.value for method in Method if method is not Method.AUTO]
    for name in names:
        if name not in known:
            near = nearest(name, known)
            remedy = f"did you mean {near}?" if near else f"known here: {', '.join(known)}"
            raise GdsolveError(f"methods: there is no method {shown(name)}", remedy)
    return tuple(dict.fromkeys(Method(name) for name in names))


def _usable(posed: Posed, asked: tuple[Method, ...]) -> tuple[list[Method], dict[str, str]]:
    """The methods to run; those left out where none was asked for, with the reason."""
    traits = traits_of(posed)
    if asked:
        refused = {method: why for method in asked if (why := refusal(method, traits))}
        if refused:
            others = ",".join(method.value for method in asked if method not in refused)
            raise GdsolveError(
                f"methods: {'; '.join(refused.values())}",
                f"give --methods {others}" if others else "leave --methods out: all that can be used are run",
            )
        return list(asked), {}
    left_out: dict[str, str] = {}
    usable: list[Method] = []
    for method in Method:
        if method is Method.AUTO:
            continue
        try:
            if why := refusal(method, traits):
                raise GdsolveError(why)
            decide(posed, method)
            usable.append(method)
        except GdsolveError as fault:
            left_out[method.value] = fault.message
    return usable, left_out


def _run(posed: Posed, method: Method, title: str) -> tuple[Recipe, Solution, float, str]:
    recipe, reason = decide(posed, method)
    began = time.perf_counter()
    stops = stops_of(posed, tolerance_of(posed, method))
    solution, _ = descend_smoothly(posed, recipe, stops, Status.MAX_ITER, title=title)
    return recipe, solution, time.perf_counter() - began, reason


def _best_place(posed: Posed, solutions: list[Solution]) -> Place:
    """The minimum near the lowest point that was reached."""
    usable = [one for one in solutions if one.status not in (Status.DIVERGED, Status.FAILED)]
    if not usable:
        return Place(None, "no method reached a point to look from")
    best = min(usable, key=lambda one: one.value)
    return minimum_near(posed, best.w, best.status)


def _result(
    posed: Posed, recipe: Recipe, solution: Solution, seconds: float, reason: str, place: Place
) -> MethodResult:
    weights, intercept = weights_of(posed, solution.w)
    sse = posed.objective.sse(solution.w)
    return MethodResult(
        recipe.method,
        recipe.schedule,
        recipe.rate if recipe.method in RATED and not recipe.backtracks else None,
        recipe.momentum,
        solution.status,
        solution.stopped_by,
        solution.iterations,
        solution.evaluations,
        seconds,
        None if sse is None else float(sse) * loss_unit(posed),
        solution.value * loss_unit(posed),
        gap_above(posed, solution, place.minimum),
        weights,
        intercept,
        reason,
    )
