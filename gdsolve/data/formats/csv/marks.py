"""The marks that set cells apart."""

from __future__ import annotations

DELIMITERS = (",", ";", "\t", "|")
TABBED = ".tsv"


def usual_delimiter(*names: str) -> str:
    """The delimiter that the names of files let expect."""
    return "\t" if any(TABBED in name.lower() for name in names) else ","
