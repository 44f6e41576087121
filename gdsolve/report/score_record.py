"""The figures of a score as a plain dict: `gdsolve.score/1`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.solve.score import Score

FIGURES = (
    "sse",
    "r2",
    "rmse",
    "mae",
    "mean_poisson_deviance",
    "mean_deviance",
    "quantile",
    "pinball_loss",
    "log_loss",
    "accuracy",
    "auc",
    "brier",
)
"""The figures that are numbers."""


def score_record(score: Score) -> dict[str, Any]:
    """`gdsolve.score/1`: None for a figure that the loss of the model has not, or that does not exist."""
    largest = score.largest_error
    return {
        "schema": "gdsolve.score/1",
        "version": __version__,
        "exit_code": 0,
        "model": score.model,
        "loss": score.loss.value,
        "target": score.target,
        "weight": score.weight,
        "rows": score.rows,
        "rows_dropped": score.rows_dropped,
        "rows_weightless": score.rows_weightless,
        "where": score.where,
        "rows_read": None if score.where is None else score.rows_read,
        "rows_filtered": score.rows_filtered,
        **{name: getattr(score, name) for name in FIGURES},
        "largest_error": None if largest is None else asdict(largest),
        "classes": None if score.classes is None else list(score.classes),
        "confusion": None if score.confusion is None else [list(row) for row in score.confusion],
        "data": {"source": list(score.sources)},
        "advice": [],
        "seconds": {"total": score.seconds},
    }
