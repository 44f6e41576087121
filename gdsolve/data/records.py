"""Where a record of a text file stands: its row, its line, and which records are blank lines.

polars gives a row of nulls for a blank line and for a row of empty cells alike, and counts no lines; so the physical
lines are walked where it matters: when a row is empty, and when a cell is to be pointed at.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import polars as pl

from gdsolve.data.files import File, Format, first_line
from gdsolve.data.scan import scan_lines, stream
from gdsolve.status import DataError


@dataclass(frozen=True, slots=True)
class _Lines:
    """A stretch of lines: the record of each, whether it is blank, and whether any spans several lines."""

    record: np.ndarray
    blank: np.ndarray
    spans: bool


def blank_records(file: File, skip: int) -> np.ndarray:
    """Give the indices, from 0, of the records of a CSV file that are blank lines (one pass over the file)."""
    found = [lines.record[lines.blank] for lines in _walk(file, skip)]
    return np.concatenate(found) if found else np.empty(0, np.int64)


def place(file: File, skip: int, record: int) -> str:
    """Say where a record stands: `row 3 (line 4)`, or `row 3` where line breaks within quotes came before."""
    if file.format is Format.PARQUET:
        return f"row {record + 1}"
    blanks, line, spans = 0, skip, False
    for lines in _walk(file, skip):
        spans = spans or lines.spans
        blanks += int((lines.blank & (lines.record < record)).sum())
        here = np.flatnonzero(lines.record == record)
        if here.size:
            line += int(here[0]) + 1
            break
        line += lines.record.size
    row = f"row {record + 1 - blanks}"
    return row if spans else f"{row} (line {line})"


def _walk(file: File, skip: int) -> Iterator[_Lines]:
    quoted, done = 0, 0
    columns = [
        (pl.col("line").str.strip_chars().fill_null("") == "").alias("blank"),
        pl.col("line").str.count_matches('"', literal=True).fill_null(0).alias("quotes"),
    ]
    for frame in stream(scan_lines(file.path, skip).select(columns)):
        blank = frame["blank"].to_numpy()
        if file.format is Format.NDJSON:
            # Blank lines are no records there, for polars either.
            count = np.cumsum(~blank)
            yield _Lines(np.where(blank, -1, done + count - 1), np.zeros_like(blank), spans=False)
            done += int(count[-1])
            continue
        # A line ends its record where all the quotes so far are closed.
        after = (np.cumsum(frame["quotes"].to_numpy().astype(np.int64)) + quoted) % 2
        before = np.concatenate(([quoted], after[:-1]))
        ends = after == 0
        yield _Lines(done + np.cumsum(ends) - ends, blank & ends & (before == 0), bool(after.any()))
        quoted = int(after[-1])
        done += int(ends.sum())


def unreadable(file: File, done: int, error: Exception) -> DataError:
    """Make one line of what polars says of a file that breaks off after `done` records."""
    if file.format is Format.NDJSON and (line := _bad_json(file)):
        return DataError(
            f"{file.name}: {line}", "NDJSON is one JSON object a line; NaN and Infinity are not JSON, null is"
        )
    where = f" beyond row {done}" if done else ""
    if "utf-8" in str(error).lower():
        return DataError(f"{file.name}: is not UTF-8{where}", "name the encoding, for example --encoding latin-1")
    return DataError(
        f"{file.name}: cannot be read{where} ({first_line(error)})", "write the file again; it may be cut short"
    )


def _bad_json(file: File) -> str | None:
    row, number = 0, 0
    try:
        for frame in stream(scan_lines(file.path)):
            for line in frame["line"]:
                number += 1
                if not (line or "").strip():
                    continue
                row += 1
                if not _is_object(line):
                    return f"row {row} (line {number}) is not a JSON object: {line.strip()[:40]}"
    except pl.exceptions.PolarsError:
        return None
    return None


def _is_object(line: str) -> bool:
    def refuse(name: str) -> NoReturn:
        raise ValueError(name)

    def finite(text: str) -> float:
        return float(text) if math.isfinite(float(text)) else refuse(text)

    try:
        return isinstance(json.loads(line, parse_constant=refuse, parse_float=finite), dict)
    except ValueError:
        return False
