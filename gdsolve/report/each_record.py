"""One source among many as a plain dict: `gdsolve.fit/1` with the name of the source, also where there is no fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdsolve.report.record import NO_DATA, fit_record
from gdsolve.status import GdsolveError, Status
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.solve.outcome import Fit

Record = dict[str, Any]
ABSENT = (
    "stopped_by",
    "iterations",
    "weights",
    "intercept",
    "sse",
    "loss",
    "rmse",
    "r2",
    "adjusted_r2",
    "weights_by_class",
    "classes",
    "accuracy",
    "log_loss",
    "auc",
    "auc_reason",
    "confusion",
    "deviance",
    "rows_beyond_delta",
    "share_beyond_delta",
    "gradient_norm",
    "learning_rate",
    "optimum",
    "gap",
    "duality_gap",
    "nonzero",
    "bounds",
    "spectrum",
    "descent",
    "standard_errors",
    "covariance",
    "report",
    "validation",
    "holdout",
    "found_start",
    "starts",
    "found",
    "minibatches",
    "online",
    "objective",
    "best_iteration",
    "evaluations",
    "seconds",
)
"""What is null of a source that cannot be fitted."""


def source_record(source: str, fit: Fit) -> Record:
    """The record of a fit, with the source that was named."""
    record = fit_record(fit)
    record["trace"] = list(record["trace"])
    return {"schema": record.pop("schema"), "version": record.pop("version"), "source": source, **record, "hint": None}


def failed_record(source: str, error: GdsolveError) -> Record:
    """What is told of a source that cannot be fitted: the error, its exit code and the remedy, and no figure."""
    return {
        "schema": "gdsolve.fit/1",
        "version": __version__,
        "source": source,
        "status": Status.FAILED.value,
        "message": error.message,
        "hint": error.hint,
        "exit_code": int(error.exit_code),
        **dict.fromkeys(ABSENT),
        "data": {**NO_DATA, "source": [source]},
        "advice": [],
        "gradient_checks": [],
        "trace": [],
    }
