"""How far the copying of an input has come, before it can be read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO

from gdsolve.progress import Reading, listener


@contextmanager
def copying(title: str, stream: IO[bytes] | None) -> Iterator[Callable[[int], None]]:
    """Tell how far the copying of `stream` has come: what is given is to be called with the bytes so far.

    The stream is None where its size says nothing of what it gives, as of compressed data. While somebody types at a
    terminal, nothing else is shown there.
    """
    told = listener()
    if stream is not None and stream.isatty():
        with told.hidden():
            yield lambda done: None
        return
    size = None if stream is None else _size(stream)

    def reach(done: int) -> None:
        told.tell(Reading(title, None, done, min(1.0, done / size) if size else None))

    reach(0)
    try:
        yield reach
    finally:
        told.done()


def _size(stream: IO[bytes]) -> int | None:
    """The bytes that a stream has still to give, where it is a file; None of a pipe."""
    try:
        state = os.fstat(stream.fileno())
        return state.st_size - stream.tell() if stat.S_ISREG(state.st_mode) else None
    except OSError:
        return None
