"""The rows of one query of DuckDB, batch by batch as it finds them."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from typing import Any

from gdsolve.data.file import File
from gdsolve.data.formats.extras import require_extra
from gdsolve.data.formats.queried import ONE_SELECT, ArrowCopy, failed_query, query_of, wrong_query
from gdsolve.data.spool import with_name
from gdsolve.status import GdsolveError

ROWS = 1 << 14
# Nothing is fetched from anywhere, and no variable of the calling program is a table.
_SETTINGS = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
}
_TABLES = (
    "SELECT table_name FROM duckdb_tables() WHERE NOT internal UNION ALL "
    "SELECT view_name FROM duckdb_views() WHERE NOT internal"
)


def copied(file: File, stack: ExitStack) -> File:
    """The Arrow file of the rows of a query, which lives until `stack` is closed.

    Raises:
        GdsolveError: DuckDB is not installed; a query that is none, or would change something.
        DataError: a database that cannot be read.
    """
    duckdb = require_extra("duckdb", "duckdb", file.name, "DuckDB is read by duckdb")
    with ExitStack() as opened:
        path = opened.enter_context(with_name(file.path, file.name) if file.path else nullcontext(":memory:"))
        tables: tuple[str, ...] = ()
        try:
            connection = opened.enter_context(duckdb.connect(path, read_only=bool(file.path), config=dict(_SETTINGS)))
            tables = tuple(name for (name,) in connection.sql(_TABLES).fetchall())
            query = query_of(file, tables)
            _require_select(duckdb, query, file)
            rows = connection.sql(query).to_arrow_reader(ROWS)
            return ArrowCopy(file, stack).fill(rows.schema, rows)
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
            raise wrong_query(file, str(error), tables) from None
        except duckdb.Error as error:
            raise failed_query(file, str(error), "check the query, and the file that it reads") from None


def _require_select(duckdb: Any, query: str, file: File) -> None:
    statements = duckdb.extract_statements(query)
    if len(statements) != 1:
        raise GdsolveError(f"{file.name}: is not one query", ONE_SELECT)
    if statements[0].type != duckdb.StatementType.SELECT:
        raise GdsolveError(f"{file.name}: would change the database, or its settings", ONE_SELECT)
