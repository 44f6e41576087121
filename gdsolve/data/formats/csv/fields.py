"""Rows of a CSV text that end too early: polars makes missing cells of what is not there."""

from __future__ import annotations

import numpy as np
import polars as pl

from gdsolve.data.scan import rows_of, scan_lines

_LINE = pl.col("line").fill_null("")


def short_records(text: bytes, delimiter: str, width: int) -> np.ndarray:
    """Give the indices, from 0, of the records with fewer than `width` fields, blank lines apart.

    A record with line breaks within quotes is never among them.
    """
    quotes = _LINE.str.count_matches('"', literal=True)
    cells = pl.when(quotes > 0).then(_LINE.str.replace_all('"[^"]*"', "")).otherwise(_LINE)
    looked = rows_of(
        scan_lines(text).select(
            (quotes % 2).alias("open"),
            (cells.str.count_matches(delimiter, literal=True) + 1).alias("fields"),
            (_LINE.str.strip_chars() == "").alias("blank"),
        )
    )
    after = np.cumsum(looked["open"].to_numpy()) % 2
    before = np.concatenate(([0], after[:-1]))
    ends = after == 0
    record = np.cumsum(ends) - ends
    whole = ends & (before == 0) & ~looked["blank"].to_numpy()
    return np.asarray(record[whole & (looked["fields"].to_numpy() < width)])
