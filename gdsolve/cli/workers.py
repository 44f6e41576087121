"""Work that is shared among processes, forked once everything is imported: results come back in order.

Python runs one thread at a time, and a small fit is mostly Python: only processes keep several cores busy.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any

from gdsolve.cli.signals import has_arrived
from gdsolve.progress import SILENT, listening
from gdsolve.signals import ENDING, HeldSignals, held_signals

# What a worker has before it, so that it need not wait for the next one.
AHEAD = 2
# How far one worker may run before another that is slow: results wait in memory.
WINDOW = 512
PATIENCE = 5.0

Work = Callable[[int], Any]


def can_fork() -> bool:
    """True where a copy of this process works: not once threads of polars or torch may hold locks."""
    return sys.platform == "linux" and not {"polars", "torch"} & sys.modules.keys()


class Workers:
    """Copies of this process, each of which does what it is told by number."""

    def __init__(self, work: Work, count: int) -> None:
        self._ends: dict[Connection, int] = {}
        self._before: dict[Connection, deque[int]] = {}
        for _ in range(count):
            here, there = Pipe()
            # What a signal raises while Python forks would be lost in what modules do about a fork.
            with held_signals() as held:
                with warnings.catch_warnings():
                    # Of threads that wait for work and hold nothing, as those of BLAS.
                    warnings.simplefilter("ignore")
                    process = os.fork()
                if process == 0:
                    for end in (here, *self._ends):
                        end.close()
                    _serve(there, work, held)
                there.close()
                self._ends[here], self._before[here] = process, deque()

    def results(self, total: int) -> Iterator[tuple[int, Any]]:
        """The results of 0 to `total` − 1 in order; None for one whose worker has ended before it was done.

        Raises:
            KeyboardInterrupt: Ctrl-C or SIGTERM, once the workers have ended and what they reached is given.
        """
        done: dict[int, Any] = {}
        left, following = deque(range(total)), 0
        try:
            while following < total:
                self._feed(left, following)
                for end in wait([*self._ends]):
                    if isinstance(end, Connection):
                        done.update(self._received(end, left))
                if not self._ends:
                    done |= dict.fromkeys(left)
                    left.clear()
                while following in done:
                    yield following, done.pop(following)
                    following += 1
        except KeyboardInterrupt:
            done.update(self._ended())
            yield from sorted(done.items())
            raise
        finally:
            self._stop()

    def _feed(self, left: deque[int], following: int) -> None:
        for _ in range(AHEAD):
            for end, before in self._before.items():
                if left and len(before) < AHEAD and left[0] < following + WINDOW:
                    before.append(left[0])
                    with contextlib.suppress(OSError):
                        end.send(left.popleft())

    def _received(self, end: Connection, left: deque[int]) -> dict[int, Any]:
        try:
            place, result = end.recv()
        except (EOFError, OSError):
            del self._ends[end]
            lost = self._before.pop(end)
            if not lost:
                return {}
            left.extendleft(reversed([*lost][1:]))
            return {lost[0]: None}
        self._before[end].remove(place)
        return {place: result}

    def _ended(self) -> dict[int, Any]:
        """What workers have reached that are told to end."""
        found: dict[int, Any] = {}
        for process in self._ends.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while self._ends and (remaining := until - time.monotonic()) > 0:
            for end in wait([*self._ends], remaining):
                if isinstance(end, Connection):
                    found |= {place: result for place, result in self._received(end, deque()).items() if result}
        return found

    def _stop(self) -> None:
        for end, process in self._ends.items():
            end.close()
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def _serve(end: Connection, work: Work, held: HeldSignals) -> None:
    """Do what is asked for until there is no more; never returns."""
    try:
        held.release()
        # Ctrl-C, and that the terminal is closed, reach all its processes: the first one tells the others.
        for number in {*ENDING} - {signal.SIGTERM}:
            signal.signal(number, signal.SIG_IGN)
        with listening(SILENT):
            while not has_arrived():
                place = end.recv()
                end.send((place, work(place)))
    except (EOFError, OSError, KeyboardInterrupt):
        pass
    finally:
        os._exit(0)
