"""A cell that a person reads as a number and a parser does not: the option or the command that makes one of it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from gdsolve.advice import Advice
from gdsolve.data.cells import grouped_number, ungrouped
from gdsolve.data.file import File
from gdsolve.data.formats.csv.head import head_records
from gdsolve.data.formats.csv.marks import DELIMITERS
from gdsolve.data.formats.csv.sniff import GROUPED, Dialect, is_decimal
from gdsolve.data.shell import FIT, piped
from gdsolve.quoting import quoted
from gdsolve.spec.marks import BLANKS

_OTHER = {",": ".", ".": ","}
_AS_PATTERN = {",": ",", ".": "[.]"}
# 12 kg, but not 12 M: that may be millions.
_UNIT = re.compile(r"([+-]?\d[\d.,]*) ?(?!(?:bn|mn|mio|mrd|tsd)\b)([A-Za-z]{2,8})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Step:
    """A change of a cell, and the word by which a shell tells sed -E to make it in a whole file."""

    pattern: str
    by: str
    word: str


def number_hint(cell: str, file: File, dialect: Dialect, run: str = FIT) -> Advice | None:
    """Say how a cell becomes a number: by `--decimal`, or by a command that takes signs and units out of the file.

    None where it does not look like a number.
    """
    if signed := _grouped_by_sign(cell, dialect):
        return signed
    words: list[str] = []
    bare, unit = cell, ""
    for step in _STEPS:
        changed = re.sub(step.pattern, step.by, bare)
        if changed != bare:
            bare, words = changed, [*words, step.word]
    if found := _UNIT.fullmatch(bare):
        bare, unit = found[1], found[2]
        words.append(rf"'s/([0-9]) *{unit}/\1/g'")
    said = [_said(bare, reading, words, file, dialect, run) for reading in _readings(bare, file, dialect)]
    lead = f"where all are in {unit}, " if unit else ""
    return functools.reduce(Advice.then, said).after(lead) if any(said) else None


def _grouped_by_sign(cell: str, dialect: Dialect) -> Advice | None:
    """Say that a blank, a ' or a _ groups the thousands of a number, where it is nothing else that is odd."""
    for sign in " '_":
        apart = sign == " " and dialect.delimited_by in (" ", BLANKS)
        if not apart and re.fullmatch(grouped_number(sign, dialect.decimal), cell):
            value = ungrouped(cell, sign).replace(",", ".")
            word = '"\'"' if sign == "'" else quoted(sign)
            return Advice(f"--thousands {word} to read it as {value}")
    return None


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a bare number may mean: its decimal mark, what groups its thousands, and if it is one of two meanings."""

    decimal: str
    groups: str = ""
    doubtful: bool = False

    def value(self, bare: str) -> str:
        return bare.replace(self.groups or " ", "").replace(",", ".")


def _readings(bare: str, file: File, dialect: Dialect) -> Iterator[_Reading]:
    marks = [mark for mark in ".," if mark in bare]
    if not re.fullmatch(r"[+-]?(?=[.,]*\d)[\d.,]+([eE][+-]?\d+)?", bare):
        return
    if not marks:
        yield _Reading(dialect.decimal)
    elif len(marks) == 2:
        decimal = max(marks, key=bare.rindex)
        groups = _OTHER[decimal]
        if bare.count(decimal) == 1 and GROUPED[groups].fullmatch(bare.partition(decimal)[0]):
            yield _Reading(decimal, groups)
    elif GROUPED[marks[0]].fullmatch(bare):
        (mark,) = marks
        if bare.count(mark) == 1 and not _uses(file, dialect, _OTHER[mark]):
            yield _Reading(mark, doubtful=True)
        yield _Reading(_OTHER[mark], mark, doubtful=bare.count(mark) == 1)
    elif bare.count(marks[0]) == 1:
        yield _Reading(marks[0])


def _said(bare: str, reading: _Reading, words: list[str], file: File, dialect: Dialect, run: str) -> Advice:
    """An option, where that is enough, else a command."""
    decimal, value = reading.decimal, reading.value(bare)
    means = f"if it means {value}" if reading.doubtful else f"to read it as {value}"
    apart = decimal != dialect.decimal and not reading.groups and _uses(file, dialect, _OTHER[decimal])
    if not words and not reading.groups and not apart:
        return Advice(f"--decimal {decimal} {means}" if decimal != dialect.decimal else "")
    quoted = dialect.delimiter == ","
    if reading.groups and not words and not _uses(file, dialect, reading.groups):
        return Advice(f"--thousands {reading.groups} {means}")
    if reading.groups:
        words = [*words, _ungroup(reading.groups, bare, quoted)]
        apart = decimal in bare and _uses(file, dialect, _OTHER[decimal])
        if bare.count(reading.groups) > 1 and decimal not in bare:
            decimal = dialect.decimal
    if apart:
        # Two decimal marks in one file; a comma that is quoted becomes a point, since the others set cells apart.
        found = "," if quoted else decimal
        words, decimal = [*words, _swap(found, quoted)], _OTHER[found]
    options = ["--decimal", ","] if decimal == "," else []
    options += [] if dialect.delimiter in DELIMITERS else ["--delimiter", dialect.delimiter]
    program = f"sed -E {words[0]}" if len(words) == 1 and " -e " not in words[0] else f"sed -E -e {' -e '.join(words)}"
    return Advice(means, piped(file, program, options=options, run=run))


def _ungroup(mark: str, bare: str, quoted: bool) -> str:
    """Take out what groups thousands, one mark at a time, and no other: what is left then is told and not misread."""
    if mark == "," and quoted:
        return r"""':a' -e 's/("[^",]*[0-9]),([0-9]{3}([^0-9"][^"]*)?")/\1\2/' -e 'ta'"""
    if mark == "." and "," in bare:
        groups = r"[.]([0-9]{3}([.][0-9]{3})*,"
        within = rf"""("[^",.]*[0-9]){groups}[^"]*")""" if quoted else f"([0-9]){groups})"
        return rf"':a' -e 's/{within}/\1\2/' -e 'ta'"
    if mark == "." and bare.count(".") > 1:
        marked = r"':a' -e 's/([0-9])[.]([0-9]{3})[.]([0-9]{3})/\1~\2~\3/' -e 's/~([0-9]{3})[.]([0-9]{3})/~\1~\2/'"
        return f"{marked} -e 'ta' -e 's/~//g'"
    return rf"':a' -e 's/([0-9]){_AS_PATTERN[mark]}([0-9]{{3}})([^0-9]|$)/\1\2\3/' -e 'ta'"


def _swap(mark: str, quoted: bool) -> str:
    """Write the other decimal mark in place of this one, but not in 1,234, which may be neither."""
    if quoted:
        return r"""'s/"([-+0-9]*),([0-9]{1,2}|[0-9]{4,})"/\1.\2/g'"""
    return rf"'s/([0-9]){_AS_PATTERN[mark]}([0-9]{{1,2}}|[0-9]{{4,}})([^0-9]|$)/\1{_OTHER[mark]}\2\3/g'"


def _uses(file: File, dialect: Dialect, mark: str) -> bool:
    """True where a number of the first rows has this decimal mark, beyond doubt."""
    records = head_records(file.head, dialect.delimiter)
    return any(is_decimal(cell.strip(), mark) for record in records for cell in record.cells if mark in cell)


def _unseen(letter: str, octal: str, by: str = "") -> _Step:
    """A letter that nobody sees or can type, as sed is given it."""
    return _Step(letter, by, f"\"s/$(printf '{octal}')/{by}/g\"")


_STEPS = (
    _unseen("\u2212", r"\342\210\222", "-"),
    _unseen("\u00a0", r"\302\240"),
    _unseen("\u202f", r"\342\200\257"),
    _unseen("\u2009", r"\342\200\211"),
    _Step(r"[$]\s*", "", "'s/[$] *//g'"),
    *(_Step(rf"\s*{sign}\s*", "", f"'s/ *{sign} *//g'") for sign in "€£¥₹₽"),
    _Step(r"\s*%$", "", "'s/ *%//g'"),
    _Step(r"(?<=\d)'(?=\d{3})", "", '"s/\'//g"'),
    _Step(r"(?<=\d)\u2019(?=\d{3})", "", "'s/\u2019//g'"),
    _Step(r"(?<=\d)[ _](?=\d{3}(\D|$))", "", r"':b' -e 's/([0-9])[ _]([0-9]{3})([^0-9]|$)/\1\2\3/' -e 'tb'"),
    _Step(r"^\(([\d.,]+)\)$", r"-\1", r"'s/[(]([0-9.,]+)[)]/-\1/g'"),
)
