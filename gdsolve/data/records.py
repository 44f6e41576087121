"""Where a record of a text file stands: its row, its line, and which records are blank lines.

polars gives a row of nulls for a blank line and for a row of empty cells alike, and counts no lines; so the physical
lines are walked where it matters: when a row is empty, and when a cell is to be pointed at.
"""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from gdsolve.data.encodings import encoding_hint
from gdsolve.data.file import File, Format
from gdsolve.data.keys import pairs_of
from gdsolve.data.pieces import Piece, lines_before, pieces_of
from gdsolve.data.scan import FAULTS, first_line, rows_of, scan_lines
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

_TAIL = 1 << 16
_BESIDE = np.frombuffer(b',;\t|\r\n"', np.uint8)
_QUOTES = 'within quotes write "" for a quote; without, quote the whole cell'


@dataclass(frozen=True, slots=True)
class _Lines:
    """A stretch of lines: the record of each, whether it is blank; `open` where a quote still is at its end.

    `sure` where that is so whatever a reader takes for a quote: none stands within a cell.
    """

    record: np.ndarray
    blank: np.ndarray
    open: bool
    sure: bool = True


def blank_records(text: bytes) -> np.ndarray:
    """Give the indices, from 0, of the records of a CSV text that are blank lines."""
    lines = _stretch(text)
    return np.asarray(lines.record[lines.blank])


def is_open(text: bytes) -> bool:
    """Tell whether a quote is open at the end of a CSV text."""
    return _stretch(text).open


def place(file: File, skip: int, record: int) -> str:
    """Say where a record stands: `row 3 (line 4)`, or `row 3` where quotes within cells leave the line unclear."""
    return places(file, skip, [record])[record]


def places(file: File, skip: int, records: Iterable[int]) -> dict[int, str]:
    """Say where records stand, as `place` does, in one walk over the file."""
    found = positions(file, skip, records)
    return {record: f"row {row}" + (f" (line {line})" if line else "") for record, (row, line) in found.items()}


def positions(file: File, skip: int, records: Iterable[int]) -> dict[int, tuple[int, int | None]]:
    """Give row and line of records, both from 1, in one walk over the file; no line where it is uncertain."""
    wanted = np.unique(np.fromiter(records, np.int64))
    if file.format is Format.PARQUET:
        return {record: (record + 1, None) for record in wanted.tolist()}
    logger.info("%s: read once more, to say where the row stands", file.name)
    found: dict[int, tuple[int, int | None]] = {}
    blanks = before = 0
    sure = True
    for lines in _walk(file, skip):
        sure &= lines.sure
        blank = blanks + np.cumsum(lines.blank) - lines.blank
        starts, first = np.unique(lines.record, return_index=True)
        here = np.isin(starts, wanted[len(found) :])
        for record, line in zip(starts[here].tolist(), first[here].tolist(), strict=True):
            if record not in found:
                certain = sure or before + line == record
                found[record] = record + 1 - int(blank[line]), skip + before + line + 1 if certain else None
        if len(found) == len(wanted):
            break
        blanks += int(lines.blank.sum())
        before += lines.record.size
    return found | {record: (record + 1 - blanks, None) for record in wanted.tolist() if record not in found}


def open_record(file: File, skip: int) -> int | None:
    """Give the index of the record of a CSV file that has a quote which is never closed; None where there is none."""
    last: _Lines | None = None
    for lines in _walk(file, skip):
        last = lines
    return int(last.record[-1]) if last is not None and last.open else None


def last_cells(text: bytes, delimiter: str) -> list[str]:
    """Give the cells of the last line of a CSV text."""
    lines = text[-_TAIL:].decode(errors="replace").strip().splitlines()
    try:
        return next(csv.reader(lines[-1:], delimiter=delimiter), [])
    except csv.Error:
        return []


def _walk(file: File, skip: int) -> Iterator[_Lines]:
    quoted, done = 0, 0
    for piece in pieces_of(file, skip):
        lines = _objects(piece.text, done) if file.format is Format.NDJSON else _stretch(piece.text, done, quoted)
        yield lines
        quoted = int(lines.open)
        done = int(lines.record.max(initial=done - 1)) + 1 - quoted


