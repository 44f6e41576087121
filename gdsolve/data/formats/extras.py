"""Packages that read some formats, and that are installed on request."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gdsolve.status import GdsolveError


def require_extra(package: str, extra: str, name: str, words: str) -> Any:
    """Import a package that the file `name` needs; `words` say what it reads, and `extra` is what installs it.

    Raises:
        GdsolveError: it is not installed.
    """
    try:
        return import_module(package)
    except ImportError:
        raise GdsolveError(f"{name}: {words}, which is not installed", f"pip install 'gdsolve[{extra}]'") from None
