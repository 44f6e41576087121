"""The triangle: all that least squares needs of a table, from one pass over its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.factor_elsewhere import grow_elsewhere, rows_elsewhere
from gdsolve.objective.factor_tree import HOST, FactorThreads, FactorTree, Grown
from gdsolve.objective.rank import EPSILON, is_constant, stored_errors, units_of, without_jitter
from gdsolve.objective.row_batch import RowBlock
from gdsolve.objective.row_cuts import cut_rows
from gdsolve.objective.threads import one_thread

# Columns from which on work of their cube is to be avoided.
COSTLY = 300


@dataclass(frozen=True, slots=True)
class Triangle:
    """R with RᵀR = AᵀA for A = √ω·[1, X − shift, y − shift_y], intercept first (docs/design.md, section 2).

    The shift, near the column means, keeps columns like 1e9 ± 1 from losing their digits before they are centred.
    Shapes: `factor` is (min(m, n + 2), n + 2), float64; `shift` is (n + 1,), the target last. `rows` are those with a
    weight above 0, `total_weight` is Σω.
    """

    factor: Tensor
    shift: Tensor
    rows: int
    total_weight: float

    @property
    def n(self) -> int:
        """The number of features."""
        return self.factor.shape[1] - 2

    @property
    def is_wide(self) -> bool:
        """True for a table that is wider than long, and of so many columns that work of their cube is to be avoided."""
        return self.n > max(COSTLY, len(self.factor))

    def settled(self) -> Triangle:
        """The same triangle without what rounding has left of features that are constant: see `without_jitter`."""
        weight = torch.tensor(self.total_weight, dtype=torch.float64, device=self.factor.device)
        return replace(self, factor=without_jitter(self.factor, self.means(), weight))

    def constants(self) -> dict[int, float]:
        """The features that do not vary, by their column, and their value."""
        varying = self.factor[1:, 1:-1].abs().sum(dim=0)
        means = self.means()
        return {column: float(means[column]) for column in (varying == 0.0).nonzero()[:, 0].tolist()}

    def to(self, device: torch.device) -> Triangle:
        """The same triangle on another device."""
        return Triangle(self.factor.to(device), self.shift.to(device), self.rows, self.total_weight)

    def means(self) -> Tensor:
        """Weighted column means, (n + 1,), the target last."""
        return self.shift + self.beside()

    def beside(self) -> Tensor:
        """What the column means are beside the shift, (n + 1,): it keeps digits that their sum has no room for."""
        return self.factor[0, 1:] / self.factor[0, 0]

    def raw(self) -> Tensor:
        """The factor of [X, 1, y] itself, (r, n + 2): features, intercept, target."""
        ones = self.factor[:, :1]
        moved = self.factor[:, 1:] + ones * self.shift
        return torch.cat([moved[:, :-1], ones, moved[:, -1:]], dim=1)

    def centred(self) -> Tensor:
        """The factor of [X − x̄, y − ȳ], (r, n + 1); its first row is zero, being the part along the intercept."""
        block = self.factor[:, 1:].clone()
        block[0] = 0.0
        return block

    def total_sum_of_squares(self, *, intercept: bool) -> float:
        """Σω(y − ȳ)², or Σωy² for a model without intercept."""
        column = self.centred()[:, -1] if intercept else self.raw()[:, -1]
        return float(column.square().sum())

    def errors(self, *, intercept: bool) -> Tensor:
        """The error that storing the cells as float64 leaves in each column of the design, (p,), beside its length."""
        if not intercept:
            return torch.full_like(self.shift[:-1], EPSILON)
        spreads = self.centred().norm(dim=0) / self.total_weight**0.5
        stored = stored_errors(self.means(), spreads)[:-1]
        return torch.cat([stored, torch.full_like(self.shift[:1], EPSILON)])

    def lengths(self) -> Tensor:
        """‖x_j‖ and ‖y‖ over the rows, (n + 1,): not finite from the first column on that is beyond float64."""
        columns = self.raw()[:, [*range(self.n), self.n + 1]]
        largest = columns.abs().amax(dim=0)
        unit = torch.where((largest > 0) & largest.isfinite(), largest, 1.0)
        lengths: Tensor = torch.linalg.vector_norm(columns / unit, dim=0) * unit
        return lengths

    def standardised(self, *, intercept: bool) -> Coordinates:
        """Coordinates with columns and target of mean 0 and spread 1 (without intercept: of root mean square 1).

        Centred, a constant column is zero and its weight never moves; a constant target keeps scale 1.
        """
        block = self.centred() if intercept else self.raw()[:, [*range(self.n), self.n + 1]]
        centre = self.means() if intercept else torch.zeros_like(self.shift)
        spread = block.norm(dim=0) / self.total_weight**0.5
        scale = units_of(centre, spread)
        target = 1.0 if bool(is_constant(centre, spread)[-1]) else float(spread[-1])
        return Coordinates(scale[:-1], centre[:-1], target, float(centre[-1]), intercept)

    def evened(self, standard: Coordinates) -> Coordinates:
        """`standard` coordinates with one scale for all columns, the root mean square of theirs.

        In them a ridge penalty has the same size along every weight, so that of a table wider than long descent stays
        in the span of the rows.
        """
        varying = torch.where(self.centred()[:, :-1].any(dim=0), standard.scale, 0.0)
        largest = varying.amax() if len(varying) else varying.new_zeros(())
        if not float(largest):
            return standard
        spread = largest * (varying / largest).square().mean().sqrt()
        return replace(standard, scale=spread.expand_as(varying).contiguous())

    def in_coordinates(self, coordinates: Coordinates) -> tuple[Tensor, Tensor]:
        """Factors (B, b) of the design (r, p), intercept last, and of the target (r, 1) in `coordinates`."""
        if coordinates.is_raw:
            raw = self.raw()
            return raw[:, : coordinates.p].contiguous(), raw[:, -1:].contiguous()
        # Centring by clearing a row instead of subtracting means: nothing cancels.
        block = self.centred() if coordinates.intercept else self.raw()[:, [*range(self.n), self.n + 1]]
        design = block[:, :-1] / coordinates.scale
        if coordinates.intercept:
            design = torch.cat([design, self.factor[:, :1]], dim=1)
        return design.contiguous(), block[:, -1:] / coordinates.target_scale


def build_triangle(batches: Iterable[RowBlock], dtype: torch.dtype = torch.float64) -> Triangle | None:
    """Merge batches of rows into their triangle, the first of what `build_triangles` gives; None if there is no row."""
    built = build_triangles(batches, (dtype,))
    return built[0] if built else None


def build_triangles(
    batches: Iterable[RowBlock],
    dtypes: Sequence[torch.dtype],
    device: torch.device = HOST,
    threads: int | None = None,
) -> tuple[Triangle, ...]:
    """Merge batches of rows, in blocks of a height of their own, into a triangle per dtype; none if there is no row.

    A Householder factorisation a block, on all `threads` (those of torch, unless given), and of their factors, O(m·n²)
    in all, however few rows a batch has; XᵀX is never formed, which would square the condition number. The result is
    the same to the last bit at any number of threads and for batches of any sizes. On another `device` blocks are
    factorised there, in the order of the rows; the triangles are on the host all the same. The dtype float32 rounds the
    cells first, as descent in float32 sees them. Memory: see `building_bytes`.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.3.2; Demmel et al. (2012), TSQR.
    """
    if device != HOST:
        with one_thread():
            grown = grow_elsewhere(cut_rows(batches, rows_elsewhere), dtypes, device)
        return tuple(map(triangle_of, grown))
    cuts = cut_rows(batches)
    first = next(cuts, None)
    if first is None:
        return ()
    second = next(cuts, None)
    # Each thread works by itself: LAPACK's own wait for each other too often.
    with FactorThreads(threads or torch.get_num_threads()) as workers, one_thread():
        trees = [FactorTree(first, dtype, workers, single=second is None) for dtype in dtypes]
        for cut in chain([first], () if second is None else [second], cuts):
            for tree in trees:
                tree.add(cut)
                workers.make_room()
        return tuple(triangle_of(tree.result()) for tree in trees)


def triangle_of(grown: Grown) -> Triangle:
    """What a tree has come to, as a triangle."""
    return Triangle(grown.factor, grown.shift, grown.rows, grown.total_weight).settled()
