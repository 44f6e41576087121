"""Columns of Arrow as polars takes them: a number, a text or a time, or refused by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from gdsolve.data.formats.typed import StoredColumn
from gdsolve.data.literal import column
from gdsolve.data.moments import beyond_calendar


def stored_column(field: Any) -> StoredColumn:
    """What a field of a schema is."""
    import pyarrow as pa

    plain = _plain_type(field.type)
    if plain is None:
        return StoredColumn(field.name, pl.Object(), _holds(field.type))
    if _is(_stored(field.type), "time"):
        return StoredColumn(field.name, pl.Time())
    return StoredColumn(field.name, pl.Series(pa.array([], plain)).dtype)


def frame_of(arrays: Sequence[Any], columns: Sequence[str]) -> pl.DataFrame:
    """Give arrays of pyarrow as columns.

    Raises:
        OSError: values that a column cannot hold.
    """
    import pyarrow as pa

    with faults_told():
        for array in arrays:
            # A damaged file may say of lengths and places what goes beyond its end, and of bytes that they are a text.
            array.validate(full=True)
        cells = [_cells(array) for array in arrays]
        frame = pl.from_arrow(pa.RecordBatch.from_arrays(cells, names=list(columns)))
    if not isinstance(frame, pl.DataFrame):
        raise TypeError(type(frame))
    if beyond := beyond_calendar(frame):
        raise OSError(beyond)
    spans = [name for name, dtype in frame.schema.items() if dtype == pl.Duration]
    return frame.with_columns(column(name).dt.to_string("iso") for name in spans) if spans else frame


def _cells(array: Any) -> Any:
    """An array as polars can take it, and can make text of it."""
    import pyarrow as pa

    plain = _plain_type(array.type)
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        # Of views of texts pyarrow cannot decode a dictionary.
        texts = array.dictionary.cast(pa.large_string()) if _is(plain, "string_view") else array.dictionary
        array = pa.DictionaryArray.from_arrays(array.indices, texts).dictionary_decode()
    return array if array.type == plain else array.cast(plain)


def _plain_type(found: Any) -> Any:
    """The type of Arrow that polars is given for a type; None where its values are neither number, text nor time."""
    import pyarrow as pa

    stored = _stored(found)
    if _is(stored, "decimal256"):
        return pa.float64()
    if _is(stored, "time"):
        return pa.string()
    if _is(stored, "date"):
        return pa.date32()
    if _is(stored, "timestamp"):
        return stored if stored.tz is None or _is_zone(stored.tz) else pa.timestamp(stored.unit, "UTC")
    plain = ("null", "boolean", "integer", "floating", "decimal", "duration")
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


@contextmanager
def faults_told() -> Iterator[None]:
    """Have what pyarrow says of a file be an OSError, but for want of memory; also where names are no UTF-8."""
    import pyarrow as pa

    try:
        yield
    except pa.ArrowMemoryError:
        raise
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise OSError(next(iter(str(error).splitlines()), "damaged")) from None
