"""Importing torch, which is most of the time that a small run takes."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

META_KERNELS = "torch._meta_registrations"
COMPILER = "torch._dynamo"


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
    """Have torch, where it is not imported yet, import its kernels of the device `meta` when they are asked for.

    They tell the shapes of results without computing them, for torch.compile and torch.export, and registering some
    hundreds of them took a quarter of the import of torch. For processes that are gdsolve's own: in any other one
    somebody may ask for what is registered without importing it.
    """
    if "torch" not in sys.modules:
        placeholder, finder = ModuleType(META_KERNELS), _MetaKernels()
        placeholder.__dict__["__getattr__"] = finder.attribute
        sys.modules[META_KERNELS] = placeholder
        sys.meta_path.insert(0, finder)


class _MetaKernels:
    """Imports them when something of their placeholder is asked for, or when the compiler is about to be imported."""

    def attribute(self, name: str) -> Any:
        """Give what the kernels have under this name."""
        # Whoever walks through all modules asks for these.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._load(), name)

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Find nothing, as one of the finders that every import asks."""
        if name == COMPILER:
            self._load()

    def _load(self) -> ModuleType:
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            del sys.modules[META_KERNELS]
        return importlib.import_module(META_KERNELS)
