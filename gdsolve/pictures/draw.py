"""Which maker goes with which kind of picture, and what each verb gives it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch

from gdsolve.descent.foreseen import converges, of_quadratic
from gdsolve.descent.leap import find_stops
from gdsolve.descent.methods.build import Recipe
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.picture import Picture
from gdsolve.pictures.coefficients import draw_regularization
from gdsolve.pictures.direction import draw_direction
from gdsolve.pictures.fit import draw_fit
from gdsolve.pictures.live import outlook_of_scene
from gdsolve.pictures.loss import draw_loss, draw_losses
from gdsolve.pictures.path import draw_path
from gdsolve.pictures.rates import RateCurve, draw_rates, shown
from gdsolve.pictures.scene import Scene, Track, scene_of, spaced
from gdsolve.pictures.spectrum import Spread, draw_spectrum, eigenvalues_of
from gdsolve.pictures.validation import draw_stopping
from gdsolve.progress import Outlook
from gdsolve.solve.comparison import RateResult
from gdsolve.solve.descend import descend
from gdsolve.solve.forecast import form_of
from gdsolve.solve.illustrator import Descent
from gdsolve.solve.method import shown_rate
from gdsolve.solve.minimum import Certificate
from gdsolve.solve.plan import Plan
from gdsolve.solve.problem import Problem
from gdsolve.solve.regularization_path import RegularizationPath
from gdsolve.solve.rules import rules_of
from gdsolve.spec import PlotKind, kind_of_plot, kinds_drawn
from gdsolve.spec.methods import PLAIN
from gdsolve.status import Status

MOST_AGAIN, LEAST_AGAIN = 2_000_000_000, 50
"""Numbers of the table that may be read once more for a picture, and the updates taken whatever they read."""


def _spectrum(scene: Scene, track: Track) -> Picture:
    rates = (("rate used", track.learning_rate),) if track.learning_rate is not None else ()
    if scene.modes is not None and scene.modes.spectrum.rank:
        rates = (*rates, ("best rate", scene.modes.spectrum.best))
    if len(rates) == 2 and rates[0][1] == rates[1][1]:
        rates = (("best rate, used", rates[0][1]),)
    eigenvalues, where = eigenvalues_of(scene, track.solution.w)
    spread = Spread("eigenvalues", eigenvalues, rates)
    return draw_spectrum([spread], "The spectrum of the Hessian", _where(scene, where))


def _validation(scene: Scene, track: Track) -> Picture:
    assert track.validation is not None
    return draw_stopping(track.validation)


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
    PlotKind.VALIDATION: _validation,
}
MAKERS_OF_SEVERAL: dict[PlotKind, Callable[[Scene, Sequence[Track]], Picture]] = {
    PlotKind.LOSS: draw_losses,
    PlotKind.PATH: draw_path,
    # Of one objective, whatever descends on it.
    PlotKind.SPECTRUM: lambda scene, tracks: _spectrum(scene, Track("", tracks[0].solution, None)),
}


def outlook_of(problem: Problem, plan: Plan) -> Outlook:
    """What is known of the loss before the first step."""
    last = plan.last if plan.last is not None else plan.max_iter
    return outlook_of_scene(scene_of(problem, None), plan.form, last or 0)


def pictures_of_fit(descent: Descent) -> Pictures:
    """The pictures that a spec asks for of one descent."""
    scene, track = scene_of(descent.problem, descent.certificate.minimum), _track_of(descent, with_prediction=True)
    return {kind: MAKERS[kind](scene, track) for kind in kinds_drawn(descent.problem.spec)}


def picture_of_methods(descents: Sequence[Descent], certificate: Certificate) -> Picture | None:
    """Several methods on one problem; None where no picture is asked for."""
    problem = descents[0].problem
    if not problem.spec.plots:
        return None
    tracks = [_track_of(one, with_prediction=False) for one in descents]
    scene = scene_of(problem, certificate.minimum)
    return MAKERS_OF_SEVERAL[kind_of_plot(problem.spec, "compare")](scene, tracks)


def _track_of(descent: Descent, *, with_prediction: bool) -> Track:
    """A descent, with its closed form where it has one."""
    plan = descent.plan
    return Track(
        plan.recipe.method.value,
        descent.solution,
        shown_rate(plan.recipe),
        plan.form,
        plan.predicted if with_prediction else None,
        descent.validation,
        None if plan.batches is not None else partial(_again, descent),
    )


def _again(descent: Descent, count: int) -> Solution:
    """The first updates of a descent, as many as a picture may wait for, every one of them reported."""
    problem, plan = descent.problem, descent.plan
    most = max(LEAST_AGAIN, MOST_AGAIN // max(1, problem.objective.step_elements))
    return descend(problem, replace(plan, schedule=Schedule(1), max_iter=min(count, most)))


def picture_of_rates(
    problem: Problem,
    results: Sequence[RateResult],
    solutions: Sequence[Solution] | None,
    certificate: Certificate,
    tol: float,
    limit: int | None,
) -> Picture | None:
    """Many rates on one problem; without `solutions` from its closed form; None where no picture is asked for."""
    if not problem.spec.plots:
        return None
    scene, spectrum = scene_of(problem, certificate.minimum), certificate.spectrum
    rates = [one.learning_rate for one in results]
    if kind_of_plot(problem.spec, "compare-lr") is PlotKind.SPECTRUM:
        best = problem.start if solutions is None else min(solutions, key=lambda one: one.value).w
        return _spectrum_of_rates(scene, rates, best)
    squared, limited = problem.squares is not None and problem.modes is not None, problem.holds_weights
    return draw_rates(
        results,
        [_curve_of(scene, results, solutions, one) for one in shown(results)],
        _foreseen(problem, rates, tol),
        stable=None if spectrum is None else spectrum.largest_stable,
        best=None if spectrum is None or not spectrum.rank or limited else spectrum.best,
        label="SSE" if squared else "loss",
        unit=scene.loss_unit,
        limit=limit,
    )


def _curve_of(
    scene: Scene, results: Sequence[RateResult], solutions: Sequence[Solution] | None, one: RateResult
) -> RateCurve:
    """What the loss did at one rate."""
    if solutions is not None:
        # Rates may be given twice: a result is known by its place.
        states = scene.states_of(solutions[next(i for i, other in enumerate(results) if other is one)])
        return RateCurve(one, tuple(map(float, states.iterations)), states.loss)

    form = form_of(scene.problem, Recipe(PLAIN, one.learning_rate))
    assert form is not None
    states = scene.states_from(form, spaced(one.iterations, 60, 10))
    squared = scene.problem.squares is not None and states.sse is not None
    return RateCurve(one, tuple(map(float, states.iterations)), (states.sse if squared else None) or states.loss)


def _foreseen(
    problem: Problem, rates: Sequence[float], tol: float
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Stable rates, evenly on a log scale, and the iterations that each must take to converge."""

    rules, spectrum = of_quadratic(rules_of(problem, tol)), None if problem.modes is None else problem.modes.spectrum
    if spectrum is None or problem.box is not None or not any(map(converges, rules)):
        return None
    stable = spectrum.largest_stable
    if stable is None:
        return None
    low, high = min(rates), min(max(rates), stable * (1.0 - 1e-4))
    if not low < high:
        return None
    grid = sorted({*(low * (high / low) ** (part / 80) for part in range(81)), spectrum.best})
    form = form_of(problem, Recipe(PLAIN, grid[0]), grid)
    assert form is not None
    stops = find_stops(form, rules, None)
    kept = [
        (rate, float(max(1, stop.iterations)))
        for rate, stop in zip(grid, stops, strict=True)
        if stop.status is Status.CONVERGED
    ]
    return tuple(rate for rate, _ in kept), tuple(k for _, k in kept)


def _spectrum_of_rates(scene: Scene, rates: Sequence[float], end: torch.Tensor) -> Picture:
    shown = sorted(rates)[:: max(1, len(rates) // 4)][:4]
    eigenvalues, where = eigenvalues_of(scene, end)
    spread = Spread("eigenvalues", eigenvalues, tuple(("rate", rate) for rate in shown))
    return draw_spectrum([spread], "The spectrum of the Hessian", _where(scene, where))


def picture_of_path(path: RegularizationPath) -> Picture:
    """The weights of a path of penalties against λ, or their error over folds."""
    return draw_regularization(path)


def picture_of_check(raw: Problem, standardised: Problem) -> Picture | None:
    """The picture of a table: its spectrum as it is and on standardised columns; None where none is asked for."""
    if not raw.spec.plots:
        return None
    spreads = []
    for name, problem in (("columns as they are", raw), ("standardised columns", standardised)):
        modes = problem.modes
        assert modes is not None
        rates = (("best rate", modes.spectrum.best),) if modes.spectrum.rank else ()
        spreads.append(Spread(name, tuple(modes.eigenvalues.tolist()), rates))
    return draw_spectrum(spreads, "The spectrum of the Hessian, raw and standardised")
