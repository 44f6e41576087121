"""The clusters of a table: numbered as they are met."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.groups import Codes


@dataclass(slots=True)
class Clusters:
    """The clusters that a pass has met, each the value of its cells: a text, or a number where that is a feature."""

    _codes: Codes = field(default_factory=Codes)

    def __len__(self) -> int:
        return len(self._codes.numbers)

    def stand_for(self, count: int) -> None:
        """Be so many clusters, of rows that have their numbers already."""
        self._codes.numbers.update({str(number): number for number in range(count)})

    def of(self, cells: pl.Series, weight: np.ndarray | None, how: Cells) -> np.ndarray:
        """Number rows, (rows,), by their cells, none of which is missing; one of weight 0 makes no cluster."""
        there = None if weight is None or (weight > 0.0).all() else weight > 0.0
        codes = np.zeros(len(cells), dtype=np.int64)
        if there is None:
            return self._codes.of(cells.cast(pl.String), how)
        codes[there] = self._codes.of(cells.filter(there).cast(pl.String), how)
        return codes
