"""The rows of one query of DuckDB, batch by batch as it finds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from typing import Any

import polars as pl

from gdsolve.data.file import File
from gdsolve.data.formats.arrow_cells import frame_of, stored_column
from gdsolve.data.formats.copied import RowsCopy
from gdsolve.data.formats.queried import ONE_SELECT, failed_query, query_of, wrong_query
from gdsolve.data.formats.typed import StoredColumn, TypedSource
from gdsolve.data.spool import with_name
from gdsolve.extras import require_extra
from gdsolve.spec import Spec
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


def copied(file: File, spec: Spec, stack: ExitStack) -> TypedSource:
    """The rows of a query, in a copy that lives until `stack` is closed.

    Raises:
        GdsolveError: DuckDB is not installed; a query that is none, or would change something.
        DataError: a database that cannot be read.
    """
    duckdb = require_extra("duckdb", "duckdb", f"{file.name}: DuckDB is read by duckdb")
    require_extra("pyarrow", "duckdb", f"{file.name}: what DuckDB finds is read by pyarrow")
    with ExitStack() as opened:
        path = opened.enter_context(with_name(file.path, file.name) if file.path else nullcontext(":memory:"))
        tables: tuple[str, ...] = ()
        try:
            connection = opened.enter_context(duckdb.connect(path, read_only=bool(file.path), config=dict(_SETTINGS)))
            tables = tuple(name for (name,) in connection.sql(_TABLES).fetchall())
            query = query_of(file, tables)
            _require_select(duckdb, query, file)
            rows = connection.sql(query).to_arrow_reader(ROWS)
            columns = [stored_column(field) for field in rows.schema]
            return RowsCopy(file, stack).fill(columns, _frames(rows, columns), spec)
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
            raise wrong_query(file, str(error), tables) from None
        except duckdb.Error as error:
            raise failed_query(file, str(error), "check the query, and the file that it reads") from None


def _frames(rows: Any, columns: Sequence[StoredColumn]) -> Iterator[pl.DataFrame]:
    """Batches of Arrow as frames; of what is no cell nothing is kept."""
    kept = [place for place, column in enumerate(columns) if not column.holds]
    lost = [str(place) for place, column in enumerate(columns) if column.holds]
    for batch in rows:
        frame = frame_of([batch.column(place) for place in kept], list(map(str, kept)))
        yield pl.DataFrame({**frame.to_dict(), **{name: [None] * batch.num_rows for name in lost}})


def _require_select(duckdb: Any, query: str, file: File) -> None:
    statements = duckdb.extract_statements(query)
    if len(statements) != 1:
        raise GdsolveError(f"{file.name}: is not one query", ONE_SELECT)
    if statements[0].type != duckdb.StatementType.SELECT:
        raise GdsolveError(f"{file.name}: would change the database, or its settings", ONE_SELECT)
