"""The judgement of a formula or a curve: is there a minimum where the run ended, and if not, what is there?"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.descent.stop import LeftDomain
from gdsolve.objective.base import SumOfSquares
from gdsolve.objective.rank import numerical_rank
from gdsolve.objective.singular import Singular
from gdsolve.objective.spectrum import Spectrum
from gdsolve.objective.surroundings import DETERMINED, Direction, Surroundings
from gdsolve.solve.minimum import MOST_STEPS, Certificate, Minimum, NoMinimum
from gdsolve.solve.observer import observing
from gdsolve.solve.problem import Problem
from gdsolve.solve.runaway import running_together, running_weights
from gdsolve.status import Status

# Of a size of the loss: what a Newton step may still gain at a minimum, and at the end of a run that has arrived.
SMALL = 1e-12
FAR = 1e-4
NEGATIVE = 1e-8


@dataclass(frozen=True, slots=True)
class _Search:
    """Newton's search from the end of a run: where it came to, and whether it ended by itself."""

    w: torch.Tensor
    value: float
    settled: bool


def judge(problem: Problem, solution: Solution) -> Certificate:
    """The minimum at the end of a run, or what else is there.

    The place is where the run ended, or where Newton's method leads from there, if that is no higher. First the
    gradient: what a Newton step would gain, projected on the bounds, must be nothing beside the loss. Then curvature,
    and wherever that is not clear the loss itself, in every direction that the curvature leaves open.
    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., theorems 2.2 to 2.4; docs/design.md, section 2.
    """
    end = _look(problem, solution.w)
    if end is None:
        return Certificate(None, NoMinimum.NOT_FINITE)
    size = _size(problem, solution, end.value)
    if end.promise <= SMALL * size and (bent := _bent_down(problem, end, size)) is not None:
        return Certificate(None, bent)
    found = _refined(problem, solution.w)
    if found is None:
        return Certificate(None, NoMinimum.INTERRUPTED)
    place, settled = end, False
    if found.value <= end.value + end.noise and not torch.equal(found.w, solution.w):
        refined = _look(problem, found.w)
        place, settled = (end, False) if refined is None else (refined, found.settled)
    return _judged(problem, solution, place, settled=settled, arrived=end.promise <= FAR * size)


def _judged(problem: Problem, solution: Solution, place: Surroundings, *, settled: bool, arrived: bool) -> Certificate:
    """What is at the place; `settled` tells that Newton's method ended there, `arrived` that the run came near it."""
    size = _size(problem, solution, place.value)
    if not settled and place.promise > place.noise + SMALL * size:
        return Certificate(None, NoMinimum.NOT_FOUND, arrived=arrived)
    directions = _directions(problem, place, size)
    open_ones = [one for one in directions if not one.determined]
    running = {weight for one in open_ones for weight in running_weights(problem, place, one)}
    if open_ones and not running:
        running = set(running_together(problem, place, max(one.tolerance for one in open_ones)))
    if running:
        return Certificate(None, NoMinimum.RUNAWAY, running=tuple(sorted(running)))
    if any(one.falls for one in directions):
        bent = _bent_down(problem, place, size)
        return Certificate(None, bent or NoMinimum.INFLECTION)
    return _certified(problem, place, directions)


def _size(problem: Problem, solution: Solution, value: float) -> float:
    """A size of the loss: what it is, or what the run has gained, for a curve no more than that of its target.

    A start from which a curve is astronomically far off must not make everything else look like nothing.
    """
    gained, objective = solution.trace.values[0] - value, problem.objective
    if isinstance(objective, SumOfSquares) and problem.total_sum_of_squares:
        gained = min(gained, 0.5 * objective.curvature_scale * problem.total_sum_of_squares)
    return max(abs(value), gained)


def _look(problem: Problem, w: torch.Tensor) -> Surroundings | None:
    return Surroundings.of(problem.objective, problem.box, w, problem.start)


def _refined(problem: Problem, w: torch.Tensor) -> _Search | None:
    """None where the search was interrupted."""
    newton, rules, schedule = Newton(problem.box), (LeftDomain(),), Schedule("log")
    with observing("certifying", None, problem.loss_unit) as observer:
        found = iterate(problem.bounded, w, newton, rules, max_iter=MOST_STEPS, schedule=schedule, observe=observer)
    if found.status is Status.INTERRUPTED:
        return None
    return _Search(found.w, found.value, found.stopped_by == "rounding")


def _directions(problem: Problem, place: Surroundings, size: float) -> list[Direction]:
    """Those to be walked along: all of them where slopes may jump, so that no curvature settles anything."""
    return place.directions(size, every=not problem.smooth)


def _bent_down(problem: Problem, place: Surroundings, size: float) -> NoMinimum | None:
    """A saddle or a maximum, where the loss falls along negative curvature; None where it does not."""
    if not len(place.curvature) or float(place.curvature[0]) >= -NEGATIVE:
        return None
    bent = [one for one in _directions(problem, place, size) if one.falls and one.curvature < -NEGATIVE]
    if not bent:
        return None
    return NoMinimum.MAXIMUM if len(bent) == len(place.curvature) else NoMinimum.SADDLE


def _certified(problem: Problem, place: Surroundings, directions: list[Direction]) -> Certificate:
    eigenvalues = torch.linalg.eigvalsh(place.hessian[place.free][:, place.free]).flip(0).clamp(min=0.0)
    rank = _rank(problem, place, directions)
    if not rank and len(eigenvalues):
        return Certificate(None, NoMinimum.FLAT)
    curved = [value for value in eigenvalues.tolist()[:rank] if value > 0.0]
    spectrum = Spectrum(curved[0], curved[-1], rank) if curved else Spectrum(0.0, 0.0, 0)
    unique = rank == len(eigenvalues)
    return Certificate(Minimum(place.w, place.value, place.hessian, spectrum, unique, is_global=problem.convex))


def _rank(problem: Problem, place: Surroundings, directions: list[Direction]) -> int:
    """The number of directions that the data, or the formula, determine, whatever the units of the weights.

    Of a sum of squares the numerical rank of its Jacobian, columns brought to equal length: a Hessian carries its
    squares, and half of its digits. Else the directions of curvature, and those without in which the loss rises.
    """
    if isinstance(problem.objective, SumOfSquares):
        jacobian = problem.objective.jacobian(place.w)[:, place.free].to(torch.float64)
        lengths = jacobian.norm(dim=0)
        if not len(lengths):
            return 0
        upper = torch.linalg.qr(jacobian / torch.where(lengths > 0.0, lengths, 1.0), mode="r").R
        singular = Singular.of(upper)
        arithmetic = place.w.shape[0] * torch.finfo(place.w.dtype).eps
        return int(numerical_rank(singular.values, singular.right, arithmetic=arithmetic))
    if not problem.smooth:
        return sum(one.determined for one in directions)
    curved = int((place.curvature > DETERMINED * place.curvature.abs().amax()).sum()) if len(place.curvature) else 0
    return curved + sum(one.determined for one in directions if one.curvature <= DETERMINED)
