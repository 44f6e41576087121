"""How a run can end: statuses, exit codes, and the one error that users see."""

from __future__ import annotations

import copy
import errno
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Self

from gdsolve.advice import Advice

# What the system says where the disk, and nobody else, is to blame.
DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class ExitCode(IntEnum):
    """Exit codes of the command line (docs/design.md, section 4)."""

    OK = 0
    FAULT = 1
    USAGE = 2
    MAX_ITER = 3
    DIVERGED = 4
    DATA = 5
    HUNG_UP = 129
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    TERMINATED = 143

    @property
    def meaning(self) -> str:
        """One line for the reference."""
        return EXIT_MEANINGS[self]


EXIT_MEANINGS: dict[ExitCode, str] = {
    ExitCode.OK: "converged (for the other verbs: done)",
    ExitCode.FAULT: "an internal error of gdsolve, or a fault of the machine such as a full disk",
    ExitCode.USAGE: "wrong flags or spec",
    ExitCode.MAX_ITER: "max_iter reached, result printed and usable (`--exit-zero` makes it 0)",
    ExitCode.DIVERGED: "diverged, not finite or failed: the best iterate, the reason, and what to run instead",
    ExitCode.DATA: "unusable data: file, row and column in one line, and the remedy in another",
    ExitCode.HUNG_UP: "ended by SIGHUP, as when its terminal is closed, after writing what was reached",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C, after printing what was reached",
    ExitCode.CLOSED_PIPE: "the program that reads standard output has ended (`| head`)",
    ExitCode.TERMINATED: "ended by SIGTERM, after printing what was reached",
}


class Status(StrEnum):
    """What a descent reached."""

    CONVERGED = "converged"
    MAX_ITER = "max_iter"
    EDGE_OF_STABILITY = "edge_of_stability"
    DIVERGED = "diverged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def exit_code(self) -> ExitCode:
        """The exit code that goes with this status."""
        return STATUS_EXIT_CODES[self]


STATUS_EXIT_CODES: dict[Status, ExitCode] = {
    Status.CONVERGED: ExitCode.OK,
    Status.MAX_ITER: ExitCode.MAX_ITER,
    Status.EDGE_OF_STABILITY: ExitCode.MAX_ITER,
    Status.DIVERGED: ExitCode.DIVERGED,
    Status.FAILED: ExitCode.DIVERGED,
    Status.INTERRUPTED: ExitCode.INTERRUPTED,
}


class Terminated(KeyboardInterrupt):
    """SIGTERM, as Ctrl-C reaches a program: what ends a loop with what was reached ends it for both."""

    signal = "SIGTERM"
    exit_code = ExitCode.TERMINATED


class HungUp(Terminated):
    """SIGHUP, in the same way: the terminal is gone."""

    signal = "SIGHUP"
    exit_code = ExitCode.HUNG_UP


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and a line of it where that is known, counted from 1."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}: line {self.line}"


class GdsolveError(Exception):
    """Something the user can mend: what is wrong, and a hint with the remedy.

    `option` is the option or key that it is about, told before `text`, as a flag where `as_flag`; `about` are options
    that `text` speaks of. `place` is where that stands in a file, `column` a column of a formula, counted from 1.
    """

    def __init__(
        self,
        text: str,
        hint: str | None = None,
        exit_code: ExitCode = ExitCode.USAGE,
        *,
        option: str | None = None,
        about: tuple[str, ...] = (),
        place: Place | None = None,
        column: int | None = None,
        as_flag: bool = False,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.hint = None if hint is None else Advice.of(hint)
        self.exit_code = exit_code
        self.option = option
        self.about = about
        self.place = place
        self.column = column
        self.as_flag = as_flag

    def __str__(self) -> str:
        return self.message

    @property
    def message(self) -> str:
        """The one line that tells it: the place, the option, and what is wrong."""
        parts = (str(part) for part in (self.place, self.label, self.text) if part)
        return ": ".join(part.replace("\n", "\\n") for part in parts)

    @property
    def label(self) -> str | None:
        """The option as it is told: as a key, or as a flag."""
        # A word that Python keeps for itself has a _ behind it in code alone.
        name = self.option and self.option.removesuffix("_")
        return f"--{name.replace('_', '-')}" if name and self.as_flag else name

    @property
    def subjects(self) -> tuple[str, ...]:
        """The options that it is about."""
        return (self.option, *self.about) if self.option else self.about

    def but(self, **changes: Any) -> Self:
        """The same error with some fields changed."""
        told = copy.copy(self)
        for name, value in changes.items():
            setattr(told, name, Advice.of(value) if name == "hint" and value is not None else value)
        return told

    def within(self, where: str) -> Self:
        """The same error, told after `where`, which stands between the option and what is wrong."""
        return self.but(text=where + self.text)


class DataError(GdsolveError):
    """Data that cannot be used as it is (exit code 5)."""

    def __init__(
        self,
        text: str,
        hint: str | None = None,
        *,
        option: str | None = None,
        about: tuple[str, ...] = (),
        place: Place | None = None,
    ) -> None:
        super().__init__(text, hint, ExitCode.DATA, option=option, about=about, place=place)
