"""Which maker goes with which kind of picture, and what each verb gives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gdsolve.picture import Picture
from gdsolve.pictures.direction import draw_direction
from gdsolve.pictures.fit import draw_fit
from gdsolve.pictures.loss import draw_loss, draw_losses
from gdsolve.pictures.path import draw_path
from gdsolve.pictures.rates import Course as RateCourse
from gdsolve.pictures.rates import draw_rates, shown
from gdsolve.pictures.scene import Scene, Track, scene_of_posed, scene_of_run, spaced
from gdsolve.pictures.spectrum import Spread, draw_spectrum, eigenvalues_of
from gdsolve.spec import PlotKind, kind_of_plot, kinds_drawn

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.methods.build import Recipe
    from gdsolve.descent.solution import Solution
    from gdsolve.solve.comparison import RateResult
    from gdsolve.solve.posed.polish import Minimum
    from gdsolve.solve.posed.problem import Posed
    from gdsolve.solve.squares.course import Course
    from gdsolve.solve.squares.run import Run


def _spectrum(scene: Scene, track: Track) -> Picture:
    rates = (("rate used", track.learning_rate),) if track.learning_rate is not None else ()
    if scene.modes is not None and scene.modes.spectrum.rank:
        rates = (*rates, ("best rate", scene.modes.spectrum.best))
    if len(rates) == 2 and rates[0][1] == rates[1][1]:
        rates = (("best rate, used", rates[0][1]),)
    eigenvalues, where = eigenvalues_of(scene, track.solution.w)
    spread = Spread("eigenvalues", eigenvalues, rates)
    return draw_spectrum([spread], "The spectrum of the Hessian", _where(scene, where))


def _where(scene: Scene, where: str) -> tuple[str, ...]:
    place = " ".join(filter(None, (where, f"in {scene.coordinates}" if scene.coordinates else "")))
    return (f"Of the Hessian {place}.",) if place else ()


Pictures = dict[PlotKind, Picture]

MAKERS: dict[PlotKind, Callable[[Scene, Track], Picture]] = {
    PlotKind.LOSS: draw_loss,
    PlotKind.PATH: lambda scene, track: draw_path(scene, [track]),
    PlotKind.DIRECTION: draw_direction,
    PlotKind.FIT: draw_fit,
    PlotKind.SPECTRUM: _spectrum,
}
MAKERS_OF_SEVERAL: dict[PlotKind, Callable[[Scene, Sequence[Track]], Picture]] = {
    PlotKind.LOSS: draw_losses,
    PlotKind.PATH: draw_path,
    # Of one objective, whatever descends on it.
    PlotKind.SPECTRUM: lambda scene, tracks: _spectrum(scene, Track("", tracks[0].solution, None)),
}


def pictures_of_run(run: Run, course: Course, solution: Solution, predicted: int | None) -> Pictures:
    """The pictures of plain descent on least squares."""
    form = run.closed_form([course.learning_rate])
    track = Track("gd", solution, course.learning_rate, form, predicted)
    scene = scene_of_run(run)
    return {kind: MAKERS[kind](scene, track) for kind in kinds_drawn(run.spec)}


def pictures_of_posed(
    posed: Posed, recipe: Recipe, solution: Solution, minimum: Minimum | None, predicted: int | None
) -> Pictures:
    """The pictures of a descent on anything else."""
    scene, track = scene_of_posed(posed, minimum), track_of(posed, recipe, solution, predicted)
    return {kind: MAKERS[kind](scene, track) for kind in kinds_drawn(posed.spec)}


def track_of(posed: Posed, recipe: Recipe, solution: Solution, predicted: int | None) -> Track:
    """A descent by a recipe, with its closed form where it has one."""
    from gdsolve.solve.posed.known import form_of
    from gdsolve.solve.posed.recipe import RATED

    rate = recipe.rate if recipe.method in RATED and not recipe.backtracks else None
    return Track(recipe.method.value, solution, rate, form_of(posed, recipe), predicted)


def picture_of_methods(posed: Posed, runs: Sequence[tuple[Recipe, Solution]], minimum: Minimum | None) -> Picture:
    """The picture of several methods on one objective."""
    tracks = [track_of(posed, recipe, solution, None) for recipe, solution in runs]
    return MAKERS_OF_SEVERAL[kind_of_plot(posed.spec, "compare")](scene_of_posed(posed, minimum), tracks)


def picture_of_rates(run: Run, results: Sequence[RateResult], tol: float) -> Picture:
    """The picture of many rates on least squares, from one decomposition."""
    scene = scene_of_run(run)
    spectrum = run.modes.spectrum
    rates = [one.learning_rate for one in results]
    if kind_of_plot(run.spec, "compare-lr") is PlotKind.SPECTRUM:
        return _spectrum_of_rates(scene, rates, run.start)
    courses = []
    for one in shown(results):
        states = scene.states_from(run.closed_form([one.learning_rate]), spaced(one.iterations, 60, 10))
        heights = states.sse if states.sse is not None else states.loss
        courses.append(RateCourse(one, tuple(map(float, states.iterations)), heights))
    return draw_rates(
        results,
        courses,
        _foreseen(run, rates, tol),
        stable=spectrum.largest_stable,
        best=spectrum.best if spectrum.rank else None,
        label="SSE",
        unit=scene.loss_unit,
        limit=run.spec.max_iter,
    )


def _foreseen(run: Run, rates: Sequence[float], tol: float) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Stable rates, evenly on a log scale, and the iterations that each must take to converge."""
    from gdsolve.descent.leap import find_stops
    from gdsolve.status import Status

    stable, rules = run.modes.spectrum.largest_stable, run.rules(tol)
    if stable is None or len(rules) == 1:
        return None
    low, high = min(rates), min(max(rates), stable * (1.0 - 1e-4))
    if not low < high:
        return None
    grid = sorted({*(low * (high / low) ** (part / 80) for part in range(81)), run.modes.spectrum.best})
    stops = find_stops(run.closed_form(grid), rules, None)
    kept = [
        (rate, float(max(1, stop.iterations)))
        for rate, stop in zip(grid, stops, strict=True)
        if stop.status is Status.CONVERGED
    ]
    return tuple(rate for rate, _ in kept), tuple(k for _, k in kept)


