"""Blocks of blind updates on a device: recorded once as a CUDA graph, and launched as one from there on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from gdsolve.descent.blocks import BLOCK, Take, UpdateBlock, advancing, stepping
from gdsolve.descent.methods.base import Point, UpdateRule
from gdsolve.descent.methods.blind import BlindRule
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Boxed
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.rows import Rows

# Recording takes about as long as a block one by one; each block that follows saves most of that.
WORTH_RECORDING = 4

logger = logging.getLogger(__name__)

Made = TypeVar("Made")


class Recording(Protocol):
    """A way to record work on a device and to repeat it on the same tensors."""

    def warm(self, work: Callable[[], Made]) -> Made:
        """Work, done where it will be recorded, so that all that is made at its first time is there."""
        ...

    def record(self, work: Callable[[], Made]) -> tuple[Made, Callable[[], None]]:
        """What work gives, not computed yet, and what computes it, each time anew from what `work` reads."""
        ...


class CudaRecording:
    """CUDA graphs, recorded on a stream of their own."""

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def warm(self, work: Callable[[], Made]) -> Made:
        """Work on the stream of the recording."""
        here = torch.cuda.current_stream(self._stream.device)
        self._stream.wait_stream(here)
        with torch.cuda.stream(self._stream):
            made = work()
        here.wait_stream(self._stream)
        return made

    def record(self, work: Callable[[], Made]) -> tuple[Made, Callable[[], None]]:
        """What work will give, and the replay of its graph."""
        graph = torch.cuda.CUDAGraph()
        # Other threads may go on with theirs, such as bringing rows here.
        with torch.cuda.graph(graph, stream=self._stream, capture_error_mode="thread_local"):
            made = work()
        return made, graph.replay


def recording_for(objective: Objective, device: torch.device) -> Recording | None:
    """How to record updates on `objective`; None where it is not known that they always do the same work.

    Those of several processes wait for each other, and autograd decides on the host what it does.
    """
    beneath = objective.objective if isinstance(objective, Boxed) else objective
    recordable = isinstance(beneath, Rows | PointwiseRows | Quadratic)
    return CudaRecording(device) if recordable and device.type == "cuda" else None


class Replays:
    """Takes blocks of blind updates on a device; complete ones by a recording, once many are still to come.

    Recorded or not, updates are the same operations on the same numbers: the factors of a block are brought to the
    device beforehand, since a recording can only be told another rate by what it reads. `last` is the number of updates
    at most.
    """

    def __init__(
        self, objective: Objective, method: BlindRule, unit: float | None, last: int, recording: Recording | None
    ) -> None:
        self._objective, self._method, self._unit, self._last = objective, method, unit, last
        self._recording = recording
        self._complete = 0
        self._factors: list[tuple[float, ...]] = []
        self._read: tuple[Point, Any, Tensor] | None = None
        self._replay: Callable[[], None] | None = None
        self._block: UpdateBlock | None = None

    def __call__(self, point: Point, memory: Any, updates: range) -> UpdateBlock:
        """The updates of a range, from `point`."""
        factors = [self._method.factors(k) for k in updates]
        if self._recording is None or len(updates) < BLOCK:
            return self._one_by_one(point, memory, _there(factors, point.w))
        self._complete += 1
        if self._complete == 2:
            table = _there(factors, point.w)
            return self._recording.warm(lambda: self._one_by_one(point, memory, table))
        if self._complete > 2 and self._block is None and self._last - updates.start >= WORTH_RECORDING * BLOCK:
            self._record(self._recording, point, memory, factors)
        if self._block is None:
            return self._one_by_one(point, memory, _there(factors, point.w))
        return self._repeat(point, memory, factors)

    def _one_by_one(self, point: Point, memory: Any, table: Tensor) -> UpdateBlock:
        numbers, width = table.flatten().unbind(), table.shape[1]
        factors = [numbers[place : place + width] for place in range(0, len(numbers), width)]
        return advancing(self._objective, self._method, self._unit, point, memory, factors)

    def _record(self, recording: Recording, point: Point, memory: Any, factors: list[tuple[float, ...]]) -> None:
        table = _there(factors, point.w)
        point, memory = copied((point, memory))
        try:
            block, self._replay = recording.record(lambda: self._one_by_one(point, memory, table))
        except Exception as fault:
            # Updates one by one are always right, and only slower.
            logger.info("updates are taken one by one: %s", fault)
            self._recording = None
            return
        self._read, self._factors = (point, memory, table), factors
        self._block = replace(block, fleeting=True)

    def _repeat(self, point: Point, memory: Any, factors: list[tuple[float, ...]]) -> UpdateBlock:
        assert self._block is not None
        assert self._read is not None
        assert self._replay is not None
        own_point, own_memory, table = self._read
        torch._foreach_copy_(tensors_of((own_point, own_memory)), tensors_of((point, memory)))
        if factors != self._factors:
            table.copy_(_there(factors, point.w))
            self._factors = factors
        self._replay()
        # The next block begins by overwriting what this one ends with.
        after, remembered = copied((self._block.point, self._block.memory))
        return replace(self._block, point=after, memory=remembered)


def taker(objective: Objective, method: UpdateRule, unit: float | None, last: int, device: torch.device) -> Take:
    """What takes the updates of a run of at most `last`; with the figures of `Sizes` where there is a `unit`."""
    if device.type != "cpu" and isinstance(method, BlindRule) and method.blind:
        return Replays(objective, method, unit, last, recording_for(objective, device))
    return stepping(objective, method, unit)


def _there(factors: Sequence[tuple[float, ...]], like: Tensor) -> Tensor:
    """The factors of updates, (q, f), on the device of `like` and in its precision."""
    return torch.tensor(factors, dtype=like.dtype, device=like.device)


def tensors_of(state: Any) -> list[Tensor]:
    """The tensors in tuples and dataclasses, in order; one that stands in two places comes twice."""
    if isinstance(state, Tensor):
        return [state]
    return [tensor for part in _parts(state).values() for tensor in tensors_of(part)]


def copied(state: Any) -> Any:
    """The same tuples and dataclasses with copies of their tensors; one in two places stays one in two places."""
    before = {id(tensor): tensor for tensor in tensors_of(state)}
    fresh = {place: torch.empty_like(tensor) for place, tensor in before.items()}
    torch._foreach_copy_(list(fresh.values()), list(before.values()))
    return _exchanged(state, fresh)


def _exchanged(state: Any, fresh: dict[int, Tensor]) -> Any:
    if isinstance(state, Tensor):
        return fresh[id(state)]
    parts = {name: _exchanged(part, fresh) for name, part in _parts(state).items()}
    if isinstance(state, tuple):
        return tuple(parts.values())
    return replace(state, **parts) if parts else state


def _parts(state: Any) -> dict[str, Any]:
    if isinstance(state, tuple):
        return {str(place): part for place, part in enumerate(state)}
    return {one.name: getattr(state, one.name) for one in fields(state)} if is_dataclass(state) else {}
