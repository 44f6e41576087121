"""Least squares on a triangle along a path of penalties, and the errors of the fits without one fold each."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.folds import Folds, squared_errors
from gdsolve.objective.penalty_path import PenaltyPath, Strengths
from gdsolve.objective.threads import share_among_cores
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.squares import penalised_coordinates, ridge_of, shrinkage_of
from gdsolve.spec import Spec


@dataclass(frozen=True, slots=True)
class PenalisedSquares:
    """½SSE + λ₁‖w‖₁ + λ₂/2·‖w‖² on the rows of a triangle, for many λ₁ and λ₂ in the user's units."""

    triangle: Triangle
    coordinates: Coordinates
    path: PenaltyPath

    @classmethod
    def of(cls, spec: Spec, triangle: Triangle) -> PenalisedSquares:
        """The rows of a triangle, in the coordinates that round least; the penalties of `spec` are not looked at."""
        unit = replace(spec, l1=1.0, ridge=1.0)
        standard = triangle.standardised(intercept=not spec.no_intercept)
        coordinates = penalised_coordinates(unit, triangle, standard)
        design, target = triangle.in_coordinates(coordinates)
        shrinkage = shrinkage_of(unit, coordinates, triangle, 1.0)
        assert shrinkage is not None
        ridge = ridge_of(unit, coordinates, triangle).gram_diagonal()
        return cls(triangle, coordinates, PenaltyPath.of(design, target, shrinkage.thresholds[:, 0], ridge))

    def user_weights(self, weights: Tensor) -> Tensor:
        """Minimisers, (p, q), in the user's units."""
        return self.coordinates.to_user(weights)

    def sse(self, weights: Tensor, held: Triangle | None = None) -> Tensor:
        """The SSE of minimisers, (q,), on these rows, or on those of another triangle."""
        return squared_errors(held or self.triangle, weights, self.coordinates, self.triangle)

    def losses(self, strengths: Sequence[Strengths], weights: Tensor) -> np.ndarray:
        """The values of minimisers, penalties included, (q,), on the scale of half of the SSE."""
        path = self.path
        values = [
            path.net.value(weights[:, place : place + 1], l1 * path.l1, ridge * path.l2)
            for place, (l1, ridge) in enumerate(strengths)
        ]
        return self.coordinates.target_scale**2 * np.array(values)

    def gaps(self, strengths: Sequence[Strengths], weights: Tensor) -> np.ndarray:
        """How far minimisers may be from the least of these values, (q,)."""
        return self.coordinates.target_scale**2 * np.array(self.path.gaps(strengths, weights))


def fold_errors(spec: Spec, folds: Folds, strengths: Sequence[Strengths]) -> np.ndarray:
    """The RMSE on each of K folds of the fits without it, (K, q): each fold at the same λ as all rows.

    Folds are shared among threads, one for each core.
    """
    pairs = list(zip(folds.without(), folds.triangles, strict=True))
    found = np.empty((len(pairs), len(strengths)))
    pending = deque(range(len(pairs)))

    def work() -> None:
        while pending:
            try:
                fold = pending.popleft()
            except IndexError:
                return
            rest, held = pairs[fold]
            fit = PenalisedSquares.of(spec, rest)
            errors = fit.sse(fit.path.minimisers(strengths), held) / held.total_weight
            found[fold] = errors.sqrt().numpy()

    share_among_cores(pending, work)
    return found
