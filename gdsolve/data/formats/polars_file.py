"""Parquet and Arrow files by polars, where pyarrow is not installed, and for types that polars alone has.

Polars holds a whole row group in memory, checks no sums of pages, and knows fewer types.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from gdsolve.data.formats.typed import StoredColumn, batch_height
from gdsolve.data.literal import column as literal_column
from gdsolve.data.moments import beyond_calendar
from gdsolve.data.scan import first_line
from gdsolve.data.source import CUT_SHORT
from gdsolve.extras import is_installed

_WORDS = {pl.List: "lists", pl.Array: "lists", pl.Struct: "structs", pl.Map: "maps", pl.Binary: "bytes"}
_DIGITS = 38
_MORE = "write the file again; or read it by pyarrow: pip install 'gdsolve[parquet]'"


@dataclass(frozen=True, slots=True)
class PolarsReader:
    """Reads files that polars scans: see `gdsolve.data.formats.typed.TypedReader`."""

    scan: Callable[..., pl.LazyFrame]

    @property
    def remedy(self) -> str:
        """What to do about a file that cannot be read: pyarrow knows more of them."""
        return CUT_SHORT if is_installed("pyarrow") else _MORE

    def columns_of(self, path: str) -> list[StoredColumn]:
        """Give the columns of a file, in its order."""
        return [StoredColumn(key, *_stored(dtype)) for key, dtype in self._schema_of(path).items()]

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
        schema = self._schema_of(path)
        keys = dict(zip(names or schema, schema, strict=True))
        chosen = self.scan(path, glob=False).select(
            _cell(keys[column], schema[keys[column]]).alias(column) for column in columns
        )
        there = self.rows_in(path)
        first, count = rows or (0, there)
        awaited = max(0, min(count, there - first))
        chosen = chosen.slice(first, count) if rows else chosen
        with _faults_told():
            for batch in chosen.collect_batches(chunk_size=height or batch_height(len(columns))):
                if beyond := beyond_calendar(batch):
                    raise OSError(beyond)
                awaited -= batch.height
                yield batch
        # What one of its threads fails at ends the batches of polars, and it says nothing.
        if awaited:
            raise OSError(f"{awaited} rows are missing")

    def rows_in(self, path: str) -> int:
        """Give the number of rows of a file, from its footer."""
        with _faults_told():
            return int(self.scan(path, glob=False).select(pl.len()).collect().item())

    def _schema_of(self, path: str) -> Mapping[str, pl.DataType]:
        with _faults_told(), _panics_unsaid():
            return self.scan(path, glob=False).collect_schema()


def _stored(found: pl.DataType) -> tuple[pl.DataType, str | None]:
    """The type that a column is given as, and in words what its values are where that is no cell."""
    dtype = _storage(found)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return pl.String(), None
    if isinstance(dtype, pl.Decimal) and dtype.precision > _DIGITS:
        return pl.Object(), f"decimals of {dtype.precision} digits, which pyarrow reads"
    holds = next((word for kind, word in _WORDS.items() if isinstance(dtype, kind)), None)
    return (dtype, None) if holds is None else (pl.Object(), holds)


def _storage(found: pl.DataType) -> pl.DataType:
    """The type that values have below the name of an extension."""
    stored = found.ext_storage() if isinstance(found, pl.BaseExtension) else found
    return stored if isinstance(stored, pl.DataType) else stored()


def _cell(key: str, found: pl.DataType) -> pl.Expr:
    """A column as `_stored` says; times and durations as texts."""
    dtype, cell = _storage(found), literal_column(key)
    if isinstance(found, pl.BaseExtension):
        cell = cell.ext.storage()
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return cell.cast(pl.String)
    if dtype == pl.Time:
        return cell.dt.to_string("%H:%M:%S%.f")
    return cell.dt.to_string("iso") if dtype == pl.Duration else cell


@contextmanager
def _faults_told() -> Iterator[None]:
    """Have what polars says of a file be an OSError: also where one of its threads ends."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise OSError(first_line(error)) from None


@contextmanager
def _panics_unsaid() -> Iterator[None]:
    """Have a thread of polars that ends say nothing on standard error by itself: the error that comes of it is told."""
    try:
        before = os.dup(2)
    except OSError:
        # There is no standard error.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(nowhere)
        os.close(before)
