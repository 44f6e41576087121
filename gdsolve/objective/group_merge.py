"""The triangles of many groups of rows, built together in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from gdsolve.objective.group_triangles import GroupTriangles, padded
from gdsolve.objective.rank import without_jitter
from gdsolve.objective.shared_work import in_turn, one_blas_thread

# Numbers that are held before they are merged, and rows of a group that are factorised together.
HELD_NUMBERS = 8_000_000
BLOCK_ROWS = 4096
# Numbers of one stack of factorisations, which stay in the cache of a core, and the most that it is filled up by.
STACK_NUMBERS = 200_000
FILLED_UP = 2
LITTLE = 8


class GroupedBlock(Protocol):
    """Rows of a table: `values` (rows, n + 1), the target last, their weights (rows,), if any, and their groups."""

    @property
    def values(self) -> np.ndarray: ...  # noqa: D102
    @property
    def weight(self) -> np.ndarray | None: ...  # noqa: D102
    @property
    def group(self) -> np.ndarray | None: ...  # noqa: D102


def build_group_triangles(blocks: Iterable[GroupedBlock]) -> GroupTriangles | None:
    """Merge rows into the triangles of their groups, whatever order they come in; None if there is no row.

    Rows are held until there are many of each group, then stacked under the R of their groups, which are factorised
    together, stacks among threads: R ← qr([R; rows]). O(m·n²) work, and memory for the rows held and (n + 2)² numbers
    a group. The result is the same to the last bit at any number of threads.
    Source: Demmel et al. (2012), TSQR, as for one triangle.
    """
    merge: _Merge | None = None
    with one_blas_thread():
        for block in blocks:
            if block.group is not None and len(block.group):
                merge = merge or _Merge(block.values.shape[1])
                merge.add(block.group, block.values, block.weight)
        return merge.result() if merge is not None else None


@dataclass(frozen=True, slots=True)
class _Stack:
    """Groups of like size, (g,), with where their rows start in the sorted ones and how many of them are taken."""

    groups: np.ndarray
    starts: np.ndarray
    counts: np.ndarray


class _Merge:
    """The running triangles, and the rows that are held back: each its weight, then its numbers."""

    def __init__(self, columns: int) -> None:
        self.size = columns + 1
        self.factor = np.zeros((0, self.size, self.size))
        self.shift = np.zeros((0, columns))
        self.rows = np.zeros(0, dtype=np.int64)
        self.total_weight = np.zeros(0)
        self.weighed = False
        self._hold(HELD_NUMBERS)

    def add(self, group: np.ndarray, values: np.ndarray, weight: np.ndarray | None) -> None:
        self.weighed |= weight is not None
        if weight is not None and not (weight > 0.0).all():
            # A row of weight 0 is no row.
            there = weight > 0.0
            group, values, weight = group[there], values[there], weight[there]
        while rows := len(group):
            taken = min(rows, len(self.codes) - self.held)
            room = slice(self.held, self.held + taken)
            self.codes[room] = group[:taken]
            self.buffer[room, 0] = 1.0 if weight is None else weight[:taken]
            self.buffer[room, 1:] = values[:taken]
            self.held += taken
            group, values, weight = group[taken:], values[taken:], None if weight is None else weight[taken:]
            if self.held == len(self.codes):
                self._merge()
                # With as many rows held as the triangles have, a merge costs no more than the rows do.
                if self.factor.size > self.buffer.size:
                    self._hold(self.factor.size)

    def result(self) -> GroupTriangles:
        self._merge()
        found = GroupTriangles(self.factor, self.shift, self.rows, self.total_weight)
        with np.errstate(all="ignore"):
            return replace(found, factor=without_jitter(found.factor, found.means(), found.total_weight))

    def _hold(self, numbers: int) -> None:
        """Make room for rows of so many `numbers`, and a last one of zeros, with which groups are filled up."""
        rows = max(1, numbers // self.size)
        self.codes = np.empty(rows, dtype=np.int64)
        self.buffer = np.empty((rows + 1, self.size))
        self.buffer[rows] = 0.0
        self.held = 0

    def _merge(self) -> None:
        if not self.held:
            return
        # Sorted by group, and those of one in the order in which they came: numbers without equals sort fastest.
        keys = np.sort((self.codes[: self.held] << 32) | np.arange(self.held))
        order, codes = keys & 0xFFFFFFFF, keys >> 32
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        counts = np.diff(starts, append=self.held)
        groups = codes[starts]
        parts = (self.factor, self.shift, self.rows, self.total_weight)
        self.factor, self.shift, self.rows, self.total_weight = (padded(part, int(groups[-1]) + 1) for part in parts)
        while len(groups):
            taken = counts.clip(None, BLOCK_ROWS)
            for _ in in_turn(lambda stack: self._merge_stack(stack, order), self._stacks(groups, starts, taken)):
                pass
            more = counts > taken
            groups, starts, counts = groups[more], (starts + taken)[more], (counts - taken)[more]
        self.held = 0

    def _stacks(self, groups: np.ndarray, starts: np.ndarray, counts: np.ndarray) -> Iterator[_Stack]:
        """Groups in stacks of like size, the small ones first."""
        order = np.argsort(counts, kind="stable")
        groups, starts, counts = groups[order], starts[order], counts[order]
        while len(groups):
            most = max(1, STACK_NUMBERS // ((self.size + int(counts[0])) * self.size))
            heights = counts[:most]
            fits = (heights + self.size) * self.size * np.arange(1, len(heights) + 1) <= STACK_NUMBERS
            fits &= heights <= max(FILLED_UP * int(counts[0]), LITTLE)
            taken = max(1, int(fits.sum()))
            yield _Stack(groups[:taken], starts[:taken], counts[:taken])
            groups, starts, counts = groups[taken:], starts[taken:], counts[taken:]

    def _merge_stack(self, stack: _Stack, order: np.ndarray) -> None:
        groups, counts, size = stack.groups, stack.counts, self.size
        place = np.arange(counts.max())
        there = place < counts[:, None]
        rows = order.take(stack.starts[:, None] + place, mode="clip")
        block = self.buffer.take(np.where(there, rows, len(self.codes)), axis=0)
        sums = (there[:, None, :].astype(np.float64) @ block)[:, 0]
        self._set_shifts(groups, block, there, sums)
        self.rows[groups] += counts
        self.total_weight[groups] += sums[:, 0]
        block[:, :, 1:] -= self.shift[groups][:, None, :]
        if self.weighed:
            root = np.sqrt(block[:, :, 0])
            block[:, :, 1:] *= root[:, :, None]
            block[:, :, 0] = root
        else:
            block[~there] = 0.0
        above = self.factor[groups]
        if len(place) < size or above.any():
            block = np.concatenate([above, block], axis=1)
        self.factor[groups] = np.linalg.qr(block, mode="r")

    def _set_shifts(self, groups: np.ndarray, block: np.ndarray, there: np.ndarray, sums: np.ndarray) -> None:
        """Shift new groups by the means of their first rows, but by the very value of a column that is constant."""
        new = np.flatnonzero(self.rows[groups] == 0)
        counts = there[new].sum(axis=1)
        first, last = block[new, 0, 1:], block[new, counts - 1, 1:]
        shift = sums[new, 1:] / counts[:, None]
        # Only what begins and ends with the same number is looked at in full.
        same = np.flatnonzero((first == last).any(axis=1))
        if len(same):
            cells, first = block[new[same], :, 1:], first[same]
            constant = ((cells == first[:, None, :]) | ~there[new[same], :, None]).all(axis=1)
            shift[same] = np.where(constant, first, shift[same])
        self.shift[groups[new]] = shift
