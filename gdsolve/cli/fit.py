"""`gdsolve fit`: read, descend, print the result, write the files asked for."""

from __future__ import annotations

from gdsolve.cli.cores import leave_a_core
from gdsolve.cli.output import present
from gdsolve.outputs import check_outputs, write_outputs
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.status import ExitCode


def run(spec: Spec, command: Command, ranks: Ranks = ALONE) -> int:
    """Fit the data of a spec, which `command` asked for; returns the exit code."""
    if ranks.first:
        check_outputs(spec)
    leave_a_core(ranks.local_size)
    from gdsolve.report.record import fit_record
    from gdsolve.verbs.fit import fit

    record = fit_record(fit(spec, command=command, ranks=ranks))
    try:
        present(spec, record)
    finally:
        # Also when the reader of standard output went away: `fit --save model.json | head` saves the model.
        if ranks.first:
            write_outputs(spec, record)
    code = int(record["exit_code"])
    return int(ExitCode.OK) if spec.exit_zero and code == ExitCode.MAX_ITER else code
