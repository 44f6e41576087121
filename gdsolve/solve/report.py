"""`report`: a fit, with what a page needs to show it and to try other learning rates."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gdsolve.solve.compare_lr import compare_rates, usual_rates
from gdsolve.solve.fit import fit_run, pose
from gdsolve.solve.outcome import Fit
from gdsolve.solve.squares.problem import load
from gdsolve.solve.squares.run import Run, prepare
from gdsolve.spec import Method, PlotKind, RateSchedule, Spec
from gdsolve.spec.command import Command

if TYPE_CHECKING:
    import torch

    from gdsolve.picture import Picture


@dataclass(frozen=True, slots=True)
class Plane:
    """Where a path is drawn: in the plane of two weights, or of the two modes with the most to descend; or along one.

    A point of it is `optimum` + `right`·e for errors e, (r,), in the modes; `right` has a row an axis. `modes` are
    those of which contours are ellipses.
    """

    labels: tuple[str, ...]
    right: tuple[tuple[float, ...], ...]
    optimum: tuple[float, ...]
    modes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """Plain descent on a quadratic, for every rate at once: eigenvalues λᵢ and errors eᵢ at the start, (r,) each.

    After k updates at rate α the error is eᵢ·(1 − αλᵢ)ᵏ, and the loss is `unit`/2·Σ λᵢeᵢ² above its minimum, in the
    units of the file (DESIGN.md, section 2, "The leap").
    """

    eigenvalues: tuple[float, ...]
    errors: tuple[float, ...]
    unit: float
    rate: float
    stable: float
    best: float
    plane: Plane


@dataclass(frozen=True, slots=True)
class Report:
    """A fit; how far each iteration of its trace is above the minimum, None where that is not known; and its course."""

    fit: Fit
    gaps: tuple[float | None, ...]
    course: Course | None


def report(spec: Spec, command: Command) -> Report:
    """Fit `spec` as `fit` does, and keep what a page shows of it.

    Raises:
        GdsolveError, DataError: as `fit`.
    """
    began = time.perf_counter()
    if not spec.is_least_squares:
        from gdsolve.solve.posed.descend import fit_posed

        fit = fit_posed(pose(spec, None), command, began)
        optimum = fit.optimum
        gaps = tuple(None if optimum is None else max(0.0, value - optimum.loss) for value in fit.trace.values)
        return Report(fit, gaps, None)
    run = prepare(spec, load(spec))
    fit = fit_run(run, command, began)
    unit = run.coordinates.target_scale**2
    weights = run.coordinates.from_user(fit.trace.weights.to(run.start))
    gaps = tuple((run.modes.gap(weights) * unit).tolist())
    plain = fit.method is Method.GD and fit.schedule is RateSchedule.CONSTANT
    course = course_of(run, fit.learning_rate) if plain else None
    if course is None:
        return Report(fit, gaps, None)
    return Report(
        replace(fit, pictures={**fit.pictures, PlotKind.RATES: _draw_rates(run, course, fit.tol)}), gaps, course
    )


def _draw_rates(run: Run, course: Course, tol: float) -> Picture:
    """All rates in one picture: that of the run among those around the largest stable one."""
    from gdsolve.objective.threads import one_thread
    from gdsolve.pictures.draw import picture_of_rates

    rates = tuple(sorted({*usual_rates(run), course.rate}))
    with one_thread():
        return picture_of_rates(run, compare_rates(run, rates, tol), tol)


def course_of(run: Run, rate: float | None) -> Course | None:
    """The course of plain descent on a run; None where nothing is to be descended."""
    spectrum, modes = run.modes.spectrum, run.modes
    if rate is None or spectrum.largest_stable is None:
        return None
    gradient, rounding = modes.gradient_at(run.start)
    inactive = gradient.abs() <= rounding
    errors = (gradient / modes.eigenvalues).masked_fill(inactive, 0.0)
    return Course(
        eigenvalues=tuple(modes.eigenvalues.tolist()),
        errors=tuple(errors.tolist()),
        unit=run.coordinates.target_scale**2,
        rate=rate,
        stable=spectrum.largest_stable,
        best=spectrum.best,
        plane=_plane(run, errors),
    )


def _plane(run: Run, errors: torch.Tensor) -> Plane:
    """One or two weights themselves where there are no more, else the modes in which the start is farthest away."""
    modes, rank = run.modes, len(errors)
    if run.coordinates.p == rank <= 2:
        names = [*run.problem.data.roles.design, *(["intercept"] if run.coordinates.intercept else [])]
        scaled = "" if run.coordinates.is_raw else " (standardised)"
        rows = tuple(tuple(row) for row in modes.right.tolist())
        goal = tuple(modes.minimiser[:, 0].tolist())
        return Plane(tuple(f"weight {name}{scaled}" for name in names), rows, goal, tuple(range(rank)))
    shown = tuple(sorted(errors.abs().argsort(descending=True)[:2].tolist()))
    rows = tuple(tuple(float(mode == one) for mode in range(rank)) for one in shown)
    labels = tuple(f"error along direction {one + 1} of the Hessian, λ = {modes.eigenvalues[one]:.3g}" for one in shown)
    return Plane(labels, rows, (0.0,) * len(shown), shown)
