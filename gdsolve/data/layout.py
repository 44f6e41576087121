"""Texts laid out otherwise than CSV: runs of blanks between cells, and comments; as lines that a parser takes.

Every line stays a line, so that a place in what comes out is that place in the file: a comment leaves a blank line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gdsolve.data.records import LONGEST, end_of_records
from gdsolve.data.text_layout import TextLayout
from gdsolve.imports import Postponed

# The header of a CSV file is judged without.
if TYPE_CHECKING:
    import numpy as np
else:
    np = Postponed("numpy")

TABLED = "\t"
"""What comes out between the cells of a text of blanks."""

# Arrays of so many bytes stay in the cache of a core.
_BLOCK = 1 << 18
_BLANKS = b" \t\r\v\f"
_AS_SPACES = bytes.maketrans(_BLANKS, b" " * len(_BLANKS))
_BESIDE_QUOTES = bytes(letter in _BLANKS + b'\n"' for letter in range(256))
# What spreadsheets write where there is no number is no comment.
_BEGINS = re.compile(rb"(?!(?:n/a|na|div/0!|ref!|value!|name[?]|num!|null!)(?:[\s,;|\"]|\Z))", re.IGNORECASE)
_CELL = re.compile(rb'"(?:[^"]|"")*"(?=[ \t\r\v\f]|$)|[^ \t\r\v\f]+')
_WHOLE = re.compile(rb'"(?:[^"]|"")*"')
# Blanks at the ends of lines that are taken off one by one.
_FEW = 4


def lines_of(layout: TextLayout, read: Callable[[int], bytes]) -> PlainLines:
    """Give a function that reads whole lines, by one that reads UTF-8 with line feeds."""
    return PlainLines(layout, read)


def plain(layout: TextLayout, text: str) -> str:
    """Give the whole of a text, or its beginning, as plain lines."""
    return _Rewriter(layout)(text.encode()).decode()


class PlainLines:
    """Reads on, as plain lines."""

    def __init__(self, layout: TextLayout, read: Callable[[int], bytes]) -> None:
        self._read, self._rewrite = read, _Rewriter(layout)
        self._rest: bytes | None = None

    def __call__(self, size: int) -> bytes:
        """Read about so many bytes of whole lines; nothing at the end of the text."""
        rest = self._rest
        while block := self._read(size):
            if rest is None:
                block, rest = block.removeprefix(codecs.BOM_UTF8), b""
            if end := block.rfind(b"\n") + 1:
                self._rest = block[end:]
                return self._rewrite(rest + block[:end])
            rest += block
            if len(rest) > LONGEST:
                # Whoever cuts records says what is wrong.
                self._rest = b""
                return rest
        self._rest = b""
        return self._rewrite(rest) if rest else b""

    def comments(self) -> int:
        """How many comments were left out since this was asked last."""
        found, self._rewrite.comments = self._rewrite.comments, 0
        return found


class _Rewriter:
    """Rewrites whole lines that follow each other."""

    def __init__(self, layout: TextLayout) -> None:
        self.comments = 0
        self._mark = None if layout.comment is None else layout.comment.encode()
        self._blanks = layout.blanks
        self._quoted = False

    def __call__(self, text: bytes) -> bytes:
        if self._blanks:
            return _set_apart(self._without(text, self._behind_blanks(text)))
        return self._without(text, self._whole_lines(text))

    def _without(self, text: bytes, starts: Iterator[int]) -> bytes:
        """Leave out what begins at some places, to the ends of their lines."""
        kept, done = [], 0
        for start in starts:
            kept.append(text[done:start])
            done = _end_of_line(text, start)
            self.comments += 1
        return b"".join([*kept, text[done:]]) if kept else text

    def _behind_blanks(self, text: bytes) -> Iterator[int]:
        """Where comments begin that follow a blank, or take a line."""
        end, quotes = 0, b'"' in text
        for place in self._marks(text):
            if place >= end and not (quotes and _is_quoted(text, place)):
                end = _end_of_line(text, place)
                yield place

    def _whole_lines(self, text: bytes) -> Iterator[int]:
        """Where comments begin that take a line; a line within quotes is none."""
        done, quotes = 0, b'"' in text
        for place in self._marks(text):
            start = text.rfind(b"\n", 0, place) + 1
            if start < done or text[start:place].strip(b" \t"):
                continue
            if quotes:
                self._quoted = self._is_open(text, done, start)
                done = start
            if not self._quoted:
                yield start
                done = _end_of_line(text, place)
        if quotes:
            self._quoted = self._is_open(text, done, len(text))

    def _marks(self, text: bytes) -> Iterator[int]:
        """Where a mark begins a line or a word, and what stands there is none of spreadsheets."""
        if self._mark is None or self._mark not in text:
            return
        found = np.frombuffer(text, np.uint8)
        places = np.flatnonzero(found == self._mark[0])
        places = places[(places == 0) | (found[places - 1] <= ord(" "))]
        yield from (place for place in places.tolist() if _BEGINS.match(text, place + 1))

    def _is_open(self, text: bytes, start: int, stop: int) -> bool:
        """Tell whether a quote is open behind some more text; one within a cell is a letter."""
        if text.count(b'"', start, stop) % 2 == 0:
            return self._quoted
        # An open quote that is closed here; else what may open one is held against the records of a text.
        text = text[start:stop] + b"\n"
        return not self._quoted and end_of_records(text, ",;\t| ") < len(text)


def _end_of_line(text: bytes, place: int) -> int:
    end = text.find(b"\n", place)
    return len(text) if end < 0 else end


def _is_quoted(text: bytes, place: int) -> bool:
    """Tell whether a place of a text of blanks is within a quoted cell."""
    start = text.rfind(b"\n", 0, place) + 1
    if text.find(b'"', start, place) < 0:
        return False
    cells = _CELL.finditer(text, start, _end_of_line(text, start))
    return any(cell.start() < place < cell.end() for cell in cells)


def _set_apart(text: bytes) -> bytes:
    """Put a tab between cells that are set apart by runs of blanks; blanks may be left before a cell."""
    done, parts = 0, []
    while done < len(text):
        end = text.rfind(b"\n", done, done + _BLOCK) + 1 or _end_of_line(text, done) + 1
        parts.append(_lines_set_apart(text[done:end]))
        done = end
    return b"".join(parts)


def _lines_set_apart(text: bytes) -> bytes:
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    if b'"' in text:
        return _set_quoted_apart(text)
    spaced = text.translate(_AS_SPACES)
    if spaced.endswith(b" "):
        spaced = spaced.rstrip(b" ")
    for _ in range(_FEW):
        if (tabbed := _first_blanks_as_tabs(spaced)) is not None:
            return tabbed
        spaced = spaced.replace(b" \n", b"\n")
    found = np.frombuffer(spaced, np.uint8)
    return _squeezed(found, found == ord(" "))


def _first_blanks_as_tabs(spaced: bytes) -> bytes | None:
    """Make a tab of the first blank behind each cell: nothing has to move, which would take ten times as long.

    None where a blank stands before a line break.
    """
    found = np.frombuffer(spaced, np.uint8)
    blank = found == ord(" ")
    if (blank[:-1] & (found[1:] == ord("\n"))).any():
        return None
    tabbed = found.copy()
    tabbed[1:] -= (blank[1:] & (found[:-1] > ord(" "))).view(np.uint8) * np.uint8(ord(" ") - ord("\t"))
    return tabbed.tobytes()


def _set_quoted_apart(text: bytes) -> bytes:
    found = np.frombuffer(text, np.uint8)
    quote, broken = found == ord('"'), found == ord("\n")
    within = np.bitwise_xor.accumulate(quote)
    if not within[-1] and not (within & broken).any():
        places = np.flatnonzero(quote)
        padded = np.frombuffer(b"".join((b"\n", text, b"\n")), np.uint8)
        beside = np.frombuffer(_BESIDE_QUOTES, bool)
        if beside[padded[places[0::2]]].all() and beside[padded[places[1::2] + 2]].all():
            return _squeezed(found, (found <= ord(" ")) & ~broken & ~within)
    return b"\n".join(map(_line_set_apart, text.split(b"\n")))


def _squeezed(found: np.ndarray, blank: np.ndarray) -> bytes:
    """Make one tab of each run of blanks, and none beside line breaks."""
    tabbed = found - (found - np.uint8(ord("\t"))) * blank.view(np.uint8)
    edge = np.append(blank[1:] | (found[1:] == ord("\n")), True)
    if (gone := blank & edge).any():
        tabbed = tabbed[~gone]
    begun = np.append(True, tabbed[:-1] == ord("\n")) & (tabbed == ord("\t"))
    return (tabbed[~begun] if begun.any() else tabbed).tobytes()


def _line_set_apart(line: bytes) -> bytes:
    """A line with quotes that are letters of a cell, which is quoted then."""
    if b'"' not in line:
        return b"\t".join(line.split())
    return b"\t".join(map(_quoted, _CELL.findall(line)))


def _quoted(cell: bytes) -> bytes:
    return cell if b'"' not in cell or _WHOLE.fullmatch(cell) else b'"' + cell.replace(b'"', b'""') + b'"'
