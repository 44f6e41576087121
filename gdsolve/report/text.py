"""Text that a stream can show: its encoding, and where lines may be broken."""

from __future__ import annotations

import re
from typing import TextIO

from gdsolve.terminal import cells

MARKS = "_-./=:"
"""Where a long word or name may be broken."""

_ASCII = {
    "–": "-",
    "—": "-",
    "−": "-",
    "─": "-",
    "│": "|",
    "├": "|",
    "└": "`",
    "↑": "^",
    "▲": "^",
    "▼": "v",
    "∂": "d",
    "·": "*",
    "×": "x",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
    "≈": "~",
    "→": "->",
    "∞": "inf",
    "‖": "||",
    "∇": "grad ",
    "√": "sqrt ",
    "ᵀ": "'",
    "±": "+-",
    "µ": "u",
    "α": "alpha",
    "β": "beta",
    "δ": "delta",
    "λ": "lambda",
    "μ": "mu",
    "σ": "sigma",
    "τ": "tau",
    "χ": "chi",
    "ω": "omega",
    "Σ": "sum ",
    "ŵ": "w",
    "₀": "0",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
}
_ASCII_TABLE = str.maketrans(_ASCII)
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?", re.IGNORECASE)


def encoding_of(stream: TextIO) -> str:
    """The encoding of a stream, `utf-8` where it has none of its own (a string buffer)."""
    return (getattr(stream, "encoding", None) or "utf-8").lower()


def is_unicode(encoding: str) -> bool:
    """True when every character can be written in this encoding."""
    return encoding.lower().replace("_", "-").startswith("utf")


def encodable(text: str, encoding: str) -> str:
    """The text with every character that the encoding lacks written as an escape."""
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def printable(text: str, encoding: str) -> str:
    """The text as a terminal may show it: control characters escaped, and in ASCII where the stream is not Unicode.

    Column names come from files of strangers: one that holds an escape sequence must not reach the terminal as one.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    if text.isascii() or is_unicode(encoding):
        return text
    text = re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)
    return encodable(text.translate(_ASCII_TABLE), encoding)


def wrap(text: str, width: int, hanging: int = 0) -> list[str]:
    """Lines of at most `width` cells, the later ones indented; long words are broken at / _ - and the like."""
    lines: list[str] = []
    rest, indent = text, ""
    while cells(rest) > width - len(indent):
        cut = _cut(rest, max(1, width - len(indent)))
        lines.append(indent + rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
        indent = " " * min(hanging, width // 2)
    if rest or not lines:
        lines.append(indent + rest)
    return lines


def longest_number(text: str) -> int:
    """The cells that the longest number in the text takes, which no line break may go through."""
    return max((len(number[0]) for number in _NUMBER.finditer(text)), default=0)


def _cut(text: str, room: int) -> int:
    end = room
    if not text.isascii():
        end = max(1, next(end for end in range(1, len(text) + 1) if cells(text[:end]) > room) - 1)
    if text[end : end + 1] == " ":
        return end
    space = text.rfind(" ", 0, end) + 1
    numbers = [match.span() for match in _NUMBER.finditer(text)]
    breaks = (place + 1 for place in range(end) if text[place] in MARKS)
    mark = max((place for place in breaks if not any(a < place < b for a, b in numbers)), default=0)
    # A break inside a word is only worth it where the space would leave most of the line empty.
    return space if space > end // 3 else mark if mark >= end // 2 else space if text[:space].strip() else end
