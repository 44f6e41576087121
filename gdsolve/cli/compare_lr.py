"""`gdsolve compare-lr`: many learning rates side by side."""

from __future__ import annotations

from gdsolve.cli.answer import Steps, answer
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.spec import Spec


def run(request: Request, ranks: Ranks) -> int:
    """Compare learning rates on the data of a request; returns the exit code."""
    return answer(request, ranks, _steps_for)


def _steps_for(spec: Spec) -> Steps:
    if spec.code is False:
        return _steps()
    from gdsolve.cli.code import with_program

    return with_program(spec, _steps, _program)


def _program(spec: Spec, kind: str | None) -> tuple[str, float | None]:
    from gdsolve.programs.write import program_of_rates

    return program_of_rates(spec, kind)


def _steps() -> Steps:
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.record import comparison_record
    from gdsolve.solve.compare_lr import compare_lr

    return Steps(
        lambda spec, command, ranks: compare_lr(spec, command=command, ranks=ranks, illustrate=illustrator_of(spec)),
        comparison_record,
    )
