"""One readable file with its columns: raw cells for careful reading, plain floats for fast reading."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
import polars as pl

from gdsolve.data.cells import Cells
from gdsolve.data.file import File, Format
from gdsolve.data.files import expand, open_named
from gdsolve.data.parquet import batches_of, schema_of
from gdsolve.data.pieces import Piece, first_lines, pieces_of
from gdsolve.data.records import blank_records, unreadable
from gdsolve.data.scan import FAULTS, rows_of
from gdsolve.data.sniff import Dialect, sniff
from gdsolve.spec import Spec
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

# The fields of a row beyond the header's land in a column of this name.
OVERFLOW = "\x00overflow"
# Characters that a CSV file is judged by; where the rest differs, reading finds out.
_SAMPLE = 1 << 18
# Objects that the types of NDJSON are judged by.
_INFERRED = 1000


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
    record, where one is.
    """

    file: File
    headers: tuple[str, ...]
    schema: Mapping[str, pl.DataType]
    dialect: Dialect | None
    cells: Cells
    rows: tuple[int, int] | None = None
    near: tuple[int, Part] | None = None

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

    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give the file in parts that together hold its records, in order; `columns` are those that will be scanned.

        Raises:
            DataError: damaged compression, an encoding that does not fit, or a record without end.
            OSError: the file cannot be read.
        """
        if self.file.format is Format.PARQUET:
            yield from batches_of(self.file.path, list(columns), self.rows)
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
            return self._scan_csv(self.dialect, part.text, 0, texts, strict=strict).select(*columns, OVERFLOW)
        return pl.scan_ndjson(part.text, schema=dict.fromkeys(columns, pl.String))

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
            return pl.scan_ndjson(part.text, schema=types, ignore_errors=True).select(wanted)
        return self._scan_csv(self.dialect, part.text, 0, types, lenient=True).select(*wanted, OVERFLOW)

    def sample(self) -> pl.DataFrame:
        """Read the first rows, some thousand cells, as `raw` gives them."""
        if self.dialect is None:
            count = max(100, min(2000, 100_000 // len(self.schema)))
            if self.file.format is Format.PARQUET:
                there = batches_of(self.file.path, list(self.schema), self.rows, height=count)
                return next(there, pl.DataFrame(schema=self.schema))
            return rows_of(self.scan(Piece(first_lines(self.file, count), 0), self.schema))
        head, whole = self.file.head, self.file.complete
        if len(head) > _SAMPLE and "\n" in head[:_SAMPLE]:
            head, whole = head[: head.rindex("\n", 0, _SAMPLE) + 1], False
        texts = dict.fromkeys(self.schema, pl.String)
        rows = rows_of(self._scan_csv(self.dialect, head.encode(), self.skip, texts))
        # The cut may have gone through a quoted field.
        return rows if whole or rows.height < 2 else rows.head(-1)

    def _scan_csv(
        self,
        dialect: Dialect,
        text: bytes,
        skip: int,
        types: Mapping[str, type[pl.DataType]],
        *,
        strict: bool = False,
        lenient: bool = False,
    ) -> pl.LazyFrame:
        beyond = [OVERFLOW, *(f"{OVERFLOW}{place}" for place in range(1, dialect.beyond))]
        scanned = pl.scan_csv(
            text,
            has_header=False,
            skip_lines=skip,
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


def open_sources(sources: Sequence[str], spec: Spec, stack: ExitStack) -> tuple[Source, ...]:
    """Open every file that the user named and check that all have the columns of the first, in any order.

    Raises:
        DataError: a file that cannot be read, or that lacks a column.
    """
    opened = open_files(expand(sources), spec, stack)
    require_same_columns(opened, opened[0].name, opened[0].schema)
    return opened


def as_opened(sources: Sequence[str] | Sequence[Source], spec: Spec, stack: ExitStack) -> tuple[Source, ...]:
    """Give the files as they are where `open_sources` has opened them already, else open them so.

    Raises:
        DataError: as `open_sources`.
    """
    opened = tuple(source for source in sources if isinstance(source, Source))
    return opened or open_sources([source for source in sources if not isinstance(source, Source)], spec, stack)


def open_files(names: Sequence[str], spec: Spec, stack: ExitStack) -> tuple[Source, ...]:
    """Open files, and warn once where it is in doubt how they are to be read; the first one tells the others' header.

    Raises:
        DataError: a file that cannot be read.
    """
    opened: list[Source] = []
    for file in open_named(names, spec.encoding, stack):
        opened.append(_source(file, spec, opened[0].schema if opened else ()))
    doubts = [source.dialect.doubt for source in opened if source.dialect and source.dialect.doubt]
    if doubts:
        logger.warning("%s%s", doubts[0], f" (so are {len(doubts) - 1} more)" if len(doubts) > 1 else "")
    return tuple(opened)


def require_same_columns(opened: Sequence[Source], first: str, names: Collection[str]) -> None:
    """Check that files have the columns, by name, of the file that is called `first`, in any order.

    Raises:
        DataError: a file that lacks a column.
    """
    for other in opened:
        lacking = [name for name in names if name not in other.schema]
        beyond = [name for name in other.schema if name not in names]
        if lacking:
            raise DataError(f"{other.name}: has no column {lacking[0]!r}, as {first} has", _SAME)
        if beyond and other.file.format is not Format.NDJSON:
            raise DataError(f"{other.name}: has a column {beyond[0]!r} that {first} does not have", _SAME)


_SAME = "files that are read together need the same columns, in any order"


def _source(file: File, spec: Spec, named: Collection[str]) -> Source:
    if file.format is Format.CSV:
        dialect = sniff(file, spec, named)
        headers = dialect.header or plain_names(dialect.width)
        schema: dict[str, pl.DataType] = {name: pl.String() for name in unique_names(headers)}
        return Source(file, headers, schema, dialect, Cells.of(dialect.decimal, spec.missing_texts))
    try:
        found = _infer(first_lines(file, _INFERRED)) if file.format is Format.NDJSON else schema_of(file.path)
    except FAULTS as error:
        raise unreadable(file, 0, error) from None
    if not found:
        raise DataError(f"{file.name}: has no columns", "a table needs a target and at least one feature")
    # pandas writes a row index without a name under one of its own.
    headers = tuple("" if re.fullmatch(r"__index_level_\d+__", name) else name.strip() for name in found)
    return Source(file, headers, found, None, Cells.of(".", spec.missing_texts))


def _infer(lines: bytes) -> dict[str, pl.DataType]:
    found = dict(pl.scan_ndjson(lines, infer_schema_length=_INFERRED).collect_schema())
    texts = [name for name, dtype in found.items() if dtype == pl.String]
    if not texts:
        return found
    # polars calls a column text for one string in it; it is one of numbers where most of its values are.
    texts_there, numbers_there = (
        pl.scan_ndjson(lines, schema=dict.fromkeys(texts, dtype), ignore_errors=True).collect()
        for dtype in (pl.String, pl.Float64)
    )
    mixed = [name for name in texts if 2 * numbers_there[name].count() >= max(1, texts_there[name].count())]
    return found | dict.fromkeys(mixed, pl.Float64())


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
