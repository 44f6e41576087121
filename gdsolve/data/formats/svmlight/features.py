"""What a pass over svmlight files finds: the largest index, whether one is 0, queries, and the labels if they are few.

T. Joachims, SVM-light (1999), "How to use": indices count from 1 and increase within a line; LIBSVM took the form over.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from gdsolve.data.scan import rows_of, scan_lines

_BARE = pl.col("line").str.replace(r"#.*$", "").str.strip_chars().fill_null("")
IS_BLANK = (_BARE == "").alias("blank")
_LABELS = 2


@dataclass(frozen=True, slots=True)
class Features:
    """The `largest` index of some rows, -1 without any; `zero` where an index is 0, `queries` where a qid is.

    `labels` are those of the rows, None where they are more than two.
    """

    largest: int = -1
    zero: bool = False
    queries: bool = False
    labels: frozenset[str] | None = frozenset()

    def __add__(self, other: Features) -> Features:
        """Those of more rows."""
        labels = None if self.labels is None or other.labels is None else self.labels | other.labels
        return Features(
            max(self.largest, other.largest),
            self.zero or other.zero,
            self.queries or other.queries,
            None if labels is None or len(labels) > _LABELS else labels,
        )

    @property
    def are_signs(self) -> bool:
        """True where all labels are -1 or +1."""
        return self.labels is not None and self.labels <= {"-1", "1", "+1", "-1.0", "1.0", "+1.0"}


def features_of(text: bytes) -> tuple[Features, int]:
    """The features of some lines, and how many rows these are; the last index of a line is its largest.

    Raises:
        polars.exceptions.PolarsError: an index is no number.
    """
    rows = rows_of(scan_lines(text).select(_BARE).filter(pl.col("line") != ""))["line"]
    largest = rows.str.extract(r"\s(\d+):\S+$").cast(pl.Int64).max()
    zero = rows.str.contains(r"^\S+(?:\s+qid:\S+)?\s+0+:").any()
    queries = rows.str.contains(r"^\S+\s+qid:").any()
    labels = frozenset(rows.str.extract(r"^(\S+)").unique().head(_LABELS + 1))
    few = labels if len(labels) <= _LABELS else None
    return Features(-1 if largest is None else int(str(largest)), zero, queries, few), len(rows)
