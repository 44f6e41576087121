"""Reading ahead in a thread, so that it overlaps with whatever the caller does meanwhile."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from contextvars import copy_context
from functools import partial
from threading import Condition, Thread
from typing import Generic, Protocol, Self, TypeVar

# How long closing waits for the batch being parsed; the thread is a daemon and never keeps the process alive.
_PATIENCE = 1.0
_GLANCE = 0.2


class Sized(Protocol):
    """What knows its size in memory."""

    @property
    def nbytes(self) -> int:
        """Bytes."""


T = TypeVar("T", bound=Sized)


class _Queue(Generic[T]):
    """What was read, between the two threads, bounded by their bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.changed = Condition()
        self.ready: deque[tuple[T, int]] = deque()
        self.bytes = 0
        self.ended = False
        self.stopped = False
        self.error: BaseException | None = None

    def fill(self, batches: Iterator[T]) -> None:
        try:
            for batch in batches:
                size = batch.nbytes
                with self.changed:
                    self.changed.wait_for(lambda: self.stopped or self.bytes < self.most)
                    if self.stopped:
                        break
                    self.ready.append((batch, size))
                    self.bytes += size
                    self.changed.notify_all()
        except BaseException as error:  # handed to the consumer, whatever it is
            self.error = error
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                with contextlib.suppress(Exception):
                    close()
            with self.changed:
                self.ended = True
                self.changed.notify_all()

    def take(self) -> T:
        with self.changed:
            while not (self.ready or self.ended):
                # Ctrl-C may reach another thread, and only sets a flag then: wake to see it.
                self.changed.wait(_GLANCE)
            if self.ready:
                batch, size = self.ready.popleft()
                self.bytes -= size
                self.changed.notify_all()
                return batch
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        raise StopIteration


class Prefetch(Iterator[T]):
    """What an iterator gives, read ahead; `close` ends the thread."""

    def __init__(self, batches: Iterator[T], most: int) -> None:
        # The thread knows the queue but not this object, so that dropping this object ends the thread.
        self._queue: _Queue[T] = _Queue(most)
        # Whoever listens to the caller listens to the thread as well.
        fill = partial(copy_context().run, self._queue.fill, batches)
        self._thread = Thread(target=fill, name="gdsolve-read", daemon=True)
        self._thread.start()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        return self._queue.take()

    def close(self) -> None:
        """End the thread and drop what it has read."""
        with self._queue.changed:
            self._queue.stopped = True
            self._queue.ready.clear()
            self._queue.changed.notify_all()
        self._thread.join(_PATIENCE)

    def __del__(self) -> None:
        with self._queue.changed:
            self._queue.stopped = True
            self._queue.changed.notify_all()


def prefetch(batches: Iterator[T], max_bytes: int = 96 << 20) -> Prefetch[T]:
    """Run an iterator of batches ahead in a thread that starts now, holding about `max_bytes` at most.

    Raises:
        BaseException: on `next`, whatever the iterator raised.
    """
    return Prefetch(batches, max_bytes)
