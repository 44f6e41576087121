"""Least squares on many groups at once: coordinates, quadratics, minimisers and modes, a group a row.

Every figure here is that of `coordinates`, `quadratic`, `optimum` and `modes` for one table, for all groups together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.objective.group_triangles import GroupTriangles
from gdsolve.objective.rank import EPSILON, is_constant, numerical_rank, units_of
from gdsolve.objective.spectrum import GRADED, Spectrum


@dataclass(frozen=True, slots=True)
class GroupCoordinates:
    """Columns (x − centre)/scale and target (y − target_centre)/target_scale, group by group (see `Coordinates`).

    Shapes: `scale` and `centre` are (G, n), `target_scale` and `target_centre` (G,); weights are (G, p, q), the
    intercept last.
    """

    scale: Tensor
    centre: Tensor
    target_scale: Tensor
    target_centre: Tensor
    intercept: bool

    @classmethod
    def raw(cls, triangles: GroupTriangles, *, intercept: bool) -> GroupCoordinates:
        """The user's own coordinates."""
        one, unit = torch.ones_like(triangles.shift[:, :-1]), torch.ones_like(triangles.total_weight)
        return cls(one, torch.zeros_like(one), unit, torch.zeros_like(unit), intercept)

    @classmethod
    def standardised(cls, triangles: GroupTriangles, *, intercept: bool) -> GroupCoordinates:
        """Columns and target of mean 0 and spread 1 in every group: see `Triangle.standardised`."""
        centre = triangles.means() if intercept else torch.zeros_like(triangles.shift)
        spread = triangles.columns(intercept=intercept).norm(dim=1) / triangles.total_weight[:, None].sqrt()
        scale = units_of(centre, spread)
        target = torch.where(is_constant(centre, spread)[:, -1], 1.0, spread[:, -1])
        return cls(scale[:, :-1], centre[:, :-1], target, centre[:, -1], intercept)

    @property
    def p(self) -> int:
        """The number of weights, with the intercept."""
        return self.scale.shape[1] + self.intercept

    def to_user(self, weights: Tensor) -> Tensor:
        """Weights (G, p, q) of descent in the units of the file."""
        n, unit = self.scale.shape[1], self.target_scale[:, None, None]
        linear = weights[:, :n] * (unit / self.scale[:, :, None])
        if not self.intercept:
            return linear
        moved = self.target_centre[:, None, None] + unit * weights[:, n:]
        return torch.cat([linear, moved - self.centre[:, None, :] @ linear], dim=1)

    def from_user(self, weights: Tensor) -> Tensor:
        """Weights (G, p, q) in the units of the file as descent sees them: the inverse of `to_user`."""
        n, unit = self.scale.shape[1], self.target_scale[:, None, None]
        linear = weights[:, :n] * (self.scale[:, :, None] / unit)
        if not self.intercept:
            return linear
        moved = weights[:, n:] - self.target_centre[:, None, None] + self.centre[:, None, :] @ weights[:, :n]
        return torch.cat([linear, moved / unit], dim=1)

    def without_constant(self) -> GroupCoordinates:
        """The linear part of the map alone."""
        return replace(self, target_centre=torch.zeros_like(self.target_centre))


