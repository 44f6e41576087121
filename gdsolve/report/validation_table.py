"""What validation found, in words beside the figures of fit."""

from __future__ import annotations

from gdsolve.report.grid import Column, Grid, transpose
from gdsolve.report.numbers import column, counted, figure, whole
from gdsolve.report.page import Page
from gdsolve.report.parts import Record
from gdsolve.spec.option import flag

SCORES = {"rmse": "RMSE", "deviance": "mean deviance", "loss": "mean loss"}
"""What a score is called."""


def validation_lines(record: Record) -> list[tuple[str, str]]:
    """How a penalty was found, the error over folds, and that on rows that were held out, each with its label."""
    return [("found", _found(record)), ("validated", _folds(record)), ("held out", _holdout(record))]


def show_stopping(page: Page, record: Record) -> None:
    """The error over the folds against the number of updates, beside ridge of as many degrees of freedom."""
    found = (record.get("validation") or {}).get("stopping")
    if found is None:
        return
    points = found["points"]
    titles = ("updates", "d.f.", "RMSE", "±", "ridge λ", "its RMSE", "")
    keys = ("degrees_of_freedom", "mean", "standard_error", "ridge", "ridge_mean")
    updates = ["converged" if one["iteration"] is None else whole(one["iteration"]) for one in points]
    texts = [column([one[key] for one in points], 6, relative=key == "ridge") for key in keys]
    least = ["least" if one["iteration"] == found["best"] else "" for one in points]
    page.table(Grid([Column(title, right=bool(title)) for title in titles], transpose([updates, *texts, least])))


def _found(record: Record) -> str:
    """The strength that was found, as it can be typed."""
    found = record.get("found")
    if found is None:
        return ""
    own = flag(found["option"])
    span = f"{found['points']} from {figure(found['largest'], 6)} to {figure(found['least'], 6)}"
    return (
        f"{own} {figure(found['strength'], 6)}, of {span}; "
        f"{own} {figure(found['one_standard_error'], 6)} is within one standard error"
    )


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
