"""The factor of all rows of a table, from blocks of them that threads factorise side by side."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Self, TypeVar

import torch
from torch import Tensor

from gdsolve.objective.factorise import Each, factor_in_panels, factor_of, merged_factor, one_by_one
from gdsolve.objective.row_cuts import Cut, block_rows
from gdsolve.objective.threads import SHARED_WORK

# Factors that are merged at a time: of many columns few, which are large.
FEW = 4
MANY = 16
MANY_COLUMNS = 256

T = TypeVar("T")
HOST = torch.device("cpu")


def building_bytes(rows: int | None, columns: int, threads: int, kinds: int) -> int:
    """The memory that building `kinds` triangles of (rows, columns) takes at most; rows None where there may be any.

    On every thread a block, its factorisation, and copies that the system has not taken back; and the factors that wait
    to be merged.
    """
    height = block_rows(columns)
    blocks = None if rows is None else max(1, -(-rows // height))
    tallest = height if rows is None else min(height, rows)
    at_once = FEW if columns > MANY_COLUMNS else MANY
    levels = 8 if blocks is None else 1 + int(math.log(blocks, at_once))
    side = threads + 2 if blocks is None else min(threads + 2, blocks)
    waiting = at_once * levels if blocks is None else min(at_once * levels, blocks)
    return 8 * columns * (5 * side * tallest + 2 * kinds * waiting * min(columns, tallest))


class FactorThreads:
    """Threads that factorise, one operation each at a time; they end with the context.

    They start with the first task. Of a single thread the caller does all tasks, as they come.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._pending: set[Future[object]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, task: Callable[[], T]) -> Future[T]:
        """Have a task done."""
        if self.threads == 1:
            done: Future[T] = Future()
            done.set_result(task())
            return done
        if self._pool is None:
            # What a thread has been told of threads is its own.
            self._pool = ThreadPoolExecutor(
                self.threads, "gdsolve-triangle", initializer=torch.set_num_threads, initargs=(1,)
            )
        future = self._pool.submit(task)
        self._pending.add(future)  # type: ignore[arg-type]
        return future

    def make_room(self) -> None:
        """Wait until fewer tasks are waiting or under way than would keep all threads busy, and one more."""
        self._pending = {future for future in self._pending if not future.done()}
        while len(self._pending) > self.threads:
            _, self._pending = wait(self._pending, return_when=FIRST_COMPLETED)

    def each(self, task: Callable[[int], None], places: Iterable[int]) -> None:
        """Call `task` with each of some places, on all threads; for the caller alone, not within a task."""
        for future in [self.submit(lambda place=place: task(place)) for place in places]:  # type: ignore[misc]
            future.result()


@dataclass(frozen=True, slots=True)
class Grown:
    """What a tree has come to: R, (min(m, n + 2), n + 2), the shift (n + 1,), the number of rows, and Σω."""

    factor: Tensor
    shift: Tensor
    rows: int
    total_weight: float


class FactorTree:
    """Factors of blocks, merged some at a time, in an order that depends on the number of rows alone.

    So the result is the same to the last bit at any number of threads, whichever of them is faster.
    Source: Demmel, Grigori, Hoemmen and Langou (2012), Communication-optimal parallel and sequential QR and LU
    factorizations, section 4 (TSQR).
    """

    def __init__(self, first: Cut, dtype: torch.dtype, workers: FactorThreads, *, single: bool) -> None:
        """`first` is the first block, or the `single` one: its shift is that of all rows."""
        self._dtype = dtype
        self._workers = workers
        self._shift = _first_shift(first, dtype)
        self._columns = columns = len(self._shift) + 1
        self._at_once = FEW if columns > MANY_COLUMNS else MANY
        # One such block is work enough for all threads.
        self._is_shared = 2.0 * first.rows * columns**2 >= SHARED_WORK
        # A single one that is not is not worth a thread.
        self._by_caller = single or self._is_shared
        self._rows = 0
        self._levels: list[deque[Future[_Node]]] = [deque()]

    def add(self, cut: Cut) -> None:
        """Take the next rows."""
        self._rows += cut.rows
        self._levels[0].append(self._start(lambda each: _leaf(cut, self._shift, self._dtype, each)))
        for level in range(len(self._levels)):
            while self._has_enough(level) and all(one.done() for one in self._next(level)):
                self._merge(level)

    def result(self) -> Grown:
        """The factor of all rows so far, of which there is at least one."""
        level = 0
        while level < len(self._levels):
            while self._has_enough(level):
                self._merge(level)
            level += 1
        left = [one.result() for waiting in reversed(self._levels) for one in waiting]
        # No other thread has work left.
        node = _merged(left, self._workers.each if self._columns > MANY_COLUMNS else one_by_one)
        return Grown(node.factor.contiguous(), self._shift, self._rows, node.weight)

    def _start(self, task: Callable[[Each], _Node]) -> Future[_Node]:
        if not self._by_caller:
            return self._workers.submit(lambda: task(one_by_one))
        done: Future[_Node] = Future()
        done.set_result(task(self._each()))
        return done

    def _each(self) -> Each:
        return self._workers.each if self._is_shared else one_by_one

    def _has_enough(self, level: int) -> bool:
        return len(self._levels[level]) >= self._at_once

    def _next(self, level: int) -> list[Future[_Node]]:
        return list(islice(self._levels[level], self._at_once))

    def _merge(self, level: int) -> None:
        nodes = [self._levels[level].popleft().result() for _ in range(self._at_once)]
        if level + 1 == len(self._levels):
            self._levels.append(deque())
        self._levels[level + 1].append(self._start(lambda each: _merged(nodes, each)))


@dataclass(frozen=True, slots=True)
class _Node:
    """The factor of some rows, and the sum of their weights."""

    factor: Tensor
    weight: float


def _leaf(cut: Cut, shift: Tensor, dtype: torch.dtype, each: Each) -> _Node:
    """The factor of √ω·[1, X − shift, y − shift_y] for the rows of a block, stored by columns, as LAPACK wants it."""
    block = torch.empty(len(shift) + 1, cut.rows, dtype=torch.float64, device=HOST).mT
    block[:, 0] = 1.0
    for place, values in cut.values(dtype):
        torch.sub(values, shift, out=block[place, 1:])
    weights = cut.weights()
    if weights is not None:
        block *= weights.sqrt()[:, None]
    factor = factor_of(block) if each is one_by_one else factor_in_panels(block, each)
    return _Node(factor, float(cut.rows if weights is None else weights.sum()))


def _merged(nodes: Sequence[_Node], each: Each) -> _Node:
    return _Node(merged_factor([node.factor for node in nodes], each), sum(node.weight for node in nodes))


def _first_shift(cut: Cut, dtype: torch.dtype) -> Tensor:
    # In one place, as the last bits of a sum depend on how its numbers are aligned.
    return shift_of(torch.cat([values.mT for _, values in cut.values(dtype)], dim=1).contiguous().mT)


def shift_of(values: Tensor) -> Tensor:
    """Column means of the first rows, (n + 1,), but the very value of a column that is constant there."""
    lowest, highest = values.amin(dim=0), values.amax(dim=0)
    return torch.where(lowest == highest, lowest, values.mean(dim=0))
