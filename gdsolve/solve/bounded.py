"""The certificate of a linear model within bounds: its exact minimiser, and the conditions that show that it is one."""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.descent.solution import Solution
from gdsolve.objective.bounded_squares import minimise_within
from gdsolve.objective.bounds import BoundedCoordinates
from gdsolve.objective.flatness import curvature_at
from gdsolve.objective.quadratic import Quadratic
from gdsolve.solve.minimum import NEGLIGIBLE, Certificate, Minimum
from gdsolve.solve.problem import Problem
from gdsolve.solve.squares import penalised_coordinates, quadratic_of


def certify_bounded_squares(problem: Problem, solution: Solution) -> Certificate:
    """The minimum of least squares within bounds, on the triangle, and the gap of a run to it.

    No other weights within the bounds have a lower loss: where a bound holds a weight the loss rises away from it, and
    else its slope is 0. Source: Nocedal and Wright, Numerical Optimization, 2nd ed., section 12.3.
    """
    squares, units = problem.squares, problem.units
    assert squares is not None and isinstance(units, BoundedCoordinates) and units.bounds is not None
    plain = penalised_coordinates(problem.spec, squares.triangle, squares.standard)
    coordinates = BoundedCoordinates.within(plain, units.bounds)
    quadratic = quadratic_of(problem.spec, squares.triangle, coordinates, squares.curvature_scale)
    design, target = (one.cpu() for one in quadratic.stacked())
    reached = coordinates.from_user(units.to_user(solution.w.to(problem.start)))
    near = reached.cpu() if bool(torch.isfinite(reached).all()) else None
    box = coordinates.box
    found = minimise_within(design, target, box.to(design), near)
    w = units.from_user(coordinates.to_user(found.w.to(problem.start)))
    assert problem.box is not None
    # Descent's own numbers for the bounds, to the last digit.
    at_lower, at_upper = (found.w <= box.lower.cpu()), (found.w >= box.upper.cpu())
    w = torch.where(at_lower.to(w.device), problem.box.lower, w)
    w = torch.where(at_upper.to(w.device), problem.box.upper, w)
    value = float(problem.objective.evaluate(w).value)
    minimum = Minimum(w, value, None, problem.smooth_spectrum, found.unique, is_global=True)
    gap = gap_within(problem, solution.w, solution.value, minimum) * problem.loss_unit
    return Certificate(minimum, gap=gap)


def gap_within(problem: Problem, w: Tensor, value: float, minimum: Minimum) -> float:
    """L(w) − L* for `w`, (p, 1) within the bounds, in descent's units, without cancellation where they are close.

    ½dᵀHd + ∇L(w*)·d with d = w − w*: each part of the second term is a bound that is left where the loss rises, so
    that no term is negative. Of squares that is exact.
    """
    best = minimum.w.to(problem.start)
    away = w.to(best) - best
    slope = problem.objective.evaluate(best).gradient
    # Beside 0 the slope of a weight that no bound holds is rounding.
    rise = float((slope * away).clamp(min=0.0)[_at_bounds(problem, best)].sum())
    difference = value - minimum.value
    if isinstance(problem.objective, Quadratic):
        quadratic = problem.objective
        curved = 0.5 * quadratic.curvature_scale * float(quadratic.image(away).square().sum())
        return curved + rise
    if minimum.hessian is None or abs(difference) > NEGLIGIBLE * max(abs(value), abs(minimum.value)):
        return max(0.0, difference)
    return max(0.0, 0.5 * float(away.mT @ minimum.hessian.to(away) @ away)) + rise


def minimum_within(problem: Problem, w: Tensor, value: float, hessian: Tensor) -> Minimum:
    """A minimum that Newton's method found at `w`, (p, 1), of a convex loss within bounds.

    It is the only one where those weights that no bound holds are determined by the rows, as they are where all are.
    """
    spectrum, unique = curvature_at(problem.objective, w, hessian, ~_at_bounds(problem, w)[:, 0])
    return Minimum(w, value, hessian, spectrum, unique, is_global=True)


def _at_bounds(problem: Problem, w: Tensor) -> Tensor:
    assert problem.box is not None
    box = problem.box.to(w)
    return (w <= box.lower) | (w >= box.upper)
