"""`gdsolve report`: fit, and write a page that shows the run."""

from __future__ import annotations

import sys

from gdsolve.cli.cores import leave_a_core
from gdsolve.cli.messages import show_advice
from gdsolve.cli.output import as_utf8, writing
from gdsolve.cli.signals import with_signal
from gdsolve.outputs import check_page
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.status import ExitCode


def run(spec: Spec, command: Command) -> int:
    """Write the page of a spec, which `command` asked for; returns the exit code of its fit."""
    path = check_page(spec)
    leave_a_core()
    from gdsolve.files import replacing
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.html import page_of
    from gdsolve.report.report_record import report_record
    from gdsolve.solve.report import report

    made = report_record(report(spec, command, illustrator=illustrator_of(spec)), command.but())
    made["record"] = with_signal(made["record"])
    page = page_of(made)
    if path == "-":
        as_utf8()
        with writing("standard output"):
            sys.stdout.write(page)
            sys.stdout.flush()
    else:
        with replacing(path) as stream:
            stream.write(page)
    show_advice(made["record"])
    code = int(made["record"]["exit_code"])
    return int(ExitCode.OK) if spec.exit_zero and code == ExitCode.MAX_ITER else code
