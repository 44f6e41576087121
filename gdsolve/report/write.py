"""A record as text on a stream or in a file: which writer goes with which schema and format."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from gdsolve.files import replacing
from gdsolve.report.certify_record import write_certify_csv, write_certify_table
from gdsolve.report.check_table import write_check_table
from gdsolve.report.coefficients import write_coefficients_csv, write_latex, write_markdown
from gdsolve.report.compare_table import write_compare_table
from gdsolve.report.configs_record import write_configs_table
from gdsolve.report.fit_table import write_fit_table
from gdsolve.report.graph_dot import write_graph_dot
from gdsolve.report.graph_table import write_graph_table
from gdsolve.report.group_lines import write_groups_csv, write_groups_json, write_groups_ndjson
from gdsolve.report.group_table import write_group_table
from gdsolve.report.methods_table import write_methods_table
from gdsolve.report.page import View
from gdsolve.report.path_record import write_path_csv
from gdsolve.report.path_table import write_path_table
from gdsolve.report.plain import (
    Record,
    write_check_csv,
    write_compare_csv,
    write_history_csv,
    write_history_ndjson,
    write_json,
    write_methods_csv,
)
from gdsolve.report.scan_table import write_scan_table
from gdsolve.report.score_table import write_score_csv, write_score_table
from gdsolve.spec import Format
from gdsolve.status import GdsolveError

Writer = Callable[[Record, TextIO], None]
DEFAULT = View()


WRITERS: dict[tuple[str, Format], Writer] = {
    ("gdsolve.fit/1", Format.TABLE): write_fit_table,
    ("gdsolve.fit/1", Format.JSON): write_json,
    ("gdsolve.fit/1", Format.CSV): write_coefficients_csv,
    ("gdsolve.fit/1", Format.MARKDOWN): write_markdown,
    ("gdsolve.fit/1", Format.LATEX): write_latex,
    ("gdsolve.groups/1", Format.TABLE): write_group_table,
    ("gdsolve.groups/1", Format.JSON): write_groups_ndjson,
    ("gdsolve.groups/1", Format.CSV): write_groups_csv,
    ("gdsolve.compare-lr/1", Format.TABLE): write_compare_table,
    ("gdsolve.compare-lr/1", Format.JSON): write_json,
    ("gdsolve.compare-lr/1", Format.CSV): write_compare_csv,
    ("gdsolve.compare/1", Format.TABLE): write_methods_table,
    ("gdsolve.compare/1", Format.JSON): write_json,
    ("gdsolve.compare/1", Format.CSV): write_methods_csv,
    ("gdsolve.path/1", Format.TABLE): write_path_table,
    ("gdsolve.path/1", Format.JSON): write_json,
    ("gdsolve.path/1", Format.CSV): write_path_csv,
    ("gdsolve.configs/1", Format.TABLE): write_configs_table,
    ("gdsolve.configs/1", Format.JSON): write_json,
    ("gdsolve.scan/1", Format.TABLE): write_scan_table,
    ("gdsolve.scan/1", Format.JSON): write_json,
    ("gdsolve.check/1", Format.TABLE): write_check_table,
    ("gdsolve.check/1", Format.JSON): write_json,
    ("gdsolve.check/1", Format.CSV): write_check_csv,
    ("gdsolve.certify/1", Format.TABLE): write_certify_table,
    ("gdsolve.certify/1", Format.JSON): write_json,
    ("gdsolve.certify/1", Format.CSV): write_certify_csv,
    ("gdsolve.score/1", Format.TABLE): write_score_table,
    ("gdsolve.score/1", Format.JSON): write_json,
    ("gdsolve.score/1", Format.CSV): write_score_csv,
    ("gdsolve.trace/1", Format.TABLE): write_graph_table,
    ("gdsolve.trace/1", Format.JSON): write_json,
    ("gdsolve.trace/1", Format.DOT): write_graph_dot,
}
HISTORY_WRITERS: dict[str, Writer] = {".csv": write_history_csv, ".ndjson": write_history_ndjson}


def write_record(record: Record, format: Format, stream: TextIO, view: View = DEFAULT) -> None:
    """Write a record on a stream, as its schema and the format ask for; a table as the `view` has it."""
    if format is Format.TABLE and view.quiet and "advice" in record:
        record = {**record, "advice": []}
    writer = WRITERS[record["schema"], format]
    if writer is write_fit_table:
        write_fit_table(record, stream, view)
    elif writer is write_check_table:
        write_check_table(record, stream, view)
    else:
        writer(record, stream)


def save_json(record: Record, path: str) -> None:
    """Write a record as JSON to a file, whole or not at all.

    Raises:
        GdsolveError: the file cannot be written; what was there before is untouched.
    """
    with replacing(path) as stream:
        (write_groups_json if record["schema"] == "gdsolve.groups/1" else write_json)(record, stream)


def check_history_path(path: str) -> None:
    """Tell whether a history can be written in the form that the ending of the path names.

    Raises:
        GdsolveError: the ending is neither .csv nor .ndjson.
    """
    _history_writer(path)


def write_history(record: Record, path: str) -> None:
    """Write the trace of a record to a .csv or .ndjson file.

    Raises:
        GdsolveError: another ending, or the file cannot be written.
    """
    writer = _history_writer(path)
    with replacing(path) as stream:
        writer(record, stream)


def _history_writer(path: str) -> Writer:
    for ending, writer in HISTORY_WRITERS.items():
        if path.lower().endswith(ending):
            return writer
    raise GdsolveError(
        f"{path} ends in neither .csv nor .ndjson", "give --history trace.csv or trace.ndjson", option="history"
    )
