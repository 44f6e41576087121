"""All minimisers along a path of penalties of a problem that is posed, and the model at one of them."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gdsolve.objective.losses import LOSSES
from gdsolve.objective.penalty_path import Strengths
from gdsolve.objective.threads import one_thread
from gdsolve.solve.fit_problem import fit_problem
from gdsolve.solve.outcome import Fit
from gdsolve.solve.penalised import PenalisedSquares, fold_errors
from gdsolve.solve.penalties import Mix, span_of
from gdsolve.solve.problem import Problem
from gdsolve.solve.regularization_path import FoldErrors, RegularizationPath
from gdsolve.solve.squares import pose_triangle
from gdsolve.solve.validation import Validation
from gdsolve.spec.choices import Select
from gdsolve.spec.command import Command
from gdsolve.status import DataError


def find_path(problem: Problem, mix: Mix, points: int) -> RegularizationPath:
    """The path of `mix` in so many points; folds are those of the problem.

    Raises:
        DataError: a target that no column explains, so that every λ gives the same.
    """
    assert problem.squares is not None
    assert problem.data is not None
    spec, data, triangle = problem.spec, problem.data, problem.squares.triangle.to(torch.device("cpu"))
    began = time.perf_counter()
    with one_thread():
        rows = PenalisedSquares.of(spec, triangle)
        span = span_of(rows.path, triangle, mix)
        if span is None:
            raise DataError(
                f"{data.source[0] if data.source else 'inline'}: no column explains anything of "
                f"{data.roles.target!r}: all weights are zero with any penalty",
                "gdsolve check tells what is in the columns; name another target with --target",
            )
        lambdas = span.strengths(points)
        strengths = [mix.at(one) for one in lambdas]
        found = rows.path.minimisers(strengths)
        scale = LOSSES[spec.loss].curvature_scale(triangle.total_weight)
        losses, gaps = scale * rows.losses(strengths, found), scale * rows.gaps(strengths, found)
        sse = rows.sse(found).numpy()
        user = rows.user_weights(found).numpy()
        freedom = None if mix.l1_share or mix.l1 else np.array([rows.path.freedom(ridge) for _, ridge in strengths])
    folds = None
    if problem.dealt is not None and problem.dealt.folds is not None:
        dealt = problem.dealt.folds
        folds = FoldErrors(fold_errors(spec, dealt, strengths), dealt.rows, spec.seed, spec.cv_by)
    total = triangle.total_sum_of_squares(intercept=problem.intercept)

    def refit(place: int) -> Fit:
        return fit_at(problem, strengths[place], folds, place)

    return RegularizationPath(
        spec=spec,
        data=data,
        names=tuple(data.roles.design),
        lambdas=np.array(lambdas),
        l1=np.array([l1 for l1, _ in strengths]),
        ridge=np.array([ridge for _, ridge in strengths]),
        weights=user[: triangle.n].T.copy(),
        intercepts=user[-1].copy() if problem.intercept else None,
        sse=sse,
        rmse=np.sqrt(sse / triangle.total_weight),
        r2=1.0 - sse / total,
        losses=losses,
        duality_gaps=gaps,
        freedom=freedom,
        folds=folds,
        refit=refit,
        seconds={"read": problem.seconds, "path": time.perf_counter() - began},
    )


def fit_at(problem: Problem, strengths: Strengths, folds: FoldErrors | None, place: int) -> Fit:
    """What `fit` gives at one point of a path: descended to, and certified; validated by the folds of the path."""
    spec = replace(problem.spec, l1=strengths[0], ridge=strengths[1], plot=False)
    spec = replace(spec, cv=None, cv_by=None, select=Select.NONE)
    posed = replace(at_strengths(problem, strengths), dealt=None)
    found = fit_problem(replace(posed, spec=spec), Command("fit", spec.data), time.perf_counter())
    asked = replace(found.spec, cv=problem.spec.cv, cv_by=problem.spec.cv_by)
    if folds is None:
        return replace(found, spec=asked)
    scores = tuple(folds.scores[:, place].tolist())
    validation = Validation(folds.seed, folds.by, "rmse", found.figures.rmse, scores, folds.rows)
    return replace(found, spec=asked, validation=validation)


def at_strengths(problem: Problem, strengths: Strengths) -> Problem:
    """The same problem with other penalties."""
    squares, data = problem.squares, problem.data
    assert squares is not None
    assert data is not None
    spec = replace(problem.spec, l1=strengths[0], ridge=strengths[1])
    posed = pose_triangle(spec, data, squares.triangle, squares.kept)
    assert posed.squares is not None
    kept = replace(posed.squares, ranks=squares.ranks, sandwich=squares.sandwich)
    return replace(posed, squares=kept, seconds=problem.seconds, sample=problem.sample, dealt=problem.dealt)


def typed_back(command: Command, path: RegularizationPath, place: int) -> str:
    """The command that fits at one point of a path."""
    l1, ridge = float(path.l1[place]), float(path.ridge[place])
    changes: dict[str, Any] = {name: value for name, value in (("l1", l1), ("ridge", ridge)) if value}
    left = dict.fromkeys(("l1_ratio", "points", "select", "format", "save"))
    return command.but("fit", **left, **changes)
