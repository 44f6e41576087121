"""Arrow: columns with types as they stand in memory, in batches of rows; Feather is another name of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gdsolve.data.formats.format import TableFormat
from gdsolve.extras import is_installed

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.formats.typed import TypedReader
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec


def _open(file: File, spec: Spec, named: Collection[str]) -> Source:
    from gdsolve.data.formats.typed import open_typed

    return open_typed(_reader(), file, spec)


def _glance(file: File, spec: Spec) -> tuple[str, ...] | None:
    from struct import error

    from gdsolve.data.formats.arrow.footer import column_keys
    from gdsolve.data.names import unique_names

    try:
        return unique_names([key.strip() for key in column_keys(file.path)])
    except (ValueError, error, OSError):
        return None


def _rows_in(path: str) -> int:
    return _reader().rows_in(path)


def _reader() -> TypedReader:
    """What reads the files here: pyarrow where it is installed, else polars."""
    if is_installed("pyarrow"):
        from gdsolve.data.formats.arrow_file import ArrowReader

        return ArrowReader()
    import polars as pl

    from gdsolve.data.formats.polars_file import PolarsReader

    return PolarsReader(pl.scan_ipc)


ARROW = TableFormat(
    "Arrow", (".arrow", ".feather", ".ipc"), _open, magic=(b"ARROW1",), rows_in=_rows_in, glance=_glance
)
