"""Ctrl-C, SIGTERM and SIGHUP: the first ends what runs with what was reached, the second ends the process at once."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from gdsolve.signals import ENDING
from gdsolve.status import ExitCode, HungUp, Terminated

_RAISED: dict[int, type[Terminated]] = {signal.SIGTERM: Terminated}
if hasattr(signal, "SIGHUP"):
    _RAISED[signal.SIGHUP] = HungUp
_arrived: list[int] = []


def listen_to_signals() -> None:
    """Have the signals end the run; one that whoever started this process has it ignore (nohup) stays ignored."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def has_arrived() -> bool:
    """True once one of them has come."""
    return bool(_arrived)


def interrupted_code() -> ExitCode:
    """The exit code of a run that was interrupted: by Ctrl-C, by SIGTERM, or by SIGHUP."""
    return next((_RAISED[one].exit_code for one in _arrived if one in _RAISED), ExitCode.INTERRUPTED)


def has_hung_up() -> bool:
    """True once the terminal is gone: what is written to it is lost."""
    return interrupted_code() is ExitCode.HUNG_UP


def with_signal(record: dict[str, Any]) -> dict[str, Any]:
    """The record of a run with the exit code of the signal that ended it, where one did."""
    return {**record, "exit_code": int(interrupted_code())} if _was_interrupted(record) else record


def _was_interrupted(record: dict[str, Any]) -> bool:
    return int(record["exit_code"]) == ExitCode.INTERRUPTED


def _end(number: int, _frame: FrameType | None) -> None:
    _arrived.append(number)
    for each in ENDING:
        signal.signal(each, signal.SIG_DFL)
    raise _RAISED.get(number, KeyboardInterrupt)
