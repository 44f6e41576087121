"""Lines of svmlight -> rows of numbers, of the columns that are read."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import polars as pl

from gdsolve.data.scan import rows_of, scan_lines

LABEL, QUERY = "y", "qid"
_BARE = pl.col("line").str.replace(r"#.*$", "").str.strip_chars()
# What every line is, but for the numbers themselves.
_SHAPE = r"^[^\s:,]+(?:\s+qid:\d+)?(?:\s+\d+:[^\s:]+)*$"
_APART = bytes.maketrans(b": \t\r\v\f", b"\n" * 6)
INDEX = re.compile(r"x(\d+)")


class OddLineError(pl.exceptions.ComputeError):
    """A line that is no row."""


def index_of(column: str) -> int | None:
    """The index of the feature that a column is called by, None where it is none: x7 is 7.

    >>> index_of("x7"), index_of("y")
    (7, None)
    """
    found = INDEX.fullmatch(column)
    return int(found[1]) if found else None


def rows_of_lines(text: bytes, columns: Sequence[str], *, signs: bool) -> pl.DataFrame:
    """Give columns, float64: a feature that a row does not name is 0. With `signs` the label -1 is 0, as +1 is 1.

    Raises:
        OddLineError: a line is no label with pairs of increasing indices.
        polars.exceptions.PolarsError: a label or a value is no number.
    """
    lines = rows_of(scan_lines(text).select(_BARE).filter(pl.col("line") != ""))["line"]
    if not lines.str.contains(_SHAPE).all():
        raise OddLineError("a line is no label with pairs INDEX:VALUE")
    queries = lines.str.extract(r"\sqid:(\d+)").cast(pl.Float64)
    if queries.null_count() < len(queries):
        lines = lines.str.replace(r"\s+qid:\d+", "")
    pairs = lines.str.count_matches(":", literal=True).to_numpy().astype(np.int64)
    numbers = _numbers("\n".join(lines).encode(), len(lines) + 2 * int(pairs.sum()))
    starts = np.cumsum(1 + 2 * pairs) - (1 + 2 * pairs)
    labels = numbers[starts]
    cells = np.delete(numbers, starts).reshape(-1, 2)
    index, row = cells[:, 0].astype(np.int64), np.repeat(np.arange(len(lines)), pairs)
    if ((np.diff(index) <= 0) & (np.diff(row) == 0)).any():
        raise OddLineError("indices do not increase within a line")
    if signs:
        labels = np.where(labels == -1.0, 0.0, labels)
    found = _dense(index, row, cells[:, 1], [index_of(name) for name in columns], len(lines))
    return pl.DataFrame(
        [
            pl.Series(name, labels if name == LABEL else cells, pl.Float64) if name != QUERY else queries.alias(QUERY)
            for name, cells in zip(columns, found, strict=True)
        ]
    )


def _numbers(text: bytes, count: int) -> np.ndarray:
    """All numbers of a text, in their order, as the reader of CSV parses them: it rounds correctly."""
    apart = text.translate(_APART)
    found = pl.read_csv(apart, has_header=False, schema={"number": pl.Float64}, glob=False)["number"].drop_nulls()
    if len(found) != count:
        raise OddLineError("a label or a value is no number")
    return found.to_numpy()


def _dense(
    index: np.ndarray, row: np.ndarray, value: np.ndarray, wanted: Sequence[int | None], rows: int
) -> np.ndarray:
    """The columns of some indices, (columns, rows)."""
    width = max((one for one in wanted if one is not None), default=-1) + 1
    place = np.full(width + 1, -1)
    for column, one in enumerate(wanted):
        if one is not None:
            place[one] = column
    # What lies beyond the columns that are wanted falls on the last place, which is none.
    at = place[np.minimum(index, width)]
    kept = at >= 0
    found = np.zeros((len(wanted), rows))
    found[at[kept], row[kept]] = value[kept]
    return found
