"""The lines of a CSV text: which record each belongs to, as quotes join them, and which are blank."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
import polars as pl

from gdsolve.data.file import File
from gdsolve.data.formats.text import BLANK, TextLines, lines_of
from gdsolve.data.pieces import pieces_of

_TAIL = 1 << 16
_BESIDE = np.frombuffer(b',;\t|\r\n"', np.uint8)
_QUOTED = pl.col("line").str.count_matches('"', literal=True).fill_null(0).alias("quotes")


def blank_records(text: bytes) -> np.ndarray:
    """Give the indices, from 0, of the records of a CSV text that are blank lines."""
    if b'"' not in text:
        return _blank_lines(text)
    lines = _lines_in(text)
    return np.asarray(lines.record[lines.blank])


def _blank_lines(text: bytes) -> np.ndarray:
    """The indices of blank lines; those with a first byte that is no blank are none."""
    found = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(found == ord("\n"))
    starts = np.append(0, ends + 1)
    starts = starts[starts < len(found)]
    ends = np.append(ends, len(found))[: len(starts)]
    perhaps = np.flatnonzero(found[starts] <= ord(" "))
    blank = [not text[starts[place] : ends[place]].strip() for place in perhaps.tolist()]
    return np.asarray(perhaps[np.array(blank, bool)])


def is_open(text: bytes) -> bool:
    """Tell whether a quote is open at the end of a CSV text."""
    return _lines_in(text).open


def open_record(file: File, skip: int) -> int | None:
    """Give the index of the record of a CSV file that has a quote which is never closed; None where there is none."""
    last: TextLines | None = None
    for lines in line_runs(file, skip):
        last = lines
    return int(last.record[-1]) if last is not None and last.open else None


def last_cells(text: bytes, delimiter: str) -> list[str]:
    """Give the cells of the last line of a CSV text."""
    lines = text[-_TAIL:].decode(errors="replace").strip().splitlines()
    try:
        return next(csv.reader(lines[-1:], delimiter=delimiter), [])
    except csv.Error:
        return []


def line_runs(file: File, skip: int) -> Iterator[TextLines]:
    """Walk the lines of a CSV file after the first `skip` ones."""
    quoted, done = 0, 0
    for piece in pieces_of(file, skip):
        lines = _lines_in(piece.text, done, quoted)
        yield lines
        quoted = int(lines.open)
        done = int(lines.record.max(initial=done - 1)) + 1 - quoted


def _lines_in(text: bytes, done: int = 0, quoted: int = 0) -> TextLines:
    """The lines of a CSV text that begins with the record `done`, within quotes where `quoted` is 1."""
    blank, quotes = lines_of(text, BLANK, _QUOTED)
    # A line ends its record where all the quotes so far are closed.
    after = (np.cumsum(quotes.astype(np.int64)) + quoted) % 2
    before = np.concatenate(([quoted], after[:-1]))
    ends = after == 0
    # What is no quote but a letter within a cell matters only where lines seem to be joined by it.
    sure = bool(ends.all()) or _are_quotes(text, quoted)
    return TextLines(done + np.cumsum(ends) - ends, blank & ends & (before == 0), bool(after[-1]), sure)


def _are_quotes(text: bytes, quoted: int) -> bool:
    """Tell whether every quote opens or closes a cell, or stands for one as `""`, in a text that begins so `quoted`."""
    found = np.frombuffer(b"".join((b"\n", text, b"\n")), np.uint8)
    quotes = np.flatnonzero(found == ord('"'))
    before, after = found[quotes[quoted::2] - 1], found[quotes[1 - quoted :: 2] + 1]
    return bool(np.isin(before, _BESIDE).all() and np.isin(after, _BESIDE).all())