def picture_of_posed_rates(
    posed: Posed,
    results: Sequence[RateResult],
    solutions: Sequence[Solution],
    minimum: Minimum | None,
    limit: int | None,
) -> Picture:
    """The picture of many rates on anything else."""
    scene = scene_of_posed(posed, minimum)
    if kind_of_plot(posed.spec, "compare-lr") is PlotKind.SPECTRUM:
        best = min(solutions, key=lambda one: one.value)
        return _spectrum_of_rates(scene, [one.learning_rate for one in results], best.w)
    courses = []
    for one in shown(results):
        # Rates may be given twice: a result is known by its place.
        states = scene.states_of(solutions[next(i for i, other in enumerate(results) if other is one)])
        courses.append(RateCourse(one, tuple(map(float, states.iterations)), states.loss))
    spectrum = None if minimum is None else minimum.spectrum
    return draw_rates(
        results,
        courses,
        None,
        stable=None if spectrum is None else spectrum.largest_stable,
        best=None if spectrum is None or not spectrum.rank else spectrum.best,
        label="loss",
        unit=scene.loss_unit,
        limit=limit,
    )


def _spectrum_of_rates(scene: Scene, rates: Sequence[float], end: torch.Tensor) -> Picture:
    shown = sorted(rates)[:: max(1, len(rates) // 4)][:4]
    eigenvalues, where = eigenvalues_of(scene, end)
    spread = Spread("eigenvalues", eigenvalues, tuple(("rate", rate) for rate in shown))
    return draw_spectrum([spread], "The spectrum of the Hessian", _where(scene, where))


def picture_of_check(raw: Run, standard: Run) -> Picture:
    """The picture of a table: its spectrum as it is and on standardised columns."""
    spreads = []
    for name, run in (("columns as they are", raw), ("standardised columns", standard)):
        modes = run.modes
        rates = (("best rate", modes.spectrum.best),) if modes.spectrum.rank else ()
        spreads.append(Spread(name, tuple(modes.eigenvalues.tolist()), rates))
    return draw_spectrum(spreads, "The spectrum of the Hessian, raw and standardised")
