"""How a text is laid out, where it is otherwise than CSV."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextLayout:
    """What sets cells apart where it is not one mark, `blanks`, and the character that comments begin with.

    In a text of blanks a comment begins with a word, and quoted cells end in their line; in others it takes a line.
    `gdsolve.data.layout` makes plain lines of it.
    """

    blanks: bool
    comment: str | None = None
