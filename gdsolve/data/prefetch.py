"""Reading ahead in a thread, so that parsing overlaps with whatever the caller does meanwhile."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from contextvars import copy_context
from functools import partial
from threading import Condition, Thread
from typing import Self

from gdsolve.data.reading import Batch

# How long closing waits for the batch being parsed; the thread is a daemon and never keeps the process alive.
_PATIENCE = 1.0
_GLANCE = 0.2


class _Queue:
    """Batches between the two threads, bounded by their bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.changed = Condition()
        self.ready: deque[tuple[Batch, int]] = deque()
        self.bytes = 0
        self.ended = False
        self.stopped = False
        self.error: BaseException | None = None

    def fill(self, batches: Iterator[Batch]) -> None:
        try:
            for batch in batches:
                size = batch.values.nbytes + (0 if batch.weight is None else batch.weight.nbytes)
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

    def take(self) -> Batch:
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


class _Prefetch(Iterator[Batch]):
    def __init__(self, batches: Iterator[Batch], most: int) -> None:
        # The thread knows the queue but not this object, so that dropping this object ends the thread.
        self._queue = _Queue(most)
        # Whoever listens to the caller listens to the thread as well.
        fill = partial(copy_context().run, self._queue.fill, batches)
        self._thread = Thread(target=fill, name="gdsolve-read", daemon=True)
        self._thread.start()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        return self._queue.take()

    def close(self) -> None:
        with self._queue.changed:
            self._queue.stopped = True
            self._queue.ready.clear()
            self._queue.changed.notify_all()
        self._thread.join(_PATIENCE)

    def __del__(self) -> None:
        with self._queue.changed:
            self._queue.stopped = True
            self._queue.changed.notify_all()


def prefetch(batches: Iterator[Batch], max_bytes: int = 96 << 20) -> Iterator[Batch]:
    """Run an iterator of batches ahead in a thread that starts now, holding about `max_bytes` at most.

    Raises:
        BaseException: on `next`, whatever the iterator raised.
    """
    return _Prefetch(batches, max_bytes)
