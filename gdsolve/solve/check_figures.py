"""What the numbers of a usable table say: rank, condition, rates, and the three ways to a solution."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from gdsolve.descent.methods.build import Recipe
from gdsolve.objective.dependence import Dependence, dependent_columns
from gdsolve.objective.modes import Modes
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.objective.softmax import Softmax
from gdsolve.objective.spectrum import Spectrum
from gdsolve.picture import Picture
from gdsolve.solve.data import DataInfo
from gdsolve.solve.descend import descend
from gdsolve.solve.illustrator import Illustrator
from gdsolve.solve.plan import plan_descent
from gdsolve.solve.problem import Problem, Squares
from gdsolve.solve.proposals import as_squares
from gdsolve.solve.remedy import needed_updates
from gdsolve.solve.rules import usual_tolerance
from gdsolve.solve.squares import minimisers_of, raw_coordinates, repose, standard_coordinates
from gdsolve.solve.words import updates_in_words
from gdsolve.spec import Loss, Spec
from gdsolve.spec.choices import Scale
from gdsolve.spec.methods import PLAIN

LAMBDAS = (0.1, 1.0, 10.0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One method's solution, in the user's units; None where there is none, with the reason in `status`."""

    method: str
    ridge: float | None
    status: str
    weights: dict[str, float] | None
    intercept: float | None
    sse: float | None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What descent would face in one set of coordinates."""

    spectrum: Spectrum
    iterations: int | None


@dataclass(frozen=True, slots=True)
class Curvature:
    """How far the spectrum that is shown reaches: see `curvature_of`.

    `scale` is ∂²l/∂z² of a row, None where there is none to show; `everywhere` where the Hessian is the same at all
    weights; `bounds` where no Hessian is larger. `reason` says why rates or more are missing.
    """

    scale: float | None
    everywhere: bool
    bounds: bool
    reason: str | None

    @property
    def where(self) -> str:
        """Where the spectrum is that of the Hessian: everywhere, as an upper bound, or at the start."""
        return "everywhere" if self.everywhere else "bound" if self.bounds else "start"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the numbers of a usable table say."""

    data: DataInfo
    loss: Loss
    parameters: int
    rank: int
    dependent: tuple[Dependence, ...]
    raw: Prospect
    standardised: Prospect
    curvature: Curvature
    tol: float
    candidates: tuple[Candidate, ...]
    picture: Picture | None = None


def curvature_of(spec: Spec) -> Curvature:
    """What is known beforehand of the second derivatives of a loss."""
    if spec.loss.info.squared:
        return Curvature(1.0, everywhere=True, bounds=True, reason=None)
    loss = Softmax if spec.loss is Loss.SOFTMAX else POINTWISE[spec.loss]
    name = f"--loss {spec.loss.value}"
    course, bounds = f"The curvature of {name} {loss.curvature_course}", loss.largest_curvature is not None
    shown = loss.largest_curvature if bounds else loss.curvature_at_zero
    if bounds:
        said = f"{course}: the condition number is the one there, and rates below the largest stable one are stable"
        said = f"{said} everywhere."
    elif shown is not None:
        said = f"{course}: the condition number is the one at weights of zero, and no rate is stable everywhere."
    elif loss.differentiable:
        said = f"{course}: it has no condition number of its own, and no rate is stable everywhere."
    else:
        said = f"{name} is not differentiable everywhere: it has no condition number and no stability limit."
    return Curvature(shown, everywhere=False, bounds=bounds, reason=said)


def diagnose(
    spec: Spec, problem: Problem, *, ridge: float, has_target: bool = True, illustrator: Illustrator | None = None
) -> Diagnosis:
    """Look at a problem that `as_squares` has posed; `ridge` is the penalty to show a solution with, 0 for several."""

    curvature, squares = curvature_of(spec), problem.squares
    assert squares is not None and problem.data is not None
    squared = curvature.everywhere
    plain = replace(as_squares(spec), ridge=0.0, l1=0.0)
    triangle, scale = squares.triangle, squares.curvature_scale
    squares = replace(squares, minimisers=minimisers_of(plain, triangle, squares.standard, scale))
    if not squared:
        squares = replace(squares, curvature_scale=scale * (curvature.scale or 1.0))
    raw = repose(problem, plain, raw_coordinates(squares), squares)
    standard = repose(problem, plain, squares.standard, squares)
    tol = spec.tol or usual_tolerance(plain)
    lambdas, foreseen = (ridge,) if ridge else LAMBDAS, squared and has_target
    return Diagnosis(
        problem.data,
        spec.loss,
        raw.p,
        _modes(raw).spectrum.rank,
        tuple(dependent_columns(triangle, intercept=not spec.no_intercept)),
        _prospect(raw, tol, foreseen=foreseen),
        _prospect(standard, tol, foreseen=foreseen),
        curvature,
        tol,
        tuple(_candidates(spec, plain, raw, lambdas)) if foreseen else (),
        None if illustrator is None or curvature.scale is None else illustrator.picture_of_check(raw, standard),
    )


