"""One readable file with its columns: raw cells for careful reading, plain floats for fast reading."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.extent import Pass
from gdsolve.data.file import File, Format
from gdsolve.data.files import expand, open_named
from gdsolve.data.names import plain_names, unique_names
from gdsolve.data.objects import Objects, all_objects, first_objects
from gdsolve.data.parquet import batches_of, columns_of
from gdsolve.data.pieces import Piece, first_records, pieces_of
from gdsolve.data.records import blank_records, unreadable
from gdsolve.data.scan import FAULTS, rows_of
from gdsolve.data.sniff import Dialect, sniff
from gdsolve.spec import Spec, company
from gdsolve.spec.command import operand
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

# The fields of a row beyond the header's land in a column of this name.
OVERFLOW = "\x00overflow"
# Bytes and lines, one of both at least, that a text is judged by; where the rest differs, reading finds out.
_SAMPLE = 1 << 18
_LINES = 20


# What polars scans in one go: a piece of text, or rows of Parquet.
Part = Piece | pl.DataFrame


@dataclass(frozen=True, slots=True)
class Marks:
    """The delimiter and the decimal mark of CSV files; None of others."""

    delimiter: str | None = None
    decimal: str | None = None


UNMARKED = Marks()


@dataclass(frozen=True, slots=True)
class Source:
    """A file and its columns: `headers` as written ("" where there is none), `schema` by unique name.

    `rows` are those that are read of a Parquet file, the first one and their number; None is all of it. Records count
    from the first row of the file all the same. `near` is the part that is being read, after the index of its first
    record, where one is. `faults` says of columns that cannot be read why: their type is Object. `keys` are those of
    NDJSON by the names of columns, where they differ, and `objects` what is known of it.
    """

    file: File
    headers: tuple[str, ...]
    schema: Mapping[str, pl.DataType]
    dialect: Dialect | None
    cells: Cells
    rows: tuple[int, int] | None = None
    near: tuple[int, Part] | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    objects: Objects | None = None

    @property
    def name(self) -> str:
        """The name that messages use."""
        return self.file.name

    @property
    def skip(self) -> int:
        """Physical lines before the data."""
        return self.dialect.skip if self.dialect else 0

    @property
    def before(self) -> int:
        """Rows of the file that come before those that are read."""
        return self.rows[0] if self.rows else 0

    @property
    def marks(self) -> Marks:
        """What stands between cells and before decimals."""
        return Marks(self.dialect.delimiter, self.dialect.decimal) if self.dialect else UNMARKED

    @property
    def row_names(self) -> str | None:
        """The column of names of rows, which the header has no name for, where there is one."""
        return next(iter(self.schema)) if self.dialect and self.dialect.row_names else None

    @property
    def has_header(self) -> bool:
        """False for a CSV file that starts with data."""
        return self.dialect is None or self.dialect.header is not None

    @property
    def lasts(self) -> tuple[str, ...] | None:
        """The column that is the last of all objects of NDJSON, if any is; None where all columns have a place."""
        if self.objects is None or self.objects.keys.same:
            return None
        return tuple(self.schema)[-1:] if self.objects.last is not None else ()

    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give the file in parts that together hold its records, in order; `columns` are those that will be scanned.

        Raises:
            DataError: damaged compression, an encoding that does not fit, or a record without end.
            OSError: the file cannot be read.
        """
        if self.file.format is Format.PARQUET:
            yield from batches_of(self.file.path, tuple(columns), self.rows, names=tuple(self.schema))
        else:
            yield from pieces_of(self.file, self.skip, self.dialect.delimiter if self.dialect else None)

    def scan(self, part: Part, columns: Collection[str], *, strict: bool = False) -> pl.LazyFrame:
        """Scan columns as they are written: texts from CSV and NDJSON (and `OVERFLOW` from CSV), types from Parquet.

        Bytes that are not UTF-8 become U+FFFD, or are an error of polars where `strict`.
        """
        if isinstance(part, pl.DataFrame):
            return part.lazy().select(*columns)
        if self.dialect is not None:
            texts = dict.fromkeys(self.schema, pl.String)
            return self._scan_csv(self.dialect, part.text, texts, strict=strict).select(*columns, OVERFLOW)
        return self._scan_objects(part.text, dict.fromkeys(columns, pl.String))

    def raw(self, columns: Collection[str]) -> Iterator[pl.DataFrame]:
        """Give the rows of every part as `scan` does."""
        for part in self.parts(columns):
            yield rows_of(self.scan(part, columns))

    def raw_type(self, column: str) -> pl.DataType:
        """Give the type that `raw` has for a column."""
        return self.schema[column] if self.file.format is Format.PARQUET else pl.String()

    def parse(self, raw: pl.DataFrame, numbers: Sequence[str], texts: Sequence[str]) -> pl.DataFrame:
        """Turn rows of `raw` into float64, NaN where a cell is no number, and trimmed texts; null is missing."""
        odd = list(numbers)
        found: dict[str, pl.Series] = {}
        if self.file.format is not Format.PARQUET and self.cells.decimal == ".":
            # Most cells are plain numbers, which costs a fifth of looking at them in every way.
            quick = raw.select(self.cells.parsed(numbers)).get_columns()
            odd = [
                column.name
                for column in quick
                if raw[column.name].null_count() != column.null_count() or self.cells.hides_missing(column)
            ]
            found = {column.name: column for column in quick}
        careful = [self.cells.number(name, self.raw_type(name)) for name in odd]
        careful += [self.cells.text(name, self.raw_type(name)) for name in texts]
        kept = [OVERFLOW] if OVERFLOW in raw.columns else []
        found |= {column.name: column for column in raw.select(*careful, *kept).get_columns()}
        return pl.DataFrame([found[name] for name in (*numbers, *texts, *kept)])

    def blank_lines(self, part: Part, empty: np.ndarray) -> np.ndarray:
        """Tell which of the `empty` rows of a part, (rows,), are blank lines, which are no rows of a table."""
        if self.dialect is None or isinstance(part, pl.DataFrame) or not empty.any():
            return np.zeros_like(empty)
        return np.asarray(empty & np.isin(np.arange(len(empty)), blank_records(part.text)))

    def plain_cells_of(self, part: Part, numbers: Sequence[str], texts: Sequence[str]) -> pl.LazyFrame | None:
        """Scan what `parse` gives in one go, with null for every cell that is no plain number; None where impossible.

        NaN stays where it may mean missing: see `Cells.parsed`.
        Cells must not be errors of polars: before it raises, it gives batches from beyond the one that it cannot read.
        """
        # With decimal_comma polars takes 1.234 as well, as 1.234: a thousands separator would pass unseen.
        if isinstance(part, pl.DataFrame) or self.cells.decimal == ",":
            return None
        wanted = self.cells.parsed(numbers, pl.Float64)
        wanted += [self.cells.text(name, pl.String()) for name in texts]
        types = dict.fromkeys(self.schema if self.dialect else texts, pl.String) | dict.fromkeys(numbers, pl.Float64)
        if self.dialect is None:
            return self._scan_objects(part.text, types, lenient=True).select(wanted)
        return self._scan_csv(self.dialect, part.text, types, lenient=True).select(*wanted, OVERFLOW)

    def sample(self) -> pl.DataFrame:
        """Read the first rows, some thousand cells, as `raw` gives them."""
        if self.file.format is Format.PARQUET:
            count = max(100, min(2000, 100_000 // len(self.schema)))
            readable = [name for name in self.schema if name not in self.faults]
            there = batches_of(self.file.path, readable, self.rows, names=tuple(self.schema), height=count)
            return next(there, pl.DataFrame(schema={name: self.schema[name] for name in readable}))
        delimiter = self.dialect.delimiter if self.dialect else None
        text = first_records(self.file, _SAMPLE, _LINES, self.skip, delimiter)
        return rows_of(self.scan(Piece(text, 0), tuple(self.schema)))

    def _scan_objects(
        self, text: bytes, types: Mapping[str, type[pl.DataType]], *, lenient: bool = False
    ) -> pl.LazyFrame:
        written = {self.keys.get(name, name): dtype for name, dtype in types.items()}
        scanned = pl.scan_ndjson(text, schema=written, ignore_errors=lenient)
        return scanned.select(pl.col(self.keys.get(name, name)).alias(name) for name in types) if self.keys else scanned

    def _scan_csv(
        self,
        dialect: Dialect,
        text: bytes,
        types: Mapping[str, type[pl.DataType]],
        *,
        strict: bool = False,
        lenient: bool = False,
    ) -> pl.LazyFrame:
        beyond = [OVERFLOW, *(f"{OVERFLOW}{place}" for place in range(1, dialect.beyond))]
        scanned = pl.scan_csv(
            text,
            has_header=False,
            schema={**types, **dict.fromkeys(beyond, pl.String)},
            separator=dialect.delimiter,
            # Fields beyond the header's would otherwise be an error without a row, or none at all under a projection.
            truncate_ragged_lines=True,
            missing_columns="insert",
            extra_columns="ignore",
            ignore_errors=lenient,
            encoding="utf8" if strict else "utf8-lossy",
            glob=False,
        )
        return scanned.with_columns(pl.coalesce(beyond).alias(OVERFLOW)) if len(beyond) > 1 else scanned


def open_sources(sources: Sequence[str], spec: Spec, stack: ExitStack, *, glance: bool = False) -> tuple[Source, ...]:
    """Open every file that the user named and check that all have the columns of the first, in any order.

    The columns of NDJSON are the keys of all objects (one pass), or of the first ones at a `glance`.

    Raises:
        DataError: a file that cannot be read, or that lacks a column.
    """
    opened = as_one_table(open_files(expand(sources), spec, stack, glance=glance))
    require_same_columns(opened, opened[0].name, opened[0].schema)
    return opened


def as_opened(sources: Sequence[str] | Sequence[Source], spec: Spec, stack: ExitStack) -> tuple[Source, ...]:
    """Give the files as they are where `open_sources` has opened them already, else open them so.

    Raises:
        DataError: as `open_sources`.
    """
    opened = tuple(source for source in sources if isinstance(source, Source))
    return opened or open_sources([source for source in sources if not isinstance(source, Source)], spec, stack)


def open_files(names: Sequence[str], spec: Spec, stack: ExitStack, *, glance: bool = False) -> tuple[Source, ...]:
    """Open files, and warn once where it is in doubt how they are to be read; the first one tells the others' header.

    Of NDJSON the keys are found, of which `as_one_table` makes columns.

    Raises:
        DataError: a file that cannot be read.
    """
    opened: list[Source] = []
    for file in open_named(names, spec.encoding, stack):
        opened.append(_source(file, spec, opened[0].schema if opened else ()))
    _warn_of_doubts([source.dialect for source in opened if source.dialect])
    _require_text(opened, spec)
    finding = Pass("finding keys", [source for source in opened if source.file.format is Format.NDJSON])
    return tuple(
        source
        if source.file.format is not Format.NDJSON
        else replace(
            source,
            objects=first_objects(source.file) if glance else all_objects(source.file, source.cells, finding.through),
        )
        for source in opened
    )


def _warn_of_doubts(dialects: Sequence[Dialect]) -> None:
    for kind in ("doubt", "decimal_doubt"):
        doubts = [doubt for dialect in dialects if (doubt := getattr(dialect, kind))]
        if doubts:
            logger.warning("%s%s", doubts[0], f" (so are {len(doubts) - 1} more)" if len(doubts) > 1 else "")


def as_one_table(opened: Sequence[Source], told: Sequence[Objects] | None = None) -> tuple[Source, ...]:
    """Give NDJSON files the columns that they have together: all keys of `told`, by default of the files themselves.

    Raises:
        DataError: no object has a key.
    """
    told = [source.objects for source in opened if source.objects] if told is None else told
    if not told:
        return tuple(opened)
    objects = sum(told[1:], told[0])
    written = objects.names
    names = unique_names([key.strip() for key in written])
    typed = {name: objects.column(key) for name, key in zip(names, written, strict=True)}
    joined = [source for source in opened if source.objects]
    if joined and not written:
        raise _no_columns(joined[0].file)
    return tuple(
        replace(
            source,
            headers=tuple(key.strip() for key in written),
            schema={name: dtype for name, (dtype, _) in typed.items()},
            faults={name: fault for name, (_, fault) in typed.items() if fault},
            keys={name: key for name, key in zip(names, written, strict=True) if name != key},
            objects=objects,
        )
        if source.objects
        else source
        for source in opened
    )


def _require_text(opened: Sequence[Source], spec: Spec) -> None:
    """See that no option is for files of a form that none has.

    Raises:
        GdsolveError: naming the option and the form of the files.
    """
    forms = {source.file.format for source in opened}
    for form, condition in ((Format.CSV, company.CSV), (Format.NDJSON, company.TEXT)):
        name = company.given_with(condition, spec)
        if name is not None and opened and not forms & {Format.CSV, form}:
            told = company.refusal(name, company.Asked(spec, ""), condition)
            found = {Format.NDJSON: "NDJSON", Format.PARQUET: "Parquet"}[opened[0].file.format]
            raise told.but(text=f"{told.text}, and {opened[0].name} is {found}")


def require_same_columns(opened: Sequence[Source], first: str, names: Collection[str]) -> None:
    """Check that files have the columns, by name, of the file that is called `first`, in any order.

    Raises:
        DataError: a file that lacks a column.
    """
    for other in opened:
        lacking = [name for name in names if name not in other.schema]
        beyond = [name for name in other.schema if name not in names]
        if lacking and not other.has_header:
            raise DataError(
                f"{other.name}: its first line is data, and that of {first} is a header",
                f"if its rows go on from those of {first}: {_joined(first, other.name)}",
            )
        if lacking and other.dialect and tuple(names) == plain_names(len(names)):
            raise DataError(
                f"{other.name}: its first line is a header, and that of {first} is data",
                f"if the rows of {first} go on from its own: {_joined(other.name, first)}",
            )
        if lacking:
            raise DataError(f"{other.name}: has no column {lacking[0]!r}, as {first} has", _SAME)
        if beyond:
            raise DataError(f"{other.name}: has a column {beyond[0]!r} that {first} does not have", _SAME)


def _joined(first: str, second: str) -> str:
    """The command that makes one file of two."""
    files = " ".join(shlex.quote(operand(name)) for name in (first, second))
    return f"cat {files} > whole.csv, and read whole.csv"


_SAME = "files that are read together need the same columns, in any order"


def _source(file: File, spec: Spec, named: Collection[str]) -> Source:
    if file.format is Format.CSV:
        dialect = sniff(file, spec, named)
        headers = dialect.header or plain_names(dialect.width)
        schema: dict[str, pl.DataType] = {name: pl.String() for name in unique_names(headers)}
        return Source(file, headers, schema, dialect, Cells.of(dialect.decimal, spec.missing_texts))
    if file.format is Format.NDJSON:
        return Source(file, (), {}, None, Cells.of(".", spec.missing_texts))
    try:
        return _parquet(file, spec)
    except FAULTS as error:
        raise unreadable(file, 0, error) from None


def _parquet(file: File, spec: Spec) -> Source:
    columns = columns_of(file.path)
    if not columns:
        raise _no_columns(file)
    # pandas writes a row index without a name under one of its own.
    headers = ["" if re.fullmatch(r"__index_level_\d+__", column.key) else column.key.strip() for column in columns]
    named = dict(zip(unique_names([column.key.strip() for column in columns]), columns, strict=True))
    schema = {name: column.dtype for name, column in named.items()}
    faults = {
        name: f"{file.name}: column {name!r} holds {column.holds}, not numbers"
        for name, column in named.items()
        if column.holds
    }
    return Source(file, tuple(headers), schema, None, Cells.of(".", spec.missing_texts), faults=faults)


def _no_columns(file: File) -> DataError:
    return DataError(f"{file.name}: has no columns", "a table needs a target and at least one feature")
