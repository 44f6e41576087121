"""`gdsolve score`: how well a saved model predicts the target of a table."""

from __future__ import annotations

from gdsolve.cli.answer import Steps, answer
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec
from gdsolve.status import GdsolveError


def run(request: Request, ranks: Ranks) -> int:
    """Score the saved model of a request on its tables; returns the exit code."""
    saved = request.saved
    if saved is None:
        raise GdsolveError("score: no MODEL is given", f"give one, as in {request.verb.examples[0]}")
    return answer(request, ranks, lambda _spec: _steps(saved))


def _steps(saved: str) -> Steps:
    from gdsolve.report.score_record import score_record
    from gdsolve.solve.score import score

    def solve(spec: Spec, *_: object) -> object:
        return score(spec, saved)

    return Steps(solve, score_record, lambda _: None)
