"""`gdsolve fit`: read, descend, print the result, write the files asked for."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

from gdsolve.advice import Advice
from gdsolve.cli.answer import Outcome, Steps, answer
from gdsolve.cli.messages import show_hint
from gdsolve.cli.output import present
from gdsolve.cli.request import Request
from gdsolve.cli.single import asked_for_each
from gdsolve.outputs import write_outputs
from gdsolve.quoting import joined, quoted
from gdsolve.ranks import Ranks
from gdsolve.report.numbers import counted
from gdsolve.spec import Engine, Format, Spec
from gdsolve.spec.command import Command, operand
from gdsolve.spec.groups import why_one_by_one
from gdsolve.spec.scans import reads_scans
from gdsolve.spec.source_name import path_in
from gdsolve.status import ExitCode, Status

READ_BY = ("delimiter", "decimal", "thousands", "comment", "encoding", "no_header", "header", "na_values")
"""Options by which a table is read: what reads it again needs them as well."""
COEFFICIENTS = (Format.CSV, Format.MARKDOWN, Format.LATEX)
"""Formats that have a row for every coefficient, and no room for more, where a report is asked for."""

logger = logging.getLogger("gdsolve")


def run(request: Request, ranks: Ranks) -> int:
    """Fit the data of a request, every group or every source of them; returns the exit code."""
    if asked_for_each(request):
        from gdsolve.cli.each import run_each

        return run_each(request, ranks)
    return answer(request, ranks, _steps_for)


def _steps_for(spec: Spec) -> Steps:
    if spec.group_by:
        return _steps_of_groups(spec)
    if spec.code is False:
        return _steps()
    from gdsolve.cli.code import with_program

    return with_program(spec, _steps, _program)


def _program(spec: Spec, kind: str | None) -> tuple[str, float | None]:
    from gdsolve.programs.write import program_of_fit

    return program_of_fit(spec, kind)


def _steps() -> Steps:
    from gdsolve.pictures import illustrator_of
    from gdsolve.report.record import fit_record
    from gdsolve.solve.fit import fit

    def solve(spec: Spec, command: Command, ranks: Ranks) -> Any:
        result = fit(spec, command=command, ranks=ranks, illustrate=illustrator_of(spec))
        if spec.watch and ranks.first and result.plan.engine is Engine.LEAP:
            logger.warning(
                "watch: the closed form takes no steps that could be watched; --engine triangle takes them one by one"
            )
        return result

    def record(fit: Any) -> dict[str, Any]:
        spec = fit.spec
        # A table that does not show how long each engine would take need not wait until that is measured.
        return fit_record(
            fit,
            with_reason=spec.verbose or spec.save is not None or spec.format is not Format.TABLE,
            as_model=spec.save is not None or spec.format is Format.JSON,
        )

    return Steps(solve, record, show=_show, write=_write, finish=_finish)


def _show(outcome: Outcome) -> None:
    spec, record = outcome.spec, outcome.record
    present(spec, record, outcome.picture, _following(spec, outcome.command, record))
    if spec.report and spec.format in COEFFICIENTS:
        _tell_missing(record["report"])


def _write(outcome: Outcome) -> None:
    if outcome.speaking:
        write_outputs(outcome.spec, outcome.record)


def _finish(outcome: Outcome) -> None:
    if outcome.result.checkpoint_error is not None:
        raise outcome.result.checkpoint_error
    checkpoint = outcome.spec.checkpoint
    if checkpoint is not None and outcome.record["status"] == Status.INTERRUPTED:
        show_hint(Advice("to go on", outcome.command.but(resume=checkpoint)))


def _following(spec: Spec, command: Command, record: Mapping[str, Any]) -> tuple[str, ...]:
    """What there is to do after a fit that ended well."""
    if record["exit_code"] != ExitCode.OK:
        return ()
    if spec.minimize is not None:
        return () if spec.plots else ("Add --plot for a picture of the descent.",)
    lines: list[str] = []
    read_plainly = (
        len(spec.data) == 1 and path_in(spec.data[0]) != "-" and not any(name in command.given for name in READ_BY)
    )
    if spec.save is not None and reads_scans(spec):
        lines.append(f"gdsolve predict {quoted(operand(spec.save))} TABLE predicts on any table with these columns.")
    elif spec.save is not None and read_plainly:
        words = joined(["gdsolve", "predict", operand(spec.save), operand(spec.data[0])])
        lines.append(Advice("To predict, here or on any table with these columns", words))
    more = [] if spec.report or not record["standard_errors"]["statistic"] else ["--report for p-values and intervals"]
    more += [] if spec.save is not None else ["--save model.json for gdsolve predict"]
    return (*lines, f"Add {', '.join(more)}.") if more else tuple(lines)


def _tell_missing(report: Mapping[str, Any]) -> None:
    """Say why coefficients have no standard error, where their rows have no room for it."""
    from gdsolve.report.inference_table import reasons

    for label, text in reasons(report):
        logger.warning("%s: %s", label, text)


def _steps_of_groups(spec: Spec) -> Steps:
    # Groups are shared among threads, each of which has small matrices for itself; read when numpy is imported.
    if "numpy" not in sys.modules and why_one_by_one(spec) is None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from gdsolve.groups.fit import fit_groups
    from gdsolve.report.group_record import groups_record

    return Steps(
        lambda spec, _command, _ranks: fit_groups(spec), groups_record, lambda _fits: None, _show_groups, _write
    )


def _show_groups(outcome: Outcome) -> None:
    spec, record = outcome.spec, outcome.record
    present(spec, record)
    if spec.format is Format.TABLE and record["exit_code"]:
        # What stands under a long table may be far from where one looks.
        logger.warning("%s", record["message"])
    if spec.format is not Format.TABLE and not record["exit_code"] and record["rows_without_group"]:
        # Lines of groups have no place for rows that are in none.
        logger.warning("%s without a group dropped", counted(record["rows_without_group"], "row"))
