"""`gdsolve check`: what the data are like, before any fitting."""

from __future__ import annotations

from gdsolve.cli.output import present
from gdsolve.outputs import check_outputs
from gdsolve.spec import Spec
from gdsolve.spec.command import Command


def run(spec: Spec, command: Command) -> int:
    """Look at the data of a spec, which `command` asked for; returns the exit code."""
    check_outputs(spec)
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.record import check_record
    from gdsolve.solve.check import check

    result = check(spec, command=command, illustrator=illustrator_of(spec))
    record = check_record(result)
    present(spec, record, None if result.diagnosis is None else result.diagnosis.picture)
    return int(record["exit_code"])
