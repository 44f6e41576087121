"""What the end of a run is worth, once the place where it ended was looked at: a small step alone proves little."""

from __future__ import annotations

from dataclasses import replace

from gdsolve.descent.methods.build import Recipe
from gdsolve.descent.solution import Solution
from gdsolve.solve.minimum import Certificate, Minimum, NoMinimum
from gdsolve.solve.problem import Problem
from gdsolve.spec import RateSchedule
from gdsolve.status import Status

# A decaying rate makes every run stand still: only what is left of the loss tells whether it arrived.
ARRIVED = 1e-6
# Of the loss, or of what the run gained: what is left above this is told, and no convergence.
FAR = 1e-4
NEIGHBOURHOOD = 1e-3
NOT_A_MINIMUM = {
    NoMinimum.SADDLE: "saddle",
    NoMinimum.MAXIMUM: "maximum",
    NoMinimum.INFLECTION: "inflection",
    NoMinimum.RUNAWAY: "runaway",
}


def reclassify(problem: Problem, solution: Solution, certificate: Certificate, recipe: Recipe) -> Solution:
    """The solution, its status mended by what stands around its end."""
    if certificate.separation is not None and solution.status is not Status.INTERRUPTED:
        return replace(solution, status=Status.DIVERGED, stopped_by="separated")
    if solution.status is Status.MAX_ITER and recipe.schedule is RateSchedule.COSINE:
        return _arrived(solution, certificate)
    if solution.status is Status.FAILED and solution.stopped_by == "no_step":
        return _stuck(solution, certificate)
    if solution.status is not Status.CONVERGED or problem.modes is not None:
        return solution
    if found := _no_minimum(problem, solution, certificate):
        return replace(solution, status=found[0], stopped_by=found[1])
    return solution


def far_above(solution: Solution, minimum: Minimum) -> bool:
    """True where the loss is well above its minimum: by a ten-thousandth of it, or of what the run gained."""
    return share_left(solution, minimum) > FAR


def share_left(solution: Solution, minimum: Minimum) -> float:
    """How far the loss is above its minimum, as a share of it or of what the run gained."""
    size = max(abs(minimum.value), solution.trace.values[0] - minimum.value)
    return max(0.0, solution.value - minimum.value) / size if size > 0.0 else 0.0


def _no_minimum(problem: Problem, solution: Solution, certificate: Certificate) -> tuple[Status, str] | None:
    """The status of a run that stood still where there is no minimum; None where nothing speaks against one."""
    minimum = certificate.minimum
    if minimum is not None:
        return (Status.FAILED, "short") if far_above(solution, minimum) else None
    if found := certificate.reason and NOT_A_MINIMUM.get(certificate.reason):
        return Status.FAILED, found
    first, last = solution.trace.gradient_norms[0], solution.trace.gradient_norms[-1]
    if (first == 0.0 or (problem.smooth and last > first)) and not _in_a_corner(problem, solution):
        return Status.FAILED, "flat" if first == 0.0 else "edge"
    return None if certificate.arrived else (Status.FAILED, "short")


def _stuck(solution: Solution, certificate: Certificate) -> Solution:
    """Converged where no step lowers the loss because it is at a certified minimum, a kink say."""
    minimum = certificate.minimum
    if minimum is None or share_left(solution, minimum) > ARRIVED:
        return solution
    return replace(solution, status=Status.CONVERGED, stopped_by="gap")


def _arrived(solution: Solution, certificate: Certificate) -> Solution:
    """Converged where the certified minimum says so."""
    if certificate.minimum is None:
        return solution
    if share_left(solution, certificate.minimum) <= ARRIVED:
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
