"""`gdsolve fit`: read, descend, print the result, write the files asked for."""

from __future__ import annotations

from gdsolve.cli.cores import leave_a_core
from gdsolve.cli.output import present
from gdsolve.outputs import check_outputs, write_outputs, write_picture_file
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.status import ExitCode


def run(spec: Spec, command: Command) -> int:
    """Fit the data of a spec, which `command` asked for; returns the exit code."""
    check_outputs(spec)
    leave_a_core()
    from gdsolve.report.record import fit_record
    from gdsolve.verbs.fit import fit

    result = fit(spec, command=command)
    record = fit_record(result)
    try:
        present(spec, record, result.picture)
    finally:
        # Also when the reader of standard output went away: `fit --save model.json | head` saves the model.
        write_outputs(spec, record)
        write_picture_file(spec, result.picture)
    code = int(record["exit_code"])
    return int(ExitCode.OK) if spec.exit_zero and code == ExitCode.MAX_ITER else code
