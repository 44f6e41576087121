"""`gdsolve fit`: read, descend, print the result, write the files asked for."""

from __future__ import annotations

from gdsolve.cli.cores import leave_a_core
from gdsolve.cli.messages import show_hint
from gdsolve.cli.output import present
from gdsolve.cli.signals import with_signal
from gdsolve.outputs import check_outputs, write_outputs
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.status import ExitCode, Status


def run(spec: Spec, command: Command) -> int:
    """Fit the data of a spec, which `command` asked for; returns the exit code."""
    check_outputs(spec)
    leave_a_core()
    from gdsolve.report.record import fit_record
    from gdsolve.verbs.fit import fit

    found = fit(spec, command=command)
    record = with_signal(fit_record(found))
    try:
        present(spec, record)
    finally:
        # Also when the reader of standard output went away: `fit --save model.json | head` saves the model.
        write_outputs(spec, record)
    if found.unwritten is not None:
        raise found.unwritten
    if spec.checkpoint is not None and record["status"] == Status.INTERRUPTED:
        show_hint(f"to go on: {command.but(resume=spec.checkpoint)}")
    code = int(record["exit_code"])
    return int(ExitCode.OK) if spec.exit_zero and code == ExitCode.MAX_ITER else code
