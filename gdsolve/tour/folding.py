"""Text of any language on lines of a terminal, and blocks of lines on its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gdsolve.terminal import cells

CLOSING = "，。、；：？！）」』》〉】…”’％"
OPENING = "（「『《〈【“‘"
_PIECE = re.compile(r"\s+|[^\s⺀-鿿　-〿＀-￯]+|.", re.DOTALL)
# Fewer lines of a long block than these are no beginning worth a page's end.
LEAST = 4


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines that stay together on a page where they can; `alone` has a page of its own."""

    lines: tuple[str, ...]
    alone: bool = False


def fold(text: str, width: int) -> list[str]:
    """A text on lines of at most `width` cells: Latin words are kept whole, Chinese is broken between characters.

    No line begins with a closing mark or ends with an opening one (GB/T 15834, section 5.1).
    """
    lines, line = [], ""
    for word in _words(text):
        if line and cells((line + word).rstrip()) > width:
            lines.append(line.rstrip())
            line = word.lstrip()
        else:
            line += word
    return [*lines, line.rstrip()]


def _words(text: str) -> Iterator[str]:
    """What no line break may go through: words with the blank before them, characters with their marks."""
    held = ""
    for piece in _PIECE.findall(text):
        if held and not (piece in CLOSING or held[-1] in OPENING or held.isspace()):
            yield held
            held = ""
        held += piece
    if held:
        yield held


def paged(blocks: Sequence[Passage], room: int) -> list[list[str]]:
    """The blocks on pages of at most `room` lines, an empty line between two of a page.

    A block goes to the next page whole where it fits there; one that no page can hold is parted.
    """
    pages: list[list[str]] = [[]]
    for block in blocks:
        lines = list(block.lines)
        if block.alone:
            pages.append([])
        while lines:
            page = pages[-1]
            left = room - len(page) - (1 if page else 0)
            if page and len(lines) > left and (len(lines) <= room or left < LEAST):
                pages.append([])
                continue
            page += [""] if page else []
            page += lines[: max(1, left)]
            lines = lines[max(1, left) :]
        if block.alone:
            pages.append([])
    return [page for page in pages if page]
