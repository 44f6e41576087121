"""Packages that are installed on request: what needs one says so in a line, with the command that installs it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from gdsolve.status import GdsolveError


def is_installed(package: str) -> bool:
    """True where a package can be imported; it is not imported."""
    return find_spec(package) is not None


def check_extra(package: str, extra: str, words: str, *, option: str | None = None) -> None:
    """See that a package is there, without importing it; `words` say what it does, and `extra` is what installs it.

    Raises:
        GdsolveError: it is not installed.
    """
    if not is_installed(package):
        raise GdsolveError(f"{words}, which is not installed", f"pip install 'gdsolve[{extra}]'", option=option)


def require_extra(package: str, extra: str, words: str, *, option: str | None = None) -> Any:
    """Import a package that is installed on request: see `check_extra`.

    Raises:
        GdsolveError: it is not installed.
    """
    check_extra(package, extra, words, option=option)
    return import_module(package)


def check_matplotlib(what: str, option: str | None = None) -> None:
    """See that `what`, a picture in a file or a notebook, can be drawn.

    Raises:
        GdsolveError: matplotlib is not installed.
    """
    check_extra("matplotlib", "plot", f"{what} is drawn by matplotlib", option=option)
