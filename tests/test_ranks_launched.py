"""A rank that a launcher has started, with the connections between ranks in this process: no launcher, no sockets."""

from __future__ import annotations

import queue
import signal
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from gdsolve import ranks as module
from gdsolve.ranks import Launched, LostError

pytestmark = pytest.mark.slow

PATIENCE = 60


class Wires:
    """What torch.distributed does between processes, between threads."""

    def __init__(self, size: int) -> None:
        self.size, self.own = size, threading.local()
        self.sent: dict[tuple[int, int], queue.Queue[Tensor]] = defaultdict(queue.Queue)

    def send(self, tensor: Tensor, dst: int) -> None:
        self.sent[self.own.rank, dst].put(tensor.clone())

    def recv(self, tensor: Tensor, src: int) -> None:
        tensor.copy_(self.sent[src, self.own.rank].get(timeout=PATIENCE))

    def broadcast(self, tensor: Tensor, src: int) -> None:
        if self.own.rank != src:
            return self.recv(tensor, src)
        for other in set(range(self.size)) - {src}:
            self.send(tensor, other)
        return None

    def all_reduce(self, tensor: Tensor) -> None:
        for other in range(self.size):
            self.send(tensor, other)
        tensor.copy_(sum(self.sent[other, self.own.rank].get(timeout=PATIENCE) for other in range(self.size)))


@pytest.fixture
def on_ranks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    """Run work on launched ranks, each a thread; gives what each returns, or the fault that ended it."""

    def run(size: int, work: Callable[[Launched], Any]) -> list[Any]:
        wires, found = Wires(size), [None] * size
        for name in ("send", "recv", "broadcast", "all_reduce"):
            monkeypatch.setattr(dist, name, getattr(wires, name))

        def one(rank: int) -> None:
            wires.own.rank = rank
            try:
                found[rank] = work(Launched(rank, size, rank, size))
            except BaseException as fault:
                found[rank] = fault

        threads = [threading.Thread(target=one, args=(rank,)) for rank in range(size)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(waiting.empty() for waiting in wires.sent.values())
        return found

    return run


@pytest.mark.parametrize("size", range(1, 8))
def test_shares_are_merged_in_the_order_of_ranks(size: int, on_ranks: Callable[..., list[Any]]) -> None:
    """Products of matrices: not the same in another order."""
    shares = torch.arange(1.0, 4.0 * size + 1.0, dtype=torch.float64).reshape(size, 2, 2)

    def work(ranks: Launched) -> tuple[Tensor, bool]:
        return ranks.fold(shares[ranks.rank].clone, torch.matmul), ranks.sharing

    expected = shares[0]
    for share in shares[1:]:
        expected = expected @ share
    for merged, sharing in on_ranks(size, work):
        assert (merged.tolist(), sharing) == (expected.tolist(), False)


@pytest.mark.parametrize("interrupted", [None, 0, 2])
def test_an_interrupt_of_one_ends_the_same_total_on_all(
    interrupted: int | None, on_ranks: Callable[..., list[Any]]
) -> None:
    def work(ranks: Launched) -> list[Any]:
        ranks.hold_interrupts()
        found: list[Any] = []
        for step in range(3):
            if step == 1 and ranks.rank == interrupted:
                ranks._on_interrupt(signal.SIGINT, None)
            try:
                found.append(ranks.total(torch.full((1, 2), 2.0**ranks.rank, dtype=torch.float64)).tolist())
            except KeyboardInterrupt:
                found.append(None)
        return found

    total = [[7.0, 7.0]]
    assert on_ranks(3, work) == [[total, total if interrupted is None else None, total]] * 3


def test_ctrl_c_waits_while_ranks_meet_and_not_before_or_after() -> None:
    ranks = Launched(0, 2, 0, 2)
    with pytest.raises(KeyboardInterrupt):
        ranks._on_interrupt(signal.SIGINT, None)
    with ranks._meet():
        ranks._on_interrupt(signal.SIGINT, None)
    assert ranks._interrupted
    with pytest.raises(KeyboardInterrupt):
        ranks._on_interrupt(signal.SIGINT, None)
    with pytest.raises(LostError), ranks._meet():
        raise RuntimeError("connection closed")
    with pytest.raises(KeyboardInterrupt):
        ranks._on_interrupt(signal.SIGINT, None)


def test_a_rank_that_the_launcher_ends_is_not_disturbed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Any] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(signal, "getsignal", lambda number: handlers.get(number, signal.SIG_DFL))
    ranks = Launched(0, 2, 0, 2)
    ranks.take_signals()
    others = {number: module._on_term for number in module.ENDING if number != signal.SIGINT}
    assert signal.SIGTERM in others
    assert handlers == {signal.SIGINT: ranks._on_interrupt, **others}
    with pytest.raises(LostError):
        handlers[signal.SIGTERM](signal.SIGTERM, None)
    assert handlers == dict.fromkeys(module.ENDING, signal.SIG_IGN)
    # What is ignored from the start, as by nohup, stays so.
    ranks.take_signals()
    assert handlers == {**dict.fromkeys(module.ENDING, signal.SIG_IGN), signal.SIGINT: ranks._on_interrupt}


def test_one_rank_alone_says_that_the_others_are_lost() -> None:
    class Store:
        def __init__(self) -> None:
            self.said, self.speakers = "", 0

        def set_timeout(self, _: object) -> None:
            pass

        def compare_set(self, _: str, expected: str, desired: str) -> bytes:
            self.said = desired if self.said == expected else self.said
            return self.said.encode()

        def add(self, _: str, amount: int) -> int:
            self.speakers += amount
            return self.speakers

    first, second, without = (Launched(rank, 3, rank, 3) for rank in range(3))
    first._store = second._store = Store()
    assert [ranks.may_speak(code) for ranks, code in ((first, 5), (second, 1), (without, 1))] == [
        (True, 5),
        (False, 5),
        (True, 1),
    ]
