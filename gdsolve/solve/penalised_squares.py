"""Least squares on a triangle along a path of penalties, and the errors of the fits without one fold each."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.folds import Folds, squared_errors
from gdsolve.objective.losses import LOSSES
from gdsolve.objective.penalty_path import PenaltyPath, Strengths
from gdsolve.objective.threads import share_among_cores
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.squares import penalised_coordinates, ridge_of, shrinkage_of
from gdsolve.spec import Spec


@dataclass(frozen=True, slots=True)
class PenalisedSquares:
    """½SSE + λ₁‖w‖₁ + λ₂/2·‖w‖² on the rows of a triangle, for many λ₁ and λ₂ in the user's units.

    `unit` is what a value of `path` counts for in the loss of the spec.
    """

    triangle: Triangle
    coordinates: Coordinates
    path: PenaltyPath
    unit: float

    @classmethod
    def of(cls, spec: Spec, triangle: Triangle) -> PenalisedSquares:
        """The rows of a triangle, in the coordinates that round least; the penalties of `spec` are not looked at."""
        asked = replace(spec, l1=1.0, ridge=1.0)
        standard = triangle.standardised(intercept=not spec.no_intercept)
        coordinates = penalised_coordinates(asked, triangle, standard)
        design, target = triangle.in_coordinates(coordinates)
        shrinkage = shrinkage_of(asked, coordinates, triangle, 1.0)
        assert shrinkage is not None
        ridge = ridge_of(asked, coordinates, triangle).gram_diagonal()
        path = PenaltyPath.of(design, target, shrinkage.thresholds[:, 0], ridge)
        unit = LOSSES[spec.loss].curvature_scale(triangle.total_weight) * coordinates.target_scale**2
        return cls(triangle, coordinates, path, unit)

    def minimisers(self, strengths: Sequence[Strengths]) -> Tensor:
        """The minimisers, (p, q), in `coordinates`."""
        return self.path.minimisers(strengths)

    def user_weights(self, weights: Tensor) -> Tensor:
        """Minimisers, (p, q), in the user's units."""
        return self.coordinates.to_user(weights)

    def sse(self, weights: Tensor, held: Triangle | None = None) -> Tensor:
        """The SSE of minimisers, (q,), on these rows, or on those of another triangle."""
        return squared_errors(held or self.triangle, weights, self.coordinates, self.triangle)

    def scores(self, weights: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """The RMSE and R² of minimisers, (q,) each."""
        sse = self.sse(weights).numpy()
        total = self.triangle.total_sum_of_squares(intercept=self.coordinates.intercept)
        return np.sqrt(sse / self.triangle.total_weight), 1.0 - sse / total

    def losses(self, strengths: Sequence[Strengths], weights: Tensor) -> np.ndarray:
        """The losses of minimisers, penalties included, (q,)."""
        path = self.path
        values = [
            path.net.value(weights[:, place : place + 1], l1 * path.l1, ridge * path.l2)
            for place, (l1, ridge) in enumerate(strengths)
        ]
        return self.unit * np.array(values)

    def gaps(self, strengths: Sequence[Strengths], weights: Tensor) -> np.ndarray:
        """How far minimisers may be from the least loss, (q,)."""
        return self.unit * np.array(self.path.gaps(strengths, weights))


def fold_errors_of_squares(spec: Spec, folds: Folds, strengths: Sequence[Strengths]) -> np.ndarray:
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
            errors = fit.sse(fit.minimisers(strengths), held) / held.total_weight
            found[fold] = errors.sqrt().numpy()

    share_among_cores(pending, work)
    return found
