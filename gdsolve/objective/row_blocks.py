"""All rows of a table in blocks that stay in cache, and the one walk over them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from gdsolve.objective.threads import MOST_THREADS, one_thread, share, share_among_cores

# A block is read from memory for Xw and, out of a cache, once more for Xᵀr. It is large where there are many: every
# call of a thread asks for Python's lock, which another one may hold. There are enough of them for many threads.
LEAST_BLOCK_BYTES = 1 << 20
BLOCK_BYTES = 8 << 20
ENOUGH_BLOCKS = 32
# Tasks that threads share: few enough for a gradient each, enough to be shared evenly.
MOST_TASKS = 64
# With fewer tasks a thread has done its share before another one is active.
LEAST_TASKS = 2
# Up to so many columns, each is a run of memory of its own: a row is then too short for the processor's vectors.
MOST_LONG_COLUMNS = 256
# Numbers of a product of many columns of weights, or of rows brought into other coordinates, at a time.
PRODUCT_ELEMENTS = 1 << 18
PRODUCT_ELEMENTS_ELSEWHERE = 1 << 24


def empty_design(rows: int, p: int, *, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A matrix (rows, p) to be filled, laid out in memory as a walk reads it fastest."""
    if p > MOST_LONG_COLUMNS:
        return torch.empty(rows, p, dtype=dtype, device=device)
    # Columns a power of two apart would fall on the same lines of the cache, and push each other out.
    apart = rows if rows < 4096 else rows + (-rows) % 512 + 72
    return torch.empty_strided((rows, p), (1, max(1, apart)), dtype=dtype, device=device)


def block_bytes(design: Tensor) -> int:
    """The size of a block of the rows of `design`, whatever the number of threads."""
    return min(BLOCK_BYTES, max(LEAST_BLOCK_BYTES, design.numel() * design.element_size() // ENOUGH_BLOCKS))


def split_rows(design: Tensor, *columns: Tensor, width: int = 1) -> Iterator[tuple[Tensor, ...]]:
    """Blocks of the rows of `design`, (m, p), and of `columns` beside it, (m, 1) each.

    Their height bounds what a product with a matrix of `width` columns takes.
    """
    elements = PRODUCT_ELEMENTS if design.device.type == "cpu" else PRODUCT_ELEMENTS_ELSEWHERE
    height = max(1, elements // max(design.shape[1], width))
    return zip(*(torch.split(tensor, height) for tensor in (design, *columns)), strict=True)


def sum_of_blocks(blocks: Iterable[tuple[Any, ...]], term: Callable[..., Tensor]) -> Tensor:
    """Σ of `term` over blocks, on all cores of the host, and in one order at any number of threads."""
    parts = list(blocks)
    size = -(-len(parts) // MOST_TASKS)
    tasks = [parts[first : first + size] for first in range(0, len(parts), size)]
    sums: list[Tensor] = [parts[0][0]] * len(tasks)
    pending = deque(enumerate(tasks))

    def work() -> None:
        while True:
            try:
                place, task = pending.popleft()
            except IndexError:
                return
            sums[place] = _sum(term(*block) for block in task)

    share_among_cores(pending, work, alone=parts[0][0].device.type != "cpu")
    return _sum(sums)


def _sum(terms: Iterable[Tensor]) -> Tensor:
    first, *others = terms
    for one in others:
        first += one
    return first


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows: `design` (h, p) and its transpose, `columns` (h,) each, and `value`, (), for their loss.

    `offset`, (h,), is to be added to the products of the design, where there is one.
    """

    design: Tensor
    transposed: Tensor
    columns: tuple[Tensor, ...]
    value: Tensor
    offset: Tensor | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    """Blocks that one thread visits in order, and their share of the gradient, (p,)."""

    blocks: tuple[Block, ...]
    gradient: Tensor


# Of a block, w as (p,) and scratch (h,): writes the block's loss to its `value` and returns the slopes ∂l/∂z, (h,).
Visit = Callable[[Block, Tensor, Tensor], Tensor]


class Walk:
    """The blocks of a design and the scratch for visiting them, made once, at the first visit.

    The blocks are shared among threads of the host, one thread to a block. Every sum is taken in the order of the
    blocks, whichever thread came first, so that results are the same to the last bit at any number of threads. Nothing
    that grows with the rows is allocated while walking, and nothing of the scratch is ever given away.
    Shapes: `design` is (m, p), `columns` are (m, 1) each.
    """

    def __init__(self, design: Tensor, *columns: Tensor, offset: Tensor | None = None) -> None:
        p, device, dtype = design.shape[1], design.device, design.dtype
        height = max(1, block_bytes(design) // (p * design.element_size()))
        parts = [torch.split(tensor, height) for tensor in (design, *(column[:, 0] for column in columns))]
        self._values = torch.empty(len(parts[0]), dtype=dtype, device=device)
        values = self._values.unbind()
        blocks = [
            Block(rows, rows.mT, tuple(beside), value) for value, rows, *beside in zip(values, *parts, strict=True)
        ]
        if offset is not None:
            pairs = zip(blocks, torch.split(offset[:, 0], height), strict=True)
            blocks = [replace(block, offset=part) for block, part in pairs]
        size = -(-len(blocks) // MOST_TASKS)
        groups = [tuple(blocks[i : i + size]) for i in range(0, len(blocks), size)]
        self._gradients = torch.empty(len(groups), p, dtype=dtype, device=device)
        self._tasks = [_Task(*one) for one in zip(groups, self._gradients.unbind(), strict=True)]
        self._threads = max(1, min(torch.get_num_threads(), len(groups) // LEAST_TASKS, MOST_THREADS))
        self._scratch: list[Tensor] = []
        self._lock = Lock()

    def sums(self, w: Tensor, visit: Visit) -> tuple[Tensor, Tensor]:
        """Σ of the losses, (), and Xᵀ·slopes, (p, 1), at `w`, (p, 1), by one `visit` to every block."""
        with self._lock:
            if not self._scratch:
                tallest = len(self._tasks[0].blocks[0].design)
                # Not parts of one tensor: the last bits of a sum depend on how its numbers are aligned.
                self._scratch = [self._values.new_empty(tallest) for _ in range(self._threads)]
            with one_thread():
                return self._sums(w[:, 0], visit)

    def _sums(self, v: Tensor, visit: Visit) -> tuple[Tensor, Tensor]:
        pending = deque(self._tasks)
        share(pending, [partial(_work, pending, scratch, v, visit) for scratch in self._scratch])
        return self._values.sum(), self._gradients.sum(dim=0)[:, None]


def _work(pending: deque[_Task], scratch: Tensor, v: Tensor, visit: Visit) -> None:
    while True:
        try:
            task = pending.popleft()
        except IndexError:
            return
        beta = 0
        for block in task.blocks:
            height = len(block.design)
            slopes = visit(block, v, scratch if height == len(scratch) else scratch[:height])
            task.gradient.addmv_(block.transposed, slopes, beta=beta)
            beta = 1
