"""What no text and no name has: a NUL, which ends names for the system, and halves of characters."""

from __future__ import annotations

import re

from gdsolve.spec.numbers import shown
from gdsolve.status import GdsolveError, Place

# From \udc80 to \udcff Python keeps the bytes of a name of a file that is not UTF-8: such files there are.
_NEVER = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")


def refuse_no_text(text: str, *, option: str | None = None, place: Place | None = None) -> None:
    """See that a text can be a name or a word.

    Raises:
        GdsolveError: it has a NUL, or half of a character.
    """
    if found := _NEVER.search(text):
        raise GdsolveError(
            f"{shown(text)} holds {found[0]!r}, which is in no name and no word",
            "take it out",
            option=option,
            place=place,
        )
