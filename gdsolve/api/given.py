"""What X may be in a call from Python: the paths of tables, a DataFrame, arrays, or a scan."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

from gdsolve.spec.file import at_home
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.solve.scanned import Scan

Source = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def names_tables(X: Any) -> bool:
    """True for a path, or several."""
    return isinstance(X, str | os.PathLike) or (
        isinstance(X, list | tuple) and bool(X) and all(isinstance(item, str | os.PathLike) for item in X)
    )


def paths_of(source: Source) -> tuple[str, ...]:
    """The paths, with ~ as the user's home."""
    paths = (source,) if isinstance(source, str | os.PathLike) else source
    return tuple(at_home(os.fspath(path)) for path in paths)


def is_scan(X: Any) -> TypeGuard[Scan]:
    """True for what `scan` returned."""
    from gdsolve.solve.scanned import Scan

    return isinstance(X, Scan)


def has_column(X: Any, name: str) -> bool:
    """True for a DataFrame with a column of this name, which then is the target."""
    from gdsolve.data.arrays import labels_of

    return name in (labels_of(X) or ())


def is_frame(X: Any) -> bool:
    """True for a DataFrame, whose columns have names of their own: one of them may be the target."""
    from gdsolve.data.arrays import labels_of

    return labels_of(X) is not None


def refuse_target(y: Any) -> None:
    """Refuse a y beside the path of a table.

    Raises:
        GdsolveError: there is one.
    """
    if y is not None:
        raise GdsolveError("goes with arrays", "leave it out: a table has its target in it", option="y")


def refuse_names(names: Sequence[str] | None) -> None:
    """Refuse names of columns beside the path of a table.

    Raises:
        GdsolveError: there are some.
    """
    if names is not None:
        raise GdsolveError("goes with arrays", "leave it out: a table has names of its own", option="names")
