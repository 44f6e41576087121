"""The triangles of many groups of rows, built together in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.rank import EPSILON, stored_errors, without_jitter
from gdsolve.objective.threads import one_thread
from gdsolve.objective.triangle import Triangle

# Rows of a group that are merged at a time, at most.
BLOCK_ROWS = 4096
# Numbers that are held before they are merged, and that one stack of merges is made of.
HELD_NUMBERS = 4_000_000
STACK_NUMBERS = 2_000_000


class GroupedBlock(Protocol):
    """Rows of a table: `values` (rows, n + 1), the target last, their weights (rows,), if any, and their groups."""

    @property
    def values(self) -> np.ndarray: ...  # noqa: D102
    @property
    def weight(self) -> np.ndarray | None: ...  # noqa: D102
    @property
    def group(self) -> np.ndarray | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class GroupTriangles:
    """For every group an R with RᵀR = AᵀA, A = √ω·[1, X − shift, y − shift_y], as `Triangle` has it for one table.

    Shapes: G groups; `factor` is (G, n + 2, n + 2), `shift` is (G, n + 1), the target last; `rows`, int64, those with
    a weight above 0, and `total_weight` are (G,). Source: docs/design.md, section 2, "The triangle".
    """

    factor: Tensor
    shift: Tensor
    rows: Tensor
    total_weight: Tensor

    @property
    def n(self) -> int:
        """The number of features."""
        return self.factor.shape[2] - 2

    def to(self, device: torch.device) -> GroupTriangles:
        """The same triangles on another device."""
        parts = (self.factor, self.shift, self.rows, self.total_weight)
        return GroupTriangles(*(part.to(device) for part in parts))

    @classmethod
    def empty(cls, n: int, device: torch.device) -> GroupTriangles:
        """No group, of tables with `n` features."""
        factor = torch.zeros(0, n + 2, n + 2, dtype=torch.float64, device=device)
        rows = torch.zeros(0, dtype=torch.int64, device=device)
        return cls(factor, factor[:, 0, 1:], rows, factor[:, 0, 0])

    def padded(self, groups: int) -> GroupTriangles:
        """The same with groups without rows at the end, `groups` in all."""
        parts = (self.factor, self.shift, self.rows, self.total_weight)
        return GroupTriangles(*(_padded(part, groups) for part in parts))

    def only(self, chosen: Tensor | slice) -> GroupTriangles:
        """The triangles of some groups."""
        return GroupTriangles(self.factor[chosen], self.shift[chosen], self.rows[chosen], self.total_weight[chosen])

    def triangle(self, place: int) -> Triangle:
        """That of one group."""
        rows, weight = int(self.rows[place]), float(self.total_weight[place])
        return Triangle(self.factor[place], self.shift[place], rows, weight)

    def means(self) -> Tensor:
        """Weighted column means, (G, n + 1), the target last."""
        return self.shift + self.factor[:, 0, 1:] / self.factor[:, 0, :1]

    def raw(self) -> Tensor:
        """The factors of [X, 1, y] themselves, (G, n + 2, n + 2)."""
        ones = self.factor[:, :, :1]
        moved = self.factor[:, :, 1:] + ones * self.shift[:, None, :]
        return torch.cat([moved[:, :, :-1], ones, moved[:, :, -1:]], dim=2)

    def columns(self, *, intercept: bool) -> Tensor:
        """The factors of [X − x̄, y − ȳ], (G, n + 2, n + 1), or of [X, y] for a model without intercept."""
        if not intercept:
            return self.raw()[:, :, [*range(self.n), self.n + 1]]
        block = self.factor[:, :, 1:].clone()
        # Centring by clearing a row instead of subtracting means: nothing cancels.
        block[:, 0] = 0.0
        return block

    def constant(self) -> Tensor:
        """Tell the features that do not vary within their group, (G, n), bool."""
        return self.columns(intercept=True)[:, :, :-1].abs().amax(dim=1) == 0.0

    def total_sum_of_squares(self, *, intercept: bool) -> Tensor:
        """Σω(y − ȳ)², (G,), or Σωy² for a model without intercept."""
        return self.columns(intercept=intercept)[:, :, -1].square().sum(dim=1)

    def errors(self, *, intercept: bool) -> Tensor:
        """The errors of the columns of the design, (G, p), beside their lengths: see `Triangle.errors`."""
        if not intercept:
            return torch.full_like(self.shift[:, :-1], EPSILON)
        spreads = self.columns(intercept=True).norm(dim=1) / self.total_weight[:, None].sqrt()
        stored = stored_errors(self.means(), spreads)[:, :-1]
        return torch.cat([stored, torch.full_like(self.shift[:, :1], EPSILON)], dim=1)

    def lengths(self) -> Tensor:
        """‖x_j‖ and ‖y‖ over the rows of each group, (G, n + 1): not finite where that is beyond float64."""
        columns = self.columns(intercept=False)
        largest = columns.abs().amax(dim=1)
        unit = torch.where((largest > 0) & largest.isfinite(), largest, 1.0)
        lengths: Tensor = torch.linalg.vector_norm(columns / unit[:, None, :], dim=1) * unit
        return lengths


def build_group_triangles(blocks: Iterable[GroupedBlock]) -> GroupTriangles | None:
    """Merge rows into the triangles of their groups, whatever order they come in; None if there is no row.

    Rows are held until there are many of each group, then stacked under the R of their groups, which are factorised
    together: R ← qr([R; rows]). O(m·n²) work, and memory for the rows held and (n + 2)² numbers a group.
    Source: Demmel et al. (2012), TSQR, as for one triangle.
    """
    merge: _Merge | None = None
    # As for one triangle: the other cores are busy parsing.
    with one_thread():
        for block in blocks:
            if block.group is not None and len(block.group):
                merge = merge or _Merge(block.values.shape[1])
                merge.add(block.group, block.values, block.weight)
        return merge.result() if merge is not None else None


def _padded(part: Tensor, groups: int) -> Tensor:
    """The rows of a tensor and rows of zeros, `groups` in all, unless there are as many already."""
    new = groups - len(part)
    return torch.cat([part, part.new_zeros(new, *part.shape[1:])]) if new > 0 else part


class _Merge:
    """The running triangles, and the rows that are held back."""

    def __init__(self, columns: int) -> None:
        self.size = columns + 1
        cpu = torch.device("cpu")
        self.factor = torch.zeros(0, self.size, self.size, dtype=torch.float64, device=cpu)
        self.shift = torch.zeros(0, columns, dtype=torch.float64, device=cpu)
        self.rows = torch.zeros(0, dtype=torch.int64, device=cpu)
        self.total_weight = torch.zeros(0, dtype=torch.float64, device=cpu)
        self.held: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]] = []
        self.held_numbers = 0

    def add(self, group: np.ndarray, values: np.ndarray, weight: np.ndarray | None) -> None:
        if weight is not None and not (weight > 0.0).all():
            # A row of weight 0 is no row.
            there = weight > 0.0
            group, values, weight = group[there], values[there], weight[there]
        self.held.append((group, values, weight))
        self.held_numbers += values.size + len(values)
        # With as many rows held as the triangles have, a merge costs no more than the rows do.
        if self.held_numbers >= max(HELD_NUMBERS, self.factor.numel()):
            self._merge()

    def result(self) -> GroupTriangles:
        self._merge()
        found = GroupTriangles(self.factor, self.shift, self.rows, self.total_weight)
        return replace(found, factor=without_jitter(found.factor, found.means(), found.total_weight))

    def _merge(self) -> None:
        if not any(len(codes) for codes, _, _ in self.held):
            return
        codes = torch.from_numpy(np.concatenate([codes for codes, _, _ in self.held]))
        values = torch.from_numpy(np.concatenate([values for _, values, _ in self.held]))
        weight = np.concatenate([np.ones(len(codes)) if omega is None else omega for codes, _, omega in self.held])
        self.held, self.held_numbers = [], 0
        order = torch.argsort(codes, stable=True)
        values, weights = values[order], torch.from_numpy(weight)[order]
        groups, counts = torch.unique_consecutive(codes[order], return_counts=True)
        self._make_room(int(groups[-1]) + 1)
        starts = torch.cumsum(counts, dim=0) - counts
        while len(groups):
            taken = counts.clamp(max=BLOCK_ROWS)
            self._merge_first(groups, starts, taken, values, weights)
            more = counts > taken
            groups, starts, counts = groups[more], (starts + taken)[more], (counts - taken)[more]

    def _make_room(self, groups: int) -> None:
        parts = (self.factor, self.shift, self.rows, self.total_weight)
        self.factor, self.shift, self.rows, self.total_weight = (_padded(part, groups) for part in parts)

    def _merge_first(self, groups: Tensor, starts: Tensor, counts: Tensor, values: Tensor, weights: Tensor) -> None:
        """Merge the first `counts` rows from `starts` on, (g,) each, those of groups of like size in one stack."""
        level = torch.ceil(torch.log2(counts.to(torch.float64)))
        for one in torch.unique(level).tolist():
            (chosen,) = torch.nonzero(level == one, as_tuple=True)
            height = int(counts[chosen].amax())
            for part in torch.split(chosen, max(1, STACK_NUMBERS // ((self.size + height) * self.size))):
                self._merge_stack(groups[part], starts[part], counts[part], height, values, weights)

    def _merge_stack(
        self, groups: Tensor, starts: Tensor, counts: Tensor, height: int, values: Tensor, weights: Tensor
    ) -> None:
        place = torch.arange(height, device=starts.device)
        there = place < counts[:, None]
        index = torch.where(there, starts[:, None] + place, starts[:, None])
        block = values[index]
        omega = torch.where(there, weights[index], 0.0)
        self._set_shifts(groups, block, there, counts)
        stacked = values.new_empty(len(groups), self.size + height, self.size)
        stacked[:, : self.size] = self.factor[groups]
        root = omega.sqrt()
        stacked[:, self.size :, 0] = root
        moved = (block - self.shift[groups][:, None, :]) * root[:, :, None]
        stacked[:, self.size :, 1:] = torch.where(there[:, :, None], moved, 0.0)
        reflectors, _ = torch.geqrf(stacked)
        self.rows[groups] += counts
        self.total_weight[groups] += omega.sum(dim=1)
        self.factor[groups] = reflectors[:, : self.size].triu()

    def _set_shifts(self, groups: Tensor, block: Tensor, there: Tensor, counts: Tensor) -> None:
        """Shift new groups by the means of their first rows, but by the very value of a column that is constant."""
        (new,) = torch.nonzero(self.rows[groups] == 0, as_tuple=True)
        if not len(new):
            return
        block, there = block[new], there[new][:, :, None]
        lowest = torch.where(there, block, torch.inf).amin(dim=1)
        highest = torch.where(there, block, -torch.inf).amax(dim=1)
        means = torch.where(there, block, 0.0).sum(dim=1) / counts[new][:, None]
        self.shift[groups[new]] = torch.where(lowest == highest, lowest, means)
