"""`gdsolve compare`: several methods side by side."""

from __future__ import annotations

from gdsolve.cli.answer import Steps, answer
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec


def run(request: Request, ranks: Ranks) -> int:
    """Compare methods on the objective of a request; returns the exit code."""
    return answer(request, ranks, _steps)


def _steps(_spec: Spec) -> Steps:
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.compare_record import method_comparison_record
    from gdsolve.solve.compare import compare

    return Steps(
        lambda spec, command, ranks: compare(spec, command=command, ranks=ranks, illustrate=illustrator_of(spec)),
        method_comparison_record,
    )
