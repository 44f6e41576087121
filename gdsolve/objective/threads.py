"""How many threads torch works with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import torch

# Operations, a second or two of one core, from which on the threads of one factorisation are worth waiting for.
SHARED_WORK = 1e11


def one_thread() -> AbstractContextManager[None]:
    """Compute on one thread: for long sequences of small steps.

    Some thousand numbers at a time are not worth sharing, and on a busy machine each operation would wait for the other
    threads to be scheduled: measured, a hundred times as long.
    """
    return on_threads(1)


def threads_for(work: float, most: int | None = None) -> AbstractContextManager[None]:
    """Compute a factorisation of `work` operations on one thread, or on `most` (all, unless given) if it is large.

    Its threads wait for each other thousands of times: on a busy machine the singular values of a matrix
    (1000, 1000) took five times as long on two threads as on one.
    """
    return on_threads((most or torch.get_num_threads()) if work >= SHARED_WORK else 1)


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """Compute on so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
