"""Files and standard input -> named columns -> batches: the only place that knows file formats."""

from gdsolve.data.columns import Choice, Roles, usual_target
from gdsolve.data.describe import ColumnSummary, describe, describe_inline
from gdsolve.data.extent import RowCount
from gdsolve.data.inline import inline_table
from gdsolve.data.levels import MOST_LEVELS
from gdsolve.data.prefetch import prefetch
from gdsolve.data.reading import Batch
from gdsolve.data.source import Source, open_sources
from gdsolve.data.table import Table, column_names, open_columns, open_table

__all__ = [
    "MOST_LEVELS",
    "Batch",
    "Choice",
    "ColumnSummary",
    "Roles",
    "RowCount",
    "Source",
    "Table",
    "column_names",
    "describe",
    "describe_inline",
    "inline_table",
    "open_columns",
    "open_sources",
    "open_table",
    "prefetch",
    "usual_target",
]
