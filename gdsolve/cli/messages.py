"""What goes to standard error: one line a message, `gdsolve: error: …`, `gdsolve: warning: …`, `hint: …`.

On a terminal a message is folded to its width.
"""

from __future__ import annotations

import logging
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gdsolve.advice import Advice
from gdsolve.harmless import styled
from gdsolve.progress import listener
from gdsolve.status import GdsolveError
from gdsolve.terminal import cells, terminal_width, wrap_command, wrap_message

COLOURS = {"error": "\033[1;31m", "warning": "\033[1;33m", "hint": "\033[36m"}
PLAIN = "\033[0m"

Heard = tuple[int, str]
"""A level and a message."""


def show_error(fault: GdsolveError) -> None:
    """Write an error and its hint to standard error, whatever `--quiet` says."""
    tell_error(fault.message, fault.hint)


def tell_error(message: str, hint: str | None) -> None:
    """The same of what is told in other words."""
    _say("error", message)
    if hint:
        _say("hint", hint)


def show_advice(record: Mapping[str, Any]) -> None:
    """Write to standard error how a run that did not end well ended, and the advice, as the table would say it.

    Scripts read the record; whoever started them reads this. `--quiet` silences it.
    """
    logger = logging.getLogger("gdsolve")
    ending = record.get("problem") or (record.get("message") if record.get("exit_code") else None)
    if ending and logger.isEnabledFor(logging.WARNING):
        logger.warning("%s", ending)
        for advice in (record.get("hint"), *record["advice"]):
            if advice:
                show_hint(advice)


def show_hint(advice: str) -> None:
    """Write a line of advice to standard error, unless `--quiet` silences it."""
    if logging.getLogger("gdsolve").isEnabledFor(logging.WARNING):
        _say("hint", advice)


@contextmanager
def about(source: str) -> Iterator[list[Heard]]:
    """A span in which what is logged is about one source of many, and names it; it is kept, for `say` to tell later."""
    logger, heard = logging.getLogger("gdsolve"), _Keeper(source)
    before, logger.handlers = logger.handlers, [heard]
    try:
        yield heard.kept
    finally:
        logger.handlers = before


def say(heard: Sequence[Heard]) -> None:
    """Tell what was kept."""
    for level, text in heard:
        logging.getLogger("gdsolve").log(level, "%s", text)


def listen(quiet: bool, verbose: bool) -> None:
    """Send what the library logs to standard error: warnings, and with `verbose` what it did; with `quiet` neither."""
    logger = logging.getLogger("gdsolve")
    logger.handlers = [_Handler()]
    logger.propagate = False
    logger.setLevel(logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING)


def named(source: str, text: str) -> str:
    """The text with the source that it is about, unless it names it already."""
    return text if text.startswith(f"{source}:") else f"{source}: {text}"


def one_line(text: str) -> str:
    """The text with line breaks and control characters written out, so that no column name can drive a terminal."""
    return "".join(
        repr(letter)[1:-1] if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text
    )


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        heard = {"error": logging.ERROR, "warning": logging.WARNING}
        _say(next((word for word, least in heard.items() if record.levelno >= least), None), record.getMessage())


class _Keeper(logging.Handler):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.kept: list[Heard] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.kept.append((record.levelno, named(self.source, record.getMessage())))


def _say(word: str | None, text: str) -> None:
    """Write a message after a word of `COLOURS`, or none: on a terminal folded to its width, elsewhere in one line."""
    if sys.stderr is None:
        return
    before = "" if word == "hint" else "gdsolve: "
    lead = f"{before}{word}: " if word else before
    said, width = _shown(lead + text), terminal_width(sys.stderr)
    lines = [said] if width is None or cells(said) <= width else _folded(text, width, lead)
    if word:
        lines[0] = before + _paint(word) + lines[0][len(before) + len(word) :]
    _write("\n".join(lines) + "\n")


def _folded(text: str, width: int, lead: str = "", indent: str = "  ") -> list[str]:
    """A text on lines that fit; a command in it has lines of its own, which can be copied."""
    if not isinstance(text, Advice) or text.command is None:
        return wrap_message(_shown(lead + text), width, indent)
    lines = wrap_message(_shown(lead + text.lead).rstrip(), width, indent)
    room = width - len(indent)
    more = wrap_command(_shown(text.command), room) + (_folded(text.rest, room, indent="") if text.rest else [])
    return lines + [indent + line for line in more]


def _shown(text: str) -> str:
    """The text in one line, and in ASCII where standard error is not Unicode, as tables are."""
    text = one_line(text)
    if text.isascii():
        return text
    from gdsolve.report.text import encoding_of, printable

    return text if sys.stderr is None else printable(text, encoding_of(sys.stderr))


def _paint(word: str) -> str:
    dull = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return word if dull or sys.stderr is None or not sys.stderr.isatty() else f"{COLOURS[word]}{word}{PLAIN}"


def _write(text: str) -> None:
    # Python has no stream at all where the shell closed it (2>&-), and of a full disk there is nowhere left to tell.
    if sys.stderr is None:
        return
    try:
        with listener().hidden():
            stream = styled(sys.stderr)
            stream.write(text)
            stream.flush()
    except BrokenPipeError:
        raise
    except OSError:
        return
