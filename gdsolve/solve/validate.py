"""A fit is validated: on folds that it is made without, and on rows that were held out (docs/guide/validation.md)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from math import sqrt

import torch
from torch import Tensor

from gdsolve.data import Batch
from gdsolve.descent.solution import Solution
from gdsolve.objective.class_coordinates import ClassCoordinates
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.folds import squared_error
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.merge import merge_ranks
from gdsolve.objective.pointwise import PointwiseLoss
from gdsolve.objective.row_batch import from_numpy
from gdsolve.objective.softmax import Softmax
from gdsolve.objective.threads import one_thread
from gdsolve.objective.triangle import Triangle, build_triangles
from gdsolve.solve.classes import codes_of
from gdsolve.solve.dealt import Dealt, require_rows, rows_where
from gdsolve.solve.descend import descend
from gdsolve.solve.device import device_of, dtype_of
from gdsolve.solve.plan import READING, plan_descent
from gdsolve.solve.pointwise import pose_pointwise
from gdsolve.solve.problem import Problem
from gdsolve.solve.read import TableRead
from gdsolve.solve.robust import loss_before
from gdsolve.solve.squares import pose_triangle
from gdsolve.solve.validation import Holdout, Stopping, Validation
from gdsolve.spec import Engine, Spec
from gdsolve.spec.choices import Format, StopAt
from gdsolve.status import Status

HOST = torch.device("cpu")
FAULTS = {
    Status.DIVERGED: "diverges",
    Status.EDGE_OF_STABILITY: "is at the edge of stability",
    Status.FAILED: "fails",
    Status.INTERRUPTED: "was interrupted",
}
"""What keeps a fit from being one, of a run that so ended."""


def validate(problem: Problem, solution: Solution, stopping: Stopping | None = None) -> Validation | None:
    """The errors of the fits without one fold each, where folds were asked for.

    Raises:
        DataError: a fold without rows.
    """
    spec, dealt = problem.spec, problem.dealt
    if spec.cv is None or dealt is None:
        return None
    squared = spec.loss.info.squared
    rows = rows_of_folds(problem, dealt)
    if solution.status in FAULTS:
        return Validation(
            spec.seed, spec.cv_by, score_of(spec), None, (None,) * spec.cv, rows, f"the run {FAULTS[solution.status]}"
        )
    at_minimum = solution.status is Status.CONVERGED and not _has_rules(spec)
    fits = fits_of_squares(problem, dealt) if squared else fits_of_rows(problem, dealt)
    scores: list[float | None] = []
    notes: list[str] = []
    # The matrices of a triangle are small: threads would wait for each other.
    with one_thread() if squared else nullcontext():
        for fold, fit in enumerate(fits):
            found, fault = _fitted(fit, fold, spec.cv, at_minimum=at_minimum)
            if found is None:
                notes.append(f"without fold {fold + 1} of {spec.cv} {fault}")
            scores.append(None if found is None else _error(fit, found, dealt, fold))
    w = solution.w.to(problem.start)
    own = _root_mean(problem, w) if squared else scores_on(problem, w, dealt.fitted, dealt)[score_of(spec)]
    note = notes[0] if notes else None
    return Validation(spec.seed, spec.cv_by, score_of(spec), own, tuple(scores), rows, note, stopping)


def hold_out(problem: Problem, solution: Solution) -> Holdout | None:
    """How good a fit is on the rows that were held out, where some were."""
    spec, dealt = problem.spec, problem.dealt
    if spec.holdout is None or dealt is None:
        return None
    w = solution.w.to(problem.start)
    found: dict[str, float | None] = dict.fromkeys(("rmse", "mae", "r2", "deviance", "accuracy", "loss"))
    if dealt.held is not None and dealt.held.rows and problem.squares is not None:
        assert isinstance(problem.units, Coordinates)
        held = dealt.held.to(w.device)
        sse = squared_error(held, w, problem.units, problem.squares.triangle)
        total = held.total_sum_of_squares(intercept=True)
        found |= {"rmse": sqrt(sse / held.total_weight), "r2": 1.0 - sse / total if total else None}
    elif not spec.loss.info.squared:
        found |= scores_on(problem, w, dealt.set_aside, dealt)
    return Holdout(spec.holdout, spec.seed, spec.cv_by, dealt.held_rows, **found)


def score_of(spec: Spec) -> str:
    """What a model is scored by: RMSE, the deviance where the loss is a likelihood, or the loss itself."""
    if spec.loss.info.squared:
        return "rmse"
    return "deviance" if spec.loss.info.likelihood else "loss"


@dataclass(frozen=True, slots=True)
class FoldFit:
    """The problem of all rows but those of a fold, of which `triangle` has all that least squares needs."""

    problem: Problem
    triangle: Triangle


def spec_of_folds(spec: Spec) -> Spec:
    """The spec of the fits without a fold: the same, and nothing is shown of them."""
    engine = Engine.AUTO if spec.loss.info.squared else spec.engine
    return replace(
        spec,
        stop=StopAt.RULES,
        cv=None,
        cv_by=None,
        holdout=None,
        every="none",
        format=Format.TABLE,
        history=None,
        engine=engine,
        report=False,
        plot=False,
        watch=False,
        check_gradient=False,
    )


def fits_of_squares(problem: Problem, dealt: Dealt) -> Iterator[FoldFit]:
    """Least squares on all rows but those of each fold."""
    assert dealt.folds is not None
    assert problem.squares is not None
    assert problem.data is not None
    spec, device = spec_of_folds(problem.spec), device_of(problem.spec)
    for rest in dealt.folds.without():
        triangle = rest.to(device)
        yield FoldFit(pose_triangle(spec, problem.data, triangle, problem.squares.kept), triangle)


def fits_of_rows(problem: Problem, dealt: Dealt) -> Iterator[FoldFit]:
    """The fits of losses that need every row; of several ranks each has its own."""
    assert problem.data is not None
    # Huber's δ is that of all rows: all folds have one loss.
    spec, dtype, ranks = spec_of_folds(problem.spec), dtype_of(problem.spec), dealt.ranks
    for fold in range(problem.spec.cv or 0):
        kept = KeptRows(dtype)
        others = (rows_where(batch, batch.fold != fold) for batch in dealt.fitted if batch.fold is not None)
        built = build_triangles(kept.passing(others), (dtype,))
        built = merge_ranks(built, 1, len(problem.data.roles.design) + 1, ranks)
        kept.settle(built[0].constants())
        read = TableRead(spec, problem.data, tuple(built), kept, None, ranks, 0.0)
        yield FoldFit(pose_pointwise(read), built[0])


def _fitted(fit: FoldFit, fold: int, folds: int, *, at_minimum: bool) -> tuple[Tensor | None, str]:
    """The weights of a fit in its own coordinates; None, and why, where it has none.

    Least squares that converged by the usual tolerance is taken at its minimum; any other run is run again.
    """
    problem = fit.problem
    if at_minimum and problem.modes is not None:
        return problem.modes.minimiser, ""
    if problem.separation is not None:
        return None, "the classes are separated, and the loss has no minimum"
    plan = plan_descent(problem)
    if problem.squares is not None and plan.engine in READING:
        plan = replace(plan, engine=Engine.TRIANGLE)
    solution = descend(problem, plan, title=f"fold {fold + 1} of {folds}")
    if solution.status in FAULTS:
        return None, f"the run {FAULTS[solution.status]}"
    return solution.w.to(problem.start), ""


def _error(fit: FoldFit, w: Tensor, dealt: Dealt, fold: int) -> float:
    """The error of weights on a fold that they have not seen."""
    problem = fit.problem
    if dealt.folds is not None:
        assert isinstance(problem.units, Coordinates)
        own = dealt.folds.triangles[fold].to(w.device)
        return sqrt(squared_error(own, w, problem.units, fit.triangle) / own.total_weight)
    held = [rows_where(batch, batch.fold == fold) for batch in dealt.fitted if batch.fold is not None]
    return scores_on(problem, w, held, dealt)[score_of(problem.spec)]


def _root_mean(problem: Problem, w: Tensor) -> float:
    sse = problem.objective.sse(w)
    assert sse is not None
    return sqrt(float(sse) * problem.loss_unit / problem.rows)


def scores_on(problem: Problem, w: Tensor, batches: Iterable[Batch], dealt: Dealt) -> dict[str, float]:
    """The figures of weights, (p, 1), on rows of all ranks: means over them, in the user's units."""
    spec, units = problem.spec, problem.units
    if isinstance(units, ClassCoordinates):
        return class_scores_on(problem, w, batches, dealt)
    assert isinstance(units, Coordinates)
    loss, at, weights = loss_before(spec), units.to(HOST), w.to(HOST, torch.float64)
    classes = "accuracy" in loss.means
    names = ("deviance", "accuracy") if spec.loss.info.likelihood or classes else ("rmse", "mae")
    sums = torch.zeros(4, dtype=torch.float64, device=HOST)
    for batch in batches:
        values = from_numpy(batch.values).to(torch.float64)
        omega = torch.ones_like(values[:, 0]) if batch.weight is None else from_numpy(batch.weight).to(torch.float64)
        there = omega > 0.0
        y, z = _target(batch, values)[there], (values[there, :-1] - at.centre) / at.scale @ weights[: at.n]
        z = at.target_scale * (z + weights[at.n :] if at.intercept else z) + at.target_centre
        figures = (torch.ones_like(z), loss.loss_and_slope(z, y)[0], *_figures(loss, z, y, names))
        sums += torch.stack([(omega[there, None] * one).sum() for one in figures])
    total, *found = torch.stack(dealt.ranks.gather(sums)).sum(dim=0).tolist()
    named = dict(zip(("loss", *names), (one / total for one in found), strict=True))
    if "rmse" in named:
        return named | {"rmse": sqrt(named["rmse"])}
    kept = ("loss", *(["deviance"] if spec.loss.info.likelihood else []), *(["accuracy"] if classes else []))
    return {name: named[name] for name in kept}


