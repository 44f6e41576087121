"""Importing torch, which is most of the time that a small run takes."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep the garbage collector of Python from running, as while modules are imported.

    An import makes hundreds of thousands of objects that all stay: to look for garbage among them, again and again,
    took an eighth of the import of torch, and finds none. The first time they are then left out of every later search,
    which took as long again; not later, as what is garbage by then would stay for ever.
    """
    was_enabled, first = gc.isenabled(), "torch" not in sys.modules
    gc.disable()
    try:
        yield
    finally:
        if first:
            gc.freeze()
        if was_enabled:
            gc.enable()
