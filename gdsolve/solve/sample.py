"""Some rows of a table for a picture, evenly spaced, however long the table is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import PlotKind, Spec, kinds_drawn

if TYPE_CHECKING:
    import numpy as np

    from gdsolve.data import Batch

MOST_ROWS = 2000


def shows_rows(spec: Spec) -> bool:
    """True where a picture that is asked for shows rows of the table."""
    return PlotKind.FIT in kinds_drawn(spec)


@dataclass(slots=True)
class Sample:
    """Every `stride`-th row; the stride doubles whenever there are too many.

    With `rates` the target y of a row with an offset o is y·e⁻ᵒ, which has the mean that is drawn, of an offset of 0.
    """

    most: int = MOST_ROWS
    rates: bool = False
    stride: int = 1
    _seen: int = 0
    _kept: list[np.ndarray] = field(default_factory=list)
    _count: int = 0

    def through(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches as they are, looked at on their way."""
        for batch in batches:
            self.add(batch.values, batch.offset)
            yield batch

    def add(self, values: np.ndarray, offset: np.ndarray | None = None) -> None:
        """Look at the next rows, (r, n + 1), and at their offsets, (r,), if they have some."""
        import numpy as np

        first = -self._seen % self.stride
        chosen = values[first :: self.stride].copy()
        if self.rates and offset is not None:
            chosen[:, -1] *= np.exp(-offset[first :: self.stride])
        self._seen += len(values)
        self._kept.append(chosen)
        self._count += len(chosen)
        while self._count > self.most:
            thinned = np.concatenate(self._kept)[::2]
            self._kept, self._count = [thinned], len(thinned)
            self.stride *= 2

    def rows(self, ranks: Ranks = ALONE) -> np.ndarray:
        """The rows kept, on all ranks, in order, (r, n + 1)."""
        import numpy as np

        found = ranks.gather((self.stride, np.concatenate(self._kept) if self._kept else None))
        stride = max(each for each, _ in found)
        rows = np.concatenate([kept[:: stride // each] for each, kept in found if kept is not None])
        return rows[:: -(-len(rows) // self.most)]
