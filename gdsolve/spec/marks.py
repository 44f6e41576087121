"""The signs that cells are read by: what `--delimiter`, `--comment` and `--thousands` take, and what contradicts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.spec.options import Options

BLANKS = "blanks"
BLANK_WORDS = (BLANKS, " +", r"\s+")
"""Runs of blanks as the delimiter, also as regular expressions write them."""
NO_COMMENTS = "none"
COMMENT = r"^[!#$%&()*/:;<=>?@\[\\\]^`{|}~]$"
"""A sign that no number, name or quoted cell begins with."""
GROUPING = (",", ".", "'", " ", "_")
"""What `--thousands` takes."""


def check_marks(spec: Options) -> None:
    """See that delimiter, decimal mark, grouping of thousands and comments can be told apart.

    Raises:
        GdsolveError: naming the option.
    """
    _check_each(spec)
    if spec.decimal is not None and spec.decimal == spec.delimiter:
        raise GdsolveError(
            f"delimiter and decimal are both {spec.decimal!r}",
            "European files: --delimiter ';' --decimal ,",
            about=("delimiter", "decimal"),
        )
    if spec.thousands is not None and spec.thousands == spec.decimal:
        other = "." if spec.thousands == "," else ","
        raise GdsolveError(
            f"thousands and decimal are both {spec.decimal!r}",
            f"give --decimal {other} if {spec.thousands} groups thousands, else leave --thousands out",
            about=("thousands", "decimal"),
        )
    if spec.thousands == " " and spec.delimiter in (*BLANK_WORDS, " "):
        raise GdsolveError(
            "blanks cannot both group thousands and separate cells",
            "leave --thousands out, or name another --delimiter",
            about=("thousands", "delimiter"),
        )
    if spec.comment is not None and spec.comment == spec.delimiter:
        raise GdsolveError(
            f"delimiter and comment are both {spec.comment!r}",
            "leave --comment or --delimiter out",
            about=("comment", "delimiter"),
        )


def _check_each(spec: Options) -> None:
    if spec.decimal is not None and spec.decimal not in (".", ","):
        raise GdsolveError(f"{spec.decimal!r} is neither . nor ,", "give --decimal . or --decimal ,", option="decimal")
    delimiter, comment = spec.delimiter, spec.comment
    if delimiter is not None and delimiter not in BLANK_WORDS and (len(delimiter) != 1 or not delimiter.isascii()):
        raise GdsolveError(
            f"{delimiter!r} is not a single ASCII character",
            r"for a tab give --delimiter $'\t', for runs of blanks --delimiter blanks",
            option="delimiter",
        )
    if comment not in (None, NO_COMMENTS) and not re.search(COMMENT, comment or ""):
        raise GdsolveError(
            f"{comment!r} is not a sign that a comment can begin with",
            "give --comment '#', another sign, or --comment none",
            option="comment",
        )
    if spec.thousands is not None and spec.thousands not in GROUPING:
        raise GdsolveError(
            f"{spec.thousands!r} is no sign that groups thousands",
            "give --thousands , or --thousands . (or a blank, ' or _, in quotes)",
            option="thousands",
        )
