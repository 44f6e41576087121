"""Least squares on tables wider than long: all that is known of them lies in the span of their rows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.rank import CERTAIN, EPSILON
from gdsolve.objective.singular import Singular
from gdsolve.objective.threads import threads_for

# Rounds of iterative refinement: each takes the residual as it is, and what rounding left shrinks by ε·condition.
ROUNDS = 3
SPENT = 1e-13


@dataclass(frozen=True, slots=True)
class RowSpace:
    """The rows of a design of fewer rows than columns, in `coordinates`, of which no null space is ever formed.

    Shapes: `design` B is (r, p) and `target` b (r, 1); `left`, (r, rank), has the left singular vectors that count.
    """

    coordinates: Coordinates
    design: Tensor
    target: Tensor
    left: Tensor

    def nearest_to(self, start: Tensor, other: Coordinates) -> Tensor:
        """The minimiser, (p, 1) in `other` coordinates, that is nearest there to `start`.

        w = w₀ + A⁺(Uᵀb − A·w₀) with A = UᵀB in those coordinates, (rank, p), and AᵀA never formed: Aᵀ = Q·R.
        Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.6.2.
        """
        rows = other.rows_of(self.left.mT @ self.design, self.coordinates)
        basis, upper = torch.linalg.qr(rows.mT)
        found = start
        for _ in range(ROUNDS):
            here = self.coordinates.from_user(other.to_user(found))
            missing = self.left.mT @ (self.target - self.design @ here)
            found = found + basis @ torch.linalg.solve_triangular(upper.mT, missing, upper=False)
        return found


@dataclass(frozen=True, slots=True)
class Ridge:
    """A design with a ridge penalty on more columns than it has rows, as what is left of it in the span of its rows.

    With A = G·D⁻¹, G the rows of the design (and of a penalised intercept) and D the diagonal of the penalty, the
    minimiser is D⁻¹u with u = Aᵀr, and r solves (I + AAᵀ)r + h·t = g, hᵀr = 0; t is the weight that D leaves out, if
    there is one, and h its column. Shapes: `basis` Q is (n, r) with orthonormal columns, and Aᵀ = Q·R.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 6.1.4; Higham, Accuracy and Stability of Numerical
    Algorithms, 2nd ed., chapter 12.
    """

    basis: Tensor

    @classmethod
    def solve(cls, quadratic: Quadratic) -> tuple[Ridge, Tensor]:
        """The reduction of `quadratic`, and its minimiser, (p, 1)."""
        n = len(quadratic.penalty.diagonal)
        rows, target = _tied(quadratic)
        scaled, column = rows[:, :n] / quadratic.penalty.diagonal, rows[:, n:]
        with threads_for(4.0 * len(rows) * rows.numel()):
            basis, upper = torch.linalg.qr(scaled.mT)
        identity = torch.eye(len(rows), dtype=rows.dtype, device=rows.device)
        factor = torch.linalg.qr(torch.cat([identity, upper]), mode="r").R
        tilted = torch.cholesky_solve(column, factor, upper=True)
        across = column.mT @ tilted
        residual, constant = torch.zeros_like(target), torch.zeros_like(column[:1].mT)
        for _ in range(ROUNDS):
            missing = target - column @ constant - residual - scaled @ (scaled.mT @ residual)
            change = torch.cholesky_solve(missing, factor, upper=True)
            if len(constant):
                step = (column.mT @ (change + residual)) / across
                constant, change = constant + step, change - tilted @ step
            residual = residual + change
        weights = (scaled.mT @ residual) / quadratic.penalty.diagonal[:, None]
        return cls(basis), torch.cat([weights, constant])


def is_wide(quadratic: Quadratic) -> bool:
    """True where a ridge penalty is on more weights than there are rows, with some to spare."""
    return len(quadratic.penalty.diagonal) > len(quadratic.design) + len(quadratic.penalty.coupled) + 2


def is_even(quadratic: Quadratic) -> bool:
    """True where that penalty has the same size in all coordinates."""
    diagonal = quadratic.penalty.diagonal
    return bool((diagonal - diagonal[0]).abs().amax() <= EPSILON * diagonal[0])


def outweighs_rounding(quadratic: Quadratic) -> bool:
    """True where a ridge penalty, beside the columns of the design, is more than rounding makes of nothing.

    See `numerical_rank`, which would count what is penalised alone, σ = d/length, in the same way.
    """
    lengths = quadratic.lengths()
    lengths = torch.where(lengths > 0.0, lengths, 1.0)
    rows = _tied(quadratic)[0] / lengths
    largest = torch.linalg.eigvalsh(rows @ rows.mT)[-1].clamp(min=0.0).sqrt()
    least = (quadratic.penalty.diagonal / lengths[: len(quadratic.penalty.diagonal)]).amin()
    return bool(least > CERTAIN * quadratic.p * EPSILON * largest)


@dataclass(frozen=True, slots=True)
class RidgeModes:
    """Singular values of [B; P] that descent meets, with their vectors, and the `least` of all.

    Shapes: `left` is (r + n, q), `values` (q,), `right` (p, q).
    """

    left: Tensor
    values: Tensor
    right: Tensor
    least: float


def ridge_modes(quadratic: Quadratic, away: Tensor, known: Ridge | None) -> RidgeModes:
    """The singular values of [B; P] along all that descent moves from `away`, (p, 1), the start less the minimiser.

    All weights that the diagonal penalises have the same d there. Then three parts of the space never mix: the span of
    the rows with the intercept, what `away` has across it, and the rest, where nothing moves and the curvature is d².
    """
    n = len(quadratic.penalty.diagonal)
    rows, _ = _tied(quadratic)
    d = float(quadratic.penalty.diagonal[0])
    basis = row_span(rows[:, :n], away[:n], None if known is None else known.basis)
    q, free = basis.shape[1], quadratic.p - n
    inner = torch.cat([rows[:, :n] @ basis, rows[:, n:]], dim=1)
    shrink = torch.cat([d * torch.eye(q, dtype=rows.dtype, device=rows.device), inner.new_zeros(q, free)], dim=1)
    small = Singular.of(torch.cat([inner, shrink]))
    right = torch.cat([basis @ small.right[:q], small.right[q:]])
    split = len(quadratic.design)
    top = small.left[: len(rows)]
    left = torch.cat([top[:split], basis @ small.left[len(rows) :], top[split:]])
    return RidgeModes(left, small.values, right, min(float(small.values[-1]), d))


def row_span(rows: Tensor, beside: Tensor | None = None, basis: Tensor | None = None) -> Tensor:
    """An orthonormal basis, (n, q), of the span of `rows`, (r, n), unless it is known, and of `beside`, (n, 1)."""
    if basis is None:
        with threads_for(4.0 * len(rows) * rows.numel()):
            basis = torch.linalg.qr(rows.mT).Q
    if beside is None:
        return basis
    over = beside - basis @ (basis.mT @ beside)
    over = over - basis @ (basis.mT @ over)
    length = float(over.norm())
    return torch.cat([basis, over / length], dim=1) if length > SPENT * float(beside.norm()) else basis


def _tied(quadratic: Quadratic) -> tuple[Tensor, Tensor]:
    """The rows that tie columns to each other, the design's and a penalised intercept's, and their targets."""
    penalty = quadratic.penalty
    return torch.cat([quadratic.design, penalty.coupled]), torch.cat([quadratic.target, penalty.aim])
