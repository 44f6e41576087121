"""Some rows of a table as numbers, where they stand, and what a pass over them has met."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from gdsolve.data.clusters import Clusters
from gdsolve.data.groups import Codes, Groups
from gdsolve.data.source import Source


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: `values` (rows, n + 1) float64, the design columns and then the target; `weight` (rows,) or None.

    `group` (rows,), int64, numbers the group of each row in the order in which groups are met; None without groups. So
    does `cluster` of the clusters. `fold` (rows,), int64, is that of each row, or `HELD_OUT`; None where rows are not
    dealt.
    """

    values: np.ndarray
    weight: np.ndarray | None
    group: np.ndarray | None = None
    fold: np.ndarray | None = None
    cluster: np.ndarray | None = None
    offset: np.ndarray | None = None

    @property
    def nbytes(self) -> int:
        """The size in memory."""
        arrays = (self.values, self.weight, self.group, self.fold, self.cluster, self.offset)
        return sum(array.nbytes for array in arrays if array is not None)


@dataclass(frozen=True, slots=True)
class RowStretch:
    """Rows that follow each other in a source: `first` counts those before them that were used, from 0.

    `record` is where they begin in the source; the records at `gone`, counted from there, were left out; those at
    `blank` among them are no rows.
    """

    first: int
    source: Source
    record: int
    gone: tuple[int, ...] = ()
    blank: tuple[int, ...] = ()

    def record_of(self, row: int) -> int:
        """The record of the source of a row that was used, both from 0."""
        place = row - self.first
        for lost in self.gone:
            place += lost <= place
        return self.record + place


@dataclass(slots=True)
class Tally:
    """What a pass has met so far; `weight` is Σω, and `weightless` rows are those of weight 0.

    `kept_together` numbers the values of the column that keeps rows in one fold; `blank` lines are those of the source
    that is being read. Of `read` rows `filtered` ones do not satisfy a condition; `comments` of the text were left out.
    """

    rows: int = 0
    dropped: int = 0
    filled: int = 0
    weight: float = 0.0
    weightless: int = 0
    groups: Groups = field(default_factory=Groups)
    kept_together: Codes = field(default_factory=Codes)
    clusters: Clusters = field(default_factory=Clusters)
    blank: int = 0
    read: int = 0
    filtered: int = 0
    comments: int = 0
    stretches: list[RowStretch] = field(default_factory=list)

    def __add__(self, other: Tally) -> Tally:
        """What two passes over parts of a table have met; groups, and places of rows, are for one process."""
        return Tally(
            self.rows + other.rows,
            self.dropped + other.dropped,
            self.filled + other.filled,
            self.weight + other.weight,
            self.weightless + other.weightless,
            read=self.read + other.read,
            filtered=self.filtered + other.filtered,
            comments=self.comments + other.comments,
        )

    def count(self, source: Source) -> None:
        """Count the rows of a source that a condition has left out in the pass that has just ended."""
        rows, kept = source.counts or (0, 0)
        self.read += rows
        self.filtered += rows - kept

    def take(self, batch: Batch) -> None:
        """Count the rows of a batch."""
        self.rows += len(batch.values)
        if batch.weight is not None:
            self.weight += float(batch.weight.sum())
            self.weightless += int((batch.weight == 0.0).sum())

    def where(self, row: int) -> str:
        """Say where a row stands that was used, counted from 0, where rows are in no groups."""
        stretch = next(one for one in reversed(self.stretches) if one.first <= row)
        return stretch.source.where(stretch.record_of(row))
