"""Which iterations are reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gdsolve.status import GdsolveError

MOST_NUMBERS = 20_000_000


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every `every`-th iteration, or on a log scale 0, 1, …, 10, 20, 50, 100, 200, …

    Where none are reported a run keeps those of the log scale: its end is judged by its start.
    """

    every: int | Literal["log", "none"]

    def includes(self, k: int) -> bool:
        """True if iteration `k` is reported; the last of a run always is."""
        if isinstance(self.every, str):
            return k <= 10 or str(k).rstrip("0") in ("1", "2", "5")
        return k % self.every == 0

    def up_to(self, last: int) -> list[int]:
        """The iterations reported in a run of `last` updates."""
        if isinstance(self.every, str):
            decades = (digit * 10**power for power in range(len(str(last))) for digit in (1, 2, 5))
            reported = set(range(min(last, 10) + 1)) | {k for k in decades if k <= last}
        else:
            reported = set(range(0, last + 1, self.every))
        return sorted(reported | {last})

    def count(self, last: int) -> int:
        """How many iterations are reported in a run of `last` updates.

        >>> Schedule(3).count(10), Schedule(5).count(10), Schedule("log").count(100)
        (5, 3, 14)
        """
        if isinstance(self.every, str):
            return len(self.up_to(last))
        return last // self.every + 1 + (last % self.every > 0)

    def has_room(self, last: int, p: int) -> bool:
        """True if the trace of a run of `last` updates of p weights fits in memory."""
        return isinstance(self.every, str) or last // self.every * p <= MOST_NUMBERS

    def require_room(self, last: int, p: int) -> None:
        """Refuse a trace that would not fit in memory.

        Raises:
            GdsolveError: more than 2·10⁷ weights would have to be kept.
        """
        if isinstance(self.every, int) and not self.has_room(last, p):
            step = 10 ** len(str(last * p // MOST_NUMBERS))
            raise GdsolveError(
                f"{self.every} would report {last // self.every + 1:,} of {last:,} iterations",
                f"give --every log or --every {max(step, 10 ** len(str(last // 1000)))}",
                option="every",
            )
