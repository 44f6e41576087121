"""The result of a fit of groups as plain dicts: `gdsolve.group/1`, one a group, and what they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdsolve.report.inference_record import inference_record
from gdsolve.report.record import data_record, descent_record, spectrum_record
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.groups.outcome import GroupFit, GroupFits
    from gdsolve.solve.data import DataInfo

Record = dict[str, Any]
MEASURED = (
    "stopped_by",
    "iterations",
    "weights",
    "intercept",
    "sse",
    "loss",
    "rmse",
    "r2",
    "gradient_norm",
    "learning_rate",
    "tol",
    "optimum",
    "gap",
    "spectrum",
    "best_iteration",
    "report",
)
"""What is null of a group whose rows cannot be used."""


def groups_record(fits: GroupFits) -> Record:
    """`gdsolve.groups/1`: the groups in the order of the table, and what they have in common."""
    spec = fits.spec
    return {
        "schema": "gdsolve.groups/1",
        "version": __version__,
        "message": fits.message,
        "exit_code": int(fits.exit_code),
        "group_by": fits.column,
        "rows_without_group": fits.adrift,
        "counts": {status.value: count for status, count in fits.counts.items()},
        "groups": [group_record(one, fits.column, fits.data) for one in fits.groups],
        "data": data_record(fits.data, spec),
        "descent": {
            **descent_record(spec, standardised=spec.standardise),
            "engine": "leap",
            "max_iter": spec.max_iter,
            "tol": spec.tol,
        },
        "intercept": not spec.no_intercept,
        "report": spec.report,
        "advice": list(fits.advice),
        "seconds": dict(fits.seconds),
    }


def group_record(one: GroupFit, column: str, data: DataInfo) -> Record:
    """`gdsolve.group/1`: what a group has of the fields of `gdsolve.fit/1`, with the same names and meaning."""
    found = one.found
    reached: Record = dict.fromkeys(MEASURED)
    if found is not None:
        figures, optimum = found.figures, found.optimum
        reached = {
            "stopped_by": found.stopped_by,
            "iterations": found.iterations,
            "weights": found.weights,
            "intercept": found.intercept,
            "sse": figures.sse,
            "loss": figures.loss,
            "rmse": figures.rmse,
            "r2": figures.r2,
            "gradient_norm": figures.gradient_norm,
            "learning_rate": found.learning_rate,
            "tol": found.tol,
            "optimum": {"sse": optimum.sse, "loss": optimum.loss, "unique": optimum.unique},
            "gap": found.gap,
            "spectrum": spectrum_record(found.spectrum),
            "best_iteration": found.best_iteration,
            "report": None if found.inference is None else inference_record(found.inference),
        }
    return {
        "schema": "gdsolve.group/1",
        "group": {column: one.group},
        "status": one.status.value,
        "exit_code": int(one.exit_code),
        "message": one.message,
        "hint": one.hint,
        **reached,
        "data": {
            "rows": one.rows,
            "rows_dropped": one.rows_dropped,
            "cells_filled": one.cells_filled,
            "has_header": data.has_header,
        },
    }
