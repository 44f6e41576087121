"""Arrow files by pyarrow, one batch of the file in memory at a time, and of that the columns that are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import polars as pl

from gdsolve.data.formats.arrow_cells import faults_told, frame_of, stored_column
from gdsolve.data.formats.polars_file import PolarsReader
from gdsolve.data.formats.typed import StoredColumn, batch_height
from gdsolve.data.source import CUT_SHORT

_BY_POLARS = PolarsReader(pl.scan_ipc)


class ArrowReader:
    """Reads Arrow files: see `gdsolve.data.formats.typed.TypedReader`."""

    remedy = CUT_SHORT

    def columns_of(self, path: str) -> list[StoredColumn]:
        """Give the columns of a file, in its order."""
        with _opened(path) as file:
            return _BY_POLARS.columns_of(path) if file is None else list(map(stored_column, file.schema))

    def batches_of(
        self,
        path: str,
        columns: Sequence[str],
        rows: tuple[int, int] | None = None,
        *,
        names: Sequence[str] = (),
        height: int | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Give columns in batches; of the batches of the file without any of the `rows` one column is read."""
        size = height or batch_height(len(columns))
        with _opened(path) as whole:
            if whole is None:
                yield from _BY_POLARS.batches_of(path, columns, rows, names=names, height=size)
                return
            there = list(names or whole.schema.names)
        wanted = [there.index(column) for column in columns]
        read = sorted(set(wanted)) or [0]
        places = [read.index(column) for column in wanted]
        for batch in _batches(path, read, rows):
            for start in range(0, batch.num_rows, size):
                part = batch.slice(start, size)
                yield frame_of([part.column(place) for place in places], columns)

    def rows_in(self, path: str) -> int:
        """Give the number of rows of a file, from what stands before each batch."""
        import pyarrow.dataset as ds

        with faults_told():
            return int(ds.dataset(path, format="ipc").count_rows())


def _batches(path: str, read: list[int], rows: tuple[int, int] | None) -> Iterator[Any]:
    """The batches of a file, or those of its `rows`, of the columns at some places in it."""
    with ExitStack() as stack:
        file = stack.enter_context(_opened(path, read))
        narrow = stack.enter_context(_opened(path, read[:1]))
        skip, left = rows or (0, None)
        for number in range(file.num_record_batches):
            if skip and (height := narrow.get_batch(number).num_rows) <= skip:
                skip -= height
                continue
            batch = file.get_batch(number).slice(skip, left)
            skip, left = 0, None if left is None else left - batch.num_rows
            yield batch
            if left == 0:
                return


@contextmanager
def _opened(path: str, read: list[int] | None = None) -> Iterator[Any]:
    """The file as pyarrow reads it, of some columns; None where it has types that polars alone knows."""
    import pyarrow as pa

    with faults_told(), pa.OSFile(path) as stream:
        try:
            file = pa.ipc.open_file(stream, options=pa.ipc.IpcReadOptions(included_fields=read))
        except pa.ArrowNotImplementedError:
            file = None
        yield file
