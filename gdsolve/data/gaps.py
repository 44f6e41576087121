"""Which rows lack cells of which columns: it tells the rows of any choice of columns without another pass."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

_MOST_PATTERNS = 10_000


@dataclass(slots=True)
class Gaps:
    """Rows by the set of columns in which they have no usable cell; rows without any gap are in no set.

    Of more than 10,000 different sets the rest are `uncounted`, and as good as gone.
    """

    rows: int = 0
    counts: dict[frozenset[str], int] = field(default_factory=dict)
    uncounted: int = 0

    def add(self, rows: int, lacking: Mapping[str, np.ndarray]) -> None:
        """Count `rows` more; `lacking`, (rows,) each, tells the cells that cannot be used, by column."""
        self.rows += rows
        if not lacking:
            return
        names = list(lacking)
        marks = np.column_stack([lacking[name] for name in names])
        marks = marks[marks.any(axis=1)]
        patterns, counts = np.unique(np.packbits(marks, axis=1), axis=0, return_counts=True)
        for pattern, count in zip(patterns, counts.tolist(), strict=True):
            kept = np.unpackbits(pattern, count=len(names)).astype(bool)
            columns = frozenset(name for name, gone in zip(names, kept, strict=True) if gone)
            if columns in self.counts or len(self.counts) < _MOST_PATTERNS:
                self.counts[columns] = self.counts.get(columns, 0) + count
            else:
                self.uncounted += count

    def complete(self, columns: Collection[str]) -> int:
        """Give the number of rows that have usable cells in all of these columns."""
        gone = sum(count for pattern, count in self.counts.items() if not pattern.isdisjoint(columns))
        return self.rows - gone - self.uncounted
