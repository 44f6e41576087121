"""How a run can end: statuses, exit codes, and the one error that users see."""

from __future__ import annotations

import copy
import errno
from enum import IntEnum, StrEnum
from typing import Self

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


class GdsolveError(Exception):
    """Something the user can mend: one line that names file, row, column or key, and a hint with the remedy.

    `option` is the option that it is about, as a field of `Spec`; `place` is a column of text, counted from 1;
    `command` is a command line that the hint gives, whole.
    """

    def __init__(
        self,
        message: str,
        hint: str | None = None,
        exit_code: ExitCode = ExitCode.USAGE,
        *,
        option: str | None = None,
        place: int | None = None,
        command: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.option = option
        self.place = place
        self.command = command

    def within(self, where: str) -> Self:
        """The same error, told after `where`: a file, a line, a key."""
        told = copy.copy(self)
        told.message = where + self.message
        told.args = (told.message,)
        return told


class DataError(GdsolveError):
    """Data that cannot be used as it is (exit code 5)."""

    def __init__(self, message: str, hint: str | None = None, *, command: str | None = None) -> None:
        super().__init__(message, hint, ExitCode.DATA, command=command)
