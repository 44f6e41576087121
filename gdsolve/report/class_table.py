"""The weights of several classes side by side: a row for each column of the table, a column for each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gdsolve.class_names import intercept_name
from gdsolve.report import numbers
from gdsolve.report.grid import Column, Grid, transpose
from gdsolve.report.numbers import counted
from gdsolve.report.page import Page
from gdsolve.report.parts import Record, is_penalised, name_column
from gdsolve.terminal import cells

SHIFTED = "Unique but for what all classes share: shown are the weights that sum to zero."
DIGITS = (8, 6, 4)
MOST_ROWS = 16
"""So many columns of the table are shown at most, unless all are asked for."""


def show_class_weights(page: Page, record: Record, room: int | None) -> bool:
    """Show them in at most `room` lines, those of the largest weights; False where the classes do not fit."""
    names, values = _rows(record)
    note = [] if is_penalised(record["descent"]) else [SHIFTED]
    count = len(names) if room is None else min(len(names), MOST_ROWS)
    while count:
        shown, chosen = page.beside(), _largest(values, count)
        grid = _grid(page, record, [names[place] for place in chosen], [values[place] for place in chosen])
        if grid is None:
            return False
        shown.table(grid)
        left = len(names) - count
        beyond = [f"{left} of {counted(len(names), 'column')} left out, of smaller weights; --verbose has all"]
        for text in (*(beyond if left else []), *note):
            shown.paragraph(text, "dim", hanging=2)
        if room is None or len(shown.lines) <= room or count == 1:
            page.lines += shown.lines
            return True
        count -= 1
    return False


def class_columns(record: Record, digits: int) -> tuple[list[str], list[list[str]]]:
    """Titles and columns: the columns of the table, and their weights in each class."""
    names, values = _rows(record)
    rows = numbers.rows(values, digits)
    return ["parameter", *record["weights_by_class"]], [names, *map(list, zip(*rows, strict=True))]


def _rows(record: Record) -> tuple[list[str], list[list[float]]]:
    """The names of the columns, the intercept last, and their weights in each class."""
    each, features = list(record["weights_by_class"].values()), record["data"]["features"]
    found = [[one["weights"][name] for one in each] for name in features]
    if each[0]["intercept"] is None:
        return list(features), found
    return [*features, intercept_name(features)], [*found, [one["intercept"] for one in each]]


def _largest(values: Sequence[Sequence[float | None]], count: int) -> list[int]:
    """The places of so many rows of the largest weights, in their order."""
    sizes = [max(abs(value or 0.0) for value in row) for row in values]
    return sorted(sorted(range(len(values)), key=lambda place: -sizes[place])[:count])


def _grid(page: Page, record: Record, names: Sequence[str], values: Sequence[Sequence[float]]) -> Grid | None:
    """The table with as many digits as leave the names whole, or fit at all; None where even few do not."""
    folded = None
    for digits in DIGITS:
        columns = [list(names), *map(list, zip(*numbers.rows(values, digits), strict=True))]
        first = name_column("parameter")
        grid = Grid([first, *map(Column, record["weights_by_class"])], transpose(columns))
        whole = replace(first, minimum=max(map(cells, names)))
        if page.fits(replace(grid, columns=[whole, *grid.columns[1:]])):
            return grid
        folded = folded or (grid if page.fits(grid) else None)
    return folded
