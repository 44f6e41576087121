"""The certificate: the minimum near where a descent ended, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.descent.stop import LeftDomain
from gdsolve.objective.base import TwiceDifferentiable
from gdsolve.objective.flatness import curvature_at
from gdsolve.objective.linear_program import corner_minimum
from gdsolve.objective.separation import find_separation, proves_overlap
from gdsolve.solve.bounded import certify_bounded_squares, gap_within, minimum_within
from gdsolve.solve.corner import find_corner
from gdsolve.solve.judge import judge
from gdsolve.solve.l1 import certify_l1, gap_l1
from gdsolve.solve.minimum import MOST_STEPS, Certificate, Minimum, NoMinimum
from gdsolve.solve.observer import observing
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.reduction import reduce_problem
from gdsolve.solve.threads import threads_for_steps
from gdsolve.status import Status

MOST_WEIGHTS = 200
MOST_NUMBERS = 200_000_000
LOWER = 1e-12


def certify(problem: Problem, solution: Solution) -> Certificate:
    """The minimum where a run ended, or near by, and the gap to it.

    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., theorem 2.4: zero gradient and positive curvature.
    """
    if problem.is_streamed:
        return Certificate(None, NoMinimum.STREAMED)
    if problem.shrinkage is not None:
        return _shrunk(problem, solution)
    if problem.box is not None and problem.squares is not None:
        return certify_bounded_squares(problem, solution)
    reduction = reduce_problem(problem, solution.w)
    if reduction is not None:
        # What separates the rows is told by the names of the columns, which the span of the rows has not.
        separated = None if solution.status is Status.INTERRUPTED else _separated(problem, solution.w)
        return separated or reduction.lift(certify(reduction.problem, replace(solution, w=reduction.place)))
    with threads_for_steps(problem.objective):
        found = _minimum_near(problem, solution)
        return replace(found, gap=gap_of(problem, solution, found.minimum))


def certify_best(problem: Problem, solutions: Sequence[Solution], reason: NoMinimum | None = None) -> Certificate:
    """The minimum near the lowest point that several runs reached; none, for that `reason`, where they reached none."""
    usable = [one for one in solutions if one.status not in (Status.DIVERGED, Status.FAILED)]
    if not usable:
        return _separated(problem, problem.start) or Certificate(None, reason)
    return certify(problem, min(usable, key=lambda one: one.value))


def gap_of(problem: Problem, solution: Solution, minimum: Minimum | None) -> float | None:
    """How far the loss is above its minimum, in the user's units."""
    if problem.modes is not None:
        return float(problem.modes.gap(solution.w.to(problem.modes.minimiser))) * problem.loss_unit
    return None if minimum is None else gap_at(problem, solution.w, solution.value, minimum) * problem.loss_unit


def gap_at(problem: Problem, w: torch.Tensor, value: float, minimum: Minimum) -> float:
    """How far the loss at `w`, (p, 1), is above a minimum, in descent's units, where no modes are known."""
    if problem.shrinkage is not None:
        return gap_l1(problem, w, value, minimum)
    if problem.box is not None and problem.kind is Kind.LINEAR:
        return gap_within(problem, w, value, minimum)
    return minimum.gap(w, value)


def linear_map(problem: Problem) -> tuple[torch.Tensor, torch.Tensor]:
    """The matrix (p, p) and the constant part (p, 1) of the map from descent's coordinates to the user's."""
    origin = torch.zeros_like(problem.start)
    offset = problem.units.to_user(origin)
    identity = torch.eye(problem.p, dtype=origin.dtype, device=origin.device)
    return problem.units.to_user(identity) - offset, offset


def _minimum_near(problem: Problem, solution: Solution) -> Certificate:
    if problem.modes is not None:
        return _known(problem)
    if problem.kind is Kind.LINEAR and not (problem.smooth and isinstance(problem.objective, TwiceDifferentiable)):
        return _nonsmooth(problem, solution.w)
    if solution.status is Status.INTERRUPTED:
        return Certificate(None)
    if problem.separation is not None:
        return Certificate(None, NoMinimum.SEPARATED, separation=problem.separation)
    return _smooth(problem, solution)


