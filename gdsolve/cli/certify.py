"""`gdsolve certify`: how far given weights are from the optimum."""

from __future__ import annotations

from gdsolve.cli.answer import Steps, answer
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec


def run(request: Request, ranks: Ranks) -> int:
    """Certify the weights of a request; returns the exit code."""
    return answer(request, ranks, _steps)


def _steps(_spec: Spec) -> Steps:
    from gdsolve.report.certify_record import certify_record
    from gdsolve.solve.certify_weights import certify_weights

    return Steps(lambda spec, command, _ranks: certify_weights(spec, command=command), certify_record)
