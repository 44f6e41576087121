"""Completion of column names, from the table that is on the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import typer

from gdsolve.spec.file import build_spec
from gdsolve.status import GdsolveError

# A word as bash hands it over, quotes and backslashes included.
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'?|"(?:[^"\\]|\\.)*"?)+""")
DIALECT = ("delimiter", "decimal", "encoding", "no_header", "na_values")


def complete_column(ctx: typer.Context, incomplete: str) -> list[str]:
    """The columns that begin with what was typed; after a comma, the next of a list."""
    before, comma, last = incomplete.rpartition(",")
    source = next(_sources(ctx), None)
    names = columns_of(source, ctx.params) if source is not None else ()
    fresh = [name for name in names if name.startswith(last) and name not in before.split(",")]
    escape = "bash" in os.environ.get("_GDSOLVE_COMPLETE", "")
    return [before + comma + (_escaped(name) if escape else name) for name in fresh]


def join_assignments(environment: MutableMapping[str, str]) -> None:
    """Take the = out of what bash asks to complete: it makes three words of `--target=price`."""
    words = _WORD.findall(environment.get("COMP_WORDS", ""))
    cursor = int(environment.get("COMP_CWORD") or 0)
    kept: list[str] = []
    place = cursor
    for number, word in enumerate(words):
        if word != "=" or not kept or not kept[-1].startswith("--"):
            kept.append(word)
        elif number == cursor:
            kept.append("''")
        else:
            place -= number < cursor
    if len(kept) != len(words) or "''" in kept:
        environment.update(COMP_WORDS=" ".join(kept), COMP_CWORD=str(place))


def columns_of(source: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns of a table, or of the tables of a YAML spec; none where they cannot be read."""
    from gdsolve.data import column_names

    given = {name: options[name] for name in DIALECT if options.get(name)}
    try:
        spec = build_spec([source], given, "check")
        return column_names(spec.data, spec)
    except (GdsolveError, OSError):
        return ()


def _sources(ctx: typer.Context) -> Iterator[str]:
    """What may be a SOURCE: parsed already, left over by the option that is being completed, or after the cursor."""
    for words in (ctx.params.get("sources") or [], ctx.args, os.environ.get("COMP_WORDS", "").split()):
        yield from (word for word in words if Path(word).is_file())


def _escaped(name: str) -> str:
    """The name as bash takes it as one word."""
    return "".join(letter if letter.isalnum() or letter in "_.-,:/%+@" else f"\\{letter}" for letter in name)
