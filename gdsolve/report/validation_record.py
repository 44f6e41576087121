"""What validation found, as a plain dict."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdsolve.solve.validation import Stopping, Validation


def validation_record(found: Validation) -> dict[str, Any]:
    """The scores of the folds, their mean and its standard error."""
    return {
        "folds": found.folds,
        "seed": found.seed,
        "by": found.by,
        "score": found.score,
        "mean": found.mean,
        "standard_error": found.standard_error,
        "fit": found.own,
        "scores": list(found.scores),
        "rows": list(found.rows),
        "note": found.note,
        "stopping": None if found.stopping is None else _stopping_record(found.stopping),
    }


def _stopping_record(found: Stopping) -> dict[str, Any]:
    """The best update, and the error over the folds at some others; `null` is where descent has converged."""
    return {"learning_rate": found.rate, "best": found.best, "points": [asdict(point) for point in found.points]}
