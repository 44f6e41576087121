"""DuckDB: a database in a file, or what its queries read of other files; a package that is installed apart."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from gdsolve.data.formats.format import TableFormat

if TYPE_CHECKING:
    from gdsolve.data.file import File
    from gdsolve.data.source import Source
    from gdsolve.spec import Spec


def _copy(file: File, spec: Spec, stack: ExitStack) -> Source:
    from gdsolve.data.formats.duckdb.database import copied

    return copied(file, spec, stack)


DUCKDB = TableFormat(
    "DuckDB",
    (".duckdb", ".ddb"),
    # A checksum stands before it.
    later=((8, b"DUCK"),),
    copy=_copy,
    selects=("query", "table"),
    engine="duckdb",
    fileless=True,
)
