"""Groups for people: one row a group, as many columns as fit, and how many ended in which way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, TextIO

from gdsolve.report import numbers
from gdsolve.report.compare_table import STATUS_WORDS
from gdsolve.report.grid import Column, Grid, Segment
from gdsolve.report.group_errors import error_of, parameters_of
from gdsolve.report.group_figures import more_figures, title_of
from gdsolve.report.numbers import ABSENT, counted, figure, whole
from gdsolve.report.page import Page, page_for
from gdsolve.report.parts import Record, advise, data_lines, descent_line, labelled

WORDS = (("converged", "converged"), ("max_iter", "at max_iter"), ("edge_of_stability", "at the edge of stability"))
SERIOUS = (("diverged", "diverged"), ("failed", "failed"))


def write_group_table(record: Record, stream: TextIO) -> None:
    """A row a group; the summary stands last, next to the prompt."""
    page = page_for(stream)
    lines = data_lines(record, intercept=record["intercept"])
    labelled(page, [*lines, ("groups", f"by {', '.join(record['group_keys'])}"), ("descent", descent_line(record))])
    page.blank()
    columns = _columns(record)
    shown = page.most_that_fit(partial(_table, record, columns), 0, len(columns))
    page.table(_table(record, columns, shown))
    if left := len(columns) - shown:
        page.paragraph(f"{counted(left, 'column')} left out for width; --format csv and json have all", "dim")
    page.blank()
    _show_summary(page, record)
    advise(page, record["advice"])
    page.write(stream)


def _columns(record: Record) -> list[tuple[str, list[str]]]:
    """The columns of figures, title and cells, those first that a narrow page keeps."""
    groups = record["groups"]
    names = [*record["parameters"], *(["intercept"] if record["intercept"] else [])]
    columns = [
        ("iterations", [whole(one["iterations"]) for one in groups]),
        ("rows", [whole(one["data"]["rows"]) for one in groups]),
    ]
    for name, parameter in zip(names, parameters_of(record), strict=True):
        columns.append((name, numbers.column([_weight(one, name) for one in groups], 6, relative=False)))
        if record["report"]:
            columns.append(("std. error", [figure(error_of(one, parameter), 5) for one in groups]))
    for name, cells in more_figures(record).items():
        if (title := title_of(name, record)) is not None:
            columns.append((title, [figure(cell, 5) for cell in cells]))
    columns.append(("R²", [_fixed(one["r2"]) for one in groups]))
    columns += [(title, [figure(one[key], 5) for one in groups]) for title, key in (("SSE", "sse"), ("RMSE", "rmse"))]
    columns.append(("gap", [figure(one["gap"], 2) for one in groups]))
    columns.append(("rate", [numbers.rate(one["learning_rate"], 4) for one in groups]))
    columns.append(("condition", [figure((one["spectrum"] or {}).get("condition"), 3) for one in groups]))
    # Of some losses there are no squares, and of some methods no rate.
    return columns if record["batched"] else [one for one in columns if any(cell != ABSENT for cell in one[1])]


def _weight(one: Mapping[str, Any], name: str) -> float | None:
    weights = one["weights"] or {}
    value = weights[name] if name in weights else one["intercept"]
    return None if value is None else float(value)


def _fixed(value: float | None) -> str:
    return ABSENT if value is None else f"{value:z.4f}" if value >= -99 else figure(value, 4)


def _table(record: Record, columns: list[tuple[str, list[str]]], shown: int) -> Grid:
    keys = record["group_keys"]
    texts = [cells for _, cells in columns[:shown]]
    rows = []
    for place, one in enumerate(record["groups"]):
        values = [one["group"][name] for name in keys]
        status = one["status"]
        named = [Segment(ABSENT if value is None else value) for value in values]
        row = [*named, Segment(status.replace("_", " "), STATUS_WORDS[status][1])]
        rows.append(row + [Segment(cells[place]) for cells in texts])
    heads = [*(Column(name, right=False, folds=True) for name in keys), Column("status", right=False)]
    return Grid([*heads, *(Column(title) for title, _ in columns[:shown])], rows)


def _show_summary(page: Page, record: Record) -> None:
    counts = record["counts"]
    good = [f"{whole(counts[key])} {word}" for key, word in WORDS if counts.get(key)]
    bad = [f"{whole(counts[key])} {word}" for key, word in SERIOUS if counts.get(key)]
    total = len(record["groups"])
    style = "bold green" if counts.get("converged") == total else "bold red" if bad else "bold yellow"
    page.paragraph(f": {', '.join(good + bad)}.", lead=counted(total, "group"), lead_style=style)
