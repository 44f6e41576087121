"""The weights of a run for people: with their standard errors, beside the optimum where it is elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gdsolve.report import numbers
from gdsolve.report.class_table import show_class_weights
from gdsolve.report.figures import beyond_rounding
from gdsolve.report.goodness_table import error_title
from gdsolve.report.grid import Column, Grid, transpose
from gdsolve.report.numbers import align_points, counted, figure, ratios
from gdsolve.report.page import Page
from gdsolve.report.parts import Record, chunked_tables, name_column, parameter_names, parameter_values
from gdsolve.report.plain import has_intercept, weight_names
from gdsolve.spec.losses import Loss

SCREENFUL = 16
"""So many weights are shown in the order of the table, and of more the largest ones alone."""
LARGEST = (8, 15)
"""So many of them, by the room that there is."""
HEAD = 3
"""Lines beside the weights: the titles, the rule, and what was left out."""
ERROR_DIGITS = 6
DIFFERENCE = "difference"
UNSEEN = 1e-3
DIGITS = {"float64": (10, 8, 6), "float32": (6, 5)}
"""Digits of the weights: as many as the iterates have."""
LONGEST_NAME = 30
"""Cells of a name that shall not be folded for the sake of a column."""


def show_weights(page: Page, record: Record, room: int | None) -> None:
    """The weights with their standard errors; past a screen the largest ones, for which there are `room` lines.

    Without `room` every one is shown.
    """
    if _shows_classes(page, record, room):
        return
    chosen = None if room is None else _largest(record, room - HEAD)
    names = _picked(parameter_names(record, intercept=has_intercept(record)), chosen)
    # Fewer digits where the last ones are still on their way to the optimum, or where they do not fit.
    precision = record["descent"].get("computed_in") or record["descent"]["dtype"]
    tries = [weight_columns(record, digits, chosen) for digits in DIGITS[precision]]
    titles, columns = min(tries, key=lambda one: (DIFFERENCE in one[0], not _fits(page, names, *one)))
    if DIFFERENCE in titles and not _fits(page, names, titles, columns, whole_names=True):
        # The two values say it as well, and one table, with names in one line each, is easier to read.
        place = titles.index(DIFFERENCE)
        fewer = titles[:place] + titles[place + 1 :], columns[:place] + columns[place + 1 :]
        titles, columns = fewer if _fits(page, names, *fewer) else (titles, columns)
    if _fits(page, names, titles, columns):
        page.table(_table(names, titles, columns))
    else:
        chunked_tables(page, name_column("parameter"), names, titles, columns)
    if chosen is not None:
        by = "|t|" if _statistics(record) else "size"
        total = counted(len(record["weights"]) + has_intercept(record), "weight")
        page.paragraph(f"{len(chosen)} of {total}, the largest by {by}; --verbose and --format json have all", "dim")
    for text in _lacking(record):
        page.paragraph(text, "dim", hanging=2)


def _shows_classes(page: Page, record: Record, room: int | None) -> bool:
    """Show the weights of several classes side by side, where they are those of the optimum and fit; else tell so."""
    if not record.get("weights_by_class") or DIFFERENCE in weight_columns(record, 8)[0]:
        return False
    lacking = page.beside()
    for text in _lacking(record):
        lacking.paragraph(text, "dim", hanging=2)
    if not show_class_weights(page, record, None if room is None else room - len(lacking.lines)):
        return False
    page.lines += lacking.lines
    return True


def weight_columns(
    record: Record, digits: int, chosen: Sequence[int] | None = None
) -> tuple[list[str], list[list[str]]]:
    """Titles and columns: the weights, where they differ from it the optimum, and their standard errors, if any."""
    features, intercept = weight_names(record), has_intercept(record)
    optimum = record["optimum"] or {}
    reached = _picked(parameter_values(record, features, intercept=intercept), chosen)
    best = _picked(parameter_values(optimum, features, intercept=intercept), chosen)
    together = numbers.rows(list(zip(reached, best, strict=True)), digits)
    weights, goals = map(list, zip(*together, strict=True))
    titles, columns = ["weight"], [weights]
    if optimum and _differs(record, reached, best, digits, chosen):
        titles += [_optimum_title(optimum, of_corners=record["spectrum"] is None), DIFFERENCE]
        columns += [goals, [_difference(value, goal) for value, goal in zip(reached, best, strict=True)]]
    else:
        columns = [[text for (text,) in numbers.rows([[value] for value in reached], digits)]]
    errors = _picked(_errors(record), chosen)
    # A report has them beside their intervals.
    if any(error is not None for error in errors) and not record.get("report"):
        statistic = _picked(_statistics(record), chosen)
        known = record["standard_errors"]
        titles += [error_title(known.get("errors")), known["statistic"]]
        columns += [align_points([figure(error, ERROR_DIGITS) for error in errors]), ratios(statistic)]
    return titles, columns


def _largest(record: Record, room: int) -> list[int] | None:
    """The places of the weights to show, the largest first; None where all fit on a screen."""
    values = parameter_values(record, weight_names(record), intercept=has_intercept(record))
    if len(values) <= SCREENFUL:
        return None
    sizes = [abs(size) if size is not None else -1.0 for size in _statistics(record) or values]
    return sorted(range(len(values)), key=lambda place: -sizes[place])[: min(max(room, LARGEST[0]), LARGEST[1])]


def _errors(record: Record) -> list[float | None]:
    known = record.get("standard_errors") or {}
    return parameter_values(known, weight_names(record), intercept=has_intercept(record))


def _statistics(record: Record) -> list[float | None]:
    """Every weight over its standard error; empty where there is none."""
    values = parameter_values(record, weight_names(record), intercept=has_intercept(record))
    errors = _errors(record)
    if not any(errors):
        return []
    return [value / error if value is not None and error else None for value, error in zip(values, errors, strict=True)]


def _lacking(record: Record) -> list[str]:
    """Why weights have no standard error; nothing of a run that did not end well, which says so, or has no data."""
    known = record.get("standard_errors")
    kind = (record.get("objective") or {}).get("kind", "linear")
    if not known or record["status"] != "converged" or record.get("report") or kind == "formula":
        return []
    loss = Loss(record["descent"]["loss"]).info
    if kind == "linear" and not (loss.squared or loss.likelihood):
        return ["Standard errors unavailable for this loss."]
    everywhere = len(record["weights"]) + has_intercept(record)
    texts = []
    for one in known["reasons"]:
        names = one["weights"]
        whose = "" if len(names) == everywhere else f" for {', '.join(names)}"
        if whose and len(names) > 5:
            whose = f" for {', '.join(names[:4])} and {counted(len(names) - 4, 'other')}"
        texts.append(f"Standard errors unavailable{whose}: {one['reason']}.")
    return texts


def _differs(
    record: Record,
    reached: Sequence[float | None],
    best: Sequence[float | None],
    digits: int,
    chosen: Sequence[int] | None,
) -> bool:
    """True where a weight is off its optimum by more than rounding of what is shown, and of its way there."""
    features, intercept = weight_names(record), has_intercept(record)
    paths = [_picked(parameter_values(row, features, intercept=intercept), chosen) for row in record["trace"]]
    # Without a trace the other weights say what rounding may have left of one.
    usual = 0.0 if paths else UNSEEN * max((abs(value or 0.0) for value in reached), default=0.0)
    for place, (value, goal) in enumerate(zip(reached, best, strict=True)):
        if value is None or goal is None or abs(value - goal) <= _half_a_unit(max(abs(value), abs(goal)), digits):
            continue
        size = max((abs(row[place] or 0.0) for row in paths), default=usual)
        if beyond_rounding(record, value, goal, size):
            return True
    return False


def _half_a_unit(size: float, digits: int) -> float:
    """Half of the last of so many digits of a number of this size."""
    return float(0.5 * 10.0 ** (math.floor(math.log10(size)) - digits + 1)) if size > 0.0 else 0.0


def _picked(values: Sequence[Any], chosen: Sequence[int] | None) -> list[Any]:
    return list(values) if chosen is None else [values[place] for place in chosen]


def _fits(
    page: Page,
    names: Sequence[str],
    titles: Sequence[str],
    columns: Sequence[Sequence[str]],
    *,
    whole_names: bool = False,
) -> bool:
    table = _table(names, titles, columns)
    first = replace(table.columns[0], minimum=LONGEST_NAME) if whole_names else table.columns[0]
    return page.fits(replace(table, columns=[first, *table.columns[1:]]))


def _table(names: Sequence[str], titles: Sequence[str], columns: Sequence[Sequence[str]]) -> Grid:
    return Grid([name_column("parameter"), *map(Column, titles)], transpose([names, *columns]))


def _optimum_title(optimum: Mapping[str, Any], *, of_corners: bool) -> str:
    if optimum.get("global") is False:
        return "local minimum"
    if optimum.get("unique") is False:
        return "one optimum" if of_corners else "minimum-norm optimum"
    return "optimum"


def _difference(value: float | None, goal: float | None) -> str:
    if value is None or goal is None:
        return numbers.ABSENT
    return f"{value - goal:.1e}" if value != goal else "0"
