"""What tells the groups of a table apart: the text of one column, or of several."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.literal import cells_in, column

Key = str | tuple[str, ...] | None
"""The value of a group: the text of its cells, of several columns a text each; None where one is missing."""

# What stands between the cells of several columns: no text has it.
_BETWEEN = "\x00\x1f"


def written_keys(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """Give one text a row, (rows,), of the cells as they are written; null where one of them is."""
    if len(columns) == 1:
        return cells_in(frame, columns[0])
    cells = [column(name).cast(pl.String) for name in columns]
    return frame.select(pl.concat_str(cells, separator=_BETWEEN)).to_series()


def keys_of(written: pl.Series, cells: Cells) -> list[Key]:
    """Give the values of what `written_keys` has made, trimmed, (rows,)."""
    texts = written.to_list() if written.dtype == pl.String else []
    if not any(text is not None and _BETWEEN in text for text in texts):
        return [*_trimmed(written, cells)]
    split = [(text or "").split(_BETWEEN) for text in texts]
    width = max(map(len, split))
    columns = [pl.Series([one[place] if len(one) == width else None for one in split]) for place in range(width)]
    rows = zip(*(_trimmed(column, cells) for column in columns), strict=True)
    return [None if None in row else row for row in rows]


def text_of(key: Key) -> str:
    """A group as a message names it.

    >>> text_of(("north", "2024"))
    'north, 2024'
    """
    return "the rows without a group" if key is None else key if isinstance(key, str) else ", ".join(key)


def cells_of(key: Key, width: int) -> tuple[str | None, ...]:
    """The cells of a group, one a column."""
    if key is None:
        return (None,) * width
    return (key,) if isinstance(key, str) else key


def _trimmed(written: pl.Series, cells: Cells) -> list[str | None]:
    return written.to_frame("").select(cells.text("", pl.String())).to_series().to_list()
