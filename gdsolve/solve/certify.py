"""The certificate: the minimum near where a descent ended, found by Newton's method, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import torch

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.descent.stop import LeftDomain
from gdsolve.objective.base import TwiceDifferentiable
from gdsolve.objective.flatness import curvature_at
from gdsolve.objective.linear_program import corner_minimum
from gdsolve.objective.modes import Spectrum
from gdsolve.objective.separation import Separation, find_separation, proves_overlap
from gdsolve.solve.observer import observing
from gdsolve.solve.problem import Kind, Problem
from gdsolve.status import Status

MOST_WEIGHTS = 200
MOST_NUMBERS = 200_000_000
MOST_STEPS = 100
NEGLIGIBLE = 1e-10
NEAR = 1e-6


class NoMinimum(StrEnum):
    """Why no minimum is certified, as it is told."""

    NONSMOOTH = "the loss is not differentiable everywhere, so that second derivatives cannot show a minimum"
    TOO_LARGE = "the problem is too large to look for one by Newton's method"
    INTERRUPTED = "the search for one was interrupted"
    NOT_FOUND = f"Newton's method finds none within {MOST_STEPS} steps from here"
    NOT_FINITE = "the curvature there is not finite"
    SADDLE = "the curvature is negative in some direction: this is a saddle point, not a minimum"
    FLAT = "the curvature there is zero"
    SEPARATED = "the classes or counts are separated: no weights are large enough"
    NO_POINT = "no method reached a point to look from"


@dataclass(frozen=True, slots=True)
class Minimum:
    """A minimum, (p, 1) in descent's coordinates, its value, and the curvature there.

    `spectrum` is of the Hessian over the weights that no bound holds, None where the loss has corners instead;
    `is_global` is True where no point is lower. Where it is not unique, `ranges`, (p, 2), may be those of the user's
    weights over all minima.
    """

    w: torch.Tensor
    value: float
    hessian: torch.Tensor | None
    spectrum: Spectrum | None
    unique: bool
    is_global: bool
    ranges: torch.Tensor | None = None

    def gap(self, w: torch.Tensor, value: float) -> float:
        """L(w) − L*, by the curvature where the difference of the values would cancel."""
        difference = value - self.value
        if self.hessian is None or abs(difference) > NEGLIGIBLE * max(abs(value), abs(self.value)):
            return max(0.0, difference)
        away = w - self.w
        return max(0.0, 0.5 * float(away.mT @ self.hessian @ away))


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is known of the place where a run ended: a minimum, or why there is none; None and None after divergence.

    `gap` is how far the loss is above the minimum, in the user's units; `separation` is why a likelihood has none.
    """

    minimum: Minimum | None
    reason: NoMinimum | None = None
    gap: float | None = None
    separation: Separation | None = None

    @property
    def interrupted(self) -> bool:
        """True where the search was."""
        return self.reason is NoMinimum.INTERRUPTED

    @property
    def spectrum(self) -> Spectrum | None:
        """The eigenvalues of the Hessian at the minimum, where there is one."""
        return None if self.minimum is None else self.minimum.spectrum


def certify(problem: Problem, solution: Solution) -> Certificate:
    """The minimum that Newton's method finds from the end of a run in at most a hundred steps, and the gap to it.

    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., theorem 2.4: zero gradient and positive curvature.
    """
    found = _minimum_near(problem, solution.w, solution.status)
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
    return None if minimum is None else minimum.gap(solution.w, solution.value) * problem.loss_unit


def _minimum_near(problem: Problem, w: torch.Tensor, status: Status) -> Certificate:
    if problem.modes is not None:
        return _known(problem)
    if not isinstance(problem.objective, TwiceDifferentiable) or not problem.smooth:
        return _nonsmooth(problem, w)
    return _smooth(problem, w, status)


def _smooth(problem: Problem, w: torch.Tensor, status: Status) -> Certificate:
    if status is Status.INTERRUPTED:
        return Certificate(None)
    if problem.separation is not None:
        return Certificate(None, NoMinimum.SEPARATED, separation=problem.separation)
    if problem.p > MOST_WEIGHTS or problem.p**2 * max(1.0, problem.rows) > MOST_NUMBERS:
        return _separated(problem, w) or Certificate(None, NoMinimum.TOO_LARGE)
    if status is Status.DIVERGED:
        return _separated(problem, problem.start) or Certificate(None)
    if problem.kind is Kind.LINEAR:
        return _linear(problem, w)
    saddle = status is Status.CONVERGED and problem.box is None and _at_a_saddle(problem, w)
    return Certificate(None, NoMinimum.SADDLE) if saddle else _search(problem, w)


