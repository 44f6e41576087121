"""Least squares on many groups at once: coordinates, quadratics, minimisers and modes, a group a row.

Every figure here is that of `coordinates`, `quadratic`, `optimum` and `modes` for one table, for all groups together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gdsolve.objective.group_triangles import GroupTriangles
from gdsolve.objective.namespace import Array, counted, namespace, places
from gdsolve.objective.rank import EPSILON, is_constant, numerical_rank, units_of
from gdsolve.objective.spectrum import GRADED

# Lengths that differ by rounding alone.
EVEN = 1e-12


@dataclass(frozen=True, slots=True)
class GroupCoordinates:
    """Columns (x − centre)/scale and target (y − target_centre)/target_scale, group by group (see `Coordinates`).

    Shapes: `scale` and `centre` are (G, n), `target_scale` and `target_centre` (G,); weights are (G, p, q), the
    intercept last.
    """

    scale: Array
    centre: Array
    target_scale: Array
    target_centre: Array
    intercept: bool

    @classmethod
    def raw(cls, triangles: GroupTriangles, *, intercept: bool) -> GroupCoordinates:
        """The user's own coordinates."""
        xp = namespace(triangles.shift)
        one, unit = xp.ones_like(triangles.shift[:, :-1]), xp.ones_like(triangles.total_weight)
        return cls(one, xp.zeros_like(one), unit, xp.zeros_like(unit), intercept)

    @classmethod
    def standardised(cls, triangles: GroupTriangles, *, intercept: bool) -> GroupCoordinates:
        """Columns and target of mean 0 and spread 1 in every group: see `Triangle.standardised`."""
        xp = namespace(triangles.shift)
        centre = triangles.means() if intercept else xp.zeros_like(triangles.shift)
        spread = xp.linalg.norm(triangles.columns(intercept=intercept), axis=1) / triangles.total_weight[:, None] ** 0.5
        scale = units_of(centre, spread)
        target = xp.where(is_constant(centre, spread)[:, -1], 1.0, spread[:, -1])
        return cls(scale[:, :-1], centre[:, :-1], target, centre[:, -1], intercept)

    @property
    def p(self) -> int:
        """The number of weights, with the intercept."""
        return int(self.scale.shape[1]) + self.intercept

    def to_user(self, weights: Array) -> Array:
        """Weights (G, p, q) of descent in the units of the file."""
        n, unit = self.scale.shape[1], self.target_scale[:, None, None]
        linear = weights[:, :n] * (unit / self.scale[:, :, None])
        if not self.intercept:
            return linear
        moved = self.target_centre[:, None, None] + unit * weights[:, n:]
        return namespace(linear).concatenate([linear, moved - self.centre[:, None, :] @ linear], axis=1)

    def from_user(self, weights: Array) -> Array:
        """Weights (G, p, q) in the units of the file as descent sees them: the inverse of `to_user`."""
        n, unit = self.scale.shape[1], self.target_scale[:, None, None]
        linear = weights[:, :n] * (self.scale[:, :, None] / unit)
        if not self.intercept:
            return linear
        moved = weights[:, n:] - self.target_centre[:, None, None] + self.centre[:, None, :] @ weights[:, :n]
        return namespace(linear).concatenate([linear, moved / unit], axis=1)

    def without_constant(self) -> GroupCoordinates:
        """The linear part of the map alone."""
        return replace(self, target_centre=0.0 * self.target_scale)


@dataclass(frozen=True, slots=True)
class GroupQuadratics:
    """c/2·(‖Bw − b‖² + ‖Pw − q‖²) for every group (see `Quadratic`).

    Shapes: `stacked` is [B; P], (G, h + r, p), `target` is [b; q], (G, h + r, 1), of which the first h rows are those
    of the data; `curvature_scale` is (G,).
    """

    stacked: Array
    target: Array
    height: int
    curvature_scale: Array

    def squares(self, weights: Array) -> tuple[Array, Array]:
        """‖Bw − b‖² and the same with the penalty, (G,) each, at `weights`, (G, p)."""
        squares = ((self.stacked @ weights[:, :, None] - self.target)[:, :, 0]) ** 2
        return squares[:, : self.height].sum(axis=1), squares.sum(axis=1)

    def values(self, weights: Array) -> Array:
        """The objective, (G,), at `weights`, (G, p)."""
        return 0.5 * self.curvature_scale * self.squares(weights)[1]

    def gradient_norms(self, weights: Array) -> Array:
        """‖∇L‖₂, (G,), at `weights`, (G, p)."""
        residual = self.stacked @ weights[:, :, None] - self.target
        slopes = (_transposed(self.stacked) @ residual)[:, :, 0]
        return self.curvature_scale * namespace(slopes).linalg.norm(slopes, axis=1)

    def gaps(self, weights: Array, minimisers: Array) -> Array:
        """L(w) − L*, (G,), as c/2·‖[B; P](w − w*)‖²: nothing cancels; both are (G, p)."""
        along = (self.stacked @ (weights - minimisers)[:, :, None])[:, :, 0]
        return 0.5 * self.curvature_scale * (along**2).sum(axis=1)


