"""`gdsolve report`: fit, and write a page that shows the run."""

from __future__ import annotations

import sys

from gdsolve.cli.answer import Outcome, Steps, answer
from gdsolve.cli.messages import show_advice
from gdsolve.cli.output import as_utf8, writing
from gdsolve.cli.request import Request
from gdsolve.outputs import check_page
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec


def run(request: Request, ranks: Ranks) -> int:
    """Write the page of a request; returns the exit code of its fit."""
    return answer(request, ranks, _steps, check_page)


def _steps(_spec: Spec) -> Steps:
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.record import fit_record
    from gdsolve.solve.report import report

    return Steps(
        lambda spec, command, _ranks: report(spec, command, illustrate=illustrator_of(spec)),
        lambda result: fit_record(result.fit, as_model=False),
        lambda _result: None,
        _show,
    )


def _show(outcome: Outcome) -> None:
    from gdsolve.files import replacing
    from gdsolve.report.html import page_of
    from gdsolve.report.report_record import report_record

    page = page_of(report_record(outcome.result, outcome.record, outcome.command.but()))
    path = outcome.spec.output
    if path is None or path == "-":
        as_utf8()
        with writing("standard output"):
            sys.stdout.write(page)
            sys.stdout.flush()
    else:
        with replacing(path) as stream:
            stream.write(page)
    show_advice(outcome.record)
