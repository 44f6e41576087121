"""The minimisers of a least-squares problem, to the digits that its conditioning allows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.rank import numerical_rank
from gdsolve.objective.singular import Singular
from gdsolve.objective.wide import Ridge, RowSpace, is_wide, outweighs_rounding

# Columns whose lengths differ by less are as good as equal.
SAME_LENGTH = 1e-6


@dataclass(frozen=True, slots=True)
class Minimisers:
    """All w with least value: `point` + span(`null`), in the user's units; `rank` is p where there is one alone.

    `known` has the singular values that told, of columns brought to equal length, or the span of the rows of a table
    with ridge that is wider than long. The null space of a wide table is told by its `row_space` instead.
    Shapes: `point` is (p, 1), `null` is (p, p − rank).
    """

    point: Tensor
    rank: int
    known: Singular | Ridge
    null: Tensor | None = None
    row_space: RowSpace | None = None

    def nearest_to(self, start: Tensor, coordinates: Coordinates) -> Tensor:
        """The minimiser, in `coordinates`, that descent from `start`, (p, 1), runs to.

        Gradients have no part in the null space, so that it is `start`'s projection; from zero, the minimum norm.
        """
        if self.row_space is not None:
            return self.row_space.nearest_to(start, coordinates)
        point = coordinates.from_user(self.point)
        if self.null is None:
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
    if is_wide(quadratic):
        if outweighs_rounding(quadratic):
            ridge, solved = Ridge.solve(quadratic)
            return Minimisers(coordinates.to_user(solved), quadratic.p, ridge)
        quadratic = quadratic.unpenalised()
    stacked, target = quadratic.stacked()
    lengths = _lengths(stacked)[:, None]
    singular = Singular.of(stacked / lengths.mT)
    rank = int(numerical_rank(singular.values, singular.right, errors))
    left, along = singular.left[:, :rank], singular.right[:, :rank]
    point = coordinates.to_user(along @ ((left.mT @ target) / singular.values[:rank, None]) / lengths)
    if rank == quadratic.p:
        return Minimisers(point, rank, singular)
    if len(stacked) < quadratic.p:
        return Minimisers(point, rank, singular, row_space=RowSpace(coordinates, stacked, target, left))
    # The row space completed to an orthonormal basis: what is added is the null space.
    across = torch.linalg.qr(along, mode="complete").Q[:, rank:]
    return Minimisers(point, rank, singular, null=coordinates.linear().to_user(across / lengths))


def _lengths(columns: Tensor) -> Tensor:
    """What to divide columns (r, p) by for equal lengths, (p,): 1 where that is what they have, or are zero."""
    lengths = columns.norm(dim=0)
    longest = lengths.amax() if len(lengths) else 1.0
    equal = (lengths == 0) | ((lengths - longest).abs() <= SAME_LENGTH * longest)
    return torch.ones_like(lengths) if bool(equal.all()) else torch.where(lengths > 0, lengths, 1.0)