def group_quadratics(
    triangles: GroupTriangles,
    coordinates: GroupCoordinates,
    curvature_scale: Array,
    *,
    raw: bool,
    ridge: float,
    penalize_intercept: bool,
) -> GroupQuadratics:
    """The objectives in `coordinates`, which are the user's own where `raw`."""
    p, intercept, xp = coordinates.p, coordinates.intercept, namespace(triangles.factor)
    if raw:
        block = triangles.raw()
        design, target = block[:, :, :p], block[:, :, -1:]
    else:
        block = triangles.columns(intercept=intercept)
        design = block[:, :, :-1] / coordinates.scale[:, None, :]
        if intercept:
            design = xp.concatenate([design, triangles.factor[:, :, :1]], axis=2)
        target = block[:, :, -1:] / coordinates.target_scale[:, None, None]
    height = design.shape[1]
    if ridge:
        rows, aim = _penalty(ridge, coordinates, penalize_intercept=penalize_intercept)
        design, target = xp.concatenate([design, rows], axis=1), xp.concatenate([target, aim], axis=1)
    return GroupQuadratics(design, target, height, curvature_scale)


def _penalty(ridge: float, coordinates: GroupCoordinates, *, penalize_intercept: bool) -> tuple[Array, Array]:
    """The penalty λ·Σw_j² on the user's weights as rows, (G, r, p), and their target, (G, r, 1) (see `Penalty`)."""
    p = coordinates.p
    count = p if penalize_intercept else coordinates.scale.shape[1]
    root = (ridge**0.5 / coordinates.target_scale)[:, None, None]
    identity = _identities(p, root)
    rows = coordinates.without_constant().to_user(identity)[:, :count]
    offset = coordinates.to_user(0.0 * identity[:, :, :1])[:, :count]
    return root * rows, -root * offset


@dataclass(frozen=True, slots=True)
class GroupMinimisers:
    """All w of least value in every group: `point` + span of the columns of `basis` from `rank` on, in user units.

    `left`, `singular` and `right` are what the singular values of [B; P] are made of, where `even`, (G,): those of
    columns of one length, that of `singular`.
    Shapes: `point` is (G, p, 1), `basis` is (G, p, p), `rank` is (G,).
    """

    point: Array
    basis: Array
    rank: Array
    left: Array
    singular: Array
    right: Array
    even: Array

    def nearest_to(self, start: Array, coordinates: GroupCoordinates) -> Array:
        """The minimisers, (G, p, 1) in `coordinates`, that descent from `start`, (p, 1), runs to."""
        nearest, p = coordinates.from_user(self.point), coordinates.p
        across = coordinates.without_constant().from_user(self.basis)
        for rank in sorted({*self.rank.tolist()} - {p}):
            chosen = places(self.rank == rank)
            null = across[chosen][:, :, rank:]
            basis, upper = namespace(null).linalg.qr(null)
            away = _transposed(basis) @ (nearest[chosen] - start)
            nearest[chosen] -= null @ _solve_upper(upper, away)
        return nearest


def find_group_minimisers(quadratics: GroupQuadratics, coordinates: GroupCoordinates, errors: Array) -> GroupMinimisers:
    """Solve every group by singular values, in standardised `coordinates`, as `find_minimisers` does one table.

    `errors` is (G, p).
    """
    stacked, p = quadratics.stacked, coordinates.p
    xp = namespace(stacked)
    lengths = xp.linalg.norm(stacked, axis=1)
    # Columns of one length but for rounding, as all standardised ones are, need no other decomposition later.
    longest = xp.amax(lengths, axis=1)[:, None]
    even = ((abs(lengths - longest) <= EVEN * longest) | (lengths == 0.0)).all(axis=1) & (longest[:, 0] > 0.0)
    lengths = xp.where(even[:, None], longest, xp.where(lengths > 0, lengths, 1.0))
    left, singular, right = xp.linalg.svd(stacked / lengths[:, None, :], full_matrices=False)
    rank = numerical_rank(singular, _transposed(right), errors)
    counts = counted(p, rank) < rank[:, None]
    along = (_transposed(left) @ quadratics.target)[:, :, 0]
    shares = xp.where(counts, along / xp.where(counts, singular, 1.0), 0.0)
    basis = _transposed(right) / lengths[:, :, None]
    point = coordinates.to_user(basis @ shares[:, :, None])
    across = coordinates.without_constant().to_user(basis)
    return GroupMinimisers(point, across, rank, left, singular * longest, right, even)


