"""What ends a run, Ctrl-C, SIGTERM or SIGHUP, waits while code runs that would lose what it raises, as a compiler."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

# Not every system has a SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@dataclass(slots=True)
class HeldSignals:
    """Signals that have come and wait, and what is to be done about each."""

    handlers: dict[int, Callable[[int, FrameType | None], Any]] = field(default_factory=dict)
    arrived: list[int] = field(default_factory=list)

    def hold(self) -> None:
        """Have the signals wait from now on. Python handles them in its main thread alone; in another nothing waits."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in ENDING:
            handler = signal.getsignal(number)
            if callable(handler):
                self.handlers[number] = handler
                signal.signal(number, self._note)

    def release(self) -> None:
        """Let them through: the first that has come is handled here, and raises what its handler raises."""
        handlers, self.handlers = self.handlers, {}
        for number, handler in handlers.items():
            signal.signal(number, handler)
        arrived, self.arrived = self.arrived, []
        for number in arrived:
            handlers[number](number, None)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.arrived:
            # The second ends the process at once.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self.arrived.append(number)


@contextmanager
def held_signals() -> Iterator[HeldSignals]:
    """A span in which signals wait, until `release` or its end."""
    held = HeldSignals()
    held.hold()
    try:
        yield held
    finally:
        held.release()


def let_interrupts_through() -> None:
    """Have Ctrl-C end a read that waits for input, as Python does by itself: polars has the system take it up again."""
    if hasattr(signal, "siginterrupt"):
        signal.siginterrupt(signal.SIGINT, True)
