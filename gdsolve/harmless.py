"""Text that cannot drive a terminal: what files of strangers hold is written out there, never obeyed.

Whatever is written to a terminal goes through one stream, `TerminalStream`; styles and moves of the cursor, which are
our own, go by `styled`.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any, TextIO, cast

# Controls but for the line break and the tab, separators of lines, marks that turn the direction of what follows, and
# letters that nobody sees or that no encoding has.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
# Colours, moves of the cursor, and lines that are begun anew: what tables, the progress line and the tour are made of.
_OWN = re.compile(r"(\x1b\[[0-9;]*[mABCDGHJK]|\r)")


def harmless(text: str) -> str:
    r"""The text with whatever a terminal would obey written out; line breaks and tabs stay.

    >>> print(harmless("a\x1b[2Jb\u202ec"))
    a\x1b[2Jb\u202ec
    """
    return text if text.isascii() and text.isprintable() else _CONTROL.sub(_written_out, text)


def in_json(text: str) -> str:
    r"""A text of JSON with the same letters as JSON itself escapes, which leaves what it says as it was.

    >>> print(in_json('{"a\u202eb": 1}'))
    {"a\u202eb": 1}
    """
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    return _CONTROL.sub(lambda found: json.dumps(found[0])[1:-1].replace("\x7f", "\\u007f"), text)


def _written_out(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


class TerminalStream(io.TextIOBase):
    """A stream to a terminal that takes every text and passes on what is harmless."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str, /) -> int:
        """Write a text; returns its length."""
        self.stream.write(harmless(text))
        return len(text)

    def writelines(self, lines: Iterable[Any], /) -> None:
        """Write texts one after the other."""
        for line in lines:
            self.write(line)

    def close(self) -> None:
        """Nothing: the stream under it stays open."""

    def writable(self) -> bool:
        """True: it is there to be written to."""
        return True

    def isatty(self) -> bool:
        """As the stream under it."""
        return self.stream.isatty()

    def fileno(self) -> int:
        """As the stream under it."""
        return self.stream.fileno()

    def flush(self) -> None:
        """Hand over what was written."""
        self.stream.flush()

    def reconfigure(self, **how: Any) -> None:
        """Have the stream under it write otherwise."""
        if isinstance(self.stream, TextIOWrapper):
            self.stream.reconfigure(**how)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """As the stream under it."""
        return self.stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """As the stream under it."""
        return self.stream.errors


class _Styled(TerminalStream):
    """The same for those who write styles: colours and moves of the cursor pass too."""

    def write(self, text: str, /) -> int:
        # Every second piece is one of our own.
        pieces = _OWN.split(text)
        self.stream.write("".join(piece if place % 2 else harmless(piece) for place, piece in enumerate(pieces)))
        return len(text)


def for_terminal(stream: TextIO) -> TextIO:
    """The stream itself where it goes elsewhere; to a terminal, one that passes on what is harmless."""
    known = isinstance(stream, TerminalStream) or not stream.isatty()
    return stream if known else cast("TextIO", TerminalStream(stream))


def styled(stream: TextIO) -> TextIO:
    """A stream for text with styles, each piece of which was made harmless where it was laid out."""
    return cast("TextIO", _Styled(stream.stream)) if isinstance(stream, TerminalStream) else stream
