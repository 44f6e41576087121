"""What validation found, as a plain dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdsolve.solve.validation import Validation


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
    }
