"""What files of typed columns have in common: batches of rows, as types that are numbers, texts or times."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.extent import Extent, size_of
from gdsolve.data.file import File
from gdsolve.data.literal import literals
from gdsolve.data.names import unique_names
from gdsolve.data.scan import FAULTS
from gdsolve.data.source import Part, Source, no_columns
from gdsolve.spec import Spec

_BATCH = 1 << 24


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column as a file has it: its name there and its type; `holds` says of what is no cell what it is.

    Times and durations are given as texts, whatever their type is, and decimals beyond 128 bits as float64.
    """

    key: str
    dtype: pl.DataType
    holds: str | None = None


class TypedReader(Protocol):
    """Reads files of one format of typed columns."""

    @property
    def remedy(self) -> str:
        """What to do about a file that cannot be read."""

    def columns_of(self, path: str) -> list[StoredColumn]:
        """Give the columns of a file, in its order.

        Raises:
            OSError: the file cannot be read.
        """

    def batches_of(
        self,
        path: str,
        columns: Sequence[str],
        rows: tuple[int, int] | None = None,
        *,
        names: Sequence[str] = (),
        height: int | None = None,
    ) -> Iterator[pl.DataFrame]:
        """Give columns in batches of at most `height` rows, some megabytes unless told.

        They are called by `names`, those of all columns of the file in its order, by default the ones that they have
        there. Of `rows`, the first one and their number, those alone.

        Raises:
            OSError: the file cannot be read.
        """

    def rows_in(self, path: str) -> int:
        """Give the number of rows of a file.

        Raises:
            OSError: the file cannot be read.
        """


class FrameParts(Source):
    """A source whose parts are frames of typed columns; rows have no lines."""

    __slots__ = ()

    def scan(self, part: Part, columns: Collection[str]) -> pl.LazyFrame:
        """Give columns as they are."""
        if not isinstance(part, pl.DataFrame):
            raise TypeError(type(part))
        return part.lazy().select(literals(columns))

    def positions(self, records: Iterable[int]) -> dict[int, tuple[int, int | None]]:
        """Rows count from 1."""
        return {record: (record + 1, None) for record in sorted({int(record) for record in records})}


@dataclass(frozen=True, slots=True)
class TypedSource(FrameParts):
    """A file of typed columns, read by a `reader`; with `loose` ones the cells of a text tell whether it is one."""

    reader: TypedReader = field(kw_only=True)
    loose: bool = False

    @property
    def typed(self) -> bool:
        """False where a column of numbers may be written as text."""
        return not self.loose

    @property
    def remedy(self) -> str:
        """What to do about a file that breaks off."""
        return self.reader.remedy

    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give columns in batches."""
        return self.reader.batches_of(self.file.path, tuple(columns), self.rows, names=tuple(self.schema))

    def sample(self) -> pl.DataFrame:
        """Give the first rows."""
        height = sample_height(len(self.schema))
        readable = [name for name in self.schema if name not in self.faults]
        there = self.reader.batches_of(self.file.path, readable, self.rows, names=tuple(self.schema), height=height)
        return next(there, pl.DataFrame(schema={name: self.schema[name] for name in readable}))

    def extent(self) -> Extent | None:
        """The rows are counted."""
        try:
            size, rows = size_of(self.file.path), float(self.reader.rows_in(self.file.path))
        except OSError:
            # Reading the file will tell what is wrong with it.
            return None
        part = self.rows[1] / rows if self.rows and rows else 1.0
        return Extent(size * part, rows * part, exact=True) if rows else None


def sample_height(width: int) -> int:
    """The rows that columns are judged by, some thousand cells."""
    return max(100, min(2000, 100_000 // width))


def batch_height(width: int) -> int:
    """The rows of a batch of so many columns, some megabytes."""
    return max(1024, min(1 << 16, _BATCH // (8 * max(1, width))))


def open_typed(reader: TypedReader, file: File, spec: Spec, *, loose: bool = False) -> TypedSource:
    """Open a file of typed columns.

    Raises:
        DataError: it has no columns, or cannot be read.
    """
    source = TypedSource(file, (), {}, Cells.of(".", spec.missing_texts), reader=reader, loose=loose)
    try:
        columns = reader.columns_of(file.path)
    except FAULTS as error:
        raise source.unreadable(0, error) from None
    if not columns:
        raise no_columns(file)
    # pandas writes a row index without a name under one of its own.
    headers = ["" if re.fullmatch(r"__index_level_\d+__", column.key) else column.key.strip() for column in columns]
    named = dict(zip(unique_names([column.key.strip() for column in columns]), columns, strict=True))
    faults = {
        name: f"{file.name}: column {name!r} holds {column.holds}, not numbers"
        for name, column in named.items()
        if column.holds
    }
    schema = {name: column.dtype for name, column in named.items()}
    return replace(source, headers=tuple(headers), schema=schema, faults=faults)
