"""All minimisers along a path of penalties of a problem that is posed, and the model at one of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gdsolve.objective.penalty_path import Strengths
from gdsolve.objective.threads import one_thread
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.outcome import Fit
from gdsolve.solve.penalised_rows import PenalisedRows, fold_scores_of_rows, with_strengths
from gdsolve.solve.penalised_squares import PenalisedSquares, fold_errors_of_squares
from gdsolve.solve.penalties import Mix, span_of
from gdsolve.solve.problem import Problem
from gdsolve.solve.regularization_path import FoldErrors, RegularizationPath
from gdsolve.solve.squares import pose_triangle
from gdsolve.solve.validate import rows_of_folds, score_of
from gdsolve.solve.validation import Validation
from gdsolve.solve.words import another_target
from gdsolve.spec.choices import Select
from gdsolve.spec.command import Command
from gdsolve.status import DataError

Fitting = Callable[[Problem, Command, float], Fit]
"""What descends on a problem, for a command, begun at a time."""

SMALL = 200_000
"""Numbers of rows that are not worth sharing among threads."""


def find_path(problem: Problem, mix: Mix, points: int, fit: Fitting | None = None) -> RegularizationPath:
    """The path of `mix` in so many points; folds are those of the problem. `fit` is what makes a model of one of them.

    Raises:
        DataError: a target that no column explains, so that every λ gives the same.
    """
    assert problem.data is not None
    spec, data, squared = problem.spec, problem.data, problem.squares is not None
    began = time.perf_counter()
    small = squared or problem.objective.step_elements <= SMALL
    with one_thread() if small else nullcontext():
        rows = _penalised(problem)
        span = span_of(rows.path, _triangle(problem), mix)
        if span is None:
            raise DataError(
                f"{data.source[0] if data.source else 'inline'}: no column explains anything of "
                f"{data.roles.target!r}: all weights are zero with any penalty",
                another_target(spec),
            )
        lambdas = span.strengths(points)
        strengths = [mix.at(one) for one in lambdas]
        found = rows.minimisers(strengths)
        scores, explained = rows.scores(found)
        losses, gaps = rows.losses(strengths, found), rows.gaps(strengths, found)
        user = rows.user_weights(found).cpu().numpy()
        ridge = squared and not (mix.l1_share or mix.l1)
        freedom = np.array([rows.path.freedom(one) for _, one in strengths]) if ridge else None
    # Folds of squares have a thread each.
    with one_thread() if small and not squared else nullcontext():
        folds = _folds(problem, strengths)

    def refit(place: int) -> Fit:
        assert fit is not None
        return fit_at(fit, problem, strengths[place], float(scores[place]), folds, place)

    return RegularizationPath(
        spec=spec,
        data=data,
        names=tuple(problem.labels),
        lambdas=np.array(lambdas),
        l1=np.array([l1 for l1, _ in strengths]),
        ridge=np.array([ridge for _, ridge in strengths]),
        weights=user[: len(problem.labels)].T.copy(),
        intercepts=user[-1].copy() if problem.intercept else None,
        score=score_of(spec),
        scores=scores,
        explained=explained,
        rows=problem.rows,
        losses=losses,
        duality_gaps=gaps,
        freedom=freedom,
        folds=folds,
        refit=refit,
        seconds={"read": problem.seconds, "path": time.perf_counter() - began},
    )


def _penalised(problem: Problem) -> PenalisedSquares | PenalisedRows:
    if problem.squares is None:
        return PenalisedRows.of(problem)
    return PenalisedSquares.of(problem.spec, _triangle(problem))


def _triangle(problem: Problem) -> Triangle:
    assert problem.triangle is not None
    return problem.triangle.to(torch.device("cpu"))


def _folds(problem: Problem, strengths: Sequence[Strengths]) -> FoldErrors | None:
    """The errors over folds, where rows are dealt."""
    spec, dealt = problem.spec, problem.dealt
    if dealt is None or spec.cv is None:
        return None
    if dealt.folds is not None:
        scores = fold_errors_of_squares(spec, dealt.folds, strengths)
    else:
        scores = fold_scores_of_rows(problem, dealt, strengths)
    return FoldErrors(scores, rows_of_folds(problem, dealt), spec.seed, spec.cv_by)


def fit_at(
    fit: Fitting, problem: Problem, strengths: Strengths, own: float, folds: FoldErrors | None, place: int
) -> Fit:
    """What `fit` gives at one point of a path: descended to, and certified; validated by the folds of the path."""
    spec = replace(problem.spec, l1=strengths[0], ridge=strengths[1], plot=False)
    spec = replace(spec, cv=None, cv_by=None, select=Select.NONE)
    posed = replace(at_strengths(problem, strengths), dealt=None)
    found = fit(replace(posed, spec=spec), Command("fit", spec.data), time.perf_counter())
    asked = replace(found.spec, cv=problem.spec.cv, cv_by=problem.spec.cv_by)
    if folds is None:
        return replace(found, spec=asked)
    scores = tuple(folds.scores[:, place].tolist())
    validation = Validation(folds.seed, folds.by, score_of(asked), own, scores, folds.rows)
    return replace(found, spec=asked, validation=validation)


def at_strengths(problem: Problem, strengths: Strengths) -> Problem:
    """The same problem with other penalties."""
    squares, data = problem.squares, problem.data
    if squares is None:
        posed = with_strengths(problem, strengths)
        return replace(posed, bound=posed.objective.curvature_bound())  # type: ignore[attr-defined]
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
