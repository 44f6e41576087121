"""SQLite: a database in a file, read by the library that comes with Python; its cells tell what they are."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from gdsolve.data.formats.format import TableFormat

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec


def _copy(file: File, spec: Spec, stack: ExitStack) -> Source:
    from gdsolve.data.formats.sqlite.database import copied

    return copied(file, spec, stack)


SQLITE = TableFormat(
    "SQLite",
    (".sqlite", ".sqlite3", ".db"),
    magic=(b"SQLite format 3\x00",),
    copy=_copy,
    selects=("query", "table"),
    engine="sqlite",
)
