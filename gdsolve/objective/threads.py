"""How many threads torch works with."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

import torch

# Operations, a second or two of one core, from which on the threads of one factorisation are worth waiting for.
SHARED_WORK = 1e11
# Threads that walk over rows together.
MOST_THREADS = 64


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


def share(pending: deque[Any], workers: Sequence[Callable[[], None]]) -> None:
    """Have every one of `workers` take from `pending` until there is nothing left, the first one in this thread.

    Raises:
        BaseException: whatever one of them raises; by then all of them have ended.
    """
    mine, *others = workers
    helpers = [_pool().submit(worker) for worker in others]
    try:
        mine()
    finally:
        # After Ctrl-C nobody may go on to write to what is shared.
        pending.clear()
        # On a busy machine a helper may not even have begun: there is nothing left for it to do.
        begun = [helper for helper in helpers if not helper.cancel()]
        wait(begun)
    for helper in begun:
        helper.result()


def share_among_cores(pending: deque[Any], worker: Callable[[], None], *, alone: bool = False) -> None:
    """Have as many threads as torch works with take from `pending`, each with one core; only this one where `alone`."""
    threads = 1 if alone else min(torch.get_num_threads(), len(pending), MOST_THREADS)
    with one_thread() if threads > 1 else nullcontext():
        share(pending, [worker] * max(1, threads))


@cache
def _pool() -> ThreadPoolExecutor:
    """The threads that help the one that walks; torch and compiled code release Python's lock while they compute."""
    return ThreadPoolExecutor(MOST_THREADS - 1, thread_name_prefix="gdsolve-rows")


if hasattr(os, "register_at_fork"):
    # A forked process has none of the threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)
