"""Files that the user named -> sources with the same columns, whatever their formats."""

from __future__ import annotations

import functools
import logging
import operator
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from gdsolve.data.files import expand, open_named
from gdsolve.data.formats.format import TableFormat
from gdsolve.data.formats.registry import FORMATS
from gdsolve.data.names import plain_names
from gdsolve.data.passes import Pass
from gdsolve.data.source import Source
from gdsolve.quoting import quoted
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Spec
from gdsolve.spec.choices import Dates
from gdsolve.spec.command import operand
from gdsolve.spec.condition import Asked
from gdsolve.spec.require_company import given_with, refusal
from gdsolve.status import DataError, GdsolveError

logger = logging.getLogger("gdsolve")

_SAME = "files that are read together need the same columns, in any order"


def open_sources(
    sources: Sequence[str],
    spec: Spec,
    stack: ExitStack,
    *,
    glance: bool = False,
    sifted: bool = True,
    named: Collection[str] = (),
) -> tuple[Source, ...]:
    """Open every file that the user named and check that all have the columns of the first, in any order.

    The columns of NDJSON are the keys of all objects (one pass), or of the first ones at a `glance`. Rows that the spec
    leaves out are left out, unless at a glance, or where the files are to be `sifted` later. Columns `named` are those
    that a model reads: of sparse rows there may be fewer than it has.

    Raises:
        DataError: a file that cannot be read, or that lacks a column.
    """
    files = open_files(expand(sources), spec, stack, glance=glance, named=named)
    opened = as_one_table([replace(file, number=number) for number, file in enumerate(files)])
    require_same_columns(opened, opened[0].name, opened[0].schema)
    return as_asked(opened, spec) if sifted and not glance else opened


def as_asked(opened: Sequence[Source], spec: Spec, ranks: Ranks = ALONE) -> tuple[Source, ...]:
    """Give open files, those of this rank, with the rows and cells that the spec asks for.

    Raises:
        GdsolveError: a condition that is none, or does not fit the table.
        DataError: a file that cannot be read.
    """
    if spec.where is not None:
        from gdsolve.data.where.sift import sift

        opened = sift(opened, spec, ranks)
    if spec.dates is not Dates.ERROR:
        from gdsolve.data.dated import with_dates

        opened = with_dates(opened, spec, ranks)
    return tuple(opened)


def as_opened(sources: Sequence[str] | Sequence[Source], spec: Spec, stack: ExitStack) -> tuple[Source, ...]:
    """Give the files as they are where `open_sources` has opened them already, else open them so.

    Raises:
        DataError: as `open_sources`.
    """
    opened = tuple(source for source in sources if isinstance(source, Source))
    return opened or open_sources([source for source in sources if not isinstance(source, Source)], spec, stack)


def open_files(
    names: Sequence[str], spec: Spec, stack: ExitStack, *, glance: bool = False, named: Collection[str] = ()
) -> tuple[Source, ...]:
    """Open files, and warn once where it is in doubt how they are to be read; the first one tells the others' header.

    What a format finds of columns in a pass is found, of which `as_one_table` makes columns.

    Raises:
        DataError: a file that cannot be read.
    """
    opened: list[Source] = []
    formats: list[TableFormat] = []
    for form, file in open_named(names, spec.encoding, stack):
        opened.append(form.opened(file, spec, opened[0].schema if opened else named, stack))
        formats.append(form)
    _warn_of_doubts(opened)
    if opened:
        _require_takers(opened[0].name, formats, spec)
    finding = Pass(next(_surveys(opened), ""), [source for source in opened if source.survey is not None])
    return tuple(source.surveyed(finding.through, glance=glance) for source in opened)


def as_one_table(opened: Sequence[Source], told: Sequence[Any] | None = None) -> tuple[Source, ...]:
    """Give files the columns that they have together, from what is `told` of all: see `Source.known`.

    Raises:
        DataError: there are no columns.
    """
    told = [source.known for source in opened if source.known is not None] if told is None else told
    whole = {
        kind: functools.reduce(operator.add, [one for one in told if type(one) is kind])
        for kind in set(map(type, told))
    }
    return tuple(source if source.known is None else source.agreed(whole[type(source.known)]) for source in opened)


def require_same_columns(opened: Sequence[Source], first: str, names: Collection[str]) -> None:
    """Check that files have the columns, by name, of the file that is called `first`, in any order.

    Raises:
        DataError: a file that lacks a column.
    """
    for other in opened:
        lacking = [name for name in names if name not in other.schema]
        known = frozenset(names)
        beyond = [name for name in other.schema if name not in known]
        if lacking and not other.has_header:
            raise DataError(
                f"{other.name}: its first line is data, and that of {first} is a header",
                f"if its rows go on from those of {first}: {_joined(first, other.name)}",
            )
        if lacking and not other.typed and tuple(names) == plain_names(len(names)):
            raise DataError(
                f"{other.name}: its first line is a header, and that of {first} is data",
                f"if the rows of {first} go on from its own: {_joined(other.name, first)}",
            )
        if lacking:
            raise DataError(f"{other.name}: has no column {lacking[0]!r}, as {first} has", _SAME)
        if beyond:
            raise DataError(f"{other.name}: has a column {beyond[0]!r} that {first} does not have", _SAME)


def _surveys(opened: Sequence[Source]) -> Iterator[str]:
    return (source.survey for source in opened if source.survey is not None)


def _warn_of_doubts(opened: Sequence[Source]) -> None:
    found: dict[str, list[str]] = {}
    for source in opened:
        for kind, doubt in source.doubts.items():
            found.setdefault(kind, []).extend([doubt] if doubt else [])
    for doubts in filter(None, found.values()):
        logger.warning("%s%s", doubts[0], f" (so are {len(doubts) - 1} more)" if len(doubts) > 1 else "")


def _require_takers(first: str, formats: Sequence[TableFormat], spec: Spec) -> None:
    """See that no option is for files of a form that none has.

    Raises:
        GdsolveError: naming the option, and the format of the `first` file.
    """
    for condition in dict.fromkeys(condition for form in FORMATS for condition in form.takes):
        name = given_with(condition, spec)
        if name is not None and not any(condition in form.takes for form in formats):
            told = refusal(name, Asked(spec, ""), condition)
            raise GdsolveError(f"{told.message}, and {first} is {formats[0].name}", told.hint)


def _joined(first: str, second: str) -> str:
    """The command that makes one file of two."""
    files = " ".join(quoted(operand(name)) for name in (first, second))
    return f"cat {files} > whole.csv, and read whole.csv"
