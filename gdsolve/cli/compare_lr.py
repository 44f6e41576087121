"""`gdsolve compare-lr`: many learning rates side by side."""

from __future__ import annotations

from gdsolve.cli.answer import Steps, answer
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec


def run(request: Request, ranks: Ranks) -> int:
    """Compare learning rates on the data of a request; returns the exit code."""
    return answer(request, ranks, _steps)


def _steps(_spec: Spec) -> Steps:
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.record import comparison_record
    from gdsolve.solve.compare_lr import compare_lr

    return Steps(
        lambda spec, command, ranks: compare_lr(spec, command=command, ranks=ranks, illustrate=illustrator_of(spec)),
        comparison_record,
    )
