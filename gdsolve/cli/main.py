"""From arguments to an exit code: where every failure becomes one line and a number, and where gdsolve ends."""

from __future__ import annotations

import os
import re
import shlex
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import typer

from gdsolve.advice import Advice
from gdsolve.cli.app import VERBS, command_line, execute
from gdsolve.cli.completion import (
    NothingToOfferError,
    give_script,
    is_asked,
    offer_nothing,
    read_line,
    script_asked,
)
from gdsolve.cli.messages import show_error
from gdsolve.cli.output import write_error
from gdsolve.ranks import Launched, Ranks, Verdict, ranks_of
from gdsolve.spec import VERBS as SPEC_VERBS
from gdsolve.spec import flag, options_of
from gdsolve.spec.file import nearest_option
from gdsolve.spec.option import enumerated
from gdsolve.status import DISK_FAULTS, ExitCode, GdsolveError, Terminated


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments ask for; returns the exit code, and never raises."""
    _prepare_streams()
    try:
        ranks = ranks_of(os.environ)
        if isinstance(ranks, Launched):
            from gdsolve.cli.distributed import run_together

            return run_together(ranks, lambda: _run(list(arguments), ranks), lambda fault: _judge(fault, arguments))
        return _run(list(arguments), ranks)
    except BaseException as fault:
        return _tell(fault, arguments)


def leave(code: int) -> NoReturn:
    """Flush both streams and end the process."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as fault:
        code = _tell(fault if isinstance(fault, BrokenPipeError) else write_error("standard output", fault))
    # Standard error is flushed line by line. This does not wait for the teardown of torch and its threads, half a
    # second of nothing, and skips what Python would do at its exit: all files and threads must be done with by now.
    os._exit(code)


def _run(arguments: list[str], ranks: Ranks) -> int:
    if is_asked(os.environ):
        line = read_line(os.environ)
        try:
            command_line(VERBS, ranks).main(args=arguments, prog_name="gdsolve", obj=line)
        except NothingToOfferError:
            return offer_nothing(os.environ)
    if sys.stdout is None:
        raise GdsolveError("standard output is closed", "redirect it, as in > result.txt or > /dev/null")
    if asked := script_asked(arguments):
        give_script(*asked)
        return int(ExitCode.OK)
    if not arguments:
        with redirect_stdout(sys.stderr):
            execute(["--help"], ranks)
        return int(ExitCode.USAGE)
    return execute(arguments, ranks)


def _prepare_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A name that the locale cannot show must not end the run.
            stream.reconfigure(errors="backslashreplace")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


def _tell(fault: BaseException, arguments: Sequence[str] = ()) -> int:
    """Say in one line what went wrong; returns the exit code."""
    verdict = _judge(fault, arguments)
    try:
        if verdict.internal:
            traceback.print_exception(fault)
        if verdict.error is not None:
            show_error(verdict.error)
    except BrokenPipeError:
        return int(ExitCode.CLOSED_PIPE)
    return verdict.exit_code


def _judge(fault: BaseException, arguments: Sequence[str]) -> Verdict:
    """The exit code of a fault, and what there is to tell of it."""
    if _pipe_closed(fault):
        return Verdict(int(ExitCode.CLOSED_PIPE))
    if isinstance(fault, Terminated):
        ended = GdsolveError("ended by SIGTERM before it was done", None, ExitCode.TERMINATED)
        return Verdict(int(ended.exit_code), ended)
    if isinstance(fault, KeyboardInterrupt):
        return Verdict(int(ExitCode.INTERRUPTED))
    if isinstance(fault, SystemExit):
        return Verdict(fault.code if isinstance(fault.code, int) else int(bool(fault.code)))
    error = _as_error(fault, arguments)
    if error is not None:
        return Verdict(int(error.exit_code), error)
    error = GdsolveError(
        f"internal fault: {type(fault).__name__}: {fault}",
        "this is a fault of gdsolve, not yours: please report it with the lines above",
        ExitCode.FAULT,
    )
    return Verdict(int(ExitCode.FAULT), error, internal=True)


def _pipe_closed(fault: BaseException) -> bool:
    # rich answers a closed pipe with SystemExit(1), and what it caught is the context of that.
    return isinstance(fault, BrokenPipeError) or (
        isinstance(fault, SystemExit) and isinstance(fault.__context__, BrokenPipeError)
    )


def _as_error(fault: BaseException, arguments: Sequence[str]) -> GdsolveError | None:
    """The fault as an error of the user's or of the machine's; None if it is ours."""
    if isinstance(fault, GdsolveError):
        return fault
    if isinstance(fault, typer.TyperException):
        return _usage_error(fault, arguments)
    if isinstance(fault, OSError) and fault.errno in DISK_FAULTS:
        return write_error("standard output", fault)
    # torch tells it with a RuntimeError.
    if isinstance(fault, RuntimeError) and re.search("CUDA out of memory|ALLOC_FAILED", str(fault)):
        return GdsolveError(
            "the CUDA device has not enough memory",
            "--device cpu, --dtype float32, fewer columns (--features), or --engine triangle, which keeps no rows",
            ExitCode.DATA,
        )
    full = isinstance(fault, RuntimeError) and re.search("can't allocate memory|out of memory", str(fault))
    if full or isinstance(fault, MemoryError):
        return GdsolveError(
            "not enough memory",
            "use fewer columns (--features), or --engine triangle, which keeps no rows",
            ExitCode.DATA,
        )
    return None


def _usage_error(fault: typer.TyperException, arguments: Sequence[str]) -> GdsolveError:
    """What typer says of the arguments, in our form, with the option or verb that was probably meant."""
    message = fault.format_message().rstrip(".")
    verb = next((word for word in arguments if word in VERBS), None)
    hint: str | None = None
    before_the_verb = getattr(getattr(fault, "ctx", None), "parent", None) is None
    word = next((word for word in arguments if not word.startswith("-")), None)
    # Of all that typer raises an unknown option alone has possibilities.
    if (option := getattr(fault, "option_name", None)) and hasattr(fault, "possibilities"):
        message, hint = fault.message, _option_hint(option, verb, before_the_verb)
    elif option is None and before_the_verb and word is not None and word not in VERBS:
        hint = _verb_hint(word)
    return GdsolveError(message, hint or Advice("", f"gdsolve {verb} --help" if verb else "gdsolve --help"))


def _option_hint(option: str, verb: str | None, before_the_verb: bool) -> str | None:
    homes = [home for home in SPEC_VERBS if option in map(flag, options_of(home))]
    if before_the_verb and verb in homes:
        return Advice("options come after the verb", f"gdsolve {verb} {option}")
    if homes:
        return f"{option} goes with gdsolve {enumerated(homes)}"
    near = nearest_option(option, ["version", "help"] if before_the_verb or verb is None else list(options_of(verb)))
    return f"did you mean {flag(near)}?" if near else None


def _verb_hint(word: str) -> str | None:
    if Path(word).is_file():
        return f"did you mean gdsolve fit {shlex.quote(word)}?"
    near = nearest_option(word, [name.replace("-", "_") for name in VERBS])
    return f"did you mean gdsolve {near.replace('_', '-')}?" if near else None
