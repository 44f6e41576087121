"""Parsing several parts of a file at once, and giving them in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TypeVar

# polars parses a part by threads of its own; two parts at once keep them busy while the next one is cut.
_AT_ONCE = 2

S = TypeVar("S")
T = TypeVar("T")


def in_order(parts: Iterator[S], parse: Callable[[S], T], alone: bool) -> Iterator[tuple[S, T]]:
    """Give (part, parse(part)) in order; what goes wrong is raised where its part would come.

    A part that is `alone` needs no threads.

    Raises:
        Exception: whatever `parts` or `parse` raises.
    """
    if alone:
        yield from ((part, parse(part)) for part in parts)
        return
    waiting: deque[tuple[S, Future[T]]] = deque()
    fault: Exception | None = None
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(_AT_ONCE, "gdsolve-parse"))
        # What waits is dropped when the caller has had enough.
        stack.callback(lambda: [future.cancel() for _, future in waiting])
        while True:
            while fault is None and len(waiting) <= _AT_ONCE:
                try:
                    part = next(parts)
                except Exception as error:  # the end of the parts as well
                    fault = error
                    break
                waiting.append((part, pool.submit(parse, part)))
            if not waiting:
                break
            part, future = waiting.popleft()
            yield part, future.result()
    if not isinstance(fault, StopIteration) and fault is not None:
        raise fault
