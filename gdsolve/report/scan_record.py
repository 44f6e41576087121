"""A scan as a plain dict: what was read, and what the file holds of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdsolve.status import ExitCode
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.solve.scanned import Scan


def scan_record(scan: Scan) -> dict[str, Any]:
    """`gdsolve.scan/1`: what was read, by column, and the file that it is kept in."""
    info = scan.info
    return {
        "schema": "gdsolve.scan/1",
        "version": __version__,
        "exit_code": int(ExitCode.OK),
        "file": scan.file,
        "bytes": scan.size,
        "source": list(info.source),
        "rows": info.rows,
        "rows_dropped": info.rows_dropped,
        "cells_filled": info.cells_filled,
        "rows_weightless": info.rows_weightless,
        "where": info.where,
        "rows_read": None if info.where is None else info.rows_read,
        "rows_filtered": info.rows_filtered,
        "columns": list(info.names),
        "levels": {column: list(levels) for column, levels in info.levels.items()},
        "target": info.target,
        "weight": info.weight,
        "weight_kind": None if info.weight is None else info.weight_kind,
        "sigma": info.sigma,
        "absolute_sigma": info.absolute_sigma,
        "ignored": list(info.ignored),
        "na_values": list(info.na_values),
        "dates": None if info.dates is None else dict(info.dates),
        "formula": None if info.formula is None else info.formula["text"],
        "folds": None if info.folds is None else dict(info.folds),
        "seconds": scan.seconds,
    }
