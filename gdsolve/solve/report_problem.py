"""A problem is fitted for a page: with how far every iteration is from the minimum, and what other rates would do."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gdsolve.picture import Picture
from gdsolve.solve.compare_rates import compare_rates, usual_rates
from gdsolve.solve.fit_problem import fit_problem
from gdsolve.solve.forecast import has_closed_form, momentum_of
from gdsolve.solve.illustrator import Illustrator
from gdsolve.solve.outcome import Fit
from gdsolve.solve.problem import Problem
from gdsolve.spec import PlotKind
from gdsolve.spec.command import Command


@dataclass(frozen=True, slots=True)
class PathPlane:
    """Where a path is drawn: in the plane of two weights, or of the two modes with the most to descend; or along one.

    A point of it is `optimum` + `right`·e for errors e, (r,), in the modes; `right` has a row an axis. `modes` are
    those of which contours are ellipses.
    """

    labels: tuple[str, ...]
    right: tuple[tuple[float, ...], ...]
    optimum: tuple[float, ...]
    modes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EveryRate:
    """Descent on a quadratic, for every rate at once: eigenvalues λᵢ and errors eᵢ at the start, (r,) each.

    Of plain descent the error after k updates at rate α is eᵢ·(1 − αλᵢ)ᵏ; momentum has two roots a mode. The loss is
    `unit`/2·Σ λᵢeᵢ² above its minimum, in the units of the file (docs/design.md, section 2, "The closed form").
    `method` and `momentum`, None for plain descent, are those of the run; `stable` and `best` are of plain descent.
    """

    eigenvalues: tuple[float, ...]
    errors: tuple[float, ...]
    unit: float
    rate: float
    stable: float
    best: float
    plane: PathPlane
    method: str
    momentum: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """A fit; how far each iteration of its trace is above the minimum, None where that is not known; and,
    of least squares by a method with a closed form, what its page computes every other rate from."""

    fit: Fit
    gaps: tuple[float | None, ...]
    every_rate: EveryRate | None


def report_problem(problem: Problem, command: Command, began: float, illustrator: Illustrator | None) -> Report:
    """Fit a problem, and keep what a page shows of it; `began` is when that was asked for.

    Raises:
        GdsolveError: as `fit`.
    """
    fit = fit_problem(problem, command, began, illustrator=illustrator)
    every_rate = _every_rate(problem, fit)
    if every_rate is not None and every_rate.momentum is None and illustrator is not None:
        picture = _draw_rates(problem, every_rate, fit.tol, illustrator)
        fit = fit if picture is None else fit.drawn({**fit.pictures, PlotKind.RATES: picture})
    return Report(fit, _gaps(problem, fit), every_rate)


def _gaps(problem: Problem, fit: Fit) -> tuple[float | None, ...]:
    """How far every iteration of the trace is above the minimum, in the user's units."""
    if problem.modes is not None and problem.squares is not None:
        weights = problem.units.from_user(fit.trace.weights.to(problem.start))
        return tuple((problem.modes.gap(weights) * problem.loss_unit).tolist())
    optimum = fit.optimum
    return tuple(None if optimum is None else max(0.0, value - optimum.loss) for value in fit.trace.values)


def _draw_rates(problem: Problem, every_rate: EveryRate, tol: float, illustrator: Illustrator) -> Picture | None:
    """All rates in one picture: that of the run among those around the largest stable one."""
    rates = tuple(sorted({*usual_rates(problem), every_rate.rate}))
    results, solutions, certificate = compare_rates(problem, rates, tol, problem.spec.max_iter)
    return illustrator.picture_of_rates(problem, results, solutions, certificate, tol, problem.spec.max_iter)


def _every_rate(problem: Problem, fit: Fit) -> EveryRate | None:
    """Descent with a closed form on least squares; None where it is not that, or where nothing is to be descended."""
    modes, recipe = problem.modes, fit.plan.recipe
    closed = has_closed_form(recipe) and fit.learning_rate is not None and problem.box is None
    if not closed or problem.squares is None or modes is None or modes.spectrum.largest_stable is None:
        return None
    gradient, rounding = modes.gradient_at(problem.start)
    errors = (gradient / modes.eigenvalues).masked_fill(gradient.abs() <= rounding, 0.0)
    assert fit.learning_rate is not None
    momentum = momentum_of(recipe)
    return EveryRate(
        eigenvalues=tuple(modes.eigenvalues.tolist()),
        errors=tuple(errors.tolist()),
        unit=problem.loss_unit,
        rate=fit.learning_rate,
        stable=modes.spectrum.largest_stable,
        best=modes.spectrum.best,
        plane=_plane(problem, errors),
        method=fit.method.value,
        momentum=None if momentum is None else momentum.beta,
    )


def _plane(problem: Problem, errors: torch.Tensor) -> PathPlane:
    """One or two weights themselves where there are no more, else the modes in which the start is farthest away."""
    modes, rank, squares = problem.modes, len(errors), problem.squares
    assert modes is not None and squares is not None
    if problem.p == rank <= 2:
        names = [*problem.labels, *(["intercept"] if problem.intercept else [])]
        scaled = "" if squares.coordinates.is_raw else " (standardised)"
        rows = tuple(tuple(row) for row in modes.right.tolist())
        goal = tuple(modes.minimiser[:, 0].tolist())
        return PathPlane(tuple(f"weight {name}{scaled}" for name in names), rows, goal, tuple(range(rank)))
    shown = tuple(sorted(errors.abs().argsort(descending=True)[:2].tolist()))
    rows = tuple(tuple(float(mode == one) for mode in range(rank)) for one in shown)
    labels = tuple(f"error along direction {one + 1} of the Hessian, λ = {modes.eigenvalues[one]:.3g}" for one in shown)
    return PathPlane(labels, rows, (0.0,) * len(shown), shown)
