"""What files of text have in common: pieces of whole records, cells that are texts, and lines to point at."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from gdsolve.data.encodings import encoding_hint
from gdsolve.data.extent import Extent, lines_in, size_of
from gdsolve.data.packing import Packing
from gdsolve.data.pieces import Piece, first_records, pieces_of
from gdsolve.data.scan import rows_of, scan_lines
from gdsolve.data.source import Part, Source
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

# Bytes and lines, one of both at least, that a text is judged by; where the rest differs, reading finds out.
_SAMPLE = 1 << 18
_LINES = 20
QUOTES = 'within quotes write "" for a quote; without, quote the whole cell'
BLANK = (pl.col("line").str.strip_chars().fill_null("") == "").alias("blank")


@dataclass(frozen=True, slots=True)
class TextLines:
    """Some lines of text: the record of each, whether it is blank; `open` where a quote still is at its end.

    `sure` where that is so whatever a reader takes for a quote: none stands within a cell.
    """

    record: np.ndarray
    blank: np.ndarray
    open: bool
    sure: bool = True


class TextSource(Source):
    """A file of text; polars gives a row of nulls for a blank line and for one of empty cells, and counts no lines."""

    __slots__ = ()

    @property
    def skip(self) -> int:
        """Physical lines before the data."""
        return 0

    @property
    def delimiter(self) -> str | None:
        """The mark between cells, where quotes around cells may hold line breaks."""
        return None

    @property
    def remedy(self) -> str:
        """What to do about a file that breaks off."""
        return "check quotes and delimiter in it, or give --delimiter"

    @abstractmethod
    def line_runs(self) -> Iterator[TextLines]:
        """Walk the lines after the first `skip` ones."""

    def parts(self, columns: Collection[str]) -> Iterator[Part]:
        """Give the text in pieces."""
        return pieces_of(self.file, self.skip, self.delimiter)

    def sample(self) -> pl.DataFrame:
        """Read the first rows."""
        text = first_records(self.file, _SAMPLE, _LINES, self.skip, self.delimiter)
        return rows_of(self.scan(Piece(text, 0), tuple(self.schema)))

    def raw_type(self, column: str) -> pl.DataType:
        """All cells are texts."""
        return pl.String()

    def quick_numbers(self, raw: pl.DataFrame, numbers: Sequence[str]) -> dict[str, pl.Series]:
        """Most cells are plain numbers, which costs a fifth of looking at them in every way."""
        if self.cells.decimal != ".":
            return {}
        return {
            column.name: column
            for column in raw.select(self.cells.parsed(numbers)).get_columns()
            if raw[column.name].null_count() == column.null_count() and not self.cells.hides_missing(column)
        }

    def positions(self, records: Iterable[int]) -> dict[int, tuple[int, int | None]]:
        """Walk the physical lines; where quotes within cells leave the line of a record unclear, there is none."""
        wanted = np.unique(np.fromiter(records, np.int64))
        logger.info("%s: read once more, to say where the row stands", self.name)
        found: dict[int, tuple[int, int | None]] = {}
        blanks = before = 0
        sure = True
        for lines in self.line_runs():
            sure &= lines.sure
            blank = blanks + np.cumsum(lines.blank) - lines.blank
            starts, first = np.unique(lines.record, return_index=True)
            here = np.isin(starts, wanted[len(found) :])
            for record, line in zip(starts[here].tolist(), first[here].tolist(), strict=True):
                if record not in found:
                    certain = sure or before + line == record
                    found[record] = record + 1 - int(blank[line]), self.skip + before + line + 1 if certain else None
            if len(found) == len(wanted):
                break
            blanks += int(lines.blank.sum())
            before += lines.record.size
        return found | {record: (record + 1 - blanks, None) for record in wanted.tolist() if record not in found}

    def extent(self) -> Extent | None:
        """The rows are judged by the size of the file; None where it is compressed."""
        if self.file.packing is not Packing.NONE:
            # What was read of a short file, to tell its format, is all of it.
            records = self.file.head.count("\n")
            return Extent(float(len(self.file.head)), records, exact=False) if self.file.complete and records else None
        try:
            size, rows = size_of(self.file.path), lines_in(self.file.path)
        except OSError:
            # Reading the file will tell what is wrong with it.
            return None
        return Extent(float(size), rows, exact=False) if rows else None

    def damage(self, where: str, error: Exception) -> DataError:
        """Say of quotes and of encodings what a parser says in its own words."""
        if "CSV malformed" in str(error) or 'could not parse `"' in str(error):
            return DataError(f"{self.name}: a quote within a cell makes its rows unclear{where}", QUOTES)
        if "utf-8" in str(error).lower():
            file = self.file
            return DataError(f"{self.name}: is not UTF-8{where}", encoding_hint(file.name, file.path, file.packing))
        return Source.damage(self, where, error)


def text_of(part: Part) -> bytes:
    """The text of a part, which in files of text is a piece of it."""
    if not isinstance(part, Piece):
        raise TypeError("rows of typed columns have no text")
    return part.text


def lines_of(text: bytes, *expressions: pl.Expr) -> list[np.ndarray]:
    """What some expressions say of the physical lines of a text."""
    return [column.to_numpy() for column in rows_of(scan_lines(text).select(*expressions))]