def _shrunk(problem: Problem, solution: Solution) -> Certificate:
    """With an l1 penalty; of a loss that is no square as far as Newton's method goes for it."""
    if problem.squares is None:
        if solution.status is Status.INTERRUPTED:
            return Certificate(None)
        if problem.separation is not None:
            return Certificate(None, NoMinimum.SEPARATED, separation=problem.separation)
        if _is_too_large(problem):
            return _separated(problem, solution.w) or Certificate(None, NoMinimum.TOO_LARGE)
        if solution.status is Status.DIVERGED:
            return _separated(problem, problem.start) or Certificate(None)
    found = certify_l1(problem, solution)
    if found.minimum is None:
        return _separated(problem, solution.w) or found
    return found


def _is_too_large(problem: Problem) -> bool:
    return problem.p > MOST_WEIGHTS or problem.p * max(problem.p, problem.objective.step_elements) > MOST_NUMBERS


def _smooth(problem: Problem, solution: Solution) -> Certificate:
    w = solution.w
    if _is_too_large(problem):
        return _separated(problem, w) or Certificate(None, NoMinimum.TOO_LARGE)
    if solution.status is Status.DIVERGED:
        return _separated(problem, problem.start) or Certificate(None)
    return _linear(problem, w) if problem.kind is Kind.LINEAR else _of_formula(problem, solution)


def _of_formula(problem: Problem, solution: Solution) -> Certificate:
    """By its derivatives; where they jump, or seem to, by what is around, unless that is no lower."""
    found = judge(problem, solution)
    shown = found.interrupted or (found.minimum is not None and found.minimum.unique)
    # Of a curve without kinks in its words, rows of very different size would pass for one.
    stuck = problem.kind is Kind.FORMULA and solution.status is not Status.MAX_ITER and not found.arrived
    if shown or (problem.smooth and not stuck):
        return found
    corner = find_corner(problem, solution)
    if corner.minimum is None:
        return found if problem.smooth else corner
    lower = found.minimum is None or found.minimum.value - corner.minimum.value > LOWER * abs(corner.minimum.value)
    return corner if lower else found


def _known(problem: Problem) -> Certificate:
    modes = problem.modes
    assert modes is not None
    value = float(problem.objective.evaluate(modes.minimiser.to(problem.start.dtype)).value)
    if problem.squares is not None:
        value = float(modes.quadratic.value(modes.minimiser))
    return Certificate(Minimum(modes.minimiser, value, None, modes.spectrum, modes.unique, is_global=True))


def _nonsmooth(problem: Problem, w: torch.Tensor) -> Certificate:
    found = corner_minimum(problem.objective, w, *linear_map(problem))
    if found is None:
        return Certificate(None, NoMinimum.NONSMOOTH)
    value = float(problem.objective.evaluate(found.w).value)
    return Certificate(Minimum(found.w, value, None, None, found.unique, is_global=True, ranges=found.ranges))


def _separated(problem: Problem, w: torch.Tensor) -> Certificate | None:
    """Why a likelihood has no minimum, where its rows are separated; `w` is where it is looked for."""
    spec = problem.spec
    found = find_separation(
        problem.objective,
        w.to(problem.start),
        intercept=problem.intercept,
        penalised=spec.is_penalised,
        whole=spec.penalize_intercept,
        box=problem.box,
    )
    return None if found is None else Certificate(None, NoMinimum.SEPARATED, separation=found)


def _linear(problem: Problem, w: torch.Tensor) -> Certificate:
    """The minimum of a convex loss of linear predictions, which has one unless its rows are separated."""
    newton, rules, schedule = Newton(problem.box), (LeftDomain(),), Schedule("log")
    with observing("certifying", None, problem.loss_unit) as observer:
        refined = iterate(problem.bounded, w, newton, rules, max_iter=MOST_STEPS, schedule=schedule, observe=observer)
    if refined.status is Status.INTERRUPTED:
        return Certificate(None, NoMinimum.INTERRUPTED)
    if refined.stopped_by != "rounding":
        return _separated(problem, w) or Certificate(None, NoMinimum.NOT_FOUND)
    hessian: torch.Tensor = problem.objective.hessian(refined.w)  # type: ignore[attr-defined]
    if not bool(torch.isfinite(hessian).all()):
        return _separated(problem, problem.start) or Certificate(None, NoMinimum.NOT_FINITE)
    overlap = problem.spec.ridge == 0.0 and proves_overlap(problem.objective, refined.w, hessian)
    if not overlap and (found := _separated(problem, refined.w)):
        return found
    if problem.box is not None:
        return Certificate(minimum_within(problem, refined.w, refined.value, hessian))
    spectrum, unique = curvature_at(problem.objective, refined.w, hessian)
    return Certificate(Minimum(refined.w, refined.value, hessian, spectrum, unique, is_global=True))
