"""How polars is asked to stream; `collect_batches`, which polars marks unstable, is called only here."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import polars as pl

# What reading a file can end in.
FAULTS = (pl.exceptions.PolarsError, OSError)


def stream(frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Give the rows of a lazy frame in order, some ten thousand at a time, with memory flat at any size.

    Raises:
        polars.exceptions.PolarsError: what polars says of a file that it cannot read.
    """
    # A quote that never closes is found by reading.py; one within a cell is no harm.
    warnings.filterwarnings("ignore", "CSV malformed", UserWarning)
    for batch in frame.collect_batches(maintain_order=True):
        if batch.height:
            yield batch


def first_line(error: Exception) -> str:
    """Give the first line of an error of polars: the others speak of polars' own options."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def scan_lines(text: str | bytes, skip: int = 0) -> pl.LazyFrame:
    """Give the physical lines of a text, or of the file of this path, in one column `line`, null where one is empty."""
    return pl.scan_csv(
        text,
        has_header=False,
        skip_lines=skip,
        schema={"line": pl.String},
        quote_char=None,
        separator="\x1f",
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        glob=False,
    )
