"""gdsolve with a fault on one rank: `faulty_rank.py FAULT RANK ARGUMENTS…`, started by a launcher."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from gdsolve.__main__ import main
from gdsolve.ranks import Launched

LATE = 70


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def stumble() -> NoReturn:
    raise ValueError("a bug")


def at_call(count: int, method: str, act: Callable[[], None]) -> None:
    """Do `act` before the given call of a method of the ranks."""
    before, calls = getattr(Launched, method), iter(range(1, sys.maxsize))

    def after(self: Launched, *arguments: Any) -> Any:
        if next(calls) == count:
            act()
        return before(self, *arguments)

    setattr(Launched, method, after)


if __name__ == "__main__":
    fault, rank, *sys.argv[1:] = sys.argv[1:]
    if os.environ["RANK"] == rank:
        at_call(LATE, "total", {"kill": kill, "interrupt": interrupt, "bug": stumble}[fault])
    main()
