"""`gdsolve check`: what the data are like, before any fitting."""

from __future__ import annotations

from gdsolve.cli.answer import Steps, answer
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec


def run(request: Request, ranks: Ranks) -> int:
    """Look at the data of a request; returns the exit code."""
    return answer(request, ranks, _steps)


def _steps(_spec: Spec) -> Steps:
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.check_record import check_record
    from gdsolve.solve.check import check

    return Steps(
        lambda spec, command, _ranks: check(spec, command=command, illustrate=illustrator_of(spec)),
        check_record,
        lambda result: None if result.diagnosis is None else result.diagnosis.picture,
    )