def _stretch(text: bytes, done: int = 0, quoted: int = 0) -> _Lines:
    """The lines of a CSV text that begins with the record `done`, within quotes where `quoted` is 1."""
    blank, quotes = (column.to_numpy() for column in rows_of(scan_lines(text).select(_BLANK, _QUOTED)))
    # A line ends its record where all the quotes so far are closed.
    after = (np.cumsum(quotes.astype(np.int64)) + quoted) % 2
    before = np.concatenate(([quoted], after[:-1]))
    ends = after == 0
    # What is no quote but a letter within a cell matters only where lines seem to be joined by it.
    sure = bool(ends.all()) or _are_quotes(text, quoted)
    return _Lines(done + np.cumsum(ends) - ends, blank & ends & (before == 0), bool(after[-1]), sure)


def _are_quotes(text: bytes, quoted: int) -> bool:
    """Tell whether every quote opens or closes a cell, or stands for one as `""`, in a text that begins so `quoted`."""
    found = np.frombuffer(b"".join((b"\n", text, b"\n")), np.uint8)
    quotes = np.flatnonzero(found == ord('"'))
    before, after = found[quotes[quoted::2] - 1], found[quotes[1 - quoted :: 2] + 1]
    return bool(np.isin(before, _BESIDE).all() and np.isin(after, _BESIDE).all())


def _objects(text: bytes, done: int) -> _Lines:
    """The lines of NDJSON: blank lines are no records there, for polars either."""
    blank = rows_of(scan_lines(text).select(_BLANK)).to_series().to_numpy()
    return _Lines(np.where(blank, -1, done + np.cumsum(~blank) - 1), np.zeros_like(blank), open=False)


_BLANK = (pl.col("line").str.strip_chars().fill_null("") == "").alias("blank")
_QUOTED = pl.col("line").str.count_matches('"', literal=True).fill_null(0).alias("quotes")


def quote_error(file: File, skip: int) -> DataError | None:
    """Explain a quote that is opened and never closed, if the file has one."""
    record = open_record(file, skip)
    if record is None:
        return None
    return DataError(f"{file.name}: {place(file, skip, record)}: a quote is opened and never closed", _QUOTES)


def unreadable(file: File, done: int, error: Exception, skip: int = 0, part: object = None) -> DataError:
    """Make one line of what is said of a file that breaks off after `done` records, in `part` where that is known."""
    # What the system says of a file needs no look at what is in it.
    told = None if isinstance(error, OSError) else _fault_within(file, done, skip, part)
    if told is not None:
        return told
    where = f" beyond row {done}" if done else ""
    if "CSV malformed" in str(error) or 'could not parse `"' in str(error):
        return DataError(f"{file.name}: a quote within a cell makes its rows unclear{where}", _QUOTES)
    if "utf-8" in str(error).lower():
        return DataError(f"{file.name}: is not UTF-8{where}", encoding_hint(file.name, file.path, file.packing))
    reason = (error.strerror if isinstance(error, OSError) else None) or first_line(error)
    remedy = "write the file again; it may be cut short"
    if isinstance(error, OSError) and error.errno:
        remedy = "check the path, rights and disk"
    elif file.format is not Format.PARQUET:
        remedy = "check quotes and delimiter in it, or give --delimiter"
    return DataError(f"{file.name}: cannot be read{where} ({reason})", remedy)


def _fault_within(file: File, done: int, skip: int, part: object) -> DataError | None:
    try:
        if file.format is Format.CSV:
            return quote_error(file, skip)
        if file.format is Format.NDJSON:
            return fault_of_objects(file, done, part if isinstance(part, Piece) else None)
    except DataError as damage:
        return damage
    except FAULTS:
        return None
    return None


def fault_of_objects(file: File, row: int = 0, piece: Piece | None = None) -> DataError | None:
    """The first line that is no object, or no UTF-8; of one `piece` alone, before which are `row` records."""
    row, before = (row, lines_before(file, piece)) if piece else (0, 0)
    for each in [piece] if piece else pieces_of(file):
        for number, written in enumerate(each.text.split(b"\n"), before + 1):
            line = written.decode(errors="replace").strip()
            row += bool(line)
            at = f"{file.name}: row {row} (line {number})"
            if "\ufffd" in line and "\ufffd".encode() not in written:
                return DataError(f"{at} is not UTF-8", encoding_hint(file.name, file.path, file.packing))
            if line and pairs_of(line) is None:
                remedy = "NDJSON is one JSON object a line; NaN and Infinity are not JSON, null is"
                return DataError(f"{at} is not a JSON object: {line[:40]}", remedy)
        before += each.text.count(b"\n")
    return None
