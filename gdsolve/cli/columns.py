"""Completion of column names, from the table that is on the command line."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from gdsolve.bundled import named
from gdsolve.cli.completion import NothingToOfferError
from gdsolve.cli.messages import listen
from gdsolve.paths import is_file
from gdsolve.spec.file import build_spec
from gdsolve.spec.source_name import path_in
from gdsolve.status import GdsolveError

DIALECT = (
    "delimiter",
    "decimal",
    "thousands",
    "comment",
    "sheet",
    "query",
    "encoding",
    "header",
    "no_header",
    "na_values",
)


def complete_column(ctx: typer.Context, incomplete: str) -> list[str]:
    """The columns that begin with what was typed; after a comma, the next of a list.

    Raises:
        NothingToOfferError: there are none, for no table is on the line, or it cannot be read.
    """
    before, comma, last = incomplete.rpartition(",")
    tables = (columns_of(source, ctx.params) for source in _sources(ctx))
    names = next(filter(None, tables), ())
    # What a shell offers it writes to the terminal as it is.
    known = (name for name in names if name.isprintable())
    fresh = [name for name in known if name.startswith(last) and name not in before.split(",")]
    if not fresh:
        raise NothingToOfferError
    return [before + comma + name for name in fresh]


def columns_of(source: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns of a table, or of the tables of a YAML spec; none where they cannot be read."""
    from gdsolve.data import column_names

    # A warning would stand in the middle of what is typed.
    listen(quiet=True, verbose=False)
    given = {name: options[name] for name in DIALECT if options.get(name)}
    try:
        spec = build_spec([source], given, "check")
        return column_names(spec.data, spec)
    except (GdsolveError, OSError):
        return ()


def _sources(ctx: typer.Context) -> Iterator[str]:
    """Files that may be meant by a SOURCE, as the shell would hand them over once the line is run.

    Those words are parsed already, left over by the option that is being completed, or stand after the cursor.
    """
    for word in (*(ctx.params.get("sources") or ()), *ctx.args, *ctx.obj.after):
        name = os.path.expandvars(str(Path(word).expanduser()))
        if is_file(path_in(name)) or named(name) is not None:
            yield name
        elif glob.has_magic(name):
            yield from filter(os.path.isfile, sorted(glob.glob(name)))  # noqa: PTH207, the pattern may be absolute
