"""One readable file with its columns: raw cells for careful reading, plain floats for fast reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from glob import escape

import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.files import File, Format, find_files
from gdsolve.data.records import unreadable
from gdsolve.data.sniff import Dialect, sniff
from gdsolve.spec import Spec
from gdsolve.status import DataError

# The fields of a row beyond the header's land in a column of this name.
OVERFLOW = "\x00overflow"


@dataclass(frozen=True, slots=True)
class Source:
    """A file and its columns: `headers` as written ("" where there is none), `schema` by unique name."""

    file: File
    headers: tuple[str, ...]
    schema: Mapping[str, pl.DataType]
    dialect: Dialect | None
    cells: Cells

    @property
    def name(self) -> str:
        """The name that messages use."""
        return self.file.name

    @property
    def has_header(self) -> bool:
        """False for a CSV file that starts with data."""
        return self.dialect is None or self.dialect.header is not None

    def raw(self, columns: Iterable[str], *, strict: bool = False) -> pl.LazyFrame:
        """Scan columns as they are written: texts from CSV and NDJSON (and `OVERFLOW` from CSV), types from Parquet.

        Bytes that are not UTF-8 become U+FFFD, or are an error of polars where `strict`.
        """
        if self.dialect is not None:
            texts = dict.fromkeys(self.schema, pl.String)
            return self._scan_csv(self.dialect, texts, strict=strict).select(*columns, OVERFLOW)
        if self.file.format is Format.NDJSON:
            return pl.scan_ndjson(escape(self.file.path), schema=dict.fromkeys(columns, pl.String))
        return pl.scan_parquet(self.file.path, glob=False).select(*columns)

    def raw_type(self, column: str) -> pl.DataType:
        """Give the type that `raw` has for a column."""
        return self.schema[column] if self.file.format is Format.PARQUET else pl.String()

    def floats(self, columns: Iterable[str]) -> pl.LazyFrame | None:
        """Scan columns as plain floats, as fast as polars can; None where the file is not written that way."""
        chosen = list(columns)
        nan = [self.cells.number(name, pl.Float64()) for name in chosen]
        if self.file.format is Format.NDJSON:
            return pl.scan_ndjson(escape(self.file.path), schema=dict.fromkeys(chosen, pl.Float64)).select(nan)
        # With decimal_comma polars takes 1.234 as well, as 1.234: a thousands separator would pass unseen.
        if self.dialect is None or self.dialect.decimal == ",":
            return None
        types = {name: pl.Float64 if name in chosen else pl.String for name in self.schema}
        return self._scan_csv(self.dialect, types).select(*nan, OVERFLOW)

    def _scan_csv(
        self, dialect: Dialect, types: Mapping[str, type[pl.DataType]], *, strict: bool = False
    ) -> pl.LazyFrame:
        return pl.scan_csv(
            self.file.path,
            has_header=False,
            skip_lines=dialect.skip,
            schema={**types, OVERFLOW: pl.String},
            separator=dialect.delimiter,
            # Fields beyond the header's would otherwise be an error without a row, or none at all under a projection.
            truncate_ragged_lines=True,
            missing_columns="insert",
            encoding="utf8" if strict else "utf8-lossy",
            glob=False,
        )


def open_sources(sources: Sequence[str], spec: Spec, stack: ExitStack) -> tuple[Source, ...]:
    """Open every file that the user named and check that all have the columns of the first, in any order.

    Raises:
        DataError: a file that cannot be read, or that lacks a column.
    """
    opened = tuple(_source(file, spec) for file in find_files(sources, spec.encoding, stack))
    first = opened[0]
    for other in opened[1:]:
        lacking = [name for name in first.schema if name not in other.schema]
        beyond = [name for name in other.schema if name not in first.schema]
        if lacking:
            raise DataError(f"{other.name}: has no column {lacking[0]!r}, as {first.name} has", _SAME)
        if beyond and other.file.format is not Format.NDJSON:
            raise DataError(f"{other.name}: has a column {beyond[0]!r} that {first.name} does not have", _SAME)
    return opened


_SAME = "files that are read together need the same columns, in any order"


def _source(file: File, spec: Spec) -> Source:
    if file.format is Format.CSV:
        dialect = sniff(file, spec)
        headers = dialect.header or plain_names(dialect.width)
        schema: dict[str, pl.DataType] = {name: pl.String() for name in unique_names(headers)}
        return Source(file, headers, schema, dialect, Cells.of(dialect.decimal, spec.na_values))
    try:
        if file.format is Format.NDJSON:
            frame = pl.scan_ndjson(escape(file.path), infer_schema_length=1000)
        else:
            frame = pl.scan_parquet(file.path, glob=False)
        found = dict(frame.collect_schema())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise unreadable(file, 0, error) from None
    if not found:
        raise DataError(f"{file.name}: has no columns", "a table needs a target and at least one feature")
    headers = tuple(name.strip() for name in found)
    return Source(file, headers, found, None, Cells.of(".", spec.na_values))


def plain_names(width: int) -> tuple[str, ...]:
    """Name the columns of a table without a header: x1…xn, y; a single column is x1."""
    names = [f"x{place}" for place in range(1, width)]
    return (*names, "y") if names else ("x1",)


def unique_names(headers: Sequence[str]) -> tuple[str, ...]:
    """Make names unique: the second `x` is `x_2`, a column without a name `column_1`, by its position."""
    names: dict[str, int] = {}
    for position, header in enumerate(headers, start=1):
        stem = header or f"column_{position}"
        name, count = stem, 2
        while name in names or (name != header and name in headers):
            name, count = f"{stem}_{count}", count + 1
        names[name] = position
    return tuple(names)
