"""A report as a plain dict: the record of its fit, and what its page computes other learning rates from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gdsolve.report.html.inline_picture import inline_pictures

if TYPE_CHECKING:
    from gdsolve.solve.report_problem import Report


def report_record(report: Report, record: dict[str, Any], command: str) -> dict[str, Any]:
    """The `record` of its fit, `command`, `gaps` of the trace, `course` of a closed form or None, and `pictures`."""
    return {
        "record": record,
        "command": command,
        "gaps": list(report.gaps),
        "course": None if report.every_rate is None else asdict(report.every_rate),
        "pictures": inline_pictures(report.fit.pictures),
    }
