"""The minimisers of a least-squares problem, to the digits that its conditioning allows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.triangle import EPSILON


@dataclass(frozen=True, slots=True)
class Minimisers:
    """All w with least value: `point` + span(`null`), in the user's units.

    Shapes: `point` is (p, 1), `null` is (p, p − rank).
    """

    point: Tensor
    null: Tensor

    @property
    def rank(self) -> int:
        """The rank of the problem; p where the minimiser is unique."""
        return self.null.shape[0] - self.null.shape[1]

    def nearest_to(self, start: Tensor, coordinates: Coordinates) -> Tensor:
        """The minimiser, in `coordinates`, that descent from `start`, (p, 1), runs to.

        Gradients have no part in the null space, so that it is `start`'s projection; from zero, the minimum norm.
        """
        point = coordinates.from_user(self.point)
        if self.null.shape[1] == 0:
            return point
        null, _ = torch.linalg.qr(
            coordinates.from_user(self.null) - coordinates.from_user(torch.zeros_like(self.point))
        )
        nearest: Tensor = point - null @ (null.mT @ (point - start))
        return nearest


def find_minimisers(quadratic: Quadratic, coordinates: Coordinates, rounding: float) -> Minimisers:
    """Solve min ‖[B; P]w − [b; q]‖², given in standardised `coordinates`, by singular values.

    Columns are brought to equal length first, so that neither rank nor accuracy depends on units. σᵢ counts above
    4·(p·ε + `rounding`)·σ_max, where `rounding` is the relative error that storing the cells leaves in a column.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.5.
    """
    stacked, target = quadratic.stacked()
    lengths = stacked.norm(dim=0)
    lengths = torch.where(lengths > 0, lengths, 1.0)[:, None]
    left, singular, right = torch.linalg.svd(stacked / lengths.mT, full_matrices=False)
    rank = int((singular > 4.0 * (quadratic.p * EPSILON + rounding) * singular[:1]).sum())
    along = right[:rank].mT
    point = along @ ((left[:, :rank].mT @ target) / singular[:rank, None]) / lengths
    # The row space completed to an orthonormal basis: what is added is the null space.
    across = torch.linalg.qr(along, mode="complete").Q[:, rank:]
    null = coordinates.to_user(across / lengths) - coordinates.offset()
    return Minimisers(coordinates.to_user(point), null)
