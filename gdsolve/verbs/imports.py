"""Importing torch, which is most of the time that a small run takes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep the garbage collector of Python from running, as while modules are imported.

    An import makes hundreds of thousands of objects that all stay: to look for garbage among them, again and again,
    took an eighth of the import of torch, and finds none.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
