"""What many columns take in memory, foreseen from the header: told before a cell of them is read."""

from __future__ import annotations

from collections.abc import Sequence

from gdsolve.data.passes import count_rows
from gdsolve.data.source import Source
from gdsolve.room import host_room, in_bytes
from gdsolve.status import DataError

# Of fewer columns nobody needs to be told before their first rows are read.
MANY = 4000
# What a reader of text takes for a column beside its cells, resident and of addresses: its name, its type, its buffers,
# its part of the plan; as measured on tables of 200,000 columns.
COLUMN_BYTES = 5 << 10
COLUMN_ADDRESSES = 16 << 10
# A block of rows, its factor, and what both are merged to, in float64.
_NUMBER_BYTES = 3 * 8


def require_width(table: str, sources: Sequence[Source], columns: int, features: int) -> None:
    """See that there is memory for the columns of a table, and for the triangle of its `features` (at least so many).

    A triangle of q features takes q² numbers, of fewer rows than that q numbers a row. With text as levels there are
    more features than columns; what these take is seen where the triangle is built.

    Raises:
        DataError: there is less memory than that.
    """
    if max(columns, features) < MANY:
        return
    room = host_room()
    need = columns * COLUMN_BYTES
    if (there := room.falls_short(need, columns * COLUMN_ADDRESSES)) is not None:
        raise DataError(
            f"{table}: {columns:,} columns take {in_bytes(need)} to read, and {in_bytes(there)} are available",
            "write fewer columns to another file, as cut -d, -f1-100 does",
        )
    count = count_rows(sources)
    height = features if count is None else min(features, count.rows)
    need = _NUMBER_BYTES * features * height
    if (there := room.falls_short(need, need)) is not None:
        of = "" if count is None else f" of {count}"
        raise DataError(
            f"{table}: {features:,} features{of} take at least {in_bytes(need)}, and {in_bytes(there)} are available",
            "fewer columns (--features)",
        )
