"""Files and standard input -> named columns -> batches: the only place that knows file formats."""

from gdsolve.data.columns import Choice, Roles, usual_target
from gdsolve.data.describe import ColumnSummary, describe
from gdsolve.data.inline import inline_table
from gdsolve.data.predict import CurveModel, PredictCounts, predict_csv
from gdsolve.data.prefetch import prefetch
from gdsolve.data.reading import Batch
from gdsolve.data.table import Table, column_names, open_columns, open_table

__all__ = [
    "Batch",
    "Choice",
    "ColumnSummary",
    "CurveModel",
    "PredictCounts",
    "Roles",
    "Table",
    "column_names",
    "describe",
    "inline_table",
    "open_columns",
    "open_table",
    "predict_csv",
    "prefetch",
    "usual_target",
]
