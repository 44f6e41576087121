"""Importing torch, which is most of the time that a small run takes; and what is imported when it is needed alone."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

META_KERNELS = "torch._meta_registrations"
COMPILER = "torch._dynamo"
# The versions of torch that were tried without; others are imported whole.
TRIED = "2.13."


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
    """Have torch, where it is not imported yet, import its kernels of the device `meta` only when they are needed.

    They tell the shapes of results without computing them, for torch.compile and torch.export, and registering some
    hundreds of them took a quarter of the import of torch. For processes that are gdsolve's own: in any other one
    somebody may need what they register without naming it. Two parts of torch need what they import: the compiler,
    before which they come by themselves, and random generators, before which `complete_torch` is for the caller.
    """
    sys.meta_path.insert(0, _Finder)


class Postponed(ModuleType):
    """A module of this name that is imported when something of it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        """Import the module, and keep what was asked for."""
        found = getattr(import_module(self.__name__), name)
        setattr(self, name, found)
        return found


def complete_torch() -> None:
    """Import what was postponed of torch, where anything was."""
    module = sys.modules.get(META_KERNELS)
    loader = None if module is None else getattr(module.__spec__, "loader", None)
    if module is not None and isinstance(loader, _PostponedKernels):
        loader.execute(module)


class _Finder:
    """Among the finders that every import asks: it finds the kernels alone, and completes torch for the compiler."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name == COMPILER:
            complete_torch()
        # Another version of torch may tell its number later than it imports this.
        version = str(getattr(sys.modules.get("torch"), "__version__", ""))
        if name != META_KERNELS or not version.startswith(TRIED):
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _PostponedKernels(name, spec.loader.path)
        return spec


class _PostponedKernels(SourceFileLoader):
    """Executes a module when something of it is asked for."""

    def exec_module(self, module: ModuleType) -> None:
        """Leave the module empty for now."""

        def attribute(name: str) -> Any:
            # Whoever walks through all modules asks for these.
            if name.startswith("__"):
                raise AttributeError(name)
            self.execute(module)
            return getattr(module, name)

        module.__dict__["__getattr__"] = attribute

    def execute(self, module: ModuleType) -> None:
        """Execute the module now, unless it was."""
        if module.__dict__.pop("__getattr__", None) is not None:
            super().exec_module(module)
