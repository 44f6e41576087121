"""The squared losses, told apart by their curvature scale alone."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec import Loss


@dataclass(frozen=True, slots=True)
class SquaredLoss:
    """A loss c/2·‖Xw − y‖², where the curvature scale c is `factor`, divided by m for a mean.

    Value, gradient c·Xᵀ(Xw − y) and largest curvature c·σ²_max(X) all follow from c, so that they cannot disagree.
    With row weights, m is their sum Σω.
    Source: docs/design.md, section 2, "The table of losses".
    """

    factor: float
    mean: bool

    def curvature_scale(self, total_weight: float) -> float:
        """c for a data set whose row weights sum to `total_weight` (m without weights)."""
        return self.factor / total_weight if self.mean else self.factor


LOSSES: dict[Loss, SquaredLoss] = {
    Loss.HALF_MSE: SquaredLoss(1.0, mean=True),
    Loss.MSE: SquaredLoss(2.0, mean=True),
    Loss.SSE: SquaredLoss(2.0, mean=False),
}
