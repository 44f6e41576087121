"""Parquet by pyarrow, page by page: polars holds whole row groups, which may be the whole file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl

# Bytes that each column is read by; pages are about a megabyte.
_BUFFER = 1 << 16
_BATCH = 1 << 24


def schema_of(path: str) -> dict[str, pl.DataType]:
    """Give the columns of a Parquet file and their types.

    Raises:
        OSError: the file cannot be read.
    """
    import pyarrow.parquet as pq

    with _faults_told(), pq.ParquetFile(path) as file:
        frame = pl.from_arrow(file.schema_arrow.empty_table())
    return dict(frame.schema) if isinstance(frame, pl.DataFrame) else {}


def batches_of(
    path: str, columns: Sequence[str], rows: tuple[int, int] | None = None, *, height: int | None = None
) -> Iterator[pl.DataFrame]:
    """Give columns in batches of at most `height` rows, some megabytes unless told.

    Of `rows`, the first one and their number, those alone: row groups without any of them are left unread.

    Raises:
        OSError: the file cannot be read.
    """
    import pyarrow.parquet as pq

    size = height or max(1024, min(1 << 16, _BATCH // (8 * max(1, len(columns)))))
    how = {"buffer_size": _BUFFER, "pre_buffer": False, "page_checksum_verification": True}
    with _faults_told(), pq.ParquetFile(path, **how) as file:
        groups, skip, left = _groups_of(file.metadata, *(rows or (0, file.metadata.num_rows)))
        for batch in file.iter_batches(batch_size=size, row_groups=groups, columns=list(columns)):
            kept = batch.slice(min(skip, batch.num_rows), left)
            skip, left = max(0, skip - batch.num_rows), left - kept.num_rows
            frame = pl.from_arrow(kept) if kept.num_rows else None
            if isinstance(frame, pl.DataFrame):
                # pyarrow takes a.b for a part of a, and gives it too.
                yield frame.select(*columns)
            if not left:
                return


def _groups_of(metadata: Any, first: int, count: int) -> tuple[list[int], int, int]:
    """The row groups that hold rows, the rows in them that come before, and the number of rows."""
    groups: list[int] = []
    skip = done = 0
    for group in range(metadata.num_row_groups):
        after = done + metadata.row_group(group).num_rows
        if done < first + count and after > first:
            skip = skip if groups else first - done
            groups.append(group)
        done = after
    return groups, skip, count


@contextmanager
def _faults_told() -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except pa.ArrowMemoryError:
        raise
    except pa.ArrowException as error:
        raise OSError(next(iter(str(error).splitlines()), "damaged")) from None
