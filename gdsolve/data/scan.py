"""How polars is asked to stream; `collect_batches`, which polars marks unstable, is called only here."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import polars as pl


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


def scan_lines(path: str, skip: int = 0) -> pl.LazyFrame:
    """Give the physical lines of a text file, compressed or not, in one column `line`, null where a line is empty."""
    return pl.scan_csv(
        path,
        has_header=False,
        skip_lines=skip,
        schema={"line": pl.String},
        quote_char=None,
        separator="\x1f",
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        glob=False,
    )
