"""What `check` has found, as a plain dict: `gdsolve.check/1`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from gdsolve.report.plain import CHECK_COLUMNS
from gdsolve.report.record import Record, data_record
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.objective.spectrum import Spectrum
    from gdsolve.solve.check import Check
    from gdsolve.solve.check_figures import Diagnosis


def check_record(check: Check) -> Record:
    """`gdsolve.check/1`: figures of the rows and columns that can be used; null where there are none, or none exist."""
    found = check.diagnosis
    data = None if found is None else data_record(found.data, check.spec)
    target = next((column.name for column in check.columns if column.role == "target"), None)
    return {
        "schema": "gdsolve.check/1",
        "version": __version__,
        "exit_code": 0,
        "source": list(check.source),
        "table_rows": check.rows,
        "where": check.spec.where,
        "rows_read": check.rows_read or None,
        "rows_filtered": check.rows_filtered,
        "rows": None if found is None else found.data.rows,
        "rows_dropped": None if found is None else found.data.rows_dropped,
        "target": target,
        "target_reason": check.target_reason,
        "columns": [{name: getattr(column, name) for name in CHECK_COLUMNS} for column in check.columns],
        "findings": [{**asdict(one), "kind": one.kind.value} for one in check.findings],
        "problem": check.problem,
        "hint": check.hint,
        "left_out": [asdict(one) for one in check.left_out],
        **(_no_figures() if found is None else _figures(found)),
        "commands": list(check.commands),
        "notes": [one.note for one in check.next],
        "groups": None if check.groups is None else asdict(check.groups),
        "advice": [] if check.groups is None else list(check.groups.lines),
        "data": data,
        "seconds": check.seconds,
    }


def _figures(found: Diagnosis) -> Record:
    names, curvature = found.data.roles.design, found.curvature
    both = {"raw": found.raw, "standardised": found.standardised}

    def of_spectrum(figure: Callable[[Spectrum], float | None], *, known: bool) -> Record:
        return {name: figure(one.spectrum) if known else None for name, one in both.items()}

    return {
        "parameters": found.parameters,
        "rank": found.rank,
        "dependent_columns": [
            {
                "column": names[one.column],
                "equals": {names[i]: weight for i, weight in one.coefficients.items()},
                "intercept": one.constant,
            }
            for one in found.dependent
        ],
        "loss": found.loss.value,
        "curvature": {
            "largest": of_spectrum(lambda one: one.largest, known=curvature.scale is not None),
            "holds": None if curvature.scale is None else curvature.where,
            "reason": curvature.reason,
        },
        "condition": of_spectrum(lambda one: one.condition, known=curvature.scale is not None),
        "largest_stable_lr": of_spectrum(lambda one: one.largest_stable, known=curvature.bounds),
        "best_lr": of_spectrum(lambda one: one.best, known=curvature.everywhere),
        "iterations": {name: one.iterations for name, one in both.items()},
        "tol": found.tol if curvature.everywhere else None,
        "solutions": [
            {
                "method": one.method,
                "ridge": one.ridge,
                "status": one.status,
                "weights": one.weights,
                "intercept": one.intercept,
                "sse": one.sse,
            }
            for one in found.candidates
        ],
    }


def _no_figures() -> Record:
    nothing: Record = {"raw": None, "standardised": None}
    names = ("condition", "largest_stable_lr", "best_lr", "iterations")
    return {
        "parameters": None,
        "rank": None,
        "dependent_columns": [],
        "loss": None,
        "curvature": {"largest": dict(nothing), "holds": None, "reason": "no rows and columns can be used"},
        **{name: dict(nothing) for name in names},
        "tol": None,
        "solutions": [],
    }
