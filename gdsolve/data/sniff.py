"""The dialect of a CSV file, from its head: delimiter, decimal mark, header."""

from __future__ import annotations

import csv
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from gdsolve.data.encodings import encoding_hint, starts_as_utf8
from gdsolve.data.file import File
from gdsolve.data.files import STDIN
from gdsolve.spec import Spec
from gdsolve.status import DataError

DELIMITERS = (",", ";", "\t", "|")
_RECORDS = 100
_SEPARATOR = re.compile(r"\"?sep=(.)\"?[^\S\n]*\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written: `skip` physical lines come before the data; `header` holds the cells of the header."""

    delimiter: str
    decimal: str
    header: tuple[str, ...] | None
    width: int
    skip: int


def sniff(file: File, spec: Spec) -> Dialect:
    """Find delimiter, decimal mark and header in the first hundred records of a file.

    A first line `sep=;`, as spreadsheets write it, names the delimiter and is no record.

    Raises:
        DataError: a header that is not UTF-8, or a line before it that is none.
    """
    named = _SEPARATOR.match(file.head)
    delimiter = spec.delimiter or (named[1] if named else _delimiter(file, spec.decimal))
    records = list(_records(file.head, delimiter))[1 if named else 0 :]
    if not records:
        raise DataError(f"{file.name}: its first line cannot be read", "check the quotes in it, or give --delimiter")
    decimal = spec.decimal or _decimal(delimiter, [cell for _, record in records for cell in record])
    end, first = records[0]
    if spec.no_header or _is_data(first, decimal, spec.missing_texts):
        # Blank lines before the data are harmless; only those before a header need skipping.
        return Dialect(delimiter, decimal, None, len(first), 1 if named else 0)
    _refuse_preamble(file, records, [_is_data(record, decimal, spec.missing_texts) for _, record in records])
    if any("\ufffd" in cell for cell in first) and not starts_as_utf8(file, end):
        hint = encoding_hint(file.name, file.path, file.packing)
        raise DataError(f"{file.name}: the header is not UTF-8", hint)
    return Dialect(delimiter, decimal, tuple(cell.strip() for cell in first), len(first), end)


def _records(head: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Give (number of physical lines up to its end, cells) of the first records that are not blank."""
    reader = csv.reader((f"{line}\n" for line in head.split("\n")), delimiter=delimiter)
    found = 0
    try:
        for record in reader:
            if len(record) > 1 or any(cell.strip() for cell in record):
                yield reader.line_num, record
                found += 1
            if found == _RECORDS:
                return
    except csv.Error:
        return


def _refuse_preamble(file: File, records: list[tuple[int, list[str]]], data: list[bool]) -> None:
    """Refuse a title or a comment where the header should be: one cell, when most records have more."""
    (usual, _), *_ = Counter(len(record) for _, record in records).most_common(1)
    first = records[0][1]
    if len(first) > 1 or usual == 1:
        return
    full = [len(record) == usual for _, record in records]
    # The header is the line above the first row of numbers, if there is one.
    header = next((place - 1 for place, row in enumerate(data) if row and full[place - 1]), full.index(True))
    before = records[max(header - 1, 0)][0]
    cell = first[0].strip()
    table = "FILE" if file.name == STDIN else shlex.quote(file.name)
    raise DataError(
        f"{file.name}: line {records[0][0]} is no header: {cell[:40]!r}, while most lines have {usual} cells",
        f"leave out what stands before the header: tail -n +{before + 1} {table} | gdsolve fit -",
    )


def _delimiter(file: File, decimal: str | None) -> str:
    candidates = [mark for mark in DELIMITERS if mark != decimal]
    if ".tsv" in file.name.lower():
        candidates.sort(key="\t".__ne__)
    scored = [(_score(file.head, mark), -place, mark) for place, mark in enumerate(candidates)]
    score, _, best = max(scored)
    # A file of quoted decimal commas may still be separated by commas.
    return best if score > (0.0, 0.0) else ","


def _score(head: str, delimiter: str) -> tuple[float, float]:
    """Give (share of records with the usual number of fields, share of cells that are numbers); 0 without a split."""
    records = [record for _, record in _records(head, delimiter)]
    if not records:
        return 0.0, 0.0
    width, count = Counter(map(len, records)).most_common(1)[0]
    if width == 1:
        return 0.0, 0.0
    decimal = "[.]" if delimiter == "," else "[.,]"
    cells = [cell for record in records for cell in record]
    return count / len(records), sum(_is_number(cell, decimal) for cell in cells) / len(cells)


def _is_number(cell: str, decimal: str) -> bool:
    pattern = rf"[+-]?(\d+({decimal}\d*)?|{decimal}\d+)([eE][+-]?\d+)?"
    return re.fullmatch(pattern, cell.strip()) is not None


def _decimal(delimiter: str, cells: list[str]) -> str:
    if delimiter == ",":
        return "."
    points = any("." in cell and _is_number(cell, "[.]") for cell in cells)
    commas = any("," in cell and _is_number(cell, ",") for cell in cells)
    return "," if commas and not points else "."


def _is_data(record: list[str], decimal: str, missing: tuple[str, ...]) -> bool:
    words = {value.strip().lower() for value in missing if value.strip()} | {"nan"}
    words |= {sign + word for sign in ("", "+", "-") for word in ("inf", "infinity")}
    numbers = [_is_number(cell, re.escape(decimal)) for cell in record]
    return any(numbers) and all(
        number or cell.strip().lower() in words for number, cell in zip(numbers, record, strict=True)
    )
