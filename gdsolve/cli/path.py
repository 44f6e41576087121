"""`gdsolve path`: every strength of a penalty, and which predicts best."""

from __future__ import annotations

from typing import Any

from gdsolve.cli.answer import Outcome, Steps, answer
from gdsolve.cli.output import present
from gdsolve.cli.request import Request
from gdsolve.outputs import write_outputs
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec


def run(request: Request, ranks: Ranks) -> int:
    """Fit the data of a request with every strength of a penalty; returns the exit code."""
    return answer(request, ranks, _steps)


def _steps(_spec: Spec) -> Steps:
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.path_record import path_record
    from gdsolve.solve.path import path

    def solve(spec: Spec, command: Any, ranks: Ranks) -> Any:
        return path(spec, command=command, ranks=ranks, illustrate=illustrator_of(spec))

    return Steps(solve, path_record, show=_show, write=_write)


def _show(outcome: Outcome) -> None:
    present(outcome.spec, outcome.record, outcome.picture)


def _write(outcome: Outcome) -> None:
    if outcome.speaking and outcome.record["model"] is not None:
        write_outputs(outcome.spec, outcome.record["model"])
