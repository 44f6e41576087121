"""Parquet by pyarrow, page by page: polars holds whole row groups, which may be the whole file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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


def batches_of(path: str, columns: Sequence[str], rows: int | None = None) -> Iterator[pl.DataFrame]:
    """Give columns in batches of `rows`, some megabytes unless told.

    Raises:
        OSError: the file cannot be read.
    """
    import pyarrow.parquet as pq

    size = rows or max(1024, min(1 << 16, _BATCH // (8 * max(1, len(columns)))))
    how = {"buffer_size": _BUFFER, "pre_buffer": False, "page_checksum_verification": True}
    with _faults_told(), pq.ParquetFile(path, **how) as file:
        for batch in file.iter_batches(batch_size=size, columns=list(columns)):
            frame = pl.from_arrow(batch)
            if isinstance(frame, pl.DataFrame):
                # pyarrow takes a.b for a part of a, and gives it too.
                yield frame.select(*columns)


@contextmanager
def _faults_told() -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except pa.ArrowMemoryError:
        raise
    except pa.ArrowException as error:
        raise OSError(next(iter(str(error).splitlines()), "damaged")) from None