@dataclass(frozen=True, slots=True)
class GroupModes:
    """The quadratics of many groups in the eigenvectors of their Hessians (see `Modes`).

    Shapes: `eigenvalues` is (G, p), largest first and 0 beyond the rank; `right` is (G, p, p); `gradient` at the start
    and `rounding`, its error, are (G, p) in the eigenbasis; `minimiser` is (G, p). `largest`, `smallest` and `rank` are
    those of a `gdsolve.objective.spectrum.Spectrum`, (G,).
    """

    quadratics: GroupQuadratics
    eigenvalues: Array
    right: Array
    gradient: Array
    rounding: Array
    minimiser: Array
    largest: Array
    smallest: Array
    rank: Array


def decompose_groups(
    quadratics: GroupQuadratics, minimiser: Array, known: GroupMinimisers, start: Array, *, standard: bool
) -> GroupModes:
    """Eigenvalues λᵢ = c·σᵢ² and eigenvectors from the singular values of [B; P], and the gradient at `start`, (p, 1).

    `minimiser` is (G, p); the rank comes from the standardised problem, and so do the singular values where [B; P] is
    that of the `standard` coordinates, and even.
    """
    stacked, c, rank = quadratics.stacked, quadratics.curvature_scale, known.rank
    xp = namespace(stacked)
    left, singular, right = known.left, known.singular, known.right
    uneven = places(~known.even) if standard else counted(len(rank), rank)
    if len(uneven):
        left, singular, right = (1.0 * one for one in (left, singular, right))
        left[uneven], singular[uneven], right[uneven] = xp.linalg.svd(stacked[uneven], full_matrices=False)
    within = counted(singular.shape[1], rank) < rank[:, None]
    eigenvalues = xp.where(within, c[:, None] * singular**2, 0.0)
    largest = xp.where(rank > 0, c * singular[:, 0] ** 2, 0.0)
    smallest = xp.where(rank > 0, c * _smallest_singular_values(stacked, singular, rank) ** 2, 0.0)
    image = stacked @ start
    slope = (c[:, None] * eigenvalues) ** 0.5
    gradient = slope * (_transposed(left) @ (image - quadratics.target))[:, :, 0]
    sizes = xp.linalg.norm(image, axis=1) + xp.linalg.norm(quadratics.target, axis=1)
    rounding = slope * (16.0 * EPSILON * sizes)
    return GroupModes(
        quadratics, eigenvalues, _transposed(right), gradient, rounding, minimiser, largest, smallest, rank
    )


def _smallest_singular_values(stacked: Array, singular: Array, rank: Array) -> Array:
    """σ of the last mode within the rank, (G,); from the inverse where lengths of columns differ by so much."""
    p, xp = singular.shape[1], namespace(singular)
    last = (rank - 1).clip(0, None)
    smallest = singular[counted(len(last), last), last]
    graded = places((rank == p) & (smallest <= singular[:, 0] / GRADED))
    if len(graded):
        _, upper = xp.linalg.qr(stacked[graded])
        inverse = _solve_upper(upper, _identities(p, upper))
        smallest[graded] = 1.0 / xp.linalg.norm(inverse, ord=2, axis=(1, 2))
    return smallest


def _transposed(matrices: Array) -> Array:
    return matrices.swapaxes(-1, -2)


def _identities(size: int, like: Array) -> Array:
    """An identity matrix for every one of `like`, (g, size, size)."""
    place = counted(size, like)
    return (place[:, None] == place) * (1.0 + 0.0 * like[:, :1, :1])


def _solve_upper(upper: Array, right: Array) -> Array:
    """U⁻¹·B for upper triangles (g, r, r) and right sides (g, r, q), from the last row up."""
    solved = 1.0 * right
    for row in reversed(range(upper.shape[1])):
        rest = solved[:, row] - (upper[:, row, None, row + 1 :] @ solved[:, row + 1 :])[:, 0]
        solved[:, row] = rest / upper[:, row, row, None]
    return solved
