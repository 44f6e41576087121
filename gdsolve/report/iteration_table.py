"""The iterations of a run for people: the first ones, some on a log scale, the last one; as many weights as fit."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from functools import partial
from typing import Any

from gdsolve.report import numbers
from gdsolve.report.grid import Column, Grid, transpose
from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.page import Page
from gdsolve.report.parts import Record, is_penalised, parameter_names, parameter_values
from gdsolve.report.plain import has_gradients, has_intercept, weight_names
from gdsolve.spec.losses import Loss

STEPS = ("gradient_norm", "update")
Titled = tuple[str, list[str]]
NARROWEST = 3
"""Cells of a column of one digit, with the gap before it."""
MOST_ROWS = 12
LEAST_ROWS = 4


def show_iterations(page: Page, record: Record, most: int | None) -> None:
    """The iteration table in at most `most` rows, all where it is None, with a note where weights were left out."""
    chosen = record["trace"] if most is None else spread_rows(record["trace"], most)
    measures = measures_of(record)
    every = parameter_names(record, intercept=has_intercept(record))
    # More columns than that have no room for a digit each.
    names = every if page.width is None else every[: page.width // NARROWEST]
    # Every class has a weight of each column: their names would fill the page.
    of_classes = most is not None and record["descent"]["loss"] == Loss.SOFTMAX
    names = [] if of_classes else names
    with_slopes = has_gradients(record)
    # The length of a gradient whose entries are shown is the first to go.
    fewer = [one for one in measures if one[1] not in STEPS] if with_slopes else measures
    # All of a few weights are worth more than the last digits, and a weight more than those of a gradient.
    for digits, of_measures, wanted in ((8, 8, measures), (8, 8, fewer), (6, 6, fewer), (6, 4, fewer)):
        columns = iteration_columns(record, wanted, names, digits, chosen, of_measures)
        if page.fits(_table(columns, len(columns))):
            break
    per_weight = 2 if with_slopes else 1
    fixed = len(columns) - per_weight * len(names)
    ordered = _paired(columns, fixed, len(names)) if with_slopes else columns
    shown = page.most_that_fit(partial(_table, ordered), 1, len(columns))
    if shown == len(columns):
        ordered = columns
    elif shown > fixed:
        shown -= (shown - fixed) % per_weight
    page.table(_table(ordered, shown))
    left = (len(columns) - shown) // per_weight + len(every) - len(names)
    if left and not of_classes:
        what = "weight" if left <= len(every) else "column"
        page.paragraph(f"{counted(left, what)} left out for width; --history FILE has all", "dim")
    if with_slopes and record["descent"]["scale"] == "standard":
        page.paragraph("∂L/∂ is per unit of the weights shown; |gradient| is in the coordinates of descent", "dim")


def _paired(columns: Sequence[Titled], fixed: int, weights: int) -> list[Titled]:
    """Every weight with its partial derivative behind it."""
    own, slopes = columns[fixed : fixed + weights], columns[fixed + weights :]
    return [*columns[:fixed], *(one for pair in zip(own, slopes, strict=True) for one in pair)]


def spread_rows(trace: Sequence[Any], most: int) -> list[Any]:
    """At most `most` rows: the first ones, the last, and between them those nearest to a log scale."""
    if len(trace) <= most:
        return list(trace)
    first = max(1, most // 3)
    iterations = [row["iteration"] for row in trace]
    chosen = {*range(first), len(trace) - 1}
    start, end = math.log(max(1, iterations[first - 1])), math.log(max(2, iterations[-1]))
    between = most - len(chosen)
    for step in range(1, between + 1):
        aim = math.exp(start + (end - start) * step / (between + 1))
        chosen.add(_nearest(iterations, aim))
    for place in range(len(trace)):
        if len(chosen) == most:
            break
        chosen.add(place)
    return [trace[place] for place in sorted(chosen)]


def _nearest(iterations: Sequence[int], aim: float) -> int:
    after = min(bisect_left(iterations, aim), len(iterations) - 1)
    return after if after == 0 or iterations[after] - aim <= aim - iterations[after - 1] else after - 1


def measures_of(record: Record) -> list[tuple[str, str]]:
    """Title and key of the measures of an iteration: SSE where there is one, the loss where it says something else."""
    measures = [("|gradient|", "gradient_norm"), ("update", "update")]
    if any(row["sse"] is not None for row in record["trace"]):
        measures.insert(0, ("SSE", "sse"))
    if is_penalised(record["descent"]) or not Loss(record["descent"]["loss"]).info.squared or len(measures) == 2:
        measures.insert(len(measures) - 2, ("loss", "loss"))
    return measures


def iteration_columns(
    record: Record,
    measures: Sequence[tuple[str, str]],
    names: Sequence[str],
    digits: int,
    rows: Sequence[Any] | None = None,
    digits_of_steps: int | None = None,
) -> list[Titled]:
    """Title and texts of every column of the iteration table: of all rows, unless some are given.

    The gradient norm and the update may have digits of their own.
    """
    trace, features = record["trace"] if rows is None else rows, weight_names(record)
    columns = [("iteration", [whole(row["iteration"]) for row in trace])]
    if (told := record.get("minibatches")) is not None:
        columns = [("epoch", [figure(row["iteration"] / told["updates_per_epoch"], 4) for row in trace]), *columns]
    for title, key in measures:
        own = digits_of_steps if key in STEPS and digits_of_steps else digits
        columns.append((title, numbers.column([row[key] for row in trace], own)))
    values = [parameter_values(row, features, intercept=has_intercept(record))[: len(names)] for row in trace]
    weights = [numbers.column(texts, digits, relative=False) for texts in zip(*values, strict=True)]
    columns += zip(names, weights, strict=True)
    if has_gradients(record):
        slopes = [parameter_values(row["gradient"], features, intercept=has_intercept(record)) for row in trace]
        each = zip(*(row[: len(names)] for row in slopes), strict=True)
        columns += [(f"∂L/∂{name}", numbers.column(of, digits)) for name, of in zip(names, each, strict=True)]
    return columns


def _table(columns: Sequence[Titled], shown: int) -> Grid:
    kept = columns[:shown]
    return Grid([Column(title) for title, _ in kept], transpose([texts for _, texts in kept]))
