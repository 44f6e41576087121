"""The head of a text cut into records: by which delimiter, or by runs of blanks, and without which comments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gdsolve.data.cells import grouped_number, ungrouped
from gdsolve.data.file import File
from gdsolve.data.formats.csv.comments import USUAL, are_comments, begins_comments
from gdsolve.data.formats.csv.head import Record, are_numbers, head_records
from gdsolve.data.formats.csv.marks import DELIMITERS, usual_delimiter
from gdsolve.data.layout import TABLED, plain
from gdsolve.data.text_layout import TextLayout
from gdsolve.spec import Spec
from gdsolve.spec.marks import BLANK_WORDS, NO_COMMENTS

_SEPARATOR = re.compile(r"\"?sep=(.)\"?[^\S\n]*\n", re.IGNORECASE)
_GROUPED = re.compile(r"[+-]?\d{1,3}( \d{3})*")
# Letters of the head by which it is told whether blanks set cells apart, and the share of rows of one width at least.
_LOOKED_AT = 1 << 16
_MOST = 0.8


@dataclass(frozen=True, slots=True)
class CutRecords:
    """A file with its layout, and the first records of its plain lines; `before` lines are none of the table."""

    file: File
    delimiter: str
    records: list[Record]
    before: int = 0


def cut(file: File, spec: Spec) -> CutRecords:
    """Cut the first hundred records of a file; a first line `sep=;`, as spreadsheets write it, is none of them."""
    mark = None if spec.comment == NO_COMMENTS else spec.comment or begins_comments(file.head)
    separator = _SEPARATOR.match(file.head)
    before = 1 if separator else 0
    asked = spec.delimiter or (separator[1] if separator else None)
    usual = None if spec.comment == NO_COMMENTS else mark or USUAL
    if asked in BLANK_WORDS:
        return _by_blanks(file, usual)
    bare = _laid_out(file, TextLayout(blanks=False, comment=mark)) if mark else file
    found = _by_mark(bare, asked, spec.decimal)
    if asked is None and _is_of_blanks(file, usual, found.records, found.delimiter, spec):
        return _by_blanks(file, usual)
    rows = found.records[before:]
    if mark and spec.comment is None and not are_comments(file.head, mark, found.delimiter, rows):
        found = _by_mark(file, asked, spec.decimal)
    return replace(found, records=found.records[before:], before=before)


def without_groups(records: Sequence[Record], thousands: str | None, decimal: str | None = None) -> list[Record]:
    """Give records with numbers as they are without what groups their thousands, if anything does."""
    if thousands is None:
        return list(records)
    marks = decimal or ".,".replace(thousands, "")
    grouped = re.compile("|".join(grouped_number(thousands, mark) for mark in marks)).fullmatch
    return [
        replace(
            record,
            cells=tuple(ungrouped(cell, thousands) if grouped(cell.strip()) else cell for cell in record.cells),
        )
        for record in records
    ]


def _laid_out(file: File, layout: TextLayout) -> File:
    return replace(file, head=plain(layout, file.head), layout=layout)


def _by_blanks(file: File, mark: str | None) -> CutRecords:
    laid = _laid_out(file, TextLayout(blanks=True, comment=mark))
    return CutRecords(laid, TABLED, list(head_records(laid.head, TABLED)))


def _by_mark(file: File, asked: str | None, decimal: str | None) -> CutRecords:
    if asked is not None:
        return CutRecords(file, asked, list(head_records(file.head, asked)))
    delimiter, split = _delimiter(file, decimal)
    return CutRecords(file, delimiter, split or list(head_records(file.head, delimiter)))


def _delimiter(file: File, decimal: str | None) -> tuple[str, list[Record]]:
    """The delimiter, and the first records as it splits them, none where they were not looked at."""
    candidates = [mark for mark in DELIMITERS if mark != decimal]
    candidates.sort(key=usual_delimiter(file.name).__ne__)
    split = {mark: list(head_records(file.head, mark)) for mark in candidates if mark in file.head}
    scored = [(_score(split.get(mark, []), mark), -place, mark) for place, mark in enumerate(candidates)]
    score, _, best = max(scored)
    # A file of quoted decimal commas may still be separated by commas.
    best = best if score > (0.0, 0.0) else ","
    return best, split.get(best, [])


def _score(split: Sequence[Record], delimiter: str) -> tuple[float, float]:
    """Give (share of records with the usual number of fields, share of cells that are numbers); 0 without a split."""
    records = [record.cells for record in split]
    if not records:
        return 0.0, 0.0
    width, count = _usual_width(split)
    if width == 1:
        return 0.0, 0.0
    decimal = "[.]" if delimiter == "," else "[.,]"
    cells = [cell for record in records for cell in record]
    return count / len(records), sum(are_numbers(cells, decimal)) / len(cells)


def _usual_width(records: Sequence[Record]) -> tuple[int, int]:
    return Counter(len(record.cells) for record in records).most_common(1)[0]


def _is_of_blanks(file: File, mark: str | None, others: Sequence[Record], delimiter: str, spec: Spec) -> bool:
    """Tell whether runs of blanks make more numbers of a text than the delimiter that is best, and rows as wide.

    Where that one makes rows, it is a comma within decimal numbers, or a tab among blanks.
    """
    start = file.head[:_LOOKED_AT]
    start = start[: start.rfind("\n") + 1] or start
    if spec.thousands == " " or not (" " in start or "\t" in start):
        return False
    known = _score(others, delimiter)
    records = without_groups(
        list(head_records(plain(TextLayout(blanks=True, comment=mark), start), TABLED)), spec.thousands
    )
    score = _score(records, TABLED)
    if known >= (1.0, 1.0) or not score[1]:
        return False
    if known == (0.0, 0.0):
        # A header may lack the name of the names of rows.
        rows = records[1:] or records
        return _usual_width(rows)[1] >= _MOST * len(rows)
    better = score[0] >= known[0] and score[1] > known[1]
    if not better or delimiter not in (",", "\t"):
        return False
    if delimiter == "\t":
        return _usual_width(records)[0] > _usual_width(others)[0]
    with_comma = [cell for record in records for cell in record.cells if "," in cell]
    grouped = all(_GROUPED.fullmatch(cell.strip()) for record in others for cell in record.cells)
    return all(are_numbers(with_comma, ",")) and not grouped
