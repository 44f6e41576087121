"""Files and standard input -> named columns -> batches: the only place that knows file formats.

What stands here is imported when it is first used: help texts and messages ask for the formats without polars.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gdsolve.data.ahead import prefetch
    from gdsolve.data.batch import Batch
    from gdsolve.data.columns import Choice, Roles, columns_in, usual_target
    from gdsolve.data.description import Description, describe, describe_arrays
    from gdsolve.data.extent import RowCount
    from gdsolve.data.findings import Finding, FindingKind, ranked
    from gdsolve.data.glance import column_names
    from gdsolve.data.inline import Arrays, inline_table
    from gdsolve.data.levels import MOST_LEVELS
    from gdsolve.data.opening import open_sources
    from gdsolve.data.source import Source
    from gdsolve.data.summary import ColumnSummary
    from gdsolve.data.table import Table, open_columns, open_table
    from gdsolve.data.usable import read_with, usable_table

_HOME = {
    "MOST_LEVELS": "levels",
    "Arrays": "inline",
    "Batch": "batch",
    "Choice": "columns",
    "ColumnSummary": "summary",
    "Description": "description",
    "Finding": "findings",
    "FindingKind": "findings",
    "Roles": "columns",
    "RowCount": "extent",
    "Source": "source",
    "Table": "table",
    "columns_in": "columns",
    "column_names": "glance",
    "describe": "description",
    "describe_arrays": "description",
    "inline_table": "inline",
    "open_columns": "table",
    "open_sources": "opening",
    "open_table": "table",
    "prefetch": "ahead",
    "ranked": "findings",
    "read_with": "usable",
    "usable_table": "usable",
    "usual_target": "columns",
}

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
    "columns_in",
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


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'gdsolve.data' has no attribute {name!r}")
    return getattr(import_module(f"gdsolve.data.{_HOME[name]}"), name)
