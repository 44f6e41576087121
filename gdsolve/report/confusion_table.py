"""How many rows of each class were taken for which, for people."""

from __future__ import annotations

from typing import Any

from gdsolve.report.grid import Column, Grid, Segment
from gdsolve.report.numbers import figure
from gdsolve.report.page import Page

MOST_SHOWN = 8
"""Of so many classes a summary shows the matrix."""


def show_confusion(page: Page, record: dict[str, Any] | Any, target: str, *, weighted: bool) -> None:
    """Rows are classes as they are, columns as they were told."""
    page.heading(f"rows by class and told class{', by weight' if weighted else ''}")
    titles, columns = confusion_columns(record, target)
    heads = [Column(titles[0], right=False), *map(Column, titles[1:])]
    rows = [[Segment(cell) for cell in cells] for cells in zip(*columns, strict=True)]
    page.table(Grid(heads, rows))


def confusion_columns(record: Any, target: str) -> tuple[list[str], list[list[str]]]:
    """Titles and columns: the classes, and how many rows of each were told each of them."""
    classes, table = record["classes"], record["confusion"]
    columns = [[figure(row[place]) for row in table] for place in range(len(classes))]
    return [target, *(f"told {name}" for name in classes)], [list(classes), *columns]


def is_shown(record: Any) -> bool:
    """True where a fit has a confusion matrix that a summary has room for."""
    return bool(record.get("confusion")) and len(record["classes"]) <= MOST_SHOWN
