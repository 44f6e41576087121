"""The dialect of a CSV file, from its head: delimiter, decimal mark, header, row names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from gdsolve.advice import Advice
from gdsolve.data.cells import missing_words
from gdsolve.data.encodings import encoding_hint, starts_as_utf8
from gdsolve.data.file import File
from gdsolve.data.formats.csv.comments import MARKS, BehindMark, header_behind
from gdsolve.data.formats.csv.cut import CutRecords, cut, without_groups
from gdsolve.data.formats.csv.foreign import refuse_foreign
from gdsolve.data.formats.csv.head import Record, head_records, is_number
from gdsolve.data.formats.csv.header import HeaderGuess, judge
from gdsolve.data.names import plain_names, unique_names
from gdsolve.data.shell import piped
from gdsolve.data.text_layout import TextLayout
from gdsolve.quoting import quoted
from gdsolve.spec import Header, Spec
from gdsolve.spec.marks import BLANKS, NO_COMMENTS
from gdsolve.status import DataError

ROW_NAMES = "row_names"
# Beyond this a list of cells is cut in a message.
_SHOWN = 40
# Digits of a group of thousands.
_GROUP = 3
# Marks that may group thousands, as in 1,299 and 1,299,000; in 0,125 they can not.
GROUPED = {mark: re.compile(rf"[+-]?[1-9]\d{{0,2}}([{mark}]\d{{3}})+") for mark in ",."}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written: `skip` physical lines come before the data; `header` holds the cells of the header.

    With `row_names` the header has one name fewer than the rows have cells, and the column `ROW_NAMES` comes first.
    `doubt` is what may be otherwise of the header, `decimal_doubt` of the decimal mark, as a warning says it; `beyond`
    counts the cells that the longest record has too many. What the file looks like where there is a `layout` holds for
    the plain lines that it makes; `header_behind` where the header is one of its comments.
    """

    delimiter: str
    decimal: str
    header: tuple[str, ...] | None
    width: int
    skip: int
    row_names: bool = False
    doubt: str | None = None
    beyond: int = 0
    decimal_doubt: str | None = None
    layout: TextLayout | None = None
    header_behind: bool = False

    @property
    def delimited_by(self) -> str:
        """The delimiter as `--delimiter` takes it."""
        return BLANKS if self.layout is not None and self.layout.blanks else self.delimiter

    @property
    def headers(self) -> tuple[str, ...]:
        """The cells of the header; without one, the names that columns have then."""
        return self.header or plain_names(self.width)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, each its own."""
        return unique_names(self.headers)


def sniff(file: File, spec: Spec, named: Collection[str] = ()) -> Dialect:
    """Find delimiter, comments, decimal mark and header in the first hundred records of a file.

    A first line `sep=;`, as spreadsheets write it, names the delimiter and is no record. `named` are columns that the
    user, or another file of the table, calls by name: they tell a header where it is in doubt.

    Raises:
        DataError: a header that is not UTF-8, a line before it that is none, or a file that is no table.
    """
    refuse_foreign(file)
    if (
        spec.comment is None
        and file.head.startswith(tuple(MARKS))
        and any(name.startswith(tuple(MARKS)) for name in [*named, *_called(spec)])
    ):
        # Whoever calls a column so has seen that it is one.
        spec = replace(spec, comment=NO_COMMENTS)
    found = cut(file, spec)
    delimiter, records = found.delimiter, found.records
    if not records:
        raise DataError(f"{file.name}: its first line cannot be read", "check the quotes in it, or give --delimiter")
    if spec.first_line is not Header.NO:
        _refuse_wrong_encoding(file, records[0])
    head = found.file.head
    decimal = spec.decimal or {",": ".", ".": ","}.get(spec.thousands or "")
    first, records = records[0].cells, without_groups(records, spec.thousands, decimal)
    doubtful = decimal is None and spec.thousands is None
    decimal = decimal or _decimal(head, delimiter, records)
    thousands = _doubt_of_decimal(found.file, delimiter, records) if doubtful and decimal == "." else None
    longest = max(len(record.cells) for record in records)
    dialect = Dialect(
        delimiter,
        decimal,
        None,
        _width(records),
        found.before,
        beyond=longest - _width(records),
        decimal_doubt=thousands,
        layout=found.file.layout,
    )
    return _with_header(dialect, file, replace(found, records=records), first, spec, named)


def _with_header(
    dialect: Dialect, file: File, found: CutRecords, first: Sequence[str], spec: Spec, named: Collection[str]
) -> Dialect:
    """Give the dialect with the header, if there is one: the `first` record as it is written, or a comment above it."""
    delimiter, decimal, layout, records = dialect.delimiter, dialect.decimal, dialect.layout, found.records
    if layout is not None and (behind := _header_behind(file, found, spec, named)):
        doubt = None if layout.blanks or spec.comment else _doubt_of_mark(file.name, layout.comment or "", behind)
        return replace(dialect, header=behind.cells, skip=behind.line, doubt=doubt, header_behind=True)
    words = missing_words(spec.missing_texts)
    names = spec.first_line is not Header.NO and _has_row_names(records, delimiter)
    verdict = HeaderGuess(True) if names else _verdict(records, delimiter, decimal, words, spec, named)
    doubt = verdict.doubt and _doubt_of_header(file.name, first, verdict, verdict.doubt)
    if not verdict.is_header:
        # Blank lines before the data are harmless; only those before a header, and comments, need skipping.
        skip = found.before if layout is None else records[0].start
        return replace(dialect, skip=skip, doubt=doubt)
    _refuse_preamble(file, records, decimal, words)
    header = tuple(cell.strip() for cell in first)
    if names:
        header = (_free_name(header), *header)
        doubt = None if spec.first_line is Header.YES else _doubt_of_names(file.name)
    beyond = dialect.beyond + dialect.width - len(header)
    width = len(header)
    return replace(
        dialect, header=header, width=width, skip=records[0].end, row_names=names, doubt=doubt, beyond=beyond
    )


def _header_behind(file: File, found: CutRecords, spec: Spec, named: Collection[str]) -> BehindMark | None:
    """The header that stands in the comment above the data, unless the first line without one is a line of names."""
    layout, records = found.file.layout, found.records
    if layout is None or layout.comment is None or spec.first_line is Header.NO:
        return None
    behind = header_behind(file.head, layout.comment, found.delimiter, records[0], _width(records))
    if behind is None:
        return None
    called = [*named, *_called(spec)]
    if called and all(name in records[0].cells for name in called):
        return None
    data = any(is_number(cell, "[.,]") for cell in records[0].cells)
    below = (is_number(cell, "[.,]") for record in records[1:] for cell in record.cells)
    return behind if data or not any(below) else None


def _refuse_wrong_encoding(file: File, first: Record) -> None:
    """Refuse a first line that cannot be read: whether it is a header, its letters would not tell."""
    if any("\ufffd" in cell for cell in first.cells) and not starts_as_utf8(file, first.end):
        raise DataError(f"{file.name}: the header is not UTF-8", encoding_hint(file.name, file.path, file.packing))


def _verdict(
    records: Sequence[Record],
    delimiter: str,
    decimal: str,
    words: frozenset[str],
    spec: Spec,
    named: Collection[str],
) -> HeaderGuess:
    if spec.first_line is not Header.AUTO:
        return HeaderGuess(spec.first_line is Header.YES)
    called = [*named, *_called(spec)]
    cells = {cell.strip() for cell in records[0].cells}
    if called and all(name in cells or cells.issuperset(map(str.strip, name.split(","))) for name in called):
        return HeaderGuess(True)
    verdict = judge(records, delimiter, decimal, words)
    if verdict.doubt and called and all(re.fullmatch(r"x\d*|y", name) for name in called):
        return HeaderGuess(False)
    return verdict


def _called(spec: Spec) -> list[str]:
    """What the user calls columns; a list may stand in one text, with commas."""
    names = (spec.target, spec.weight_column, *spec.group_by, *spec.features, *spec.ignore, *_in_formula(spec))
    return [name.strip() for name in names if name]


def _in_formula(spec: Spec) -> tuple[str, ...]:
    if spec.formula is None:
        return ()
    from gdsolve.spec.formula_place import columns_named

    return columns_named(spec.formula)


def _doubt_of_header(name: str, cells: Sequence[str], verdict: HeaderGuess, reason: str) -> str:
    line = ",".join(cells)
    shown = line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
    ways = [("yes", "the header"), ("no", "data")]
    (flag, taken), (other, otherwise) = ways if verdict.is_header else reversed(ways)
    return (
        f"{name}: the first line, {shown}, is taken as {taken}, {reason}; "
        f"--header {other} reads it as {otherwise}, --header {flag} as {taken} without this warning"
    )


def _doubt_of_mark(name: str, mark: str, behind: BehindMark) -> str:
    line, mark = ",".join(behind.cells), quoted(mark)
    shown = line if len(line) <= _SHOWN else line[:_SHOWN] + "…"
    return (
        f"{name}: the header, {shown}, is taken from the comment in line {behind.line}; "
        f"--comment none reads it with its {mark}, --comment {mark} as now without this warning"
    )


def _doubt_of_names(name: str) -> str:
    return (
        f"{name}: rows have one cell more than the header has names; the first cell is taken as a row name; "
        "--header yes reads it so without this warning"
    )


def _has_row_names(records: Sequence[Record], delimiter: str) -> bool:
    """Tell whether every row has one cell more than the header has names, and starts with a name of its own.

    So does R's `write.table`. Names are texts, quoted, or whole numbers; between commas those may be numbers with a
    decimal comma as well, which is not to be guessed. Where all last cells are empty, rows end in a delimiter.
    """
    header, rows = records[0], records[1:]
    if not rows or len(header.cells) < 2 or any(len(row.cells) != len(header.cells) + 1 for row in rows):
        return False
    names = [row.cells[0].strip() for row in rows]
    if not all(names) or len(set(names)) < len(names) or not any(row.cells[-1].strip() for row in rows):
        return False
    if all(row.quoted(delimiter)[0] for row in rows):
        return True
    numbers = [is_number(name, "[.,]") for name in names]
    return not any(numbers) or (delimiter != "," and all(name.isdecimal() for name in names))


def _free_name(header: Sequence[str]) -> str:
    name = ROW_NAMES
    while name in header:
        name += "_"
    return name


def _width(records: Sequence[Record]) -> int:
    """The number of columns of a file without a header; one too many where every row ends in a delimiter."""
    width = len(records[0].cells)
    ends = width > 2 and all(len(record.cells) == width and not record.cells[-1].strip() for record in records)
    return width - 1 if ends else width


def _refuse_preamble(file: File, records: Sequence[Record], decimal: str, words: frozenset[str]) -> None:
    """Refuse a title or a comment where the header should be: one cell, when most records have more."""
    (usual, _), *_ = Counter(len(record.cells) for record in records).most_common(1)
    first = records[0].cells
    if len(first) > 1 or usual == 1:
        return
    full = [len(record.cells) == usual for record in records]
    data = [_is_data(record.cells, decimal, words) for record in records]
    # The header is the line above the first row of numbers, if there is one.
    header = next((place - 1 for place, row in enumerate(data) if row and full[place - 1]), full.index(True))
    before = records[max(header - 1, 0)].end
    cell = first[0].strip()
    raise DataError(
        f"{file.name}: line {records[0].end} is no header: {cell[:_SHOWN]!r}, while most lines have {usual} cells",
        Advice("leave out what stands before the header", piped(file, f"tail -n +{before + 1}")),
    )


def _is_data(cells: Sequence[str], decimal: str, words: frozenset[str]) -> bool:
    numbers = [is_number(cell, re.escape(decimal)) for cell in cells]
    return any(numbers) and all(
        number or cell.strip().lower() in words for number, cell in zip(numbers, cells, strict=True)
    )


def _decimal(head: str, delimiter: str, records: Sequence[Record]) -> str:
    """Give the decimal mark: a comma where numbers have one that cannot group thousands, and no such point.

    Where all commas may group thousands (2,288) it is the point, and such cells are no numbers: reading asks.
    """
    if delimiter == ",":
        return "."
    cells = [cell.strip() for record in records for cell in record.cells]
    if not any("," in cell and is_number(cell, ",") for cell in cells):
        return "."
    if not any(is_decimal(cell, ",") for cell in cells):
        cells = [cell.strip() for record in head_records(head, delimiter, len(head)) for cell in record.cells]
    commas, points = (any(is_decimal(cell, mark) for cell in cells) for mark in ",.")
    return "," if commas and not points else "."


def _doubt_of_decimal(file: File, delimiter: str, records: Sequence[Record]) -> str | None:
    """What to say of points that may all group thousands (1.299) in a file with semicolons, as lands with commas write.

    That is so where they stand beside whole numbers below 1000 in the same column, and no number has another point.
    """
    if delimiter != ";":
        return None
    found = next(filter(None, map(_grouped_in, zip(*(record.cells for record in records[1:]), strict=False))), None)
    if found is None or any(is_decimal(cell.strip(), ".") for record in records for cell in record.cells):
        return None
    later = head_records(file.head, delimiter, len(file.head))
    if any(is_decimal(cell.strip(), ".") for record in later for cell in record.cells):
        return None
    return (
        f"{file.name}: {found} is read as a number with decimals, and may mean {found.replace('.', '')}; "
        "--decimal . reads it so without this warning, --decimal , says how to read the other"
    )


def _grouped_in(column: Sequence[str]) -> str | None:
    """A number of a column with a point that may group thousands, beside whole numbers below 1000."""
    numbers = [cell.strip() for cell in column if is_number(cell, "[.]")]
    pointed = [number for number in numbers if "." in number]
    whole = [number.lstrip("+-") for number in numbers if "." not in number]
    below = bool(whole) and all(number.isdecimal() and len(number) <= _GROUP for number in whole)
    return pointed[0] if pointed and below else None


def is_decimal(cell: str, mark: str) -> bool:
    """Tell whether a trimmed cell is a number in which this mark cannot group thousands."""
    return mark in cell and is_number(cell, re.escape(mark)) and GROUPED[mark].fullmatch(cell) is None
