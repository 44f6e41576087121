"""Work on many small problems, shared among threads; what it comes to does not depend on how many there are."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from itertools import chain, islice
from typing import Any, TypeVar

import numpy as np

S = TypeVar("S")
T = TypeVar("T")


def workers() -> int:
    """How many threads compute: those of torch where it is imported, else OMP_NUM_THREADS, or one a core."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "get_num_threads"):
        return int(torch.get_num_threads())
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_turn(work: Callable[[S], T], parts: Iterable[S]) -> Iterator[T]:
    """Give what `work` makes of every part, in their order, as soon as it is there; numpy does not warn of overflow.

    A few parts are ahead of the caller at most.
    """
    many = workers()

    def quiet(part: S) -> T:
        with np.errstate(all="ignore"):
            return work(part)

    later = iter(parts)
    ahead = list(islice(later, 2))
    parts = chain(ahead, later)
    if many == 1 or len(ahead) < 2:
        yield from map(quiet, parts)
        return
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(many, "gdsolve-groups") as pool:
        try:
            for part in parts:
                waiting.append(pool.submit(quiet, part))
                if len(waiting) > 2 * many:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def one_blas_thread() -> AbstractContextManager[Any]:
    """Have numpy's own library of linear algebra compute on the thread that calls it.

    Its threads wait for each other in a loop: on many small matrices they took twice the time of one.
    """
    if os.environ.get("OPENBLAS_NUM_THREADS") == "1":
        return nullcontext()
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1, "blas")
    return limits
