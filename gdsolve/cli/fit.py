"""`gdsolve fit`: read, descend, print the result, write the files asked for."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Mapping
from typing import Any

from gdsolve.advice import Advice
from gdsolve.cli.cores import leave_a_core
from gdsolve.cli.messages import show_hint
from gdsolve.cli.output import present
from gdsolve.cli.signals import with_signal
from gdsolve.imports import collector_at_rest
from gdsolve.outputs import check_outputs, write_outputs
from gdsolve.ranks import ALONE, Ranks
from gdsolve.report.numbers import counted
from gdsolve.spec import Engine, Format, Spec
from gdsolve.spec.command import Command, operand
from gdsolve.status import ExitCode, Status

READ_BY = ("delimiter", "decimal", "encoding", "no_header", "header", "na_values")
"""Options by which a table is read: what reads it again needs them as well."""


def run(spec: Spec, command: Command, ranks: Ranks = ALONE) -> int:
    """Fit the data of a spec, which `command` asked for; returns the exit code."""
    if ranks.first:
        check_outputs(spec)
    leave_a_core(ranks.local_size)
    if spec.group_by is not None:
        return _run_groups(spec)
    with collector_at_rest():
        from gdsolve.pictures import illustrator_of
        from gdsolve.report.record import fit_record
        from gdsolve.solve.fit import fit

    result = fit(spec, command=command, ranks=ranks, illustrate=illustrator_of(spec))
    if spec.watch and ranks.first and result.plan.engine is Engine.LEAP:
        logging.getLogger("gdsolve").warning(
            "watch: the closed form takes no steps that could be watched; --engine triangle takes them one by one"
        )
    record = with_signal(fit_record(result))
    try:
        present(spec, record, result.picture if ranks.first else None, _following(spec, command, record))
        if spec.report and spec.format in (Format.CSV, Format.MARKDOWN, Format.LATEX):
            _tell_missing(record["report"])
    finally:
        # Also when the reader of standard output went away: `fit --save model.json | head` saves the model.
        if ranks.first:
            write_outputs(spec, record)
    if result.checkpoint_error is not None:
        raise result.checkpoint_error
    if spec.checkpoint is not None and record["status"] == Status.INTERRUPTED:
        show_hint(Advice("to go on", command.but(resume=spec.checkpoint)))
    return _code(spec, record)


def _following(spec: Spec, command: Command, record: Mapping[str, Any]) -> tuple[str, ...]:
    """What there is to do after a fit that ended well."""
    if record["exit_code"] != ExitCode.OK:
        return ()
    if spec.minimize is not None:
        return () if spec.plots else ("Add --plot for a picture of the descent.",)
    lines: list[str] = []
    read_plainly = len(spec.data) == 1 and spec.data[0] != "-" and not any(name in command.given for name in READ_BY)
    if spec.save is not None and read_plainly:
        words = shlex.join(["gdsolve", "predict", operand(spec.save), operand(spec.data[0])])
        lines.append(Advice("To predict, here or on any table with these columns", words))
    more = [] if spec.report or not record["standard_errors"]["statistic"] else ["--report for p-values and intervals"]
    more += [] if spec.save is not None else ["--save model.json for gdsolve predict"]
    return (*lines, f"Add {', '.join(more)}.") if more else tuple(lines)


def _run_groups(spec: Spec) -> int:
    from gdsolve.groups.fit import fit_groups
    from gdsolve.report.group_record import groups_record

    fits = fit_groups(spec)
    with collector_at_rest():
        record = groups_record(fits)
    try:
        present(spec, record)
        if spec.format is Format.TABLE and record["exit_code"]:
            # What stands under a long table may be far from where one looks.
            logging.getLogger("gdsolve").warning("%s", record["message"])
        if spec.format is not Format.TABLE and not record["exit_code"] and record["rows_without_group"]:
            # Lines of groups have no place for rows that are in none.
            rows = counted(record["rows_without_group"], "row")
            logging.getLogger("gdsolve").warning("%s without a group dropped", rows)
    finally:
        write_outputs(spec, record)
    return _code(spec, record)


def _tell_missing(report: Mapping[str, Any]) -> None:
    """Say why coefficients have no standard error, where their rows have no room for it."""
    from gdsolve.report.inference_table import reasons

    for label, text in reasons(report):
        logging.getLogger("gdsolve").warning("%s: %s", label, text)


def _code(spec: Spec, record: Mapping[str, Any]) -> int:
    code = int(record["exit_code"])
    return int(ExitCode.OK) if spec.exit_zero and code == ExitCode.MAX_ITER else code
