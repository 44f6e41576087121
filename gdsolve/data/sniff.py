"""The dialect of a CSV file, from its head: delimiter, decimal mark, header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from gdsolve.data.file import File
from gdsolve.spec import Spec
from gdsolve.status import DataError

DELIMITERS = (",", ";", "\t", "|")
_RECORDS = 100


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

    Raises:
        DataError: a header that is not UTF-8.
    """
    delimiter = spec.delimiter or _delimiter(file, spec.decimal)
    records = list(_records(file.head, delimiter))
    if not records:
        raise DataError(f"{file.name}: its first line cannot be read", "check the quotes in it, or give --delimiter")
    decimal = spec.decimal or _decimal(delimiter, [cell for _, record in records for cell in record])
    end, first = records[0]
    if spec.no_header or _is_data(first, decimal, spec.na_values):
        # Blank lines before the data are harmless; only those before a header need skipping.
        return Dialect(delimiter, decimal, None, len(first), 0)
    if any("\ufffd" in cell for cell in first):
        raise DataError(f"{file.name}: the header is not UTF-8", "name the encoding, for example --encoding latin-1")
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
