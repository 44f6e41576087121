"""The ranks of a run: this process alone, or one of several that the launcher of torch.distributed has started.

The one place that knows torch.distributed. It stands beside `status` and imports nothing else of gdsolve, and torch
only once ranks join. All ranks run the same program on the same numbers but for the rows that each has read, and so
meet at the same operations; one that fails says so at the next of them.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from gdsolve.advice import Advice
from gdsolve.signals import ENDING
from gdsolve.status import ExitCode, GdsolveError

if TYPE_CHECKING:
    from torch import Tensor

T = TypeVar("T")

# One rank may read for hours longer than another. A lost one is noticed by its connections, not by this.
PATIENCE = timedelta(days=1)
LAST_WORDS = timedelta(seconds=10)
# On an accelerator a look at a number makes the host wait for all that is under way.
LOOK_EVERY = 64
LAUNCHER = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended: its exit code and the error to tell, if any; `internal` where it is a fault of gdsolve."""

    exit_code: int
    error: GdsolveError | None = None
    internal: bool = False


class AgreedError(BaseException):
    """Another rank has failed, and all ranks know: nothing is left to do but to end as it does."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict


class LostError(BaseException):
    """The other ranks cannot be met any more: one is gone, or the launcher has ended the run."""


class Ranks:
    """One process, which has all rows: every operation gives back what it is given."""

    rank = 0
    size = 1
    local_size = 1

    @property
    def first(self) -> bool:
        """True for the rank that speaks and writes files."""
        return self.rank == 0

    @property
    def several(self) -> bool:
        """True where other processes have rows as well."""
        return self.size > 1

    def gather(self, value: T) -> list[T]:
        """The values of all ranks, in their order, on every rank; small objects."""
        return [value]

    def fold(self, share: Callable[[], Tensor], merge: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """The shares of all ranks merged two by two in their order: the same bits on every rank.

        Shapes: all shares, and what `merge` gives, have one shape; they are on the host.
        """
        return share()

    def total(self, share: Tensor) -> Tensor:
        """The sum of the shares of all ranks, on every rank; for the steps of a descent.

        Raises:
            KeyboardInterrupt: a rank was interrupted; on all ranks at the same call.
        """
        return share

    def hold_interrupts(self) -> None:
        """From now on let Ctrl-C show in `total` alone, so that all ranks see it at the same step."""


ALONE = Ranks()


def ranks_of(environment: Mapping[str, str]) -> Ranks:
    """The ranks that a launcher has set up in the environment; one alone where none has.

    Raises:
        GdsolveError: an environment that says only part of it.
    """
    if environment.get("WORLD_SIZE", "1") == "1":
        return ALONE
    lacking = [name for name in LAUNCHER if not environment.get(name)]
    if lacking:
        raise GdsolveError(
            f"WORLD_SIZE is set and {lacking[0]} is not",
            Advice("start ranks with torchrun, which sets both; to run alone", "unset WORLD_SIZE"),
        )
    rank, size, local_rank, local_size = (
        _whole(environment, name, usual)
        for name, usual in (("RANK", ""), ("WORLD_SIZE", ""), ("LOCAL_RANK", "0"), ("LOCAL_WORLD_SIZE", "1"))
    )
    if rank >= size:
        raise GdsolveError(f"RANK is {rank} and WORLD_SIZE {size}", "ranks count from 0: start them with torchrun")
    return Launched(rank, size, local_rank, local_size)


def _whole(environment: Mapping[str, str], name: str, usual: str) -> int:
    text = environment.get(name, usual)
    if not (text.isascii() and text.isdigit()):
        raise GdsolveError(f"{name} is {text!r}, not a whole number", "start ranks with torchrun, which sets it")
    return int(text)


class Launched(Ranks):
    """One of several processes: gloo between hosts, and nccl between devices where CUDA is asked for."""

    def __init__(self, rank: int, size: int, local_rank: int, local_size: int) -> None:
        """`sharing` is True where the others wait for numbers, and a fault cannot be told by `gather` or `agree`."""
        self.rank = rank
        self.size = size
        self.local_rank = local_rank
        self.local_size = local_size
        self.sharing = False
        self._store: Any = None
        self._meeting = False
        self._interrupted = False
        self._totals = 0

    def join(self, *, cuda: bool = False) -> None:
        """Meet the other ranks, the first time that it is called; `cuda` where their totals are on devices.

        Raises:
            GdsolveError: this rank has no device of its own (the ranks have met all the same).
            LostError: the others do not come.
        """
        if self._store is not None:
            return
        # What torch logs of connections is told in one line of our own.
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "FATAL")
        import torch
        import torch.distributed as dist
        from torch.distributed.rendezvous import rendezvous

        devices = torch.cuda.device_count() if cuda else 0
        own = self.local_rank < devices
        if own:
            torch.cuda.set_device(self.local_rank)
        with self._meet():
            store, _, _ = next(rendezvous("env://", self.rank, self.size, timeout=PATIENCE))
            backend = "cpu:gloo,cuda:nccl" if own else "gloo"
            dist.init_process_group(backend, store=store, rank=self.rank, world_size=self.size, timeout=PATIENCE)
            self._store = dist.PrefixStore("gdsolve", store)  # type: ignore[attr-defined]
        if devices and not own:
            raise GdsolveError(
                f"rank {self.rank} has no CUDA device of its own: its machine has {devices}",
                f"start one rank a device: torchrun --nproc-per-node {devices}",
                option="device",
            )

    def gather(self, value: T) -> list[T]:
        """The values of all ranks, in their order, on every rank; small objects.

        Raises:
            AgreedError: a rank has failed instead; on all ranks but those that have.
            KeyboardInterrupt: this rank was interrupted meanwhile.
        """
        answers = self._exchange(None, value)
        if any(verdict for verdict, _ in answers):
            agreed = _worst([verdict for verdict, _ in answers])
            if agreed.exit_code == 0:
                raise RuntimeError(f"rank {self.rank} goes on where another one has ended well")
            raise AgreedError(agreed)
        if self._interrupted and not self.sharing:
            self._interrupted = False
            raise KeyboardInterrupt
        return [answer for _, answer in answers]

    def agree(self, verdict: Verdict) -> Verdict:
        """What all ranks end with: that of the lowest rank that has failed, if any; ends what the others wait for."""
        return _worst([answer for answer, _ in self._exchange(verdict, None)])

    def fold(self, share: Callable[[], Tensor], merge: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
        """The shares of all ranks merged along a binary tree; the root's result goes to all."""
        import torch
        import torch.distributed as dist

        sharing, self.sharing = self.sharing, True
        merged, span = share(), 1
        while span < self.size:
            if self.rank % (2 * span):
                with self._meet():
                    dist.send(merged, self.rank - span)
                break
            if self.rank + span < self.size:
                other = torch.empty_like(merged)
                with self._meet():
                    dist.recv(other, self.rank + span)
                merged = merge(merged, other)
            span *= 2
        with self._meet():
            dist.broadcast(merged, 0)
        self.sharing = sharing
        return merged

    def total(self, share: Tensor) -> Tensor:
        """The sum of the shares of all ranks, by all-reduce; whether one was interrupted travels with it."""
        import torch
        import torch.distributed as dist

        flag = torch.full((1,), float(self._interrupted), dtype=share.dtype, device=share.device)
        packed = torch.cat([share.reshape(-1), flag])
        with self._meet():
            dist.all_reduce(packed)
        self._totals += 1
        look = packed.device.type == "cpu" or self._totals % LOOK_EVERY == 0
        if look and bool(packed[-1] > 0):
            self._interrupted = False
            raise KeyboardInterrupt
        return packed[:-1].reshape(share.shape)

    def hold_interrupts(self) -> None:
        """From now on let Ctrl-C show in `total` alone, so that all ranks see it at the same step."""
        self.sharing = True

    def take_signals(self) -> None:
        """Until the process ends, have Ctrl-C wait while ranks meet; SIGTERM and SIGHUP end the run with a message."""
        signal.signal(signal.SIGINT, self._on_interrupt)
        for number in {*ENDING} - {signal.SIGINT}:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _on_term)

    def leave(self) -> None:
        """Part from the others, once all have agreed."""
        import torch.distributed as dist

        with contextlib.suppress(RuntimeError):
            # Nobody closes a connection on which another is still being told what was agreed.
            dist.barrier()
            dist.destroy_process_group()

    def may_speak(self, code: int) -> tuple[bool, int]:
        """Whether this rank is the first to notice that the others are lost, and the exit code that the first one has.

        Of ranks that no longer meet, exactly one shall say why.
        """
        try:
            self._store.set_timeout(LAST_WORDS)
            first = self._store.compare_set("end", "", str(code)).decode()
            return self._store.add("speakers", 1) == 1, int(first)
        except (RuntimeError, AttributeError, ValueError):
            return True, code

    def _exchange(self, verdict: Verdict | None, value: T) -> list[tuple[Verdict | None, T]]:
        import torch.distributed as dist

        self.join()
        answers: list[Any] = [None] * self.size
        with self._meet():
            dist.all_gather_object(answers, (verdict, value))
        return answers

    @contextmanager
    def _meet(self) -> Iterator[None]:
        self._meeting = True
        try:
            yield
        except RuntimeError as fault:
            raise LostError from fault
        finally:
            self._meeting = False

    def _on_interrupt(self, number: int, frame: object) -> None:
        if not (self._meeting or self.sharing):
            raise KeyboardInterrupt
        self._interrupted = True


def lost_verdict() -> Verdict:
    """How a rank ends that cannot meet the others any more."""
    error = GdsolveError(
        "another rank of this run is gone, or the launcher has ended it",
        "look for the first failure in what the other ranks and the launcher say",
        ExitCode.FAULT,
    )
    return Verdict(int(ExitCode.FAULT), error)


def end_undisturbed() -> None:
    """Let the launcher, which ends all ranks once the first one is gone, not cut short how this one ends."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def _on_term(number: int, frame: object) -> NoReturn:
    end_undisturbed()
    raise LostError


def _worst(verdicts: list[Verdict | None]) -> Verdict:
    """The verdict of the lowest rank that has an error, else another exit code than 0."""
    known = [verdict for verdict in verdicts if verdict is not None]
    told = (verdict for verdict in known if verdict.error is not None)
    return next(told, None) or max(known, key=lambda verdict: verdict.exit_code != 0)
