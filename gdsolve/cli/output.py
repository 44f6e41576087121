"""Where results go: standard output first, then the files that were asked for."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from gdsolve.cli.messages import show_advice
from gdsolve.cli.signals import has_hung_up
from gdsolve.harmless import TerminalStream
from gdsolve.imports import collector_at_rest
from gdsolve.outputs import write_picture_file
from gdsolve.progress import listener
from gdsolve.spec import Format, Spec
from gdsolve.status import ExitCode, GdsolveError, HungUp

if TYPE_CHECKING:
    from gdsolve.picture import Picture


@dataclass(slots=True)
class Overheard:
    """What was presented, as data; None before anything was."""

    record: Mapping[str, Any] | None = None
    picture: Picture | None = None


_overheard: ContextVar[tuple[Overheard, bool] | None] = ContextVar("overheard", default=None)


@contextmanager
def overhearing(*, draw: bool) -> Iterator[Overheard]:
    """A span in which what is presented is kept as data too; without `draw` no picture is drawn under its table."""
    heard = Overheard()
    token = _overheard.set((heard, draw))
    try:
        yield heard
    finally:
        _overheard.reset(token)


def present(
    spec: Spec, record: Mapping[str, Any], picture: Picture | None = None, following: tuple[str, ...] = ()
) -> None:
    """Write the result to standard output in the form asked for, and what only its table says to standard error.

    `following` is what to do next, which a table says where the record has no advice.

    A picture goes where it was asked for: below the table, or to its file, also when the reader of standard output has
    gone away.
    """
    drawn: Picture | None = picture
    if listening := _overheard.get():
        heard, draw = listening
        heard.record, heard.picture = record, picture
        drawn = picture if draw else None
    try:
        _print(spec, record, drawn, following)
    finally:
        write_picture_file(spec, picture)
    if spec.format is not Format.TABLE:
        show_advice(record)


def _print(spec: Spec, record: Mapping[str, Any], picture: Picture | None, following: tuple[str, ...]) -> None:
    from gdsolve.report import write_record
    from gdsolve.report.page import View

    if spec.format in (Format.CSV, Format.MARKDOWN, Format.LATEX):
        as_utf8()
    # What is written is needed to the end: to look for garbage among it takes longer than to write a table.
    with listener().hidden(), writing("standard output"), collector_at_rest():
        write_record(record, spec.format, sys.stdout, View.of(spec, following))
        if picture is not None and spec.plot is True:
            from gdsolve.report.draw_terminal import write_picture

            write_picture(picture, sys.stdout)
        sys.stdout.flush()


def as_utf8() -> None:
    """Make standard output UTF-8 whatever the locale: a table that is read again must keep its names."""
    if isinstance(sys.stdout, TextIOWrapper | TerminalStream):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Tell a full disk and its like in one line that names the file; a closed pipe is no error, nor a closed terminal.

    Raises:
        GdsolveError: the system refused to write.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as fault:
        if has_hung_up():
            raise HungUp from None
        raise write_error(name, fault) from None


def write_error(name: str, fault: OSError) -> GdsolveError:
    """What the system says of a failure to write, as an error that names the file."""
    text = os.strerror(fault.errno if fault.errno is not None else errno.EIO)
    return GdsolveError(f"{fault.filename or name}: {text}", "make room, or write elsewhere", ExitCode.FAULT)
