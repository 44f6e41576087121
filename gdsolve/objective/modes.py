"""The eigenmodes of a quadratic: what is known of a descent before its first step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.rank import EPSILON
from gdsolve.objective.singular import Singular
from gdsolve.objective.spectrum import GRADED, Spectrum
from gdsolve.objective.wide import Ridge, is_even, is_wide, ridge_modes


@dataclass(frozen=True, slots=True)
class Modes:
    """A quadratic in the eigenvectors of its Hessian, those along which descent moves.

    Shapes: `eigenvalues` is (r,), largest first, all above rank tolerance; `left` is (rows, r) and `right` (p, r), the
    singular vectors of [B; P]; `minimiser` is (p, 1), the one that descent reaches from where it starts.
    """

    quadratic: Quadratic
    eigenvalues: Tensor
    left: Tensor
    right: Tensor
    minimiser: Tensor
    spectrum: Spectrum

    @property
    def unique(self) -> bool:
        """True where the minimiser is the only one."""
        return self.spectrum.rank == self.quadratic.p

    def gradient_at(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient at `w`, (p, 1), in the eigenbasis and its rounding error, both (r,).

        c·σᵢ·uᵢᵀ([B; P]w − [b; q]), from the residual: no normal equations.
        """
        image, target = self.quadratic.image(w), self.quadratic.aim()
        slope = (self.quadratic.curvature_scale * self.eigenvalues).sqrt()
        along = (self.left.mT @ (image - target))[:, 0]
        return slope * along, slope * (16.0 * EPSILON * (image.norm() + target.norm()))

    def gap(self, weights: Tensor) -> Tensor:
        """L(wᵢ) − L* for every column of `weights`, (p, q), as c/2·‖[B; P](wᵢ − w*)‖²: nothing cancels."""
        away = self.quadratic.image(weights - self.minimiser)
        return 0.5 * self.quadratic.curvature_scale * away.square().sum(dim=0)


def decompose(
    quadratic: Quadratic,
    minimiser: Tensor,
    rank: int,
    known: Singular | Ridge | None = None,
    start: Tensor | None = None,
) -> Modes:
    """Eigenvalues and eigenvectors, λᵢ = c·σᵢ² and vᵢ, from the singular values of [B; P].

    `rank` comes from the standardised problem, where it does not depend on units; so may the singular values that are
    `known`, which are taken where they are those of [B; P]. Of a table with ridge that is wider than long only the
    modes are found that descent from `start`, (p, 1) (None: zero), moves in.
    """
    if is_wide(quadratic):
        if rank == quadratic.p and is_even(quadratic):
            return _decompose_ridge(quadratic, minimiser, known, start)
        if rank < quadratic.p:
            # The penalty is less than rounding.
            flat = decompose(quadratic.unpenalised(), minimiser, rank, known)
            return replace(flat, quadratic=quadratic, left=_padded(flat.left, quadratic))
    stacked, _ = quadratic.stacked()
    found = Singular.of(stacked, known if isinstance(known, Singular) else None)
    left, singular, right = found.left[:, :rank], found.values[:rank], found.right[:, :rank]
    c = quadratic.curvature_scale
    largest = _square(float(singular[0])) * c if rank else 0.0
    smallest = _square(_smallest_singular_value(stacked, singular)) * c if rank else 0.0
    return Modes(quadratic, c * singular.square(), left, right, minimiser, Spectrum(largest, smallest, rank))


def _decompose_ridge(
    quadratic: Quadratic, minimiser: Tensor, known: Singular | Ridge | None, start: Tensor | None
) -> Modes:
    away = -minimiser if start is None else start - minimiser
    modes = ridge_modes(quadratic, away, known if isinstance(known, Ridge) else None)
    c = quadratic.curvature_scale
    spectrum = Spectrum(_square(float(modes.values[0])) * c, _square(modes.least) * c, quadratic.p)
    return Modes(quadratic, c * modes.values.square(), modes.left, modes.right, minimiser, spectrum)


def _padded(left: Tensor, quadratic: Quadratic) -> Tensor:
    """Left singular vectors of B as those of [B; P] with a penalty that is less than rounding."""
    rows = len(quadratic.aim()) - len(left)
    return torch.cat([left, left.new_zeros(rows, left.shape[1])])


def _square(value: float) -> float:
    # Infinite where it overflows: `value ** 2` raises.
    return value * value


def _smallest_singular_value(stacked: Tensor, singular: Tensor) -> float:
    """σ_min, from the inverse where columns of very different length would drown it in rounding."""
    p = stacked.shape[1]
    smallest = float(singular[-1])
    if len(singular) < p or smallest > float(singular[0]) / GRADED:
        return smallest
    upper = torch.linalg.qr(stacked, mode="r").R
    identity = torch.eye(p, dtype=upper.dtype, device=upper.device)
    inverse = torch.linalg.solve_triangular(upper, identity, upper=True)
    return 1.0 / float(torch.linalg.matrix_norm(inverse, ord=2))
