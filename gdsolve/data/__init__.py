"""Files and standard input -> named columns -> batches: the only place that knows file formats."""

from gdsolve.data.columns import Choice, Roles, usual_target
from gdsolve.data.describe import Description, describe, describe_arrays
from gdsolve.data.extent import RowCount
from gdsolve.data.findings import Finding, FindingKind, ranked
from gdsolve.data.inline import Arrays, inline_table
from gdsolve.data.levels import MOST_LEVELS
from gdsolve.data.prefetch import prefetch
from gdsolve.data.reading import Batch
from gdsolve.data.source import Source, open_sources
from gdsolve.data.summary import ColumnSummary
from gdsolve.data.table import Table, column_names, open_columns, open_table
from gdsolve.data.usable import read_with, usable_table

__all__ = [
    "MOST_LEVELS",
    "Arrays",
    "Batch",
    "Choice",
    "ColumnSummary",
    "Description",
    "Finding",
    "FindingKind",
    "Roles",
    "RowCount",
    "Source",
    "Table",
    "column_names",
    "describe",
    "describe_arrays",
    "inline_table",
    "open_columns",
    "open_sources",
    "open_table",
    "prefetch",
    "ranked",
    "read_with",
    "usable_table",
    "usual_target",
]