def _modes(problem: Problem) -> Modes:
    assert problem.modes is not None
    return problem.modes


def _prospect(problem: Problem, tol: float, *, foreseen: bool) -> Prospect:
    """What plain descent at the best rate faces."""

    spectrum = _modes(problem).spectrum
    if not foreseen:
        return Prospect(spectrum, None)
    return Prospect(spectrum, needed_updates(problem, Recipe(PLAIN, spectrum.best), tol))


def _candidates(asked: Spec, spec: Spec, raw: Problem, lambdas: tuple[float, ...]) -> list[Candidate]:
    squares, l1 = raw.squares, asked.l1
    assert squares is not None
    found = [_normal_equations(raw)]
    standardised = _descent(raw, spec, squares, None)
    if _modes(raw).spectrum.rank == raw.p:
        found.append(standardised)
    else:
        # Of many minima descent ends at that of minimum norm in its coordinates; ridge tends to that of the columns.
        found.append(_descent(raw, replace(spec, scale=Scale.NONE), squares, None))
        found += [replace(standardised, method="descent --lr auto")] if asked.standardise else []
    for ridge in lambdas:
        penalised = replace(spec, ridge=ridge)
        minimisers = minimisers_of(penalised, squares.triangle, squares.standard, squares.curvature_scale)
        posed, closed = replace(squares, minimisers=minimisers), minimisers.point
        note = "closed form" if minimisers.rank == len(closed) else "closed form, minimum norm"
        found.append(_candidate("ridge", ridge, note, raw, closed))
        found.append(_descent(raw, penalised, posed, ridge))
    if l1:
        shrunk = replace(spec, l1=l1, ridge=lambdas[0] if len(lambdas) == 1 else 0.0)
        found.append(_descent(raw, shrunk, squares, shrunk.ridge or None, f"descent with --l1 {l1:g}"))
    return found


def _normal_equations(raw: Problem) -> Candidate:
    """XᵀX·w = Xᵀy by Cholesky, as the textbook does: the one place that forms XᵀX, to show where it fails."""

    modes = _modes(raw)
    design, target = modes.quadratic.design, modes.quadratic.target
    rank, p = modes.spectrum.rank, raw.p
    if rank < p:
        return Candidate("normal equations", None, f"XᵀX is singular (rank {rank} < {p})", None, None, None)
    factor, failed = torch.linalg.cholesky_ex(design.mT @ design)
    if int(failed):
        reason = "XᵀX is not positive definite in float64: its condition number is the square of X's"
        return Candidate("normal equations", None, reason, None, None, None)
    solution = torch.cholesky_solve(design.mT @ target, factor)
    return _candidate("normal equations", None, "solved", raw, solution)


def _descent(raw: Problem, spec: Spec, squares: Squares, ridge: float | None, method: str = "descent") -> Candidate:
    """Descent as a fit of `spec` takes it, from zeros, on standardised columns unless it has no scale."""
    coordinates = standard_coordinates(spec, squares) if spec.standardise else raw_coordinates(squares)
    problem = repose(raw, spec, coordinates, squares)
    plan = plan_descent(problem)
    solution = descend(problem, plan)
    w = problem.units.to_user(solution.w.to(problem.start))
    # Not the one that iterations are predicted for: with it every weight has ten digits.
    rule = f", to tol {plan.tol:.3g}" if solution.stopped_by == "tol" else ""
    note = f"{solution.status.value.replace('_', ' ')} after {updates_in_words(solution.iterations)}{rule}"
    return _candidate(method, ridge, note, problem, w)


def _candidate(method: str, ridge: float | None, status: str, problem: Problem, user: torch.Tensor) -> Candidate:
    """A solution given in the user's units, (p, 1), with its SSE."""
    found = problem.objective.sse(problem.units.from_user(user))
    sse = None if found is None else float(found) * problem.loss_unit
    weights, intercept = problem.of_user(user)
    return Candidate(method, ridge, status, weights, intercept, sse)