def _target(batch: Batch, values: Tensor) -> Tensor:
    """The target of rows, (h, 1), with their offset, (h, 2), where the loss takes one."""
    offset = None if batch.offset is None else from_numpy(batch.offset).to(torch.float64)[:, None]
    return values[:, -1:] if offset is None else torch.cat([values[:, -1:], offset], dim=1)


def class_scores_on(problem: Problem, w: Tensor, batches: Iterable[Batch], dealt: Dealt) -> dict[str, float]:
    """The same of several classes; a class weighs what its rows do, whatever the fit was told."""
    units, data = problem.units, problem.data
    assert isinstance(units, ClassCoordinates) and data is not None and data.classes is not None
    loss, user = Softmax(units.classes), problem.units.to_user(w).to(HOST, torch.float64)
    weights = user.reshape(units.classes, units.own.p).mT
    sums = torch.zeros(3, dtype=torch.float64, device=HOST)
    for batch in batches:
        values = from_numpy(batch.values).to(torch.float64)
        omega = torch.ones_like(values[:, 0]) if batch.weight is None else from_numpy(batch.weight).to(torch.float64)
        y = codes_of(values[:, -1:], data.classes)
        cells = values[:, :-1]
        z = cells @ weights[: units.own.n] + (weights[units.own.n :] if units.own.intercept else 0.0)
        right, losses = loss.score(z, y)
        sums += torch.stack([(omega[:, None] * one).sum() for one in (torch.ones_like(losses), losses, right)])
    total, lost, right_ones = torch.stack(dealt.ranks.gather(sums)).sum(dim=0).tolist()
    return {"loss": lost / total, "deviance": 2.0 * lost / total, "accuracy": right_ones / total}


