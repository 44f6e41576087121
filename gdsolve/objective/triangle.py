"""The triangle: all that least squares needs of a table, from one pass over its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.rank import EPSILON, is_constant, stored_errors, units_of, without_jitter
from gdsolve.objective.threads import one_thread, threads_for

# Rows that are factorised together, and at least so many for each column: under too few, R itself is factorised again
# and again; more take memory and gain little.
BLOCK_ROWS = 4096
BLOCK_HEIGHT = 2
COSTLY = 300


class RowBlock(Protocol):
    """Rows of a table: `values` (rows, n + 1), the target last, and their weights (rows,), if any."""

    @property
    def values(self) -> np.ndarray: ...  # noqa: D102
    @property
    def weight(self) -> np.ndarray | None: ...  # noqa: D102


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
        return self.shift + self.factor[0, 1:] / self.factor[0, 0]

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


def build_triangles(batches: Iterable[RowBlock], dtypes: Sequence[torch.dtype]) -> tuple[Triangle, ...]:
    """Merge batches of rows, in blocks of a height of their own, into a triangle per dtype; none if there is no row.

    R ← qr([R; block]), one Householder factorisation a block, O(m·n²) in all, however few rows a batch has; XᵀX is
    never formed, which would square the condition number. The dtype float32 rounds the cells first, as descent in
    float32 sees them. Memory: a block and its factorisation, two or three times R for many columns.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.3.2; Demmel et al. (2012), TSQR.
    """
    states: dict[torch.dtype, _Merge] = {}
    threads = torch.get_num_threads()
    # Blocks of few columns are small, and the other cores are busy parsing the next ones: threads made the pass ten
    # times slower.
    with one_thread():
        for batch in batches:
            for dtype in dtypes:
                values, weight = tensors_of(batch, dtype)
                if values.shape[0] == 0:
                    continue
                if dtype not in states:
                    states[dtype] = _Merge(_shift_of(values), threads)
                states[dtype].add(values, weight)
        return tuple(state.result() for state in states.values())


def tensors_of(batch: RowBlock, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
    """Values and weights of a batch in float64, the values rounded to `dtype` first: what descent in it sees.

    A row of weight 0 is no row.
    """
    values = from_numpy(batch.values).to(dtype).to(torch.float64)
    if batch.weight is None:
        return values, None
    weight = from_numpy(batch.weight).to(torch.float64)
    there = weight > 0.0
    return (values, weight) if bool(there.all()) else (values[there], weight[there])


def from_numpy(array: np.ndarray) -> Tensor:
    """An array as a tensor of the host, sharing its memory where that may be written to."""
    # What polars lends without a copy is read-only, which torch does not know of.
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def _shift_of(values: Tensor) -> Tensor:
    """Column means of the first batch, but the very value of a column that is constant there."""
    lowest, highest = values.amin(dim=0), values.amax(dim=0)
    return torch.where(lowest == highest, lowest, values.mean(dim=0))


class _Merge:
    """The running factor, and below it in one buffer the rows that wait until they fill a block."""

    def __init__(self, shift: Tensor, threads: int) -> None:
        self.shift = shift
        self.rows = 0
        self.total_weight = 0.0
        self.columns = shift.shape[0] + 1
        self.height = max(BLOCK_ROWS, BLOCK_HEIGHT * self.columns)
        self.threads = threads
        self.top = 0
        self.waiting = 0
        self.buffer = self._empty(0)

    def add(self, values: Tensor, weight: Tensor | None) -> None:
        self.rows += values.shape[0]
        self.total_weight += float(values.shape[0] if weight is None else weight.sum())
        while rows := values.shape[0]:
            taken = min(rows, self.height - self.waiting)
            self._hold(values[:taken], None if weight is None else weight[:taken])
            values, weight = values[taken:], None if weight is None else weight[taken:]
            if self.waiting == self.height:
                self._factorise()

    def result(self) -> Triangle:
        if self.waiting:
            self._factorise()
        return Triangle(self.buffer[: self.top].contiguous(), self.shift, self.rows, self.total_weight).settled()

    def _empty(self, rows: int) -> Tensor:
        # Stored column by column, as LAPACK wants it.
        return torch.empty(self.columns, rows, dtype=torch.float64, device=self.shift.device).t()

    def _hold(self, values: Tensor, weight: Tensor | None) -> None:
        start = self.top + self.waiting
        self.waiting += values.shape[0]
        stop = self.top + self.waiting
        if stop > self.buffer.shape[0]:
            # A table may have fewer rows than a block: room is doubled until there is enough for one.
            grown = self._empty(min(max(stop, 2 * self.buffer.shape[0]), self.columns + self.height))
            grown[:start] = self.buffer[:start]
            self.buffer = grown
        held = self.buffer[start:stop]
        held[:, 0] = 1.0
        torch.sub(values, self.shift, out=held[:, 1:])
        if weight is not None:
            held *= weight.sqrt()[:, None]

    def _factorise(self) -> None:
        stacked = self.buffer[: self.top + self.waiting]
        with threads_for(2.0 * stacked.shape[0] * self.columns**2, self.threads):
            reflectors, _ = torch.geqrf(stacked)
        self.top, self.waiting = min(stacked.shape[0], self.columns), 0
        self.buffer[: self.top] = reflectors[: self.top].triu()
