"""The certificate: the minimum near where a descent ended, found by Newton's method, or why there is none."""

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
from gdsolve.objective.linear_program import piecewise_linear_minimum
from gdsolve.objective.modes import Spectrum
from gdsolve.solve.corner import find_corner
from gdsolve.solve.judge import judge
from gdsolve.solve.minimum import MOST_STEPS, NEGLIGIBLE, Certificate, Minimum, NoMinimum
from gdsolve.solve.observer import observing
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.reduction import reduce_problem
from gdsolve.status import Status

MOST_WEIGHTS = 200
MOST_NUMBERS = 200_000_000
FADED = 1e-12


def certify(problem: Problem, solution: Solution) -> Certificate:
    """The minimum that Newton's method finds from the end of a run in at most a hundred steps, and the gap to it.

    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., theorem 2.4: zero gradient and positive curvature.
    """
    reduction = reduce_problem(problem, solution.w)
    if reduction is not None:
        return reduction.lift(certify(reduction.problem, replace(solution, w=reduction.place)))
    found = _minimum_near(problem, solution)
    return replace(found, gap=gap_of(problem, solution, found.minimum))


def certify_best(problem: Problem, solutions: Sequence[Solution], reason: NoMinimum | None = None) -> Certificate:
    """The minimum near the lowest point that several runs reached; none, for that `reason`, where they reached none."""
    usable = [one for one in solutions if one.status not in (Status.DIVERGED, Status.FAILED)]
    if not usable:
        return Certificate(None, reason)
    return certify(problem, min(usable, key=lambda one: one.value))


def gap_of(problem: Problem, solution: Solution, minimum: Minimum | None) -> float | None:
    """How far the loss is above its minimum, in the user's units."""
    if problem.modes is not None:
        return float(problem.modes.gap(solution.w.to(problem.modes.minimiser))) * problem.loss_unit
    return None if minimum is None else minimum.gap(solution.w, solution.value) * problem.loss_unit


def _minimum_near(problem: Problem, solution: Solution) -> Certificate:
    if problem.modes is not None:
        return _known(problem)
    linear = problem.kind is Kind.LINEAR
    if linear and not (problem.smooth and isinstance(problem.objective, TwiceDifferentiable)):
        return _nonsmooth(problem)
    if problem.p > MOST_WEIGHTS or problem.p**2 * max(1.0, problem.rows) > MOST_NUMBERS:
        return Certificate(None, NoMinimum.TOO_LARGE)
    if solution.status in (Status.DIVERGED, Status.INTERRUPTED):
        return Certificate(None)
    return _search(problem, solution.w) if linear else _of_formula(problem, solution)


def _of_formula(problem: Problem, solution: Solution) -> Certificate:
    """By its derivatives; where they jump, or seem to, by what is around."""
    found = judge(problem, solution)
    shown = found.interrupted or (found.minimum is not None and found.minimum.unique)
    stuck = solution.status is not Status.MAX_ITER and not found.arrived
    if shown or (problem.smooth and not stuck):
        return found
    corner = find_corner(problem, solution)
    return found if problem.smooth and corner.minimum is None else corner


def _known(problem: Problem) -> Certificate:
    modes = problem.modes
    assert modes is not None
    value = float(problem.objective.evaluate(modes.minimiser.to(problem.start.dtype)).value)
    if problem.squares is not None:
        value = float(modes.quadratic.value(modes.minimiser))
    return Certificate(Minimum(modes.minimiser, value, None, modes.spectrum, modes.unique, is_global=True))


def _nonsmooth(problem: Problem) -> Certificate:
    w = piecewise_linear_minimum(problem.objective)
    if w is None:
        return Certificate(None, NoMinimum.NONSMOOTH)
    value = float(problem.objective.evaluate(w).value)
    return Certificate(Minimum(w, value, None, None, unique=True, is_global=True))


def _search(problem: Problem, w: torch.Tensor) -> Certificate:
    newton, rules, schedule = Newton(problem.box), (LeftDomain(),), Schedule("log")
    with observing("certifying", None, problem.loss_unit) as observer:
        refined = iterate(problem.bounded, w, newton, rules, max_iter=MOST_STEPS, schedule=schedule, observe=observer)
    if refined.status is Status.INTERRUPTED:
        return Certificate(None, NoMinimum.INTERRUPTED)
    if refined.stopped_by != "rounding":
        return Certificate(None, NoMinimum.NOT_FOUND)
    hessian: torch.Tensor = problem.objective.hessian(refined.w)  # type: ignore[attr-defined]
    free = torch.ones(len(w), dtype=torch.bool, device=w.device)
    if problem.box is not None:
        free = ~problem.box.held(refined.w, problem.objective.evaluate(refined.w).gradient)[:, 0]
    curvature = torch.linalg.eigvalsh(hessian[free][:, free].to(torch.float64)).flip(0)
    if not bool(torch.isfinite(curvature).all()):
        return Certificate(None, NoMinimum.NOT_FINITE)
    return _judge(problem, refined.w, refined.value, hessian, curvature)


def _judge(
    problem: Problem, w: torch.Tensor, value: float, hessian: torch.Tensor, curvature: torch.Tensor
) -> Certificate:
    if not len(curvature):
        spectrum = Spectrum(0.0, 0.0, 0)
        return Certificate(Minimum(w, value, hessian, spectrum, unique=True, is_global=False))
    largest, smallest = float(curvature[0]), float(curvature[-1])
    if smallest < -NEGLIGIBLE * abs(largest):
        return Certificate(None, NoMinimum.SADDLE)
    at_start = _largest_at_start(problem)
    if at_start > 0.0 and largest <= FADED * at_start:
        return Certificate(None, NoMinimum.FADED_AWAY)
    if largest <= 0.0:
        return Certificate(None, NoMinimum.FLAT)
    rank = int((curvature > NEGLIGIBLE * largest).sum())
    spectrum = Spectrum(largest, float(curvature[rank - 1]), rank)
    unique = rank == len(curvature)
    return Certificate(Minimum(w, value, hessian, spectrum, unique, is_global=problem.convex))


def _largest_at_start(problem: Problem) -> float:
    hessian: torch.Tensor = problem.objective.hessian(problem.start)  # type: ignore[attr-defined]
    sizes = torch.linalg.eigvalsh(hessian.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0))
    return float(sizes.abs().amax()) if problem.kind is Kind.LINEAR else 0.0
