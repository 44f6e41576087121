"""`gdsolve compare`: several methods side by side."""

from __future__ import annotations

from gdsolve.cli.cores import leave_a_core
from gdsolve.cli.output import present
from gdsolve.cli.signals import with_signal
from gdsolve.outputs import check_outputs
from gdsolve.ranks import ALONE, Ranks
from gdsolve.spec import Spec
from gdsolve.spec.command import Command


def run(spec: Spec, command: Command, ranks: Ranks = ALONE) -> int:
    """Compare methods on the objective of a spec, which `command` asked for; returns the exit code."""
    if ranks.first:
        check_outputs(spec)
    leave_a_core(ranks.local_size)
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.compare_record import method_comparison_record
    from gdsolve.solve.compare import compare

    result = compare(spec, command=command, ranks=ranks, illustrator=illustrator_of(spec))
    record = with_signal(method_comparison_record(result))
    present(spec, record, result.picture if ranks.first else None)
    return int(record["exit_code"])
