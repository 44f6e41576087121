"""`check`: what there is to know of a table before any fitting."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gdsolve.data import ColumnSummary, Source, Table, describe, describe_inline, open_sources, open_table
from gdsolve.spec import Engine, Scale, Spec
from gdsolve.spec.command import Command
from gdsolve.status import DataError, GdsolveError, Status
from gdsolve.verbs.data import DataInfo
from gdsolve.verbs.next_commands import remedies
from gdsolve.verbs.squares.course import chart, descend
from gdsolve.verbs.squares.problem import Problem, load, quadratic_of
from gdsolve.verbs.squares.remedy import remedy
from gdsolve.verbs.squares.run import Run, prepare

if TYPE_CHECKING:
    import torch

    from gdsolve.objective.coordinates import Coordinates
    from gdsolve.objective.dependence import Dependence
    from gdsolve.objective.modes import Spectrum
    from gdsolve.objective.optimum import Minimisers
    from gdsolve.picture import Picture

LAMBDAS = (0.1, 1.0, 10.0)
FOREVER = "1e12"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One method's solution, in the user's units; None where the method refuses, with the reason in `status`."""

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
class Diagnosis:
    """What the numbers of a usable table say."""

    data: DataInfo
    parameters: int
    rank: int
    dependent: tuple[Dependence, ...]
    raw: Prospect
    standardised: Prospect
    tol: float
    candidates: tuple[Candidate, ...]
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Columns first; then the diagnosis, or the reason why there is none."""

    spec: Spec
    columns: tuple[ColumnSummary, ...]
    problem: str | None
    hint: str | None
    diagnosis: Diagnosis | None
    commands: tuple[str, ...]
    seconds: dict[str, float]


def check(
    spec: Spec,
    command: Command | None = None,
    table: Table | None = None,
    columns: tuple[ColumnSummary, ...] | None = None,
) -> Check:
    """Look at every column, then at rank, condition, rates and the three ways to a solution.

    A table that cannot be fitted as it is, is a finding here and not an error. A `table` in memory has its `columns`
    described already.

    Raises:
        GdsolveError: flags that do not fit the table.
        DataError: a table that cannot be read at all.
    """
    began = time.perf_counter()
    command = command or Command("check", spec.data)
    with ExitStack() as stack:
        # Once for both passes: what comes through a pipe comes once.
        opened = open_sources(spec.data, spec, stack) if spec.data else ()
        columns = _describe(spec, opened) if columns is None else columns
        try:
            problem = load(spec, open_table(opened, spec) if opened else table)
        except DataError as fault:
            read = {"read": time.perf_counter() - began, "descend": 0.0, "total": time.perf_counter() - began}
            return Check(spec, columns, fault.message, fault.hint, None, remedies(command, spec, columns), read)
    descending = time.perf_counter()
    diagnosis = _diagnose(spec, problem)
    finished = time.perf_counter()
    seconds = {"read": descending - began, "descend": finished - descending, "total": finished - began}
    return Check(spec, columns, None, None, diagnosis, _commands(command, spec, problem), seconds)


def _describe(spec: Spec, opened: Sequence[Source]) -> tuple[ColumnSummary, ...]:
    if spec.X is not None and spec.y is not None:
        return describe_inline(spec.X, spec.y, spec)
    if not spec.data and spec.minimize is not None:
        raise GdsolveError("minimize: check looks at tables, and this is a formula without one", "gdsolve fit")
    return describe(opened, spec)


def _diagnose(spec: Spec, problem: Problem) -> Diagnosis:
    from gdsolve.objective.dependence import dependent_columns

    plain = replace(
        spec,
        lr="auto",
        max_iter=None,
        tol=spec.tol or None,
        loss_tol=None,
        grad_tol=None,
        scale=Scale.AUTO,
        engine=Engine.AUTO,
        init="zeros",
        ridge=0.0,
    )
    problem = replace(problem, minimisers=_minimisers(plain, problem))
    raw = prepare(plain, problem, _raw(problem))
    standard = prepare(plain, problem, problem.standard)
    tol = spec.tol or _usual_tolerance(raw)
    return Diagnosis(
        problem.data,
        raw.coordinates.p,
        raw.modes.spectrum.rank,
        tuple(dependent_columns(problem.triangle, intercept=not spec.no_intercept)),
        _prospect(raw, tol),
        _prospect(standard, tol),
        tol,
        tuple(_candidates(plain, problem, raw, (spec.ridge,) if spec.ridge else LAMBDAS)),
        _draw(raw, standard) if spec.plots else None,
    )


def _draw(raw: Run, standard: Run) -> Picture:
    from gdsolve.verbs.pictures.draw import picture_of_check

    return picture_of_check(raw, standard)


def _raw(problem: Problem) -> Coordinates:
    from gdsolve.objective.coordinates import Coordinates

    factor = problem.triangle.factor
    return Coordinates.raw(problem.triangle.n, intercept=problem.standard.intercept, device=factor.device)


def _minimisers(spec: Spec, problem: Problem) -> Minimisers:
    from gdsolve.objective.optimum import find_minimisers

    quadratic = quadratic_of(spec, problem.triangle, problem.standard, problem.curvature_scale)
    errors = problem.triangle.errors(intercept=problem.standard.intercept)
    return find_minimisers(quadratic, problem.standard, errors)


def _prospect(run: Run, tol: float) -> Prospect:
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


def _commands(command: Command, spec: Spec, problem: Problem) -> tuple[str, ...]:
    """What to run next: a fit, plain descent at its best rate, and the rates around it."""
    raw = prepare(spec, problem, _raw(problem))
    fits = (remedy(raw, command, lr, "fit") for lr in ("auto", raw.modes.spectrum.best))
    changes: dict[str, object] = {"lr": None, "max_iter": FOREVER if "max_iter" in command.fixed else None}
    if spec.tol == 0.0:
        changes["tol"] = f"{_usual_tolerance(raw):g}" if "tol" in command.fixed else None
    return (*(fit for fit in fits if fit), command.but("compare-lr", **changes))


def _usual_tolerance(run: Run) -> float:
    from gdsolve.descent.learning_rate import TOLERANCE

    return TOLERANCE[run.dtype]
