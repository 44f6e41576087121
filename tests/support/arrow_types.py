"""Columns of every type of Arrow, and what is said of those that are no numbers."""

from __future__ import annotations

import uuid
from decimal import Decimal

import polars as pl
import pyarrow as pa

PLAIN = [[1.0, 3.0], [2.0, 5.0], [4.0, 9.0]]


def extension(kind, storage):
    return pa.ExtensionArray.from_storage(kind, storage)


NUMBERS = {
    "int8": pa.array([1, 2, 3], pa.int8()),
    "uint64": pa.array([1, 2, 3], pa.uint64()),
    "half": pa.array([1, 2, 3], pa.float16()),
    "decimal": pa.array([Decimal(1), Decimal(2), Decimal("3.00")], pa.decimal128(20, 2)),
    "decimal256": pa.array([Decimal(1), Decimal(2), Decimal("3.00")], pa.decimal256(50, 2)),
    "dictionary": pa.array([1.0, 2.0, 3.0]).dictionary_encode(),
    "int128": pl.Series([1, 2, 3], dtype=pl.Int128),
}
TIMES = {
    "date": (pa.array([0, 1, 2], pa.date32()), "'1970-01-01' is a date"),
    "date64": (pa.array([0, 86_400_000, 172_800_000], pa.date64()), "'1970-01-01' is a date"),
    "timestamp": (pa.array([1, 2, 3], pa.timestamp("s")), "'1970-01-01 00:00:01.000' is a date"),
    "zone": (pa.array([1, 2, 3], pa.timestamp("ms", "Europe/Berlin")), "'1970-01-01 01:00:00.001+01:00' is a date"),
    "offset": (pa.array([1, 2, 3], pa.timestamp("ms", "-05:30")), "'1970-01-01 00:00:00.001+00:00' is a date"),
    "no such zone": (pa.array([1, 2, 3], pa.timestamp("ms", "no/where")), "'1970-01-01 00:00:00.001+00:00' is a date"),
    "time32": (pa.array([1, 2, 3], pa.time32("ms")), "'00:00:00.001' is a time of day"),
    "time64": (pa.array([1, 2, 3], pa.time64("ns")), "'00:00:00.000000001' is a time of day"),
    "duration s": (pa.array([90, 2, 3], pa.duration("s")), "'PT1M30S' is a duration"),
    "duration ns": (pa.array([1, 2, 3], pa.duration("ns")), "'PT0.000000001S' is a duration"),
    "text": (pa.array(["a", "b", "c"]), "'a' is text"),
    "large text": (pa.array(["a", "b", "c"], pa.large_string()), "'a' is text"),
    "text view": (pa.array(["a", "b", "c"], pa.string_view()), "'a' is text"),
    "categories": (pa.array(["a", "b", "c"]).dictionary_encode(), "'a' is text"),
    "dates by dictionary": (pa.array([0, 1, 2], pa.date32()).dictionary_encode(), "'1970-01-01' is a date"),
    "enum": (pl.Series(["a", "b", "c"], dtype=pl.Enum(["a", "b", "c"])), "'a' is text"),
}
NESTED = {
    "list": (pa.array([[1], [2], None]), "lists"),
    "large list": (pa.array([[1], [2], None], pa.large_list(pa.int64())), "lists"),
    "list view": (pa.array([[1], [2], None], pa.list_view(pa.int64())), "lists"),
    "array": (pa.array([[1], [2], [3]], pa.list_(pa.int64(), 1)), "lists"),
    "struct": (pa.array([{"k": 1}, {"k": 2}, None]), "structs"),
    "map": (pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())), "maps"),
    "bytes": (pa.array([b"a", b"\xff", None]), "bytes"),
    "fixed bytes": (pa.array([b"a", b"b", None], pa.binary(1)), "bytes"),
    "uuid": (pa.array([uuid.UUID(int=1).bytes] * 3, pa.binary(16)), "bytes"),
}