def _figures(loss: PointwiseLoss, z: Tensor, y: Tensor, names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """What the figures of these names average, row by row: 0 for one that there is not, squares for a root of them."""
    if "rmse" in names:
        return (z - y).square(), (z - y).abs()
    # Where the likelihood of a perfect prediction is 1, minus its logarithm doubled is the deviance.
    known = dict(zip((*loss.means, *loss.sums, *loss.counts), loss.score(z, y), strict=True))
    deviance = known.get("deviance", 2.0 * loss.loss_and_slope(z, y)[0])
    return deviance, known.get("accuracy", torch.zeros_like(z))


def _has_rules(spec: Spec) -> bool:
    """True where a run converges when it was told to, and not at the minimum."""
    return spec.tol is not None or bool(spec.loss_tol) or bool(spec.grad_tol)


def rows_of_folds(problem: Problem, dealt: Dealt) -> tuple[int, ...]:
    """The rows of each fold, those of a weight above 0.

    Raises:
        DataError: a fold without rows.
    """
    if dealt.folds is not None:
        return dealt.folds.rows
    counts = torch.zeros(problem.spec.cv or 0, dtype=torch.int64, device="cpu")
    for batch in dealt.fitted:
        assert batch.fold is not None
        there = batch.fold if batch.weight is None else batch.fold[batch.weight > 0.0]
        counts += torch.bincount(from_numpy(there), minlength=len(counts))
    found = [int(rows) for rows in torch.stack(dealt.ranks.gather(counts)).sum(dim=0).tolist()]
    require_rows(found, problem.spec, problem.data.source[0] if problem.data else "inline")
    return tuple(found)
