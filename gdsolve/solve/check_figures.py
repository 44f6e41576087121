"""What the numbers of a usable table say: rank, condition, rates, and the three ways to a solution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gdsolve.solve.data import DataInfo
from gdsolve.solve.squares.course import chart, descend
from gdsolve.solve.squares.problem import Problem, quadratic_of
from gdsolve.solve.squares.run import Run, prepare
from gdsolve.spec import Engine, Loss, Method, RateSchedule, Scale, Spec
from gdsolve.spec.losses import LOSS_PARAMETERS, USUAL_LOSS
from gdsolve.status import Status

if TYPE_CHECKING:
    import torch

    from gdsolve.objective.coordinates import Coordinates
    from gdsolve.objective.dependence import Dependence
    from gdsolve.objective.modes import Spectrum
    from gdsolve.objective.optimum import Minimisers
    from gdsolve.picture import Picture

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
    from gdsolve.objective.pointwise import POINTWISE

    if spec.loss.info.squared:
        return Curvature(1.0, everywhere=True, bounds=True, reason=None)
    loss, name = POINTWISE[spec.loss], f"--loss {spec.loss.value}"
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


def as_squares(spec: Spec) -> Spec:
    """The spec with plain descent on a squared loss, by which a table is looked at whatever its loss is."""
    usual: dict[str, Any] = {own.name: Spec.__dataclass_fields__[own.name].default for own in LOSS_PARAMETERS}
    return replace(
        spec,
        **usual,
        loss=spec.loss if spec.loss.info.squared else USUAL_LOSS,
        method=Method.AUTO,
        schedule=RateSchedule.CONSTANT,
        momentum=None,
        lr="auto",
        max_iter=None,
        tol=spec.tol or None,
        loss_tol=None,
        grad_tol=None,
        scale=Scale.AUTO,
        engine=Engine.AUTO,
        init="zeros",
    )


def diagnose(spec: Spec, problem: Problem, *, ridge: float, has_target: bool = True) -> Diagnosis:
    """Look at a problem that `as_squares` has loaded; `ridge` is the penalty to show a solution with, 0 for several."""
    from gdsolve.objective.dependence import dependent_columns

    curvature = curvature_of(spec)
    squared = curvature.everywhere
    plain = replace(as_squares(spec), ridge=0.0)
    problem = replace(problem, minimisers=_minimisers(plain, problem))
    if not squared:
        problem = replace(problem, curvature_scale=problem.curvature_scale * (curvature.scale or 1.0))
    raw = prepare(plain, problem, raw_coordinates(problem))
    standard = prepare(plain, problem, problem.standard)
    tol = spec.tol or usual_tolerance(raw)
    lambdas = (ridge,) if ridge else LAMBDAS
    return Diagnosis(
        problem.data,
        spec.loss,
        raw.coordinates.p,
        raw.modes.spectrum.rank,
        tuple(dependent_columns(problem.triangle, intercept=not spec.no_intercept)),
        _prospect(raw, tol, foreseen=squared and has_target),
        _prospect(standard, tol, foreseen=squared and has_target),
        curvature,
        tol,
        tuple(_candidates(plain, problem, raw, lambdas)) if squared and has_target else (),
        _draw(raw, standard) if spec.plots and curvature.scale is not None else None,
    )


def _draw(raw: Run, standard: Run) -> Picture:
    from gdsolve.pictures.draw import picture_of_check

    return picture_of_check(raw, standard)


def raw_coordinates(problem: Problem) -> Coordinates:
    """The columns as they are."""
    from gdsolve.objective.coordinates import Coordinates

    factor = problem.triangle.factor
    return Coordinates.raw(problem.triangle.n, intercept=problem.standard.intercept, device=factor.device)


def usual_tolerance(run: Run) -> float:
    """The tolerance of a precision."""
    from gdsolve.descent.learning_rate import TOLERANCE

    return TOLERANCE[run.dtype]


def _minimisers(spec: Spec, problem: Problem) -> Minimisers:
    from gdsolve.objective.optimum import find_minimisers

    quadratic = quadratic_of(spec, problem.triangle, problem.standard, problem.curvature_scale)
    errors = problem.triangle.errors(intercept=problem.standard.intercept)
    return find_minimisers(quadratic, problem.standard, errors)


def _prospect(run: Run, tol: float, *, foreseen: bool) -> Prospect:
    if not foreseen:
        return Prospect(run.modes.spectrum, None)
    stop = run.predict(run.modes.spectrum.best, run.stops(tol), None)
    return Prospect(run.modes.spectrum, stop.iterations if stop.status is Status.CONVERGED else None)


def _candidates(spec: Spec, problem: Problem, raw: Run, lambdas: tuple[float, ...]) -> list[Candidate]:
    found = [_normal_equations(raw), _descent(spec, problem, None)]
    for ridge in lambdas:
        penalised = replace(spec, ridge=ridge)
        posed = replace(problem, minimisers=_minimisers(penalised, problem))
        closed = posed.minimisers.point
        note = "closed form" if posed.minimisers.rank == len(closed) else "closed form, minimum norm"
        found.append(_candidate("ridge", ridge, note, raw, closed))
        found.append(_descent(penalised, posed, ridge))
    return found


def _normal_equations(raw: Run) -> Candidate:
    """XᵀX·w = Xᵀy by Cholesky, as the textbook does: the one place that forms XᵀX, to show where it fails."""
    import torch

    design, target = raw.modes.quadratic.design, raw.modes.quadratic.target
    rank, p = raw.modes.spectrum.rank, raw.modes.quadratic.p
    factor, failed = torch.linalg.cholesky_ex(design.mT @ design)
    if rank < p:
        return Candidate("normal equations", None, f"XᵀX is singular (rank {rank} < {p})", None, None, None)
    if int(failed):
        reason = "XᵀX is not positive definite in float64: its condition number is the square of X's"
        return Candidate("normal equations", None, reason, None, None, None)
    solution = torch.cholesky_solve(design.mT @ target, factor)
    return _candidate("normal equations", None, "solved", raw, solution)


def _descent(spec: Spec, problem: Problem, ridge: float | None) -> Candidate:
    import torch

    run = prepare(spec, problem, problem.standard)
    course = chart(run)
    solution = descend(run, course, torch.device("cpu"))
    w = run.coordinates.to_user(solution.w.to(run.start.dtype))
    updates = f"{solution.iterations:,} update{'' if solution.iterations == 1 else 's'}"
    # Not the one that iterations are predicted for: with it every weight has ten digits.
    rule = f", to tol {course.tol:.3g}" if solution.stopped_by == "tol" else ""
    note = f"{solution.status.value.replace('_', ' ')} after {updates}{rule}"
    return _candidate("descent", ridge, note, run, w)


def _candidate(method: str, ridge: float | None, status: str, run: Run, user: torch.Tensor) -> Candidate:
    """A solution given in the user's units, (p, 1), with its SSE."""
    design = run.problem.data.roles.design
    inner = run.coordinates.from_user(user)
    sse = float(run.modes.quadratic.sse(inner)) * run.coordinates.target_scale**2
    weights = dict(zip(design, user[: len(design), 0].tolist(), strict=True))
    return Candidate(method, ridge, status, weights, float(user[-1, 0]) if run.coordinates.intercept else None, sse)
