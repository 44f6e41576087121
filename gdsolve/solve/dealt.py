"""Rows on their way into a fit: those that are held out are set aside, and what validation needs later is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from gdsolve.data import Batch
from gdsolve.data.folds import HELD_OUT
from gdsolve.objective.factor_tree import FactorThreads
from gdsolve.objective.folds import FoldRows, Folds, FoldTrees, build_folds, merge_fold_ranks
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec, flag
from gdsolve.status import DataError

if TYPE_CHECKING:
    from gdsolve.objective.triangle import Triangle
    from gdsolve.solve.data import DataInfo


@dataclass(frozen=True, slots=True)
class Dealt:
    """What a pass has left for validation: triangles for least squares, and rows where it needs every row.

    `folds` are those of the rows that are fitted, and `held` is the triangle of those held out, which were `held_rows`;
    `fitted` and `set_aside` have the rows of this rank, batch by batch, where they are kept.
    """

    folds: Folds | None
    held: Triangle | None
    held_rows: int
    fitted: tuple[Batch, ...]
    set_aside: tuple[Batch, ...]
    ranks: Ranks


class DealtRows:
    """Takes the rows of a pass apart; `columns` is n + 1. Where a loss is no square, all rows are kept."""

    def __init__(self, spec: Spec, columns: int, dtype: torch.dtype) -> None:
        self._spec = spec
        self._columns = columns
        self._keeps = not spec.is_least_squares
        self._fitted: list[Batch] = []
        self._aside: list[Batch] = []
        self.held_rows, self._weightless = 0, 0
        self._tree = FoldTrees((dtype,), 1, columns, FactorThreads(1))
        self._folds: tuple[Triangle, ...] = ()

    def through(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Give the rows that are fitted."""
        for batch in batches:
            fitted = self._set_aside(batch)
            if len(fitted.values):
                self._fitted += [fitted] if self._keeps else []
                yield fitted

    def build(
        self, batches: Iterator[Batch], dtypes: tuple[torch.dtype, ...], threads: int, ranks: Ranks
    ) -> tuple[Triangle, ...]:
        """The triangles of all rows that are fitted, of each of some dtypes, merged from those of the folds."""
        built = build_folds(batches, dtypes, self._spec.cv or 1, self._columns, threads)
        built = merge_fold_ranks(built, self._columns, ranks)
        self._folds = built[0]
        totals = tuple(Folds(triangles).total() for triangles in built)
        return totals if totals[0].rows else ()

    def require_left(self, table: str) -> None:
        """See that not all rows are held out.

        Raises:
            DataError: they are.
        """
        if self.held_rows:
            raise DataError(
                f"{table}: all rows are held out by --holdout {self._spec.holdout}",
                "give a smaller share, such as 0.2",
                about=("holdout",),
            )

    def counted(self, info: DataInfo, ranks: Ranks) -> DataInfo:
        """What was read of the table, less the rows that were set aside."""
        told = ranks.gather((self.held_rows, self._weightless))
        self.held_rows, weightless = sum(held for held, _ in told), sum(none for _, none in told)
        return replace(info, rows=info.rows - self.held_rows, rows_weightless=info.rows_weightless - weightless)

    def result(self, table: str, ranks: Ranks) -> Dealt:
        """What was kept.

        Raises:
            DataError: a fold without rows, or nothing was held out.
        """
        spec, held = self._spec, None
        if spec.holdout:
            if not self.held_rows:
                raise DataError(
                    f"{table}: of so few rows none is held out by --holdout {spec.holdout:g}",
                    f"give another --seed, such as {spec.seed + 1}, or a larger share",
                    about=("holdout",),
                )
            ((held,),) = merge_fold_ranks(self._tree.results(), self._columns, ranks)
        if spec.cv and self._folds:
            require_rows([one.rows for one in self._folds], spec, table)
        folds = Folds(self._folds) if spec.cv and self._folds else None
        return Dealt(folds, held, self.held_rows, tuple(self._fitted), tuple(self._aside), ranks)

    def _set_aside(self, batch: Batch) -> Batch:
        assert batch.fold is not None
        out = batch.fold == HELD_OUT
        if not out.any():
            return batch
        aside = rows_where(batch, out)
        self.held_rows += len(aside.values)
        self._weightless += 0 if aside.weight is None else int((aside.weight == 0.0).sum())
        if self._keeps:
            self._aside.append(aside)
        else:
            self._tree.add(0, FoldRows(aside.values, aside.weight))
        return rows_where(batch, ~out)


def rows_where(batch: Batch, chosen: np.ndarray) -> Batch:
    """The rows of a batch that are `chosen`, (rows,) bool."""
    apart = (batch.weight, batch.group, batch.fold, batch.cluster, batch.offset)
    return Batch(batch.values.T[:, chosen].T, *(None if array is None else array[chosen] for array in apart))


def fitted_rows(batches: Iterable[Batch]) -> Iterator[Batch]:
    """The rows of another pass that are fitted."""
    for batch in batches:
        yield batch if batch.fold is None else rows_where(batch, batch.fold != HELD_OUT)


def require_rows(rows: list[int], spec: Spec, table: str) -> None:
    """See that every fold has rows.

    Raises:
        DataError: one has none.
    """
    empty = sum(not count for count in rows)
    if not empty:
        return
    of = f"{flag('cv')} {len(rows)}"
    there = len(rows) - empty
    kept = f" keep rows of column {spec.cv_by!r} together, and" if spec.cv_by is not None else ""
    less = f"give --cv {there}" if there >= 2 else "leave --cv out"
    raise DataError(
        f"{table}:{kept} {empty} of the {len(rows)} folds of {of} have no rows",
        f"{less}, or another --seed",
        about=("cv",),
    )
