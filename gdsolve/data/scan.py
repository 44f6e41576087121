"""How polars is asked for the rows of a text."""

from __future__ import annotations

import warnings

import polars as pl

# What reading a file can end in.
FAULTS = (pl.exceptions.PolarsError, OSError)


def rows_of(scanned: pl.LazyFrame) -> pl.DataFrame:
    """Give all rows of a scan, or none.

    Raises:
        polars.exceptions.PolarsError: what polars says of a text that it cannot read to its end.
    """
    # A quote that never closes is found by reading.py; one within a cell is no harm.
    warnings.filterwarnings("ignore", "CSV malformed", UserWarning)
    return scanned.collect()


def first_line(error: Exception) -> str:
    """Give the first line of an error of polars: the others speak of polars' own options."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def scan_lines(text: bytes) -> pl.LazyFrame:
    """Give the physical lines of a text in one column `line`, null where a line is empty."""
    return pl.scan_csv(
        text,
        has_header=False,
        schema={"line": pl.String},
        quote_char=None,
        separator="\x1f",
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        glob=False,
    )
