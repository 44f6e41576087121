"""The names of the columns of a table, for who asks nothing else; those of most files without numpy and polars."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from gdsolve.data.files import expand, open_named
from gdsolve.spec import Spec
from gdsolve.spec.scans import is_scan


def column_names(sources: Sequence[str], spec: Spec) -> tuple[str, ...]:
    """Give the names of the columns, as flags take them.

    Raises:
        DataError: a source that cannot be read.
    """
    if is_scan(sources[0]):
        from gdsolve.data.scan_file import scan_columns

        return scan_columns(sources[0])
    with ExitStack() as stack:
        names = expand(sources)
        if (glimpsed := _of_one(names, spec, stack)) is not None:
            return glimpsed
        from gdsolve.data.opening import open_sources

        return tuple(open_sources(names, spec, stack, glance=True)[0].schema)


def _of_one(names: Sequence[str], spec: Spec, stack: ExitStack) -> tuple[str, ...] | None:
    """The columns of one file whose format has them at a glance; None for what is to be opened as a table."""
    # What comes once cannot be opened again.
    if len(names) > 1 or names[0] == "-":
        return None
    form, file = next(iter(open_named(names, spec.encoding, stack)))
    return None if form.glance is None else form.glance(file, spec)
