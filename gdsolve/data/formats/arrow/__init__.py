"""Arrow: columns with types as they stand in memory, in batches of rows; Feather is another name of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from gdsolve.data.formats.format import TableFormat

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec


def _open(file: File, spec: Spec, named: Collection[str]) -> Source:
    from gdsolve.data.formats.arrow_file import ArrowReader
    from gdsolve.data.formats.typed import open_typed

    return open_typed(ArrowReader(), file, spec)


def _rows_in(path: str) -> int:
    from gdsolve.data.formats.arrow_file import ArrowReader

    return ArrowReader().rows_in(path)


ARROW = TableFormat("Arrow", (".arrow", ".feather", ".ipc"), _open, magic=(b"ARROW1",), rows_in=_rows_in)