@dataclass(frozen=True, slots=True)
class GroupQuadratics:
    """c/2·(‖Bw − b‖² + ‖Pw − q‖²) for every group (see `Quadratic`).

    Shapes: `stacked` is [B; P], (G, h + r, p), `target` is [b; q], (G, h + r, 1), of which the first h rows are those
    of the data; `curvature_scale` is (G,).
    """

    stacked: Tensor
    target: Tensor
    height: int
    curvature_scale: Tensor

    def squares(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """‖Bw − b‖² and the same with the penalty, (G,) each, at `weights`, (G, p)."""
        squares = ((self.stacked @ weights[:, :, None] - self.target)[:, :, 0]).square()
        return squares[:, : self.height].sum(dim=1), squares.sum(dim=1)

    def values(self, weights: Tensor) -> Tensor:
        """The objective, (G,), at `weights`, (G, p)."""
        return 0.5 * self.curvature_scale * self.squares(weights)[1]

    def gradient_norms(self, weights: Tensor) -> Tensor:
        """‖∇L‖₂, (G,), at `weights`, (G, p)."""
        residual = self.stacked @ weights[:, :, None] - self.target
        norms: Tensor = (self.stacked.mT @ residual)[:, :, 0].norm(dim=1)
        return self.curvature_scale * norms

    def gaps(self, weights: Tensor, minimisers: Tensor) -> Tensor:
        """L(w) − L*, (G,), as c/2·‖[B; P](w − w*)‖²: nothing cancels; both are (G, p)."""
        along = (self.stacked @ (weights - minimisers)[:, :, None])[:, :, 0]
        return 0.5 * self.curvature_scale * along.square().sum(dim=1)


def group_quadratics(
    triangles: GroupTriangles,
    coordinates: GroupCoordinates,
    curvature_scale: Tensor,
    *,
    raw: bool,
    ridge: float,
    penalize_intercept: bool,
) -> GroupQuadratics:
    """The objectives in `coordinates`, which are the user's own where `raw`."""
    p, intercept = coordinates.p, coordinates.intercept
    if raw:
        block = triangles.raw()
        design, target = block[:, :, :p], block[:, :, -1:]
    else:
        block = triangles.columns(intercept=intercept)
        design = block[:, :, :-1] / coordinates.scale[:, None, :]
        if intercept:
            design = torch.cat([design, triangles.factor[:, :, :1]], dim=2)
        target = block[:, :, -1:] / coordinates.target_scale[:, None, None]
    height = design.shape[1]
    if ridge:
        rows, aim = _penalty(ridge, coordinates, penalize_intercept=penalize_intercept)
        design, target = torch.cat([design, rows], dim=1), torch.cat([target, aim], dim=1)
    return GroupQuadratics(design.contiguous(), target.contiguous(), height, curvature_scale)


def _penalty(ridge: float, coordinates: GroupCoordinates, *, penalize_intercept: bool) -> tuple[Tensor, Tensor]:
    """The penalty λ·Σw_j² on the user's weights as rows, (G, r, p), and their target, (G, r, 1) (see `Penalty`)."""
    p = coordinates.p
    count = p if penalize_intercept else coordinates.scale.shape[1]
    root = (ridge**0.5 / coordinates.target_scale)[:, None, None]
    identity = torch.eye(p, dtype=torch.float64, device=root.device).expand(len(root), p, p)
    rows = coordinates.without_constant().to_user(identity)[:, :count]
    offset = coordinates.to_user(identity.new_zeros(len(root), p, 1))[:, :count]
    return root * rows, -root * offset


@dataclass(frozen=True, slots=True)
class GroupMinimisers:
    """All w of least value in every group: `point` + span of the columns of `basis` from `rank` on, in user units.

    Shapes: `point` is (G, p, 1), `basis` is (G, p, p), `rank` is (G,).
    """

    point: Tensor
    basis: Tensor
    rank: Tensor

    def nearest_to(self, start: Tensor, coordinates: GroupCoordinates) -> Tensor:
        """The minimisers, (G, p, 1) in `coordinates`, that descent from `start`, (p, 1), runs to."""
        nearest, p = coordinates.from_user(self.point), coordinates.p
        across = coordinates.without_constant().from_user(self.basis)
        for rank in torch.unique(self.rank[self.rank < p]).tolist():
            (chosen,) = torch.nonzero(self.rank == rank, as_tuple=True)
            null = across[chosen][:, :, rank:]
            basis, upper = torch.linalg.qr(null)
            away = basis.mT @ (nearest[chosen] - start)
            nearest[chosen] -= null @ torch.linalg.solve_triangular(upper, away, upper=True)
        return nearest


def find_group_minimisers(
    quadratics: GroupQuadratics, coordinates: GroupCoordinates, errors: Tensor
) -> GroupMinimisers:
    """Solve every group by singular values, in standardised `coordinates`, as `find_minimisers` does one table.

    `errors` is (G, p).
    """
    stacked, p = quadratics.stacked, coordinates.p
    lengths = stacked.norm(dim=1)
    lengths = torch.where(lengths > 0, lengths, 1.0)
    left, singular, right = torch.linalg.svd(stacked / lengths[:, None, :], full_matrices=False)
    rank = numerical_rank(singular, right.mT, errors)
    counts = torch.arange(p, device=rank.device) < rank[:, None]
    along = (left.mT @ quadratics.target)[:, :, 0]
    shares = torch.where(counts, along / torch.where(counts, singular, 1.0), 0.0)
    basis = right.mT / lengths[:, :, None]
    point = coordinates.to_user(basis @ shares[:, :, None])
    return GroupMinimisers(point, coordinates.without_constant().to_user(basis), rank)


@dataclass(frozen=True, slots=True)
class GroupModes:
    """The quadratics of many groups in the eigenvectors of their Hessians (see `Modes`).

    Shapes: `eigenvalues` is (G, p), largest first and 0 beyond the rank; `right` is (G, p, p); `gradient` at the start
    and `rounding`, its error, are (G, p) in the eigenbasis; `minimiser` is (G, p).
    """

    quadratics: GroupQuadratics
    eigenvalues: Tensor
    right: Tensor
    gradient: Tensor
    rounding: Tensor
    minimiser: Tensor
    spectra: tuple[Spectrum, ...]


def decompose_groups(quadratics: GroupQuadratics, minimiser: Tensor, rank: Tensor, start: Tensor) -> GroupModes:
    """Eigenvalues λᵢ = c·σᵢ² and eigenvectors from the singular values of [B; P], and the gradient at `start`, (p, 1).

    `minimiser` is (G, p); `rank`, (G,), comes from the standardised problem.
    """
    stacked, c = quadratics.stacked, quadratics.curvature_scale
    left, singular, right = torch.linalg.svd(stacked, full_matrices=False)
    within = torch.arange(singular.shape[1], device=rank.device) < rank[:, None]
    eigenvalues = torch.where(within, c[:, None] * singular.square(), 0.0)
    largest = torch.where(rank > 0, c * singular[:, 0].square(), 0.0)
    smallest = torch.where(rank > 0, c * _smallest_singular_values(stacked, singular, rank).square(), 0.0)
    spectra = tuple(map(Spectrum, largest.tolist(), smallest.tolist(), rank.tolist()))
    image = stacked @ start
    slope = (c[:, None] * eigenvalues).sqrt()
    gradient = slope * (left.mT @ (image - quadratics.target))[:, :, 0]
    sizes = image.norm(dim=1) + quadratics.target.norm(dim=1)
    rounding = slope * (16.0 * EPSILON * sizes)
    return GroupModes(quadratics, eigenvalues, right.mT, gradient, rounding, minimiser, spectra)


def _smallest_singular_values(stacked: Tensor, singular: Tensor, rank: Tensor) -> Tensor:
    """σ of the last mode within the rank, (G,); from the inverse where lengths of columns differ by so much."""
    p = singular.shape[1]
    smallest = singular.gather(1, (rank - 1).clamp(min=0)[:, None])[:, 0]
    (graded,) = torch.nonzero((rank == p) & (smallest <= singular[:, 0] / GRADED), as_tuple=True)
    if len(graded):
        upper = torch.linalg.qr(stacked[graded], mode="r").R
        identity = torch.eye(p, dtype=upper.dtype, device=upper.device).expand_as(upper)
        inverse = torch.linalg.solve_triangular(upper, identity, upper=True)
        smallest[graded] = 1.0 / torch.linalg.matrix_norm(inverse, ord=2)
    return smallest
