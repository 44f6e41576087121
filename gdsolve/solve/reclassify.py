"""What the end of a run is worth, once the place where it ended was looked at: a small step alone proves little."""

from __future__ import annotations

from dataclasses import replace

from gdsolve.descent.methods.build import Recipe
from gdsolve.descent.solution import Solution
from gdsolve.solve.certify import Certificate, NoMinimum
from gdsolve.solve.problem import Problem
from gdsolve.spec import RateSchedule
from gdsolve.status import Status

# A decaying rate makes every run stand still: only what is left of the loss tells whether it arrived.
ARRIVED = 1e-6
NEIGHBOURHOOD = 1e-3


def reclassify(problem: Problem, solution: Solution, certificate: Certificate, recipe: Recipe) -> Solution:
    """The solution, its status mended by what stands around its end."""
    if certificate.separation is not None and solution.status is not Status.INTERRUPTED:
        return replace(solution, status=Status.DIVERGED, stopped_by="separated")
    if solution.status is Status.MAX_ITER and recipe.schedule is RateSchedule.COSINE:
        return _arrived(solution, certificate)
    if solution.status is not Status.CONVERGED or certificate.minimum is not None:
        return solution
    if found := _no_minimum(problem, solution, certificate):
        return replace(solution, status=found[0], stopped_by=found[1])
    return solution


def _no_minimum(problem: Problem, solution: Solution, certificate: Certificate) -> tuple[Status, str] | None:
    """The status of a run that stood still where there is no minimum; None where nothing speaks against one."""
    first, last = solution.trace.gradient_norms[0], solution.trace.gradient_norms[-1]
    if certificate.reason is NoMinimum.SADDLE:
        return Status.FAILED, "saddle"
    if (first == 0.0 or (problem.smooth and last > first)) and not _in_a_corner(problem, solution):
        return Status.FAILED, "flat" if first == 0.0 else "edge"
    return None


def _arrived(solution: Solution, certificate: Certificate) -> Solution:
    """Converged where the certified minimum says so."""
    if certificate.minimum is None:
        return solution
    start, least = solution.trace.values[0], certificate.minimum.value
    if solution.value - least <= ARRIVED * max(abs(least), start - least):
        return replace(solution, status=Status.CONVERGED, stopped_by="gap")
    return solution


def _in_a_corner(problem: Problem, solution: Solution) -> bool:
    """True where the loss rises on both sides along every weight: a minimum that no derivative shows."""
    w = solution.w
    for place in range(len(w)):
        for side in (NEIGHBOURHOOD, -NEIGHBOURHOOD):
            moved = w.clone()
            moved[place] += side * (1.0 + float(w[place].abs()))
            value = float(problem.objective.evaluate(moved).value)
            if not value > solution.value:
                return False
    return True
