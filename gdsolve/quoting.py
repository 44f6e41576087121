"""Words of a command line as a shell takes them back, whatever letters they have."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

# What begins $'…', and what stands in it.
_ESCAPED = re.compile(r"\$'((?:[^'\\]|\\.)*)'")
_ESCAPE = re.compile(rb"\\(?:x([0-9a-f]{2})|([tnr]))")
_BY_NAME = {"\t": "t", "\n": "n", "\r": "r"}
_NAMED = {name.encode(): letter.encode() for letter, name in _BY_NAME.items()}


def quoted(text: str) -> str:
    r"""The text as one word; letters that no terminal shows are written as the bytes that $'…' makes of \x and digits.

    That is how bash, zsh and sh as POSIX has it since 2024 read it. No quotation mark stands within.

    >>> print(quoted("a b"), quoted("a\x1b'"))
    'a b' $'a\x1b\x27'
    """
    return shlex.quote(text) if text.isprintable() else "$'" + "".join(map(_escaped, text)) + "'"


def joined(words: Iterable[str]) -> str:
    """The words as one line."""
    return " ".join(map(quoted, words))


def split(line: str) -> list[str]:
    r"""The words of a line, as a shell takes them.

    >>> split(r"--target $'a\x1b' 'b c'")
    ['--target', 'a\x1b', 'b c']
    """
    return shlex.split(_ESCAPED.sub(lambda found: shlex.quote(_meant(found[1])), line))


def _escaped(letter: str) -> str:
    if letter.isprintable() and letter not in "\\'":
        return letter
    if letter in _BY_NAME:
        return f"\\{_BY_NAME[letter]}"
    # A byte of a file name that is no UTF-8 is that byte again.
    known = "surrogateescape" if "\udc80" <= letter <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in letter.encode("utf-8", known))


def _meant(text: str) -> str:
    def byte(found: re.Match[bytes]) -> bytes:
        return bytes.fromhex(found[1].decode()) if found[1] else _NAMED[found[2]]

    return _ESCAPE.sub(byte, text.encode()).decode("utf-8", "surrogateescape")
