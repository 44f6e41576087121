"""The minimisers of a least-squares problem, to the digits that its conditioning allows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.rank import numerical_rank
from gdsolve.objective.singular import Singular

# Columns whose lengths differ by less are as good as equal.
SAME_LENGTH = 1e-6


@dataclass(frozen=True, slots=True)
class Minimisers:
    """All w with least value: `point` + span(`null`), in the user's units.

    `singular` has the singular values that told, of columns brought to equal length.
    Shapes: `point` is (p, 1), `null` is (p, p − rank).
    """

    point: Tensor
    null: Tensor
    singular: Singular

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
        # What moves the point is `null` itself, not its orthonormal basis, which has lost what only the units of the
        # columns set apart: so the point stays a minimiser, whatever its distance.
        null = coordinates.linear().from_user(self.null)
        basis, upper = torch.linalg.qr(null)
        nearest: Tensor = point - null @ torch.linalg.solve_triangular(upper, basis.mT @ (point - start), upper=True)
        return nearest


def find_minimisers(quadratic: Quadratic, coordinates: Coordinates, errors: Tensor) -> Minimisers:
    """Solve min ‖[B; P]w − [b; q]‖², given in standardised `coordinates`, by singular values.

    Columns are brought to equal length first, so that neither rank nor accuracy depends on units; standardised ones
    that nothing penalises are so from the start, and the singular values are those of [B; P] itself. Which count
    `numerical_rank` says, from the `errors`, (p,), that storing the cells leaves in the columns, beside their lengths.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.5.
    """
    stacked, target = quadratic.stacked()
    lengths = _lengths(stacked)[:, None]
    singular = Singular.of(stacked / lengths.mT)
    rank = int(numerical_rank(singular.values, singular.right, errors))
    along = singular.right[:, :rank]
    point = along @ ((singular.left[:, :rank].mT @ target) / singular.values[:rank, None]) / lengths
    null = point[:, :0]
    if rank < quadratic.p:
        # The row space completed to an orthonormal basis: what is added is the null space.
        across = torch.linalg.qr(along, mode="complete").Q[:, rank:]
        null = coordinates.linear().to_user(across / lengths)
    return Minimisers(coordinates.to_user(point), null, singular)


def _lengths(columns: Tensor) -> Tensor:
    """What to divide columns (r, p) by for equal lengths, (p,): 1 where that is what they have, or are zero."""
    lengths = columns.norm(dim=0)
    longest = lengths.amax() if len(lengths) else 1.0
    equal = (lengths == 0) | ((lengths - longest).abs() <= SAME_LENGTH * longest)
    return torch.ones_like(lengths) if bool(equal.all()) else torch.where(lengths > 0, lengths, 1.0)
