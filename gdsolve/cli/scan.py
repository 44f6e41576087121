"""`gdsolve scan`: read once, and keep what least squares needs in a file."""

from __future__ import annotations

from gdsolve.cli.answer import Steps, answer
from gdsolve.cli.request import Request
from gdsolve.outputs import check_scan_output
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec


def run(request: Request, ranks: Ranks) -> int:
    """Scan the sources of a request; returns the exit code."""
    return answer(request, ranks, _steps, check_scan_output)


def _steps(_spec: Spec) -> Steps:
    from gdsolve.report.scan_record import scan_record
    from gdsolve.solve.scan import scan

    return Steps(
        # What is printed tells of the file.
        lambda spec, _command, _ranks: scan(spec).save(check_scan_output(spec)),
        scan_record,
        lambda _scan: None,
    )
