"""The rows of one query of a SQLite database, some thousand at a time, as batches of columns.

A column of SQLite has no type of its own: any cell may hold a number, a text, bytes or NULL (https://sqlite.org,
"Datatypes In SQLite"). The first rows tell what a column holds; where later ones need a wider type, the query runs once
more.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from enum import IntEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl

from gdsolve.data.file import File
from gdsolve.data.formats.copied import RowsCopy
from gdsolve.data.formats.queried import ONE_SELECT, failed_query, query_of, wrong_query
from gdsolve.data.formats.typed import StoredColumn, TypedSource
from gdsolve.data.spool import with_name
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError

ROWS = 1 << 14
PATIENCE = 2.0
"""Seconds to wait for another program that has locked the database."""
# Steps of SQLite's virtual machine between two looks at whether Ctrl-C was pressed.
_STEPS = 100_000
_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"


class Holds(IntEnum):
    """What the cells of a column hold: each takes in what stands before it, and numbers beside texts are texts."""

    NOTHING = 0
    INTEGERS = 1
    REALS = 2
    TEXTS = 3
    BYTES = 4


_TYPES: dict[Holds, pl.DataType] = {
    Holds.NOTHING: pl.Null(),
    Holds.INTEGERS: pl.Int64(),
    Holds.REALS: pl.Float64(),
    Holds.TEXTS: pl.String(),
    Holds.BYTES: pl.Null(),
}
_HOLDS = {type(None): Holds.NOTHING, int: Holds.INTEGERS, float: Holds.REALS, str: Holds.TEXTS, bytes: Holds.BYTES}


class _TooNarrowError(Exception):
    """Rows came that a type has no room for."""


def copied(file: File, spec: Spec, stack: ExitStack) -> TypedSource:
    """The rows of a query, in a copy that lives until `stack` is closed.

    Raises:
        GdsolveError: a query that is none, or would change something.
        DataError: a database that cannot be read.
    """
    with with_name(file.path, file.name) as path, _Database(file, path) as database:
        query = query_of(file, database.tables)
        copy, holds = RowsCopy(file, stack), list[Holds]()
        while True:
            try:
                return database.copy(query, copy, spec, holds)
            except _TooNarrowError:
                continue


class _Database:
    """A database that is open to be read; a context manager that closes it, and says what SQLite says in one line."""

    def __init__(self, file: File, path: str) -> None:
        self._file = file
        self._refused = False
        self.tables: tuple[str, ...] = ()
        address = f"file:{quote(os.fsencode(Path(path).absolute()))}?mode=ro"
        # Its connection is used by one thread: rows are copied before any other begins to read.
        self._connection = sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)

    def __enter__(self) -> _Database:
        try:
            self.tables = tuple(name for (name,) in self._connection.execute(_TABLES))
        except sqlite3.Error as error:
            self._connection.close()
            raise self._fault(error) from None
        self._connection.set_authorizer(self._authorised)
        self._connection.set_progress_handler(self._goes_on, _STEPS)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def copy(self, query: str, copy: RowsCopy, spec: Spec, holds: list[Holds]) -> TypedSource:
        """Write the rows of a query; `holds` is what is known of its columns, and is added to.

        Raises:
            _TooNarrowError: `holds` was too little: once more.
            GdsolveError, DataError: as `copied`.
        """
        try:
            with closing(self._connection.execute(query)) as cursor:
                if cursor.description is None:
                    raise GdsolveError(f"{self._file.name}: is no query that gives rows", ONE_SELECT)
                names = [column[0] for column in cursor.description]
                rows = cursor.fetchmany(ROWS)
                if not holds:
                    holds += [Holds.NOTHING] * len(names)
                widen(holds, rows)
                columns = [_column(name, one) for name, one in zip(names, holds, strict=True)]
                return copy.fill(columns, _batches(cursor, rows, holds), spec, loose=True)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise self._fault(error) from None

    def _authorised(self, action: int, *_: str | None) -> int:
        if action in _READING:
            return sqlite3.SQLITE_OK
        self._refused = True
        return sqlite3.SQLITE_DENY

    def _goes_on(self) -> int:
        """Called by SQLite now and then, so that Python looks whether Ctrl-C was pressed, and ends the query then."""
        return 0

    def _fault(self, error: Exception) -> GdsolveError:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT:
            raise KeyboardInterrupt
        if self._refused:
            return GdsolveError(f"{self._file.name}: would change the database, or open another", ONE_SELECT)
        if isinstance(error, sqlite3.Warning | sqlite3.ProgrammingError):
            return GdsolveError(f"{self._file.name}: is not one query", ONE_SELECT)
        if code == sqlite3.SQLITE_ERROR:
            return wrong_query(self._file, str(error), self.tables)
        if code == sqlite3.SQLITE_BUSY:
            return failed_query(self._file, str(error), "wait until the program that writes it is done, or read a copy")
        return failed_query(self._file, str(error), "check the file with sqlite3 FILE 'PRAGMA integrity_check'")


def widen(holds: list[Holds], rows: Sequence[tuple[Any, ...]]) -> None:
    """Make what columns hold take in some rows as well.

    >>> holds = [Holds.NOTHING, Holds.INTEGERS]
    >>> widen(holds, [(1, "a"), (2.5, None)])
    >>> [one.name for one in holds]
    ['REALS', 'TEXTS']
    """
    for place, cells in enumerate(zip(*rows, strict=True)):
        holds[place] = max([holds[place], *(_HOLDS[kind] for kind in set(map(type, cells)))])


def _column(name: str, holds: Holds) -> StoredColumn:
    """A column with bytes in it is refused by its name, whatever they are."""
    return StoredColumn(name, pl.Object(), "bytes") if holds is Holds.BYTES else StoredColumn(name, _TYPES[holds])


def _batches(cursor: sqlite3.Cursor, rows: Sequence[tuple[Any, ...]], holds: list[Holds]) -> Iterator[pl.DataFrame]:
    while rows:
        known = list(holds)
        widen(holds, rows)
        if known != holds:
            raise _TooNarrowError
        columns = zip(zip(*rows, strict=True), holds, strict=True)
        yield pl.DataFrame([_series(str(place), cells, one) for place, (cells, one) in enumerate(columns)])
        rows = cursor.fetchmany(ROWS)


def _series(name: str, cells: Sequence[Any], holds: Holds) -> pl.Series:
    kinds = set(map(type, cells)) - {type(None)}
    if holds is Holds.REALS and int in kinds:
        cells = [None if cell is None else float(cell) for cell in cells]
    elif holds is Holds.TEXTS and kinds - {str}:
        # The shortest text that is the same number.
        cells = [cell if cell is None or isinstance(cell, str) else repr(cell) for cell in cells]
    elif holds is Holds.BYTES:
        cells = [None] * len(cells)
    return pl.Series(name, cells, _TYPES[holds])
