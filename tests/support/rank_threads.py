"""Ranks as threads of one process: what several ranks compute, without the cost of starting them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from torch import Tensor

from gdsolve.ranks import Ranks

T = TypeVar("T")


class Meeting:
    """Where the threads exchange what they have."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.barrier = threading.Barrier(size, timeout=60)
        self.slots: list[Any] = [None] * size


class RankThread(Ranks):
    def __init__(self, meeting: Meeting, rank: int) -> None:
        self.meeting = meeting
        self.rank = rank
        self.size = meeting.size

    def gather(self, value: T) -> list[T]:
        self.meeting.slots[self.rank] = value
        self.meeting.barrier.wait()
        answers = list(self.meeting.slots)
        self.meeting.barrier.wait()
        return answers

    def fold(self, share: Callable[[], Tensor], merge: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        return functools.reduce(merge, self.gather(share()))

    def total(self, share: Tensor) -> Tensor:
        return functools.reduce(Tensor.add, self.gather(share))


def on_ranks(size: int, work: Callable[[Ranks], T]) -> list[T]:
    """What `work` returns on each rank; the fault of the lowest rank that has one, if any."""
    meeting = Meeting(size)
    found: list[Any] = [None] * size

    def run(rank: int) -> None:
        try:
            found[rank] = work(RankThread(meeting, rank))
        except BaseException as fault:
            found[rank] = fault
            meeting.barrier.abort()

    threads = [threading.Thread(target=run, args=(rank,)) for rank in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for fault in found:
        if isinstance(fault, BaseException) and not isinstance(fault, threading.BrokenBarrierError):
            raise fault
    return found
