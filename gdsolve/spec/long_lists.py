"""Long lists of plain numbers in a YAML text, read at once: event by event a million of them takes half a minute.

Only what JSON and YAML read alike is taken; all else is left for the parser of YAML, and for its messages.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain

# Letters of a text, and of one list in it, from which on it is worth while.
LONG = 1 << 14
_BRACKETS = re.compile(r"[-+0-9.eE,\[\] \t\n]*")
_DASHES = re.compile(r"[ \t]*\n(?:(?P<indent> *)- [-+0-9.eE,\[\] \t]*\n(?:(?P=indent)- [-+0-9.eE,\[\] \t]*(?:\n|\Z))*)")
_DASH = re.compile(r"^ *- ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LongList:
    """A list of finite numbers, or of rows of them that are all as long, and the line that it begins on."""

    line: int
    values: list[float] | list[list[float]]


@dataclass(frozen=True, slots=True)
class Lifted:
    """A text without its long lists: `marks` are the words that stand in their places, with what each stands for."""

    text: str
    marks: dict[str, LongList]


def without_long_lists(text: str, keys: Collection[str]) -> Lifted:
    """Take the long lists of some keys out of a YAML text, the lines of which keep their numbers."""
    if len(text) < LONG:
        return Lifted(text, {})
    marks: dict[str, LongList] = {}
    parts, done = [], 0
    for found in re.finditer(rf"^({'|'.join(keys)}):(?=\s)", text, re.MULTILINE):
        if found.start() < done:
            continue
        end = _end_of(text, found.end())
        written = text[found.end() : end]
        values = _values(written) if len(written) >= LONG else None
        mark = f"list-{len(marks)}-of-numbers"
        if values is None or mark in text:
            continue
        marks[mark] = LongList(text.count("\n", 0, found.end()) + 1, values)
        parts += [text[done : found.end()], f" {mark}", "\n" * written.count("\n")]
        done = end
    return Lifted("".join((*parts, text[done:])), marks)


def _end_of(text: str, start: int) -> int:
    """Where a value that is written with dashes or in brackets ends: at the end of a line."""
    dashes = _DASHES.match(text, start)
    end = dashes.end() if dashes else _BRACKETS.match(text, start).end()  # type: ignore[union-attr]
    # What comes next may begin with a letter of a number, as `engine:` does.
    return end if end == len(text) else max(start, text.rfind("\n", start, end) + 1)


def _values(written: str) -> list[float] | list[list[float]] | None:
    """The numbers, or rows of them; None where this is anything but what JSON says of them."""
    text = written.strip()
    if not text.startswith("["):
        text = f"[{_DASH.sub(',', written.rstrip()).strip().removeprefix(',')}]"
    try:
        values = json.loads(text, parse_int=float)
    except (ValueError, RecursionError):
        return None
    kinds = set(map(type, values))
    if kinds == {list}:
        cells: Collection[float] = list(chain.from_iterable(values))
        if len(set(map(len, values))) > 1 or set(map(type, cells)) != {float}:
            return None
    elif kinds == {float}:
        cells = values
    else:
        return None
    return values if all(map(math.isfinite, cells)) else None
