"""What validation found, in words beside the figures of fit."""

from __future__ import annotations

from gdsolve.report.numbers import counted, figure
from gdsolve.report.parts import Record

SCORES = {"rmse": "RMSE", "deviance": "mean deviance", "loss": "mean loss"}
"""What a score is called."""


def validation_lines(record: Record) -> list[tuple[str, str]]:
    """The error over folds, and that on rows that were held out, each with its label."""
    return [("validated", _folds(record)), ("held out", _holdout(record))]


def _folds(record: Record) -> str:
    found = record.get("validation")
    if found is None:
        return ""
    by = f" by {found['by']}" if found["by"] is not None else ""
    where = f"over {counted(found['folds'], 'fold')}{by}"
    if found["mean"] is None:
        return f"no {SCORES[found['score']]} {where}: {found['note']}"
    beside = figure(found["standard_error"], 3)
    own = f" ({figure(found['fit'], 6)} on the rows fitted)" if found["fit"] is not None else ""
    return f"{SCORES[found['score']]} {figure(found['mean'], 6)} ± {beside} {where}{own}"


def _holdout(record: Record) -> str:
    found = record.get("holdout")
    if found is None:
        return ""
    named = [("RMSE", "rmse"), ("MAE", "mae"), ("R²", "r2"), ("mean deviance", "deviance"), ("accuracy", "accuracy")]
    if found["deviance"] is None and found["r2"] is None:
        named.append(("mean loss", "loss"))
    shown = ", ".join(f"{title} {figure(found[key], 6)}" for title, key in named if found[key] is not None)
    return f"{counted(found['rows'], 'row')}: {shown}"
