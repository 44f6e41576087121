"""Ctrl-C, SIGTERM and SIGHUP: the first ends what runs with what was reached, the second ends the process at once."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

from gdsolve.signals import ENDING
from gdsolve.status import ExitCode, HungUp, Terminated

_RAISED: dict[int, type[Terminated]] = {signal.SIGTERM: Terminated}
if hasattr(signal, "SIGHUP"):
    _RAISED[signal.SIGHUP] = HungUp
_arrived: list[int] = []
MOMENT = 0.01
"""Seconds."""


def listen_to_signals() -> None:
    """Have the signals end the run; one that whoever started this process has it ignore (nohup) stays ignored."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    if hasattr(signal, "setitimer"):
        usual = sys.unraisablehook
        sys.unraisablehook = lambda told: _come_again() if _is_lost(told.exc_value) else usual(told)


def has_arrived() -> bool:
    """True once one of them has come."""
    return bool(_arrived)


def ended_by() -> type[Terminated] | None:
    """What has come other than Ctrl-C; None where nothing else has.

    What it raised may reach whoever asks as something else: polars makes a KeyboardInterrupt of its own of it.
    """
    return next((_RAISED[one] for one in _arrived if one in _RAISED), None)


def interrupted_code() -> ExitCode:
    """The exit code of a run that was interrupted: by Ctrl-C, by SIGTERM, or by SIGHUP."""
    return ended.exit_code if (ended := ended_by()) else ExitCode.INTERRUPTED


def has_hung_up() -> bool:
    """True once the terminal is gone: what is written to it is lost."""
    return interrupted_code() is ExitCode.HUNG_UP


def with_signal(record: dict[str, Any]) -> dict[str, Any]:
    """The record of a run with the exit code of the signal that ended it, where one did."""
    return {**record, "exit_code": int(interrupted_code())} if _was_interrupted(record) else record


def _was_interrupted(record: dict[str, Any]) -> bool:
    return int(record["exit_code"]) == ExitCode.INTERRUPTED


def _is_lost(raised: BaseException | None) -> bool:
    return isinstance(raised, KeyboardInterrupt) and bool(_arrived)


def _come_again() -> None:
    """Have the signal raise once more, a moment later: Python was where it takes note of no exception.

    That is so while an object is given up, in what modules do about a fork, and in callbacks of libraries.
    """
    signal.signal(signal.SIGALRM, lambda *_: _end(_arrived.pop(), None))
    signal.setitimer(signal.ITIMER_REAL, MOMENT)


def _end(number: int, _frame: FrameType | None) -> None:
    _arrived.append(number)
    for each in ENDING:
        signal.signal(each, signal.SIG_DFL)
    raise _RAISED.get(number, KeyboardInterrupt)
