"""A CSV file with its columns: cells are texts, and what they are is told by themselves."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from gdsolve.advice import Advice
from gdsolve.data.cells import Cells
from gdsolve.data.encodings import encoding_hint
from gdsolve.data.file import File
from gdsolve.data.formats.csv.fields import short_records
from gdsolve.data.formats.csv.head import head_records
from gdsolve.data.formats.csv.lines import blank_records, is_open, last_cells, line_runs, open_record
from gdsolve.data.formats.csv.mending import number_hint
from gdsolve.data.formats.csv.sniff import ROW_NAMES, Dialect, sniff
from gdsolve.data.formats.text import QUOTES, TextLines, TextSource, text_of
from gdsolve.data.layout import plain
from gdsolve.data.literal import cells_in, column, literal, literals
from gdsolve.data.pieces import pieces_of
from gdsolve.data.scan import rows_of
from gdsolve.data.shell import BY_BLANKS, FIT, piped
from gdsolve.data.source import OVERFLOW, Marks, Part, Source
from gdsolve.spec import Spec
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True)
class CsvSource(TextSource):
    """A CSV file, written in a `dialect`."""

    dialect: Dialect = field(kw_only=True)

    @property
    def skip(self) -> int:
        """Physical lines before the data."""
        return self.dialect.skip

    @property
    def delimiter(self) -> str | None:
        """The mark between cells."""
        return self.dialect.delimiter

    @property
    def typed(self) -> bool:
        """Cells tell what they are."""
        return False

    @property
    def marks(self) -> Marks:
        """What stands between cells and before decimals."""
        return Marks(self.dialect.delimited_by, self.dialect.decimal)

    @property
    def row_names(self) -> str | None:
        """The first column, where the header has no name for it, or an empty one: an index of rows."""
        unnamed = self.has_header and not self.headers[0] and len(self.headers) > 1
        return next(iter(self.schema)) if self.dialect.row_names or unnamed else None

    @property
    def has_header(self) -> bool:
        """False for a file that starts with data."""
        return self.dialect.header is not None

    @property
    def doubts(self) -> Mapping[str, str | None]:
        """What may be otherwise of the header, and of the decimal mark."""
        return {"header": self.dialect.doubt, "decimal": self.dialect.decimal_doubt}

    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give the text in pieces; a header behind the mark of comments is none of these."""
        pieces = pieces_of(self.file, self.skip, self.delimiter)
        for place, piece in enumerate(pieces):
            above = self.dialect.header_behind and place == 0
            yield replace(piece, comments=piece.comments - 1) if above else piece

    def line_runs(self) -> Iterator[TextLines]:
        """Walk the lines of the data."""
        return line_runs(self.file, self.skip)

    def scan(self, part: Part, columns: Collection[str]) -> pl.LazyFrame:
        """Scan columns as texts, and `OVERFLOW`; bytes that are not UTF-8 become U+FFFD."""
        return self._texts(part, columns)

    def plain_cells_of(
        self, part: Part, numbers: Sequence[str], texts: Sequence[str], raw: Sequence[str] = ()
    ) -> pl.LazyFrame | None:
        """Have polars parse numbers while it looks for cells."""
        # With decimal_comma polars takes 1.234 as well, as 1.234: a thousands separator would pass unseen.
        if self.cells.decimal == ",":
            return None
        wanted = self.cells.parsed(numbers, pl.Float64)
        wanted += [*(self.cells.text(name, pl.String()) for name in texts), *map(column, raw)]
        types = dict.fromkeys(self.schema, pl.String) | dict.fromkeys(numbers, pl.Float64)
        return self._bare(self._scan(text_of(part), types, lenient=True), [*texts, *raw]).select(*wanted, OVERFLOW)

    def rows_lost(self, part: Part, numbers: Sequence[str], frame: pl.DataFrame) -> DataError | None:
        """Asked for nulls instead of errors, polars leaves out what follows a quote that is never closed."""
        text = text_of(part)
        if b'"' not in text:
            return None
        cells = dict(zip(self.schema, last_cells(text, self.dialect.delimiter), strict=False))
        same = all(_is_number(cells.get(name, ""), frame[name][-1]) for name in numbers)
        return self.fault_within(0, None) if not same and is_open(text) else None

    def blank_lines(self, part: Part, empty: np.ndarray) -> np.ndarray:
        """Empty rows that are blank lines."""
        if not empty.any():
            return np.zeros_like(empty)
        return np.asarray(empty & np.isin(np.arange(len(empty)), blank_records(text_of(part))))

    def short_records(self, part: Part) -> np.ndarray:
        """Records with fewer fields than there are columns."""
        return short_records(text_of(part), self.dialect.delimiter, len(self.schema))

    def fault_within(self, done: int, part: Part | None) -> DataError | None:
        """Explain a quote that is opened and never closed, if the file has one."""
        record = open_record(self.file, self.skip)
        if record is None:
            return None
        return DataError(f"{self.where(record)}: a quote is opened and never closed", QUOTES)

    def undecoded(self, raw: pl.DataFrame, columns: Sequence[str]) -> DataError | None:
        """Look again at columns with U+FFFD."""
        found = raw.select(pl.col(literals(columns)).str.contains("\ufffd", literal=True).any()).row(0)
        faults = (self.not_utf8(name) for name, here in zip(columns, found, strict=True) if here)
        return next((fault for fault in faults if fault is not None), None)

    def not_utf8(self, column: str) -> DataError | None:
        """Scan the column once more, with errors for what is not UTF-8."""
        logger.info("%s: read once more: is column %r UTF-8?", self.name, column)
        try:
            for part in self.parts([column]):
                rows_of(self._texts(part, [column], strict=True).select(pl.col(literal(column)).null_count()))
        except pl.exceptions.PolarsError:
            at = self.where(self._first_broken(column), column)
            file = self.file
            return DataError(f"{at}: is not UTF-8", encoding_hint(file.name, file.path, file.packing))
        return None

    def number_hint(self, cell: str, run: str = FIT) -> Advice | None:
        """By `--decimal`, or by a command that takes signs and units out of the file."""
        groups = self.cells.thousands
        if groups is not None and groups in cell:
            return Advice(f"mend it: three digits stand behind a {groups!r} of --thousands; else leave --thousands out")
        return number_hint(cell, self.file, self.dialect, run)

    def overflow_hint(self, run: str = FIT) -> str | Advice:
        """Quotes, another delimiter, or a header with a name for the names of rows."""
        dialect, quoting = self.dialect, "quote the cells that contain the delimiter"
        if dialect.delimiter == self.cells.thousands:
            mark = dialect.delimiter
            return f'put numbers with a {mark!r} that groups thousands in quotes, as in "1{mark}234"'
        if dialect.delimiter == " ":
            return BY_BLANKS
        records = [*head_records(self.file.head, dialect.delimiter)]
        rows = [record for record in records if record.end > dialect.skip]
        if dialect.header is None or any(len(record.cells) != dialect.width + 1 for record in rows):
            return f"{quoting}, or give another --delimiter"
        mark = {"\t": r"\t"}.get(dialect.delimiter, dialect.delimiter)
        name = f"""awk 'NR == {dialect.skip} {{$0 = "{ROW_NAMES}{mark}" $0}} 1'"""
        command = piped(self.file, name, options=("--ignore", ROW_NAMES) if run == FIT else (), run=run)
        return Advice("if every row starts with a name", command, f"else {quoting}")

    def _first_broken(self, column: str) -> int:
        """Find the first record with U+FFFD in this column."""
        done = 0
        for frame in self.raw([column]):
            broken = cells_in(frame, column).str.contains("\ufffd", literal=True).fill_null(value=False)
            if broken.any():
                return done + int(broken.arg_max() or 0)
            done += frame.height
        return done

    def _texts(self, part: Part, columns: Collection[str], *, strict: bool = False) -> pl.LazyFrame:
        texts = dict.fromkeys(self.schema, pl.String)
        return self._bare(self._scan(text_of(part), texts, strict=strict), columns).select(*literals(columns), OVERFLOW)

    def _bare(self, scanned: pl.LazyFrame, texts: Collection[str]) -> pl.LazyFrame:
        """Take off what a layout of blanks has left before its cells."""
        if self.dialect.layout is None or not self.dialect.layout.blanks or not texts:
            return scanned
        return scanned.with_columns(pl.col(literals(dict.fromkeys(texts))).str.strip_chars_start(" "))

    def _scan(
        self, text: bytes, types: Mapping[str, type[pl.DataType]], *, strict: bool = False, lenient: bool = False
    ) -> pl.LazyFrame:
        beyond = [OVERFLOW, *(f"{OVERFLOW}{place}" for place in range(1, self.dialect.beyond))]
        scanned = pl.scan_csv(
            text,
            has_header=False,
            schema={**types, **dict.fromkeys(beyond, pl.String)},
            separator=self.dialect.delimiter,
            # Fields beyond the header's would otherwise be an error without a row, or none at all under a projection.
            truncate_ragged_lines=True,
            missing_columns="insert",
            extra_columns="ignore",
            ignore_errors=lenient,
            encoding="utf8" if strict else "utf8-lossy",
            glob=False,
        )
        return scanned.with_columns(pl.coalesce(beyond).alias(OVERFLOW)) if len(beyond) > 1 else scanned


def open_csv(file: File, spec: Spec, named: Collection[str]) -> Source:
    """Find out how a CSV file is written; `named` are columns that are known by name.

    Raises:
        DataError: the file is no table, or its header cannot be read.
    """
    dialect = sniff(file, spec, named)
    if dialect.layout is not None:
        file = replace(file, head=plain(dialect.layout, file.head), layout=dialect.layout)
    schema: dict[str, pl.DataType] = {name: pl.String() for name in dialect.names}
    cells = Cells.of(dialect.decimal, spec.missing_texts, spec.thousands)
    return CsvSource(file, dialect.headers, schema, cells, dialect=dialect)


def _is_number(cell: str, value: float) -> bool:
    """Tell whether a cell holds this number."""
    try:
        return float(cell) == value
    except ValueError:
        return False
