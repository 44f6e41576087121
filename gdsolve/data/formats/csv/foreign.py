"""Text files of other makes, told by their first lines, with the command that makes a table of them."""

from __future__ import annotations

import re

from gdsolve.advice import Advice
from gdsolve.data.file import File
from gdsolve.data.shell import piped
from gdsolve.status import DataError

_ARFF = re.compile(r"(?:\s*(?:%.*)?\n)*\s*@relation\b", re.IGNORECASE)

# The names of @attribute are the header, quoted or not; what follows @data are the rows. \047 is a quote of one stroke.
_FROM_ARFF = (
    r"""awk 'd && NF && !/^%/; tolower($1) == "@attribute" {sub(/^[ \t]*[^ \t]+[ \t]+/, ""); """
    r"""if (match($0, /^(\047[^\047]*\047|"[^"]*")/)) a = substr($0, 2, RLENGTH - 2); else a = $1; """
    r"""h = h s "\"" a "\""; s = ","} tolower($1) ~ /^@data/ {print h; d = 1}'"""
)


def refuse_foreign(file: File) -> None:
    """Refuse ARFF (Weka) files.

    Raises:
        DataError: with the command that turns the file into CSV.
    """
    if _ARFF.match(file.head):
        options = ("--na-values", "?") if re.search(r"(^|,)\s*\?\s*(,|$)", file.head, re.MULTILINE) else ()
        raise DataError(
            f"{file.name}: is an ARFF file, and gdsolve reads CSV",
            Advice("", piped(file, _FROM_ARFF, options=options)),
        )
