"""The errors of the parameters for people: estimates with their intervals, what has none and why, and correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from gdsolve.report.grid import Column, Table, transpose
from gdsolve.report.numbers import ABSENT, Number, align_points, counted, figure, ratios
from gdsolve.report.page import Page
from gdsolve.report.parts import Record, chunked_tables, labelled, name_column

STRONG = 0.9
MOST_PAIRS = 20
FLOAT_DIGITS = 15
LEAST_P = 1e-16
PRECISE = ("estimate", "standard_error", "lower", "upper")


def show_inference(page: Page, record: Record) -> None:
    """The table of estimates, the reasons for what it lacks, the scatter of the residuals, and the correlations."""
    parameters: Mapping[str, Record] = record["parameters"]
    if any(one["standard_error"] is not None for one in parameters.values()):
        _show_estimates(page, record, parameters)
        page.blank()
    labelled(page, [*_reasons(parameters), ("residual sd", _scatter(record))])
    table = record["correlation"] or {}
    known = [name for name in table if table[name][name] is not None]
    if len(known) > 1:
        page.blank()
        _show_correlations(page, table, known)


def _show_estimates(page: Page, record: Record, parameters: Mapping[str, Record]) -> None:
    """One table with six or four digits of every error; where that is too wide, the intervals in one of their own."""
    names, rows = list(parameters), list(parameters.values())
    share = f"{100 * record['confidence']:.12g}%"
    titles = ["estimate", "std. error", record["statistic"], "p-value", f"lower {share}", f"upper {share}"]
    tests = [ratios([row["statistic"] for row in rows]), [_probability(row["p_value"]) for row in rows]]
    for digits in (6, 4):
        estimate, error, lower, upper = _precise(rows, digits)
        columns = [estimate, error, *tests, lower, upper]
        table = Table([name_column("parameter"), *map(Column, titles)], transpose([names, *columns]))
        if page.fits(table):
            page.table(table)
            return
    chunked_tables(page, name_column("parameter"), names, titles[:4], columns[:4])
    page.blank()
    chunked_tables(page, name_column("parameter"), names, titles[4:], columns[4:])


def _precise(rows: Sequence[Record], digits: int) -> list[list[str]]:
    """Estimates, standard errors and bounds as columns, each row to the same place: that of its error's last digit."""
    columns = _columns([_fixed(row, digits) for row in rows])
    if any(len(text) > digits + 12 for column in columns for text in column):
        columns = _columns([_scientific(row, digits) for row in rows])
    return columns


def _columns(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [align_points(column) for column in zip(*rows, strict=True)]


def _fixed(row: Record, digits: int) -> list[str]:
    values, last = [row[key] for key in PRECISE], _last_place(row, digits)
    if last is None:
        return [figure(value) for value in values]
    if last < -12 or max(map(_exponent, values)) > 9:
        return _scientific(row, digits)
    return [f"{value:z.{max(0, -last)}f}" for value in values]


def _scientific(row: Record, digits: int) -> list[str]:
    values, last = [row[key] for key in PRECISE], _last_place(row, digits)
    if last is None:
        return [ABSENT if value is None else f"{value:.7e}" for value in values]
    return [f"{value:.{max(0, _exponent(value) - last)}e}" if value else "0" for value in values]


def _last_place(row: Record, digits: int) -> int | None:
    """The power of ten of the last digit shown, or None for a row without error; no digit that float64 lacks."""
    values = [row[key] for key in PRECISE]
    if not all(value is not None and math.isfinite(value) for value in values):
        return None
    most = max(map(_exponent, values))
    return max(_exponent(row["standard_error"]) - digits + 1, most - FLOAT_DIGITS + 1)


def _exponent(value: float) -> int:
    return math.floor(math.log10(abs(value))) if value else -400


def _probability(value: Number) -> str:
    if value is None:
        return ABSENT
    if value < LEAST_P:
        return "<1e-16"
    return f"{value:.4f}" if value >= 1e-3 else f"{value:.1e}"


def _reasons(parameters: Mapping[str, Record]) -> list[tuple[str, str]]:
    """Why parameters have no standard error, those of one reason together."""
    lacking: dict[str, list[str]] = {}
    for name, one in parameters.items():
        if one["reason"] is not None:
            lacking.setdefault(one["reason"], []).append(name)
    whose = {
        reason: "" if len(names) == len(parameters) else f"{', '.join(names)}: " for reason, names in lacking.items()
    }
    return [("no std. error", whose[reason] + reason) for reason in lacking]


def _scatter(record: Record) -> str:
    scatter, freedom = record["residual_standard_deviation"], record["degrees_of_freedom"]
    if freedom is None:
        return ""
    count = counted(int(freedom), "degree") if float(freedom).is_integer() else f"{freedom:.6g} degrees"
    return f"{figure(scatter)} on {count} of freedom"


def _show_correlations(page: Page, table: Mapping[str, Mapping[str, Number]], known: Sequence[str]) -> None:
    """The lower triangle if it fits, else the pairs that are strongly correlated."""
    columns = [
        align_points([_correlation(table[row][name]) if i > j else "" for i, row in enumerate(known)][1:])
        for j, name in enumerate(known[:-1])
    ]
    triangle = Table(
        [name_column("correlation"), *(Column(name) for name in known[:-1])], transpose([known[1:], *columns])
    )
    if page.fits(triangle):
        page.table(triangle)
        return
    pairs = [(abs(table[a][b] or 0.0), a, b) for a, b in combinations(known, 2)]
    strong = sorted((pair for pair in pairs if pair[0] > STRONG), reverse=True, key=lambda pair: pair[0])
    shown = strong[:MOST_PAIRS]
    if not shown:
        page.paragraph(f"No two parameters are correlated above {STRONG} in absolute value; --format json has all.")
        return
    rest = f"{counted(len(pairs) - len(shown), 'other pair')} left out for width; --format json has all"
    cells = [[a for _, a, _ in shown], [b for _, _, b in shown], [figure(table[a][b], 6) for _, a, b in shown]]
    columns_of_pairs = [name_column("parameter"), name_column("and"), Column("correlation")]
    page.table(Table(columns_of_pairs, transpose([cells[0], cells[1], align_points(cells[2])]), rest))


def _correlation(value: Number) -> str:
    """Three decimals, or as many as tell a correlation from ±1."""
    if value is None:
        return ABSENT
    decimals = next((n for n in range(3, 15) if abs(value) == 1.0 or float(f"{abs(value):.{n}f}") < 1.0), 3)
    return f"{value:z.{decimals}f}"
