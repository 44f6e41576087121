"""A command of the tour, run here: what it prints on both streams, as a terminal of this width would show it."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from gdsolve.cli.app import execute
from gdsolve.cli.output import overhearing
from gdsolve.report.text import encoding_of
from gdsolve.status import ExitCode, GdsolveError
from gdsolve.terminal import terminal_width, wrap_message

if TYPE_CHECKING:
    from gdsolve.picture import Picture

RESULTS = (ExitCode.OK, ExitCode.MAX_ITER, ExitCode.DIVERGED)


class Canvas(io.TextIOWrapper):
    """A text that is written as if to a terminal: as wide, as colourful, in the same encoding."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        super().__init__(io.BytesIO(), encoding_of(terminal), "backslashreplace", newline="", write_through=True)

    def isatty(self) -> bool:
        """True: it is shown on a terminal."""
        return True

    def fileno(self) -> int:
        """The terminal, whose size is asked for."""
        return self._terminal.fileno()

    def lines(self) -> list[str]:
        """What was written."""
        self.seek(0)
        return self.read().splitlines()


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its record and picture, and the lines that it printed, warnings first."""

    code: int
    record: Mapping[str, Any]
    picture: Picture | None
    lines: tuple[str, ...]


def run_shown(words: Sequence[str]) -> tuple[int, Mapping[str, Any]]:
    """Run a command that prints where all else is printed; its exit code and its record.

    Raises:
        GdsolveError: it fails.
    """
    with overhearing(draw=True) as heard:
        code = _checked(words, execute(words))
    return code, heard.record or {}


def run_kept(words: Sequence[str]) -> Ran:
    """Run a command that prints nowhere, and keep what it would show on the terminal that standard output is.

    Raises:
        GdsolveError: it fails.
    """
    out, err = Canvas(sys.stdout), io.StringIO()
    with overhearing(draw=False) as heard, redirect_stdout(out), redirect_stderr(err):
        code = execute(words)
    _checked(words, code)
    width = terminal_width(out) or 80
    said = [line for message in err.getvalue().splitlines() for line in wrap_message(message, width)]
    lines = (*said, *([""] if said else []), *out.lines())
    return Ran(code, heard.record or {}, heard.picture, lines)


def _checked(words: Sequence[str], code: int) -> int:
    if code not in RESULTS:
        raise GdsolveError(f"gdsolve {' '.join(words)} ended with exit code {code}", exit_code=ExitCode(code))
    return code
