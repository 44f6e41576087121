"""The triangles of the folds of a table: each fold's own, and those of all rows but its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.factor_tree import FactorThreads, FactorTree
from gdsolve.objective.merge import merge, merge_all, merge_each
from gdsolve.objective.row_cuts import Cut, block_rows, cut_rows
from gdsolve.objective.threads import one_thread
from gdsolve.objective.triangle import Triangle, triangle_of
from gdsolve.ranks import Ranks


class DealtBlock(Protocol):
    """Rows, (rows, n + 1), the target last, their weights (rows,), if any, and the fold of each, (rows,)."""

    @property
    def values(self) -> np.ndarray: ...  # noqa: D102
    @property
    def weight(self) -> np.ndarray | None: ...  # noqa: D102
    @property
    def fold(self) -> np.ndarray | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Folds:
    """The triangle of each of K folds, a row in one of them alone; a fold without rows has one of no rows.

    Nothing of it is a row of the table: see docs/guide/validation.md.
    """

    triangles: tuple[Triangle, ...]

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows of each fold, those of a weight above 0."""
        return tuple(one.rows for one in self.triangles)

    def total(self) -> Triangle:
        """The triangle of all rows: what `build_triangle` gives, to rounding."""
        return merge_all(self.triangles)

    def without(self) -> tuple[Triangle, ...]:
        """For each fold the triangle of all rows but its own, by 3K merges; there are two folds or more.

        That of the folds before it and that of those behind it are merged: nothing is taken away, and nothing cancels.
        """
        before = list(accumulate(self.triangles, merge))
        behind = list(accumulate(reversed(self.triangles), lambda last, one: merge(one, last)))[::-1]
        middle = [merge(before[place - 1], behind[place + 1]) for place in range(1, len(self.triangles) - 1)]
        return (behind[1], *middle, before[-2])


def squared_error(triangle: Triangle, weights: Tensor, coordinates: Coordinates, fitted: Triangle) -> float:
    """Σω(xᵀw − y)² over the rows of a triangle, of weights (p, 1): see `squared_errors`."""
    return float(squared_errors(triangle, weights, coordinates, fitted))


def squared_errors(triangle: Triangle, weights: Tensor, coordinates: Coordinates, fitted: Triangle) -> Tensor:
    """Σω(xᵀw − y)², (q,), over the rows of a triangle, of weights (p, q) in `coordinates`.

    These are raw, those of the rows of `fitted`, or not centred. With the shift s, the centre c of the coordinates and
    the intercept b in them, y − xᵀw is (y − s_y) − (x − s)ᵀw − (wᵀ(s − c) + b − (s_y − c_y)): columns that are large
    beside their spread lose no digits.
    """
    n = triangle.n
    if coordinates.intercept and not coordinates.centred:
        weights = coordinates.to_user(weights)
        coordinates = Coordinates.raw(n, intercept=True, device=weights.device)
    linear = coordinates.linear().to_user(weights)[:n]
    if not coordinates.intercept:
        raw = triangle.raw()
        return (raw[:, :n] @ linear - raw[:, -1:]).square().sum(dim=0)
    away = triangle.shift if coordinates.is_raw else triangle.shift - fitted.shift - fitted.beside()
    constant = away[None, :n] @ linear + coordinates.target_scale * weights[n:] - away[n]
    residual = triangle.factor[:, 1 : n + 1] @ linear + triangle.factor[:, :1] @ constant - triangle.factor[:, -1:]
    return residual.square().sum(dim=0)


@dataclass(frozen=True, slots=True)
class FoldRows:
    """Rows of one fold."""

    values: np.ndarray
    weight: np.ndarray | None


class FoldTrees:
    """Trees of factors of `folds` folds, for each of some dtypes; `columns` is n + 1.

    Each row goes to the tree of its fold alone, in blocks that are counted from the first row of the fold: the same
    bits at any number of threads and for batches of any sizes.
    """

    def __init__(self, dtypes: Sequence[torch.dtype], folds: int, columns: int, workers: FactorThreads) -> None:
        self._dtypes = dtypes
        self._columns = columns
        self._workers = workers
        self._height = block_rows(columns + 1)
        self._trees: list[tuple[FactorTree, ...]] = [()] * folds
        self._waiting: list[list[FoldRows]] = [[] for _ in range(folds)]

    def add(self, fold: int, rows: FoldRows) -> None:
        """Take the next rows of a fold."""
        pieces = self._waiting[fold]
        pieces.append(rows)
        if sum(len(piece.values) for piece in pieces) < self._height:
            return
        self._waiting[fold] = []
        for cut in cut_rows(pieces):
            if cut.rows == self._height:
                self._grow(fold, cut)
            else:
                self._waiting[fold] = [FoldRows(values, weight) for values, weight in cut.parts]

    def results(self) -> tuple[tuple[Triangle, ...], ...]:
        """For each dtype the triangles of all folds; that of a fold without rows has none."""
        for fold, pieces in enumerate(self._waiting):
            for cut in cut_rows(pieces):
                self._grow(fold, cut)
        return tuple(
            tuple(triangle_of(grown[place].result()) if grown else nothing(self._columns) for grown in self._trees)
            for place in range(len(self._dtypes))
        )

    def _grow(self, fold: int, cut: Cut) -> None:
        if not self._trees[fold]:
            self._trees[fold] = tuple(FactorTree(cut, dtype, self._workers, single=False) for dtype in self._dtypes)
        for tree in self._trees[fold]:
            tree.add(cut)
            self._workers.make_room()


def build_folds(
    batches: Iterable[DealtBlock], dtypes: Sequence[torch.dtype], folds: int, columns: int, threads: int
) -> tuple[tuple[Triangle, ...], ...]:
    """For each dtype the triangles of `folds` folds, on some threads; `columns` is n + 1.

    Memory: as `build_triangles` for one table, and a block and the factors that wait for every fold.
    """
    with FactorThreads(threads) as workers, one_thread():
        trees = FoldTrees(dtypes, folds, columns, workers)
        for batch in batches:
            for fold, rows in _apart(batch):
                trees.add(fold, rows)
        return trees.results()


def merge_fold_ranks(
    built: tuple[tuple[Triangle, ...], ...], columns: int, ranks: Ranks
) -> tuple[tuple[Triangle, ...], ...]:
    """What `build_folds` gives of all rows, from what it gave of each rank's, merged fold by fold."""
    if not ranks.several:
        return built
    flat = merge_each([one for triangles in built for one in triangles], columns, ranks)
    size = len(built[0])
    return tuple(tuple(flat[start : start + size]) for start in range(0, len(flat), size))


def _apart(batch: DealtBlock) -> Iterable[tuple[int, FoldRows]]:
    """The rows of a batch fold by fold, in their order."""
    assert batch.fold is not None
    # Of 16 bits numpy sorts digit by digit; and column by column, as they are read, the rows of all folds are brought
    # side by side at once.
    order = np.argsort(batch.fold.astype(np.int16), kind="stable")
    values = np.take(batch.values.T, order, axis=1, mode="clip").T
    weight = None if batch.weight is None else batch.weight[order]
    start = 0
    for fold, rows in enumerate(np.bincount(batch.fold).tolist()):
        here = slice(start, start + rows)
        if rows:
            yield fold, FoldRows(values[here], None if weight is None else weight[here])
        start += rows


def nothing(columns: int) -> Triangle:
    """The triangle of no rows; `columns` is n + 1."""
    factor = torch.zeros(0, columns + 1, dtype=torch.float64, device="cpu")
    return Triangle(factor, torch.zeros(columns, dtype=torch.float64, device="cpu"), 0, 0.0)
