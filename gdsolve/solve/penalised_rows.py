"""A loss that is no square along a path of penalties: every minimum by Newton's method, from the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.class_coordinates import ClassCoordinates
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.elastic_net import ElasticNet
from gdsolve.objective.penalty_path import PenaltyPath, Strengths
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.rank import EPSILON
from gdsolve.objective.shrinkage import Shrinkage
from gdsolve.objective.softmax import SoftmaxRows, free_shifts
from gdsolve.progress import Descending, listener
from gdsolve.solve.dealt import Dealt, rows_where
from gdsolve.solve.l1 import as_squares, proof
from gdsolve.solve.minimum import Minimum
from gdsolve.solve.problem import Problem
from gdsolve.solve.squares import ridge_of, shrinkage_of
from gdsolve.solve.validate import fits_of_rows, score_of, scores_on
from gdsolve.solve.words import another_target
from gdsolve.status import DataError

# A penalty that no weight stands.
HUGE = 1e100
MOST_STEPS = 500
# Of the weights: after a step of Newton's method of this size, or two that no loss tells, what is left is its square.
CLOSE = 1e-8
# Of the loss: what rounding may add. Of a step: how often it is halved.
ROUNDING = 1e-14
MOST_HALVES = 40


def with_strengths(problem: Problem, strengths: Strengths) -> Problem:
    """A problem of rows with other penalties: no row is looked at."""
    spec = replace(problem.spec, l1=strengths[0], ridge=strengths[1])
    units, triangle, own = problem.units, problem.triangle, problem.objective
    assert isinstance(units, Coordinates | ClassCoordinates)
    assert isinstance(own, PointwiseRows | SoftmaxRows)
    assert triangle is not None
    whole, count = (units.own, units.classes) if isinstance(units, ClassCoordinates) else (units, 1)
    at = whole.to(triangle.factor.device)
    penalty = ridge_of(spec, at, triangle).to(problem.start.dtype, problem.start.device)
    objective: PointwiseRows | SoftmaxRows = (
        replace(own, penalty=penalty, shifts=free_shifts(penalty, at.p))
        if isinstance(own, SoftmaxRows)
        else replace(own, penalty=penalty)
    )
    shrinkage = shrinkage_of(spec, at, triangle, 1.0 / problem.rows)
    return replace(
        problem,
        spec=spec,
        objective=objective,
        shrinkage=None if shrinkage is None else shrinkage.repeated(count).to(problem.start),
    )


@dataclass(frozen=True, slots=True)
class PenalisedRows:
    """Loss + 1/M·(λ₁‖w‖₁ + λ₂/2·‖w‖²) on the rows of a problem, for many λ₁ and λ₂ in the user's units.

    `null`, (p, 1), has zeros for all penalised weights and the best of the others; `path` is that of the quadratic
    model there, whose slopes are the loss's own: it tells where the path begins.
    """

    problem: Problem
    null: Tensor
    path: PenaltyPath

    @classmethod
    def of(cls, problem: Problem, fold: int | None = None) -> PenalisedRows:
        """The rows of a problem, whose own penalties are not looked at; they may be those without a `fold`.

        Raises:
            DataError: one class, or counts of 0, alone.
        """
        free, unit = with_strengths(problem, (0.0, 0.0)), with_strengths(problem, (1.0, 1.0))
        assert unit.shrinkage is not None
        thresholds = unit.shrinkage.thresholds
        whole = replace(free, shrinkage=Shrinkage(HUGE * thresholds))
        null = _minimise(whole, torch.zeros_like(problem.start))
        if null is None:
            raise _without_null(problem, fold)
        gradient = free.objective.evaluate(null).gradient
        design, moved = as_squares(_Curvature(free).at(null), gradient.to("cpu", torch.float64))
        target = design @ null.to(design) - moved
        l2 = unit.objective.penalty.gram_diagonal() / problem.rows  # type: ignore[attr-defined]
        l2 = l2.repeat(len(thresholds) // len(l2))
        if isinstance(problem.units, ClassCoordinates):
            # Of several classes the intercepts alone are free of a penalty.
            free = replace(free, units=problem.units.penalised(intercepts=not problem.spec.penalize_intercept))
        return cls(free, null, PenaltyPath.of(design, target, thresholds[:, 0].to(design), l2.to(design)))

    def minimisers(self, strengths: Sequence[Strengths], title: str = "path") -> Tensor:
        """The minimisers, (p, q), in descent's coordinates; whoever listens is told, under a title, how many there are.

        Raises:
            DataError: no minimum was found.
        """
        near, found = self.null, list[Tensor]()
        try:
            for one in strengths:
                listener().tell(Descending(title, len(found), None, None, len(strengths)))
                near = _found(_minimise(self._at(one), near), one, self.problem)
                found.append(near)
        finally:
            listener().done()
        return torch.cat(found, dim=1)

    def losses(self, strengths: Sequence[Strengths], weights: Tensor) -> np.ndarray:
        """The losses of minimisers, penalties included, (q,), in the user's units."""
        return self.problem.loss_unit * np.array(
            [float(self._at(one).bounded.evaluate(w).value) for one, w in zip(strengths, _apart(weights), strict=True)]
        )

    def gaps(self, strengths: Sequence[Strengths], weights: Tensor) -> np.ndarray:
        """How far minimisers may be from the least loss, (q,), in the user's units."""
        found = []
        for one, w in zip(strengths, _apart(weights), strict=True):
            problem = self._at(one)
            minimum = Minimum(w, float(problem.bounded.evaluate(w).value), None, None, unique=True, is_global=True)
            found.append(proof(problem, w, minimum))
        return self.problem.loss_unit * np.array(found)

    def scores(self, weights: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """What minimisers are scored by on these rows, (q,), and the part of that of `null` which they explain."""
        found = np.array([self._score(w) for w in _apart(weights)])
        return found, 1.0 - found / self._score(self.null)

    def _score(self, w: Tensor) -> float:
        own = self.problem.objective
        assert isinstance(own, PointwiseRows | SoftmaxRows)
        if score_of(self.problem.spec) != "deviance":
            return self.problem.loss_unit * float(own.evaluate(w).value)
        there = own.scores(w)
        return float(2.0 * there["log_loss"] if "log_loss" in there else there["deviance"] / self.problem.rows)

    def user_weights(self, weights: Tensor) -> Tensor:
        """Minimisers, (p, q), in the user's units."""
        return self.problem.units.to_user(weights)

    def _at(self, strengths: Strengths) -> Problem:
        problem = with_strengths(self.problem, strengths)
        if problem.shrinkage is None:
            problem = replace(problem, shrinkage=Shrinkage(torch.zeros_like(problem.start)))
        return problem


def fold_scores_of_rows(problem: Problem, dealt: Dealt, strengths: Sequence[Strengths]) -> np.ndarray:
    """What the fits without each of K folds are scored by on it, (K, q): each fold at the same λ as all rows."""
    name, found = score_of(problem.spec), []
    for fold, fit in enumerate(fits_of_rows(problem, dealt)):
        held = [rows_where(batch, batch.fold == fold) for batch in dealt.fitted if batch.fold is not None]
        title = f"path without fold {fold + 1} of {problem.spec.cv}"
        weights = PenalisedRows.of(fit.problem, fold).minimisers(strengths, title)
        found.append([scores_on(fit.problem, w, held, dealt)[name] for w in _apart(weights)])
    return np.array(found)


@dataclass(slots=True)
class _Curvature:
    """The Hessian of a problem, (p, p), or a bound on all of them where it has lost directions that there are.

    A loss that grows linearly has no curvature in rows that are far off: where few others are left, a Newton step
    knows no bounds. That to the minimum of the bound never raises the loss.
    """

    problem: Problem
    bound: Tensor | None = None

    def at(self, w: Tensor) -> Tensor:
        own = self.problem.objective
        assert isinstance(own, PointwiseRows | SoftmaxRows)
        hessian: Tensor = own.hessian(w).to("cpu", torch.float64)  # type: ignore[union-attr]
        if not own.loss.of_residual:
            return hessian
        if self.bound is None:
            self.bound = own.bounding_matrix()
        if self.bound is None:
            return hessian
        bound: Tensor = self.bound.to("cpu")
        roots = bound.diagonal().sqrt()
        roots = torch.where(roots > 0.0, roots, 1.0)
        ranks = [
            int(torch.linalg.matrix_rank(one / roots / roots[:, None], hermitian=True)) for one in (hessian, bound)
        ]
        return hessian if ranks[0] >= ranks[1] else bound


def _minimise(problem: Problem, w: Tensor) -> Tensor | None:
    """The minimiser by steps to that of the quadratic model with the penalty; None where there are too many of them.

    Source: Lee, Sun and Saunders (2014), Proximal Newton-type methods for minimizing composite functions.
    """
    objective, shrinkage, curvature = problem.bounded, problem.shrinkage, _Curvature(problem)
    assert shrinkage is not None
    value, level = float(objective.evaluate(w).value), 0
    for _ in range(MOST_STEPS):
        ahead = _model_minimiser(problem, curvature.at(w), w, shrinkage)
        if ahead is None:
            return None
        size = float((ahead - w).abs().amax())
        share = 1.0
        for _ in range(MOST_HALVES):
            tried = ahead if share == 1.0 else w + share * (ahead - w)
            after = float(objective.evaluate(tried).value)
            if after <= value + ROUNDING * abs(value):
                break
            share *= 0.5
        else:
            return w
        level += abs(after - value) <= EPSILON * abs(value)
        w, value = tried, after
        if share == 1.0 and (level > 1 or size <= CLOSE * float(ahead.abs().amax())):
            return w
    return None


def _model_minimiser(problem: Problem, matrix: Tensor, w: Tensor, shrinkage: Shrinkage) -> Tensor | None:
    """argmin over v of ∇L·(v − w) + ½(v − w)ᵀH(v − w) + Σ τ|v|, with `matrix` as H; None where it is not finite."""
    gradient = problem.objective.evaluate(w).gradient.to("cpu", torch.float64)
    if not bool(torch.isfinite(matrix).all()) or not bool(torch.isfinite(gradient).all()):
        return None
    design, moved = as_squares(matrix, gradient)
    thresholds, near = shrinkage.thresholds[:, 0].to(design), w.to(design)
    net = ElasticNet.of(design, design @ near - moved, thresholds == 0.0)
    return net.minimiser(thresholds, torch.zeros_like(thresholds), near).to(w)


def _apart(weights: Tensor) -> list[Tensor]:
    return [weights[:, place : place + 1] for place in range(weights.shape[1])]


def _without_null(problem: Problem, fold: int | None) -> DataError:
    """That the target says nothing: with no weight the intercept runs away."""
    data = problem.data
    assert data is not None
    source, target = data.source[0] if data.source else "inline", data.roles.target
    if fold is None:
        return DataError(
            f"{source}: {target!r} has one value alone, so that the intercept has no best one",
            another_target(problem.spec),
            about=("target",),
        )
    return DataError(
        f"{source}: without fold {fold + 1}, {target!r} has one value alone, so that the intercept has no best one",
        "leave --cv out",
        about=("cv",),
    )


def _found(w: Tensor | None, strengths: Strengths, problem: Problem) -> Tensor:
    if w is None:
        source = problem.data.source[0] if problem.data and problem.data.source else "inline"
        at = " and ".join(
            f"{name} {value:.6g}" for name, value in zip(("l1", "ridge"), strengths, strict=True) if value
        )
        raise DataError(
            f"{source}: Newton's method finds no minimum at {at}",
            "look for columns that are far larger than others with gdsolve check",
        )
    return w
