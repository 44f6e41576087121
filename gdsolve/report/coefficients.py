"""The coefficients of a fit as rows: as CSV in full precision, as Markdown and LaTeX with the figures of the table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TextIO

from gdsolve.report.inference_table import estimate_columns
from gdsolve.report.numbers import figure
from gdsolve.report.parts import parameter_names, parameter_values
from gdsolve.report.plain import has_intercept, weight_names, write_csv

Record = Mapping[str, Any]

FIGURES = ("estimate", "standard_error", "statistic", "p_value", "lower", "upper")
LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": "$<$", ">": "$>$"} | {
    letter: f"\\{letter}" for letter in "&%$#_{}"
}


def write_report_csv(record: Record, stream: TextIO) -> None:
    """One row a coefficient of a fit with a report: name, estimate, standard error, statistic, p-value, bounds."""
    parameters: Mapping[str, Record] = record["report"]["parameters"]
    rows = ([name, *(one[figure] for figure in FIGURES)] for name, one in parameters.items())
    write_csv(("name", *FIGURES), rows, stream)


def write_markdown(record: Record, stream: TextIO) -> None:
    """The coefficients as a table of Markdown."""
    titles, rows = _cells(record)
    rule = ["---", *("---:" for _ in titles[1:])]
    for row in (titles, rule, *rows):
        stream.write(f"| {' | '.join(_one_line(cell).replace('|', chr(92) + '|') for cell in row)} |\n")


def write_latex(record: Record, stream: TextIO) -> None:
    r"""The coefficients as a `tabular` of LaTeX, which needs no package."""
    titles, rows = _cells(record)
    lines = [" & ".join(map(_escaped, row)) + r" \\" for row in (titles, *rows)]
    head = rf"\begin{{tabular}}{{l{'r' * (len(titles) - 1)}}}"
    body = "\n".join([head, r"\hline", lines[0], r"\hline", *lines[1:], r"\hline", r"\end{tabular}"])
    stream.write(body + "\n")


def _cells(record: Record) -> tuple[list[str], list[list[str]]]:
    """Titles and rows: with standard errors, tests and intervals where the fit has a report, else estimates alone."""
    report, intercept = record["report"], has_intercept(record)
    if report is None:
        names = parameter_names(record, intercept=intercept)
        values = parameter_values(record, weight_names(record), intercept=intercept)
        titles, columns = ["estimate"], [[figure(value) for value in values]]
    else:
        names = list(report["parameters"])
        titles, columns = estimate_columns(report)
    return ["parameter", *titles], [[cell.strip() for cell in row] for row in zip(names, *columns, strict=True)]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _escaped(text: str) -> str:
    return "".join(LATEX.get(letter, letter) for letter in _one_line(text))
