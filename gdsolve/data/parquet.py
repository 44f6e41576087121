"""Parquet by pyarrow, page by page: polars holds whole row groups, which may be the whole file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

# Bytes that each column is read by; pages are about a megabyte.
_BUFFER = 1 << 16
_BATCH = 1 << 24


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a Parquet file: its name there and its type; `holds` says of what is no cell what it is.

    Times and durations are given as texts, whatever their type is, and decimals beyond 128 bits as float64.
    """

    key: str
    dtype: pl.DataType
    holds: str | None = None


def columns_of(path: str) -> list[Column]:
    """Give the columns of a Parquet file, in its order.

    Raises:
        OSError: the file cannot be read.
    """
    with _opened(path) as file:
        if file is None:
            found = pl.read_parquet_schema(path)
            odd = {
                key: f"values of type {dtype}"
                for key, dtype in found.items()
                if dtype.is_nested() or dtype == pl.Binary
            }
            return [Column(key, pl.Object() if key in odd else dtype, odd.get(key)) for key, dtype in found.items()]
        return [_column(field) for field in file.schema_arrow]


def batches_of(
    path: str,
    columns: Sequence[str],
    rows: tuple[int, int] | None = None,
    *,
    names: Sequence[str] = (),
    height: int | None = None,
) -> Iterator[pl.DataFrame]:
    """Give columns in batches of at most `height` rows, some megabytes unless told.

    They are called by `names`, those of all columns of the file in its order, by default the ones that they have there.

    Of `rows`, the first one and their number, those alone: row groups without any of them are left unread.

    Raises:
        OSError: the file cannot be read.
    """
    size = height or max(1024, min(1 << 16, _BATCH // (8 * max(1, len(columns)))))
    with _opened(path) as file:
        if file is None:
            scanned = pl.scan_parquet(path, glob=False).select(*columns)
            yield from (scanned.slice(*rows) if rows else scanned).collect_batches(chunk_size=size)
            return
        there = file.schema_arrow.names
        marks = dict(zip(names or there, _marks(there), strict=True))
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


def rows_in(path: str) -> int:
    """Give the number of rows of a Parquet file.

    Raises:
        OSError: the file cannot be read.
    """
    import pyarrow.parquet as pq

    with _faults_told():
        return int(pq.read_metadata(path).num_rows)


def _marks(keys: Sequence[str]) -> list[tuple[str, int]]:
    """Tell columns apart that may have one name: each with how many of its name come before it."""
    seen: Counter[str] = Counter()
    marks = []
    for key in keys:
        marks.append((key, seen[key]))
        seen[key] += 1
    return marks


def _frame(batch: Any, wanted: Sequence[tuple[str, int]], columns: Sequence[str]) -> pl.DataFrame:
    """Pick columns of a batch by their marks: pyarrow gives all of one name, and for `a.b` parts of `a` as well."""
    import pyarrow as pa

    places = {mark: place for place, mark in enumerate(_marks(batch.schema.names))}
    arrays = [_cells(batch.column(places[mark])) for mark in wanted]
    frame = pl.from_arrow(pa.RecordBatch.from_arrays(arrays, names=list(columns)))
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(type(frame))
    spans = [name for name, dtype in frame.schema.items() if dtype == pl.Duration]
    return frame.with_columns(pl.col(name).dt.to_string("iso") for name in spans) if spans else frame


def _column(field: Any) -> Column:
    import pyarrow as pa

    plain = _plain_type(field.type)
    if plain is None:
        return Column(field.name, pl.Object(), _holds(field.type))
    if _is(_stored(field.type), "time"):
        return Column(field.name, pl.Time())
    return Column(field.name, pl.Series(pa.array([], plain)).dtype)


def _cells(array: Any) -> Any:
    """An array as polars can take it, and can make text of it."""
    import pyarrow as pa

    plain = _plain_type(array.type)
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array if array.type == plain else array.cast(plain)


def _plain_type(found: Any) -> Any:
    """The type of Arrow that polars is given for a type; None where its values are neither number, text nor time."""
    import pyarrow as pa

    stored = _stored(found)
    if _is(stored, "decimal256"):
        return pa.float64()
    if _is(stored, "time"):
        return pa.string()
    if _is(stored, "timestamp"):
        return stored if stored.tz is None or _is_zone(stored.tz) else pa.timestamp(stored.unit, "UTC")
    plain = ("null", "boolean", "integer", "floating", "decimal", "date", "duration")
    return stored if _is(stored, *plain, "string", "large_string", "string_view") else None


def _stored(found: Any) -> Any:
    """The type that values have below the name of an extension, and without the dictionary that they are written by."""
    import pyarrow as pa

    stored = found.storage_type if isinstance(found, pa.BaseExtensionType) else found
    return _stored(stored.value_type) if pa.types.is_dictionary(stored) else stored


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _is(found: Any, *kinds: str) -> bool:
    import pyarrow as pa

    return any(getattr(pa.types, f"is_{kind}")(found) for kind in kinds)


def _holds(found: Any) -> str:
    """What the values of a type are, in a word where there is one."""
    stored = _stored(found)
    words = {
        "lists": ("list", "large_list", "fixed_size_list", "list_view", "large_list_view"),
        "structs": ("struct",),
        "maps": ("map",),
        "bytes": ("binary", "large_binary", "fixed_size_binary", "binary_view"),
    }
    return next((word for word, kinds in words.items() if _is(stored, *kinds)), f"values of type {stored}")


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
    with _faults_told():
        try:
            file = pq.ParquetFile(path, **how)
        except pa.ArrowNotImplementedError:
            yield None
            return
        with file:
            yield file


@contextmanager
def _faults_told() -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except pa.ArrowMemoryError:
        raise
    except pa.ArrowException as error:
        raise OSError(next(iter(str(error).splitlines()), "damaged")) from None
