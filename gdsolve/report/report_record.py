"""A report as a plain dict: the record of its fit, and what its page computes other learning rates from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gdsolve.report.html.panels import panels_of
from gdsolve.report.record import fit_record

if TYPE_CHECKING:
    from gdsolve.solve.report import Report


def report_record(report: Report, command: str) -> dict[str, Any]:
    """`record` (gdsolve.fit/1), `command`, `gaps` of the trace, `course` of plain descent or None, and `panels`."""
    return {
        "record": fit_record(report.fit),
        "command": command,
        "gaps": list(report.gaps),
        "course": None if report.every_rate is None else asdict(report.every_rate),
        "panels": panels_of(report.fit.pictures),
    }
