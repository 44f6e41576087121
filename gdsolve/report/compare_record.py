"""A comparison of methods as a plain dict: the schema `gdsolve.compare/1`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gdsolve.report.record import NO_DATA, data_record, descent_record, optimum_record
from gdsolve.status import ExitCode
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.solve.comparison import MethodComparison

Record = dict[str, Any]


def method_comparison_record(comparison: MethodComparison) -> Record:
    """`gdsolve.compare/1`: the methods in the order given."""
    spec, optimum = comparison.spec, comparison.optimum
    return {
        "schema": "gdsolve.compare/1",
        "version": __version__,
        "message": comparison.message,
        "exit_code": int(ExitCode.INTERRUPTED if comparison.interrupted else ExitCode.OK),
        "methods": [
            {
                "method": one.method.value,
                "schedule": one.schedule.value,
                "learning_rate": one.learning_rate,
                "momentum": one.momentum,
                "status": one.status.value,
                "stopped_by": one.stopped_by,
                "iterations": one.iterations,
                "evaluations": one.evaluations,
                "seconds": one.seconds,
                "sse": one.sse,
                "loss": one.loss,
                "gap": one.gap,
                "tol": one.tol,
                "weights": one.weights,
                "intercept": one.intercept,
                "reason": one.reason,
            }
            for one in comparison.methods
        ],
        "left_out": comparison.left_out,
        "optimum": None if optimum is None else optimum_record(optimum),
        "objective": {"kind": comparison.subject.kind, "formula": comparison.subject.formula},
        "data": NO_DATA if comparison.data is None else data_record(comparison.data, comparison.spec),
        "descent": {
            **descent_record(spec, standardised=spec.standardise),
            "max_iter": spec.max_iter,
            "tol": comparison.tol,
        },
        "found_start": None if comparison.found_start is None else asdict(comparison.found_start),
        "starts": None if comparison.starts is None else asdict(comparison.starts),
        "advice": list(comparison.advice),
        "seconds": comparison.seconds,
    }
