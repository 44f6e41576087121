"""The walk over all rows by compiled code, shared among threads."""

from __future__ import annotations

import logging
from collections import deque
from functools import cache, partial
from threading import Lock
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gdsolve.extras import is_installed
from gdsolve.objective.elementwise import Rowwise, traced
from gdsolve.objective.row_blocks import MOST_TASKS, Visit
from gdsolve.objective.threads import MOST_THREADS, share

# With fewer numbers a descent has ended before numba is imported, a third of a second, and its code loaded.
LEAST_NUMBERS = 8_000_000
# Calls of a thread for a walk: enough to be shared evenly where a core is busy otherwise.
CALLS = 4


logger = logging.getLogger("gdsolve")


@cache
def has_compiler() -> bool:
    """True where numba is installed."""
    return is_installed("numba")


class CompiledWalk:
    """A walk over rows of the host in which no thread waits for the interpreter: each walks many blocks at a call.

    Every task has its own sums, which are added in the order of the tasks, so that results are the same to the last bit
    at any number of threads. Shapes: `design` is (m, p), its columns or its rows runs of memory; `columns` are the
    target and, if any, the weights, (m, 1) each.
    """

    def __init__(
        self, kernels: Any, constants: np.ndarray, design: Tensor, *columns: Tensor, offset: Tensor | None = None
    ) -> None:
        from gdsolve.objective.compiled import COLUMN_HEIGHT

        m, p = design.shape
        by_column = design.stride(0) == 1
        apart = design.stride(1 if by_column else 0)
        length = (p - 1) * apart + m if by_column else (m - 1) * apart + p
        target, *weights = (column[:, 0].contiguous().numpy() for column in columns)
        per = -(-m // (MOST_TASKS * COLUMN_HEIGHT)) * COLUMN_HEIGHT
        tasks = -(-m // per)
        moved = None if offset is None else offset[:, 0].contiguous().numpy()
        rows = design.as_strided((length,), (1,)).numpy(), apart, p, target, weights[0] if weights else None, moved
        self._gradients, self._values = np.empty((tasks, p)), np.empty(tasks)
        # Compiled for what it is given, at the first call.
        kernel = kernels.by_columns if by_column else kernels.by_rows
        self._kernel, self._before = kernel, rows
        self._after = constants, per, self._gradients, self._values
        self._threads = max(1, min(torch.get_num_threads(), tasks, MOST_THREADS))
        step = max(1, tasks // (CALLS * self._threads))
        self._parts = [(first, min(first + step, tasks)) for first in range(0, tasks, step)]
        self._lock = Lock()

    def sums(self, w: Tensor, visit: Visit) -> tuple[Tensor, Tensor]:
        """Σ of the losses, (), and Xᵀ·slopes, (p, 1), at `w`, (p, 1); the loss is compiled, and `visit` not asked."""
        with self._lock:
            pending, v = deque(self._parts), w[:, 0].contiguous().numpy()
            share(pending, [partial(_run, self._kernel, self._before, v, self._after, pending)] * self._threads)
            value, gradient = self._values.sum(), self._gradients.sum(axis=0)
        return w.new_tensor(value), torch.from_numpy(gradient)[:, None].to(w)


def _run(kernel: Any, before: tuple[Any, ...], v: np.ndarray, after: tuple[Any, ...], pending: deque[Any]) -> None:
    while True:
        try:
            tasks = pending.popleft()
        except IndexError:
            return
        constants, per, *sums = after
        kernel(*before, v, constants, per, *tasks, *sums)


def compiled_walk(loss: Rowwise, design: Tensor, *columns: Tensor, offset: Tensor | None = None) -> CompiledWalk | None:
    """The compiled walk over a large design on the host; None where numba, or code for the loss, is missing."""
    if design.device.type != "cpu" or design.numel() < LEAST_NUMBERS or 1 not in design.stride():
        return None
    if design.dtype not in (torch.float64, torch.float32) or any(one.dtype != design.dtype for one in columns):
        return None
    if not has_compiler():
        logger.info("numba is not installed: with it (pip install 'gdsolve[fast]') these updates take less time")
        return None
    from gdsolve.objective.compiled import kernels_of

    elementwise = traced(loss, design.dtype)
    found = None if elementwise is None else kernels_of(elementwise)
    return None if found is None else CompiledWalk(*found, design, *columns, offset=offset)
