"""Importing torch, which is most of the time that a small run takes."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

META_KERNELS = "torch._meta_registrations"


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


def postpone_meta_kernels() -> None:
    """Have torch, which must not be imported yet, import its kernels of the device `meta` when they are asked for.

    They tell the shapes of results without computing them, for torch.compile and torch.export, and registering some
    hundreds of them took a quarter of the import of torch. For processes that are gdsolve's own: in any other one
    somebody may compile.
    """
    placeholder = ModuleType(META_KERNELS, "Stands for the module of this name until something of it is asked for.")

    def load(name: str) -> Any:
        # Whoever walks through all modules asks for these.
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(META_KERNELS) is placeholder:
            del sys.modules[META_KERNELS]
        return getattr(importlib.import_module(META_KERNELS), name)

    placeholder.__dict__["__getattr__"] = load
    sys.modules.setdefault(META_KERNELS, placeholder)
