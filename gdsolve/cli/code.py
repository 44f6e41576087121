"""`--code`: a program in place of a result, or in a file beside it."""

from __future__ import annotations

import dataclasses
import logging
import sys
from collections.abc import Callable
from typing import Any

from gdsolve.cli.answer import Outcome, Steps
from gdsolve.cli.output import as_utf8, writing
from gdsolve.outputs import write_program
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.spec.program import read_code
from gdsolve.status import ExitCode

logger = logging.getLogger("gdsolve")


def with_program(
    spec: Spec, steps: Callable[[], Steps], write: Callable[[Spec, str | None], tuple[str, float | None]]
) -> Steps:
    """The steps of a verb where a program is asked for: it alone, or `steps` after it is in its file.

    `write` gives the program of a spec, of a kind, and how many seconds it takes, about, where that is known.
    """
    asked = read_code(spec.code)
    if asked is None:
        return steps()

    def program(spec: Spec) -> str:
        text, seconds = write(spec, asked.kind)
        tell_length(seconds)
        return text

    if asked.file is None:
        return Steps(
            lambda spec, _command, _ranks: program(spec),
            lambda _text: {"exit_code": int(ExitCode.OK)},
            lambda _text: None,
            show_program,
        )
    own = steps()

    def solve(spec: Spec, command: Command, ranks: Ranks) -> Any:
        if ranks.first:
            write_program(spec, program(spec))
        return own.solve(spec, command, ranks)

    return dataclasses.replace(own, solve=solve)


def tell_length(seconds: float | None) -> None:
    """Say that a program takes long, where it does."""
    from gdsolve.programs.text import lasting

    if seconds is not None and (words := lasting(seconds)):
        logger.warning("code: the program takes every step, about %s of them; what gdsolve prints is the same", words)


def print_program(text: str) -> None:
    """Write a program to standard output."""
    as_utf8()
    with writing("standard output"):
        sys.stdout.write(text)
        sys.stdout.flush()


def show_program(outcome: Outcome) -> None:
    """The same of what a request came to."""
    print_program(outcome.result)
