"""`gdsolve compare-lr`: many learning rates side by side."""

from __future__ import annotations

from gdsolve.cli.cores import leave_a_core
from gdsolve.cli.output import present
from gdsolve.cli.signals import with_signal
from gdsolve.outputs import check_outputs
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Spec
from gdsolve.spec.command import Command


def run(spec: Spec, command: Command, ranks: Ranks = ALONE) -> int:
    """Compare learning rates on the data of a spec, which `command` asked for; returns the exit code."""
    if ranks.first:
        check_outputs(spec)
    leave_a_core(ranks.local_size)
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.record import comparison_record
    from gdsolve.solve.compare_lr import compare_lr

    result = compare_lr(spec, command=command, ranks=ranks, illustrator=illustrator_of(spec))
    record = with_signal(comparison_record(result))
    present(spec, record, result.picture if ranks.first else None)
    return int(record["exit_code"])
