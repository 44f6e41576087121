"""The errors of the parameters for people: estimates with their intervals, what has none and why, and correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from gdsolve.report.goodness_table import error_title, errors_line, goodness_lines, probability
from gdsolve.report.grid import Column, Grid, transpose
from gdsolve.report.numbers import ABSENT, Number, align_points, counted, figure, ratios
from gdsolve.report.page import Page
from gdsolve.report.parts import Record, chunked_tables, labelled, name_column
from gdsolve.report.weighting import freedom_text, scatter_unit, weighting_remark

STRONG = 0.9
MOST_PAIRS = 20
FLOAT_DIGITS = 15
PRECISE = ("estimate", "standard_error", "lower", "upper")


def show_inference(page: Page, fit: Record) -> None:
    """The table of estimates, the reasons for what it lacks, the scatter of the residuals, and the correlations."""
    record = fit["report"]
    parameters: Mapping[str, Record] = record["parameters"]
    if any(one["standard_error"] is not None for one in parameters.values()):
        _show_estimates(page, record, parameters)
        page.blank()
    if record.get("reference"):
        page.heading(f"against {record['reference']['class']}")
        _show_estimates(page, {**record, **record["reference"]}, record["reference"]["parameters"])
        page.blank()
    labelled(page, remarks(fit))
    if len(correlated(record)) > 1:
        page.blank()
        _show_correlations(page, record)


def remarks(fit: Record) -> list[tuple[str, str]]:
    """What a fit with the key `report` says beside its estimates: what has no error, weights, scatter, tests."""
    record = fit["report"]
    return [
        *reasons(record),
        ("weights", weighting_remark(fit)),
        ("std. errors", errors_line(record)),
        ("residual sd", _scatter(record, scatter_unit(fit))),
        ("dispersion", _dispersion(record)),
        *goodness_lines(record),
    ]


def _show_estimates(page: Page, record: Record, parameters: Mapping[str, Record]) -> None:
    """One table with six or four digits of every error; where that is too wide, the intervals in one of their own."""
    names = list(parameters)
    for digits in (6, 4):
        titles, columns = estimate_columns(record, digits)
        table = Grid([name_column("parameter"), *map(Column, titles)], transpose([names, *columns]))
        if page.fits(table):
            page.table(table)
            return
    chunked_tables(page, name_column("parameter"), names, titles[:4], columns[:4])
    page.blank()
    chunked_tables(page, name_column("parameter"), names, titles[4:], columns[4:])


def estimate_columns(record: Record, digits: int = 6) -> tuple[list[str], list[list[str]]]:
    """Titles and columns of the key `report` of a fit: every estimate with its error, test and interval."""
    rows = list(record["parameters"].values())
    share = f"{100 * record['confidence']:.12g}%"
    titles = [
        "estimate",
        error_title(record.get("errors")),
        record["statistic"],
        "p-value",
        f"lower {share}",
        f"upper {share}",
    ]
    tests = [ratios([row["statistic"] for row in rows]), [probability(row["p_value"]) for row in rows]]
    estimate, error, lower, upper = _precise(rows, digits)
    return titles, [estimate, error, *tests, lower, upper]


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


def reasons(record: Record) -> list[tuple[str, str]]:
    """Why parameters have no standard error, those of one reason together."""
    parameters: Mapping[str, Record] = record["parameters"]
    lacking: dict[str, list[str]] = {}
    for name, one in parameters.items():
        if one["reason"] is not None:
            lacking.setdefault(one["reason"], []).append(name)
    whose = {
        reason: "" if len(names) == len(parameters) else f"{', '.join(names)}: " for reason, names in lacking.items()
    }
    return [("no std. error", whose[reason] + reason) for reason in lacking]


def _scatter(record: Record, unit: str) -> str:
    scatter, freedom = record["residual_standard_deviation"], record["degrees_of_freedom"]
    if freedom is None or record.get("dispersion") is not None:
        return ""
    return f"{figure(scatter)} on {freedom_text(freedom)}{unit}"


def _dispersion(record: Record) -> str:
    """φ of a likelihood that has one which is estimated."""
    found = record.get("dispersion")
    if found is None:
        return ""
    return f"φ = {figure(found)}: Pearson's χ² on {freedom_text(record['degrees_of_freedom'])}"


def _show_correlations(page: Page, record: Record) -> None:
    """The lower triangle if it fits, else the pairs that are strongly correlated."""
    titles, columns = correlation_triangle(record)
    triangle = Grid([name_column(titles[0]), *map(Column, titles[1:])], transpose(columns))
    if page.fits(triangle):
        page.table(triangle)
        return
    titles, columns, note = correlation_pairs(record)
    if not columns:
        page.paragraph(note)
        return
    page.table(Grid([*map(name_column, titles[:2]), Column(titles[2])], transpose(columns), note))


def correlated(record: Record) -> list[str]:
    """The parameters that have correlations."""
    table = record["correlation"] or {}
    return [name for name in table if table[name][name] is not None]


def correlation_triangle(record: Record) -> tuple[list[str], list[list[str]]]:
    """Titles and columns of the lower triangle of the correlations."""
    table, known = record["correlation"], correlated(record)
    columns = [
        align_points([_correlation(table[row][name]) if i > j else "" for i, row in enumerate(known)][1:])
        for j, name in enumerate(known[:-1])
    ]
    return ["correlation", *known[:-1]], [known[1:], *columns]


def correlation_pairs(record: Record) -> tuple[list[str], list[list[str]], str]:
    """Titles and columns of the strongest correlations, and what was left out; no columns where none is strong."""
    table, titles = record["correlation"], ["parameter", "and", "correlation"]
    pairs = [(abs(table[a][b] or 0.0), a, b) for a, b in combinations(correlated(record), 2)]
    strong = sorted((pair for pair in pairs if pair[0] > STRONG), reverse=True, key=lambda pair: pair[0])
    shown = strong[:MOST_PAIRS]
    if not shown:
        return titles, [], f"No two parameters are correlated above {STRONG} in absolute value; --format json has all."
    rest = f"{counted(len(pairs) - len(shown), 'other pair')} left out for width; --format json has all"
    figures = align_points([figure(table[a][b], 6) for _, a, b in shown])
    return titles, [[a for _, a, _ in shown], [b for _, _, b in shown], figures], rest


def _correlation(value: Number) -> str:
    """Three decimals, or as many as tell a correlation from ±1."""
    if value is None:
        return ABSENT
    decimals = next((n for n in range(3, 15) if abs(value) == 1.0 or float(f"{abs(value):.{n}f}") < 1.0), 3)
    return f"{value:z.{decimals}f}"
