"""Where the starts of a fit ended: the minima that they found, and the line that says where its descent began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.report.grid import Column, Grid, transpose
from gdsolve.report.numbers import column, counted, figure, whole
from gdsolve.report.page import Page

Record = Mapping[str, Any]

DIGITS = 8
MEASURES = {"loss": "loss", "sse": "SSE"}
WEIGHT_DIGITS = 6


def start_line(record: Record) -> str:
    """Where descent began, as it can be typed, and why there; empty where it began at the start that was given."""
    found = record.get("starts")
    if found is None:
        return ""
    ranges = ", ".join(f"{name}={text}" for name, text in found["ranges"].items()) or "the ranges of the search"
    seed = f", seed {found['seed']}" if found["seed"] else ""
    if found["here"] is None:
        return f"{found['start']}, the lowest loss of {counted(found['count'], 'point')} in {ranges}{seed}"
    if found["not_finished"] == found["count"]:
        return (
            f"{found['start']}, of {counted(found['count'], 'start')} in {ranges}, none of which led to a minimum{seed}"
        )
    return f"{found['start']}, to which {counted(found['count'], 'start')} in {ranges} led{seed}"


def minima_columns(record: Record) -> tuple[list[str], list[list[str]]]:
    """The titles and columns of the minima that starts found; none where there is one alone."""
    found = record.get("starts")
    if found is None or all(one["here"] for one in found["minima"]):
        return [], []
    minima = found["minima"]
    measure = "loss" if minima[0]["sse"] is None else "sse"
    titles = ["minimum", MEASURES[measure], "starts", *minima[0]["weights"]]
    places = ["here" if one["here"] else "lower" if one["loss"] < record["loss"] else "higher" for one in minima]
    weights = [[figure(one["weights"][name], WEIGHT_DIGITS) for one in minima] for name in minima[0]["weights"]]
    values = column([one[measure] for one in minima], DIGITS)
    return titles, [places, values, [whole(one["count"]) for one in minima], *weights]


def more_minima(record: Record) -> str:
    """How many minima the table leaves out, a line; empty where it has all."""
    found = record.get("starts")
    return f"{counted(found['more'], 'minimum', 'minima')} more, all higher" if found and found["more"] else ""


def show_minima(page: Page, record: Record) -> None:
    """The minima that starts found, beside that of the fit."""
    titles, columns = minima_columns(record)
    if not titles:
        return
    page.blank()
    fixed = 3

    def table(stop: int) -> Grid:
        heads = [Column(titles[0], right=False), *map(Column, titles[1:stop])]
        return Grid(heads, transpose(columns[:stop]))

    shown = page.most_that_fit(table, fixed, len(titles))
    page.table(table(shown))
    left = len(titles) - shown
    notes = [more_minima(record), f"{counted(left, 'weight')} left out; --format json has all" if left else ""]
    for note in filter(None, notes):
        page.paragraph(note, "dim")
