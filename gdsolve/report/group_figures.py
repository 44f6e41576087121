"""What groups have that were fitted one after the other, beside the figures that all groups have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.report.plain import Record

OF_FIT = ("accuracy", "log_loss", "auc", "deviance", "nonzero")
OF_HOLDOUT = ("rows", "rmse", "r2", "deviance", "accuracy", "loss")
TITLES = {
    "accuracy": "accuracy",
    "log_loss": "log loss",
    "auc": "AUC",
    "deviance": "deviance",
    "nonzero": "nonzero",
    "cv_standard_error": "std. error",
    "holdout_rows": "held out",
    "holdout_rmse": "its RMSE",
    "holdout_deviance": "its deviance",
    "holdout_accuracy": "its accuracy",
    "holdout_loss": "its loss",
}
"""How a table for people calls them; what is not here it leaves to scripts."""


def more_figures(record: Record) -> dict[str, list[Any]]:
    """The figures that any of the groups has, by name, an entry a group."""
    if record["batched"]:
        return {}
    groups = record["groups"]
    found: dict[str, list[Any]] = {}
    for name, key in (("cv_score", "score"), ("cv_mean", "mean"), ("cv_standard_error", "standard_error")):
        found[name] = [_within(one, "validation", key) for one in groups]
    found |= {f"holdout_{name}": [_within(one, "holdout", name) for one in groups] for name in OF_HOLDOUT}
    found |= {name: [one.get(name) for one in groups] for name in OF_FIT}
    found["strength"] = [_within(one, "found", "strength") for one in groups]
    return {name: cells for name, cells in found.items() if any(cell is not None for cell in cells)}


def title_of(name: str, record: Record) -> str | None:
    """How a table for people calls a figure; None where it has no room for it."""
    if name != "cv_mean":
        return TITLES.get(name)
    score = next(one["validation"]["score"] for one in record["groups"] if one.get("validation"))
    return f"CV {score}"


def _within(one: Mapping[str, Any], place: str, name: str) -> Any:
    return (one.get(place) or {}).get(name)
