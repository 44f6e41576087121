"""The figures of a score for people, and as rows of CSV."""

from __future__ import annotations

from typing import TextIO

from gdsolve.report.confusion_table import show_confusion
from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.page import page_for
from gdsolve.report.parts import Record, labelled, satisfied
from gdsolve.report.plain import write_csv
from gdsolve.report.score_record import FIGURES
from gdsolve.spec.losses import Loss

NAMES = {
    "r2": "R²",
    "rmse": "RMSE",
    "mae": "mean |error|",
    "mean_deviance": "mean deviance",
    "pinball_loss": "pinball loss",
    "log_loss": "log loss",
    "accuracy": "accuracy",
    "auc": "AUC",
    "brier": "Brier score",
}
"""What a table calls the figures that it shows."""
_PLACES = ["first", "second"]


def write_score_table(record: Record, stream: TextIO) -> None:
    """What was scored, the figures, and for classes how many rows of each were taken for which."""
    page = page_for(stream)
    labelled(page, _header(record))
    page.blank()
    labelled(page, [*shown_figures(record), ("largest error", _largest(record))])
    if record["confusion"] is not None:
        show_confusion(page, record, record["target"], weighted=record["weight"] is not None)
    page.write(stream)


def write_score_csv(record: Record, stream: TextIO) -> None:
    """One row a figure: its name and its value; of classes also the cells of the confusion matrix, row by row."""
    largest = record["largest_error"] or {}
    rows = [[name, record[name]] for name in ("rows", "rows_dropped", "rows_weightless", *FIGURES)]
    rows += [["largest_error", largest.get("error")], ["largest_error_row", largest.get("row")]]
    classes, counts = record["classes"] or [None, None], record["confusion"] or [[None, None]] * 2
    words = _PLACES if len(classes) == len(_PLACES) else [f"class_{place}" for place in range(1, len(classes) + 1)]
    named = [f"{word}_class" for word in words] if len(classes) == len(_PLACES) else words
    rows += [[name, one] for name, one in zip(named, classes, strict=True)]
    for actual, row in zip(words, counts, strict=True):
        rows += [[f"{actual}_as_{told}", count] for told, count in zip(words, row, strict=True)]
    write_csv(("figure", "value"), rows, stream)


def _header(record: Record) -> list[tuple[str, str]]:
    left = [
        *satisfied(record),
        f"{whole(record['rows_dropped'])} dropped for missing cells" if record["rows_dropped"] else "",
        f"{whole(record['rows_weightless'])} of weight 0 left out" if record["rows_weightless"] else "",
    ]
    sources = ", ".join("standard input" if source == "-" else source for source in record["data"]["source"])
    counts = ", ".join(filter(None, [f"{counted(record['rows'], 'row')} scored", *left]))
    quantile = "" if record["quantile"] is None else f" (τ = {figure(record['quantile'])})"
    return [
        ("data", f"{sources or 'inline'}: {counts}"),
        ("model", f"{record['model']}, {record['loss']}{quantile}"),
        ("target", record["target"]),
        ("row weights", record["weight"] or ""),
    ]


def shown_figures(record: Record) -> list[tuple[str, str]]:
    """The figures that a table shows, each with its title."""
    classes = record["confusion"] is not None
    own = {"mean_deviance": record["mean_deviance"] is not None, "pinball_loss": record["quantile"] is not None}
    of_classes = ("log_loss", "accuracy", "auc", "brier")
    shown = [name for name in NAMES if own.get(name, (name in of_classes) == classes)]
    without = () if Loss(record["loss"]).info.likelihood else ("log_loss", "brier")
    shown = [name for name in shown if name not in without]
    return [(NAMES[name], figure(record[name])) for name in shown]


def _largest(record: Record) -> str:
    found = record["largest_error"]
    if found is None:
        return ""
    values = f"{figure(found['prediction'])} predicted, {figure(found['target'])} there"
    return f"{figure(found['error'])} (row {found['row']} of {found['source']}: {values})"