def _at_a_saddle(problem: Problem, w: torch.Tensor) -> bool:
    """True where the gradient all but vanishes, a Newton step being short, and the curvature is negative somewhere."""

    hessian: torch.Tensor = problem.objective.hessian(w)  # type: ignore[attr-defined]
    gradient = problem.objective.evaluate(w).gradient.to(torch.float64)
    steep = gradient.norm() > NEAR * problem.objective.evaluate(problem.start).gradient.norm()
    if bool(steep) or not bool(torch.isfinite(hessian).all()):
        return False
    curvature, directions = torch.linalg.eigh(hessian.to(torch.float64))
    sizes = curvature.abs()
    if curvature[0] >= -NEAR * sizes.amax():
        return False
    along = directions.mT @ gradient
    bent = sizes > NEAR * sizes.amax()
    step = (along[bent, 0] / sizes[bent]).abs().amax()
    return bool(step <= NEAR * (1.0 + w.abs().amax()))


def _known(problem: Problem) -> Certificate:
    modes = problem.modes
    assert modes is not None
    value = float(problem.objective.evaluate(modes.minimiser.to(problem.start.dtype)).value)
    if problem.squares is not None:
        value = float(modes.quadratic.value(modes.minimiser))
    hessian = modes.quadratic.hessian(modes.minimiser)
    return Certificate(Minimum(modes.minimiser, value, hessian, modes.spectrum, modes.unique, is_global=True))


def linear_map(problem: Problem) -> tuple[torch.Tensor, torch.Tensor]:
    """The matrix (p, p) and the constant part (p, 1) of the map from descent's coordinates to the user's."""
    origin = torch.zeros_like(problem.start)
    offset = problem.units.to_user(origin)
    identity = torch.eye(problem.p, dtype=origin.dtype, device=origin.device)
    return problem.units.to_user(identity) - offset, offset


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
        penalised=spec.ridge > 0.0,
        whole=spec.penalize_intercept,
    )
    return None if found is None else Certificate(None, NoMinimum.SEPARATED, separation=found)


def _search(problem: Problem, w: torch.Tensor) -> Certificate:
    refined = _refined(problem, w)
    if isinstance(refined, Certificate):
        return refined
    hessian: torch.Tensor = problem.objective.hessian(refined.w)  # type: ignore[attr-defined]
    free = torch.ones(len(w), dtype=torch.bool, device=w.device)
    if problem.box is not None:
        free = ~problem.box.held(refined.w, problem.objective.evaluate(refined.w).gradient)[:, 0]
    curvature = torch.linalg.eigvalsh(hessian[free][:, free].to(torch.float64)).flip(0)
    if not bool(torch.isfinite(curvature).all()):
        return Certificate(None, NoMinimum.NOT_FINITE)
    return _judge(problem, refined.w, refined.value, hessian, curvature)


def _refined(problem: Problem, w: torch.Tensor) -> Solution | Certificate:
    """Where Newton's method comes to rest, or why it does not."""
    newton, rules, schedule = Newton(problem.box), (LeftDomain(),), Schedule("log")
    with observing("certifying", None, problem.loss_unit) as observer:
        refined = iterate(problem.bounded, w, newton, rules, max_iter=MOST_STEPS, schedule=schedule, observe=observer)
    if refined.status is Status.INTERRUPTED:
        return Certificate(None, NoMinimum.INTERRUPTED)
    return refined if refined.stopped_by == "rounding" else Certificate(None, NoMinimum.NOT_FOUND)


def _linear(problem: Problem, w: torch.Tensor) -> Certificate:
    """The minimum of a convex loss of linear predictions, which has one unless its rows are separated."""
    refined = _refined(problem, w)
    if isinstance(refined, Certificate):
        return refined if refined.interrupted else _separated(problem, w) or refined
    hessian: torch.Tensor = problem.objective.hessian(refined.w)  # type: ignore[attr-defined]
    if not bool(torch.isfinite(hessian).all()):
        return _separated(problem, problem.start) or Certificate(None, NoMinimum.NOT_FINITE)
    overlap = problem.spec.ridge == 0.0 and proves_overlap(problem.objective, refined.w, hessian)
    if not overlap and (found := _separated(problem, refined.w)):
        return found
    spectrum, unique = curvature_at(problem.objective, refined.w, hessian)
    return Certificate(Minimum(refined.w, refined.value, hessian, spectrum, unique, is_global=True))


def _judge(
    problem: Problem, w: torch.Tensor, value: float, hessian: torch.Tensor, curvature: torch.Tensor
) -> Certificate:
    if not len(curvature):
        spectrum = Spectrum(0.0, 0.0, 0)
        return Certificate(Minimum(w, value, hessian, spectrum, unique=True, is_global=False))
    largest, smallest = float(curvature[0]), float(curvature[-1])
    if smallest < -NEGLIGIBLE * abs(largest):
        return Certificate(None, NoMinimum.SADDLE)
    if largest <= 0.0:
        return Certificate(None, NoMinimum.FLAT)
    rank = int((curvature > NEGLIGIBLE * largest).sum())
    spectrum = Spectrum(largest, float(curvature[rank - 1]), rank)
    unique = rank == len(curvature)
    return Certificate(Minimum(w, value, hessian, spectrum, unique, is_global=problem.convex))
