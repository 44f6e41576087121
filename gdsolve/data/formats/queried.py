"""What databases have in common: one query, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence

from gdsolve.data.file import File
from gdsolve.quoting import quoted
from gdsolve.spec.command import operand
from gdsolve.status import DataError, GdsolveError

ONE_SELECT = "give one SELECT, which changes nothing"
_LISTED = 8


def query_of(file: File, tables: Sequence[str]) -> str:
    """The query that is asked of a database, else the rows of the table that is, or of the only one.

    Raises:
        DataError: there is no such table, or more than one to choose from.
    """
    if file.asked.key == "query":
        return file.asked.value
    if file.asked.key == "table":
        if file.asked.value not in tables:
            raise DataError(f"{file.name}: there is no table {file.asked.value!r}", tables_told(tables))
        return rows_of_table(file.asked.value)
    if not tables:
        raise DataError(f"{file.name}: has no tables", "give a database with a table in it")
    if len(tables) > 1:
        named = ", ".join(tables[:_LISTED]) + (", …" if len(tables) > _LISTED else "")
        one = quoted(operand(f"{file.name}?table={tables[0]}"))
        raise DataError(f"{file.name}: has {len(tables)} tables: {named}", f"name one, as in {one}, or give --query")
    return rows_of_table(tables[0])


def rows_of_table(table: str) -> str:
    """The query of all rows of a table.

    >>> rows_of_table("runs")
    'SELECT * FROM "runs"'
    """
    name = table.replace('"', '""')
    return f'SELECT * FROM "{name}"'


def tables_told(tables: Sequence[str]) -> str:
    """The tables of a database for a message."""
    listed = ", ".join(tables[:_LISTED]) + (", …" if len(tables) > _LISTED else "")
    return f"tables: {listed}" if tables else "the database has no tables"


def wrong_query(file: File, reason: str, tables: Sequence[str]) -> GdsolveError:
    """What an engine says of a query that it does not take, on one line."""
    return GdsolveError(f"{file.name}: {_told(reason)}", f"check the query; {tables_told(tables)}")


def failed_query(file: File, reason: str, remedy: str) -> DataError:
    """What an engine says of data that it cannot read, on one line."""
    return DataError(f"{file.name}: {_told(reason)}", remedy)


def _told(reason: str) -> str:
    """The first paragraph of what an engine says: what follows quotes the query, or names settings of its own."""
    return " ".join(reason.split("\n\n", maxsplit=1)[0].split()) or "the query failed"
