"""Every failure as a line and a number: whose fault it is, the user's, the machine's, or ours."""

from __future__ import annotations

import re
from collections.abc import Sequence

import typer

from gdsolve.cli.output import write_error
from gdsolve.cli.shortage import shortage_of
from gdsolve.cli.signals import ended_by, has_arrived
from gdsolve.cli.usage import usage_error
from gdsolve.ranks import Verdict
from gdsolve.status import DISK_FAULTS, ExitCode, GdsolveError


def judge(fault: BaseException, arguments: Sequence[str] = ()) -> Verdict:
    """The exit code of a fault, and what there is to tell of it."""
    if _pipe_closed(fault):
        return Verdict(int(ExitCode.CLOSED_PIPE))
    if isinstance(fault, KeyboardInterrupt):
        return _interrupted()
    if isinstance(fault, SystemExit):
        return Verdict(fault.code if isinstance(fault.code, int) else int(bool(fault.code)))
    error = _as_error(fault, arguments)
    if error is not None:
        return Verdict(int(error.exit_code), error)
    if has_arrived():
        # What a library made of the signal that ended it.
        return _interrupted()
    error = GdsolveError(
        f"internal fault: {type(fault).__name__}: {fault}",
        "this is a fault of gdsolve, not yours: please report it with the lines above",
        ExitCode.FAULT,
    )
    return Verdict(int(ExitCode.FAULT), error, internal=True)


def _interrupted() -> Verdict:
    ended = ended_by()
    if ended is None:
        return Verdict(int(ExitCode.INTERRUPTED))
    error = GdsolveError(f"ended by {ended.signal} before it was done", None, ended.exit_code)
    return Verdict(int(ended.exit_code), error)


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
        return usage_error(fault, arguments)
    if isinstance(fault, OSError) and fault.errno in DISK_FAULTS:
        return write_error("standard output", fault)
    # torch tells it with a RuntimeError.
    if isinstance(fault, RuntimeError) and re.search("CUDA out of memory|ALLOC_FAILED", str(fault)):
        return GdsolveError(
            "the CUDA device has not enough memory",
            "--device cpu, --dtype float32, fewer columns (--features), or --engine triangle, which keeps no rows",
            ExitCode.DATA,
        )
    return shortage_of(fault)
