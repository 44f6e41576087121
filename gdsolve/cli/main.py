"""From arguments to an exit code: where every failure becomes one line and a number, and where gdsolve ends."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import TextIOWrapper
from typing import NoReturn

from gdsolve.cli.app import Root, execute
from gdsolve.cli.completion import answer, give_script, instruction_of, read_line, script_asked
from gdsolve.cli.faults import judge
from gdsolve.cli.messages import show_error
from gdsolve.cli.output import write_error
from gdsolve.harmless import for_terminal
from gdsolve.ranks import Launched, Ranks, ranks_of
from gdsolve.spec.plain_text import refuse_no_text
from gdsolve.status import ExitCode, GdsolveError


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for; returns the exit code, and never raises."""
    with _prepared_streams():
        try:
            ranks = ranks_of(os.environ)
            if isinstance(ranks, Launched):
                from gdsolve.cli.distributed import run_together

                return run_together(ranks, lambda: _run(list(arguments), ranks), lambda fault: judge(fault, arguments))
            return _run(list(arguments), ranks)
        except BaseException as fault:
            return _tell(fault, arguments)


def leave(code: int) -> NoReturn:
    """Flush both streams and end the process."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as fault:
        if isinstance(fault, BrokenPipeError):
            code = _tell(fault)
        elif code != ExitCode.FAULT:
            # A run that ended with a fault has told it, and may have left what it could not write.
            code = _tell(write_error("standard output", fault))
    # Standard error is flushed line by line. This does not wait for the teardown of torch and its threads, half a
    # second of nothing, and skips what Python would do at its exit: all files and threads must be done with by now.
    os._exit(code)


def _run(arguments: list[str], ranks: Ranks) -> int:
    if instruction := instruction_of(os.environ):
        return answer(Root(), instruction, read_line(os.environ))
    if sys.stdout is None:
        raise GdsolveError("standard output is closed", "redirect it, as in > result.txt or > /dev/null")
    if asked := script_asked(arguments):
        give_script(Root(), *asked)
        return int(ExitCode.OK)
    for argument in arguments:
        refuse_no_text(argument)
    if not arguments:
        with redirect_stdout(sys.stderr):
            execute(["--help"], ranks)
        return int(ExitCode.USAGE)
    return execute(arguments, ranks)


@contextmanager
def _prepared_streams() -> Iterator[None]:
    """A span in which both streams take every text, and a terminal gets of it what is harmless."""
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, TextIOWrapper):
            # A name that the locale cannot show must not end the run.
            stream.reconfigure(errors="backslashreplace")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    out, err = (stream and for_terminal(stream) for stream in before)
    with redirect_stdout(out), redirect_stderr(err):
        yield


def _tell(fault: BaseException, arguments: Sequence[str] = ()) -> int:
    """Say in one line what went wrong; returns the exit code."""
    verdict = judge(fault, arguments)
    try:
        if verdict.internal:
            traceback.print_exception(fault)
        if verdict.error is not None:
            show_error(verdict.error)
    except BrokenPipeError:
        return int(ExitCode.CLOSED_PIPE)
    return verdict.exit_code
