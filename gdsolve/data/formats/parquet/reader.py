"""Parquet by pyarrow, page by page: polars holds whole row groups, which may be the whole file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl

from gdsolve.data.formats.arrow_cells import faults_told, frame_of, stored_column
from gdsolve.data.formats.polars_file import PolarsReader
from gdsolve.data.formats.typed import StoredColumn, batch_height
from gdsolve.data.source import CUT_SHORT

_BY_POLARS = PolarsReader(pl.scan_parquet)

# Bytes that each column is read by; pages are about a megabyte.
_BUFFER = 1 << 16


class ParquetReader:
    """Reads Parquet files: see `gdsolve.data.formats.typed.TypedReader`."""

    remedy = CUT_SHORT

    def columns_of(self, path: str) -> list[StoredColumn]:
        """Give the columns of a file, in its order."""
        with _opened(path) as file:
            if file is None:
                return _BY_POLARS.columns_of(path)
            return [stored_column(field) for field in file.schema_arrow]

    def batches_of(
        self,
        path: str,
        columns: Sequence[str],
        rows: tuple[int, int] | None = None,
        *,
        names: Sequence[str] = (),
        height: int | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Give columns in batches; row groups without any of the `rows` are left unread."""
        size = height or batch_height(len(columns))
        with _opened(path) as file:
            if file is None:
                yield from _BY_POLARS.batches_of(path, columns, rows, names=names, height=size)
                return
            there = file.schema_arrow.names
            marks = dict(zip(names or there, _marks_of(there), strict=True))
            wanted = [marks[column] for column in columns]
            keys = list(dict.fromkeys(key for key, _ in wanted))
            groups, skip, left = _groups_of(file.metadata, *(rows or (0, file.metadata.num_rows)))
            for batch in file.iter_batches(batch_size=size, row_groups=groups, columns=keys):
                kept = batch.slice(min(skip, batch.num_rows), left)
                skip, left = max(0, skip - batch.num_rows), left - kept.num_rows
                if kept.num_rows:
                    yield _frame(kept, wanted, columns)
                if not left:
                    return

    def rows_in(self, path: str) -> int:
        """Give the number of rows of a file, from its footer."""
        import pyarrow.parquet as pq

        with faults_told():
            return int(pq.read_metadata(path).num_rows)


def _marks_of(keys: Sequence[str]) -> list[tuple[str, int]]:
    """Tell columns apart that may have one name: each with how many of its name come before it."""
    seen: Counter[str] = Counter()
    marks = []
    for key in keys:
        marks.append((key, seen[key]))
        seen[key] += 1
    return marks


def _frame(batch: Any, wanted: Sequence[tuple[str, int]], columns: Sequence[str]) -> pl.DataFrame:
    """Pick columns of a batch by their marks: pyarrow gives all of one name, and for `a.b` parts of `a` as well."""
    places = {mark: place for place, mark in enumerate(_marks_of(batch.schema.names))}
    return frame_of([batch.column(places[mark]) for mark in wanted], columns)


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
def _opened(path: str) -> Iterator[Any]:
    """The file as pyarrow reads it, or None where it has types that polars alone knows, as integers of 128 bits."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    how = {"buffer_size": _BUFFER, "pre_buffer": False, "page_checksum_verification": True}
    with faults_told():
        try:
            file = pq.ParquetFile(path, **how)
        except pa.ArrowNotImplementedError:
            yield None
            return
        with file:
            yield file
