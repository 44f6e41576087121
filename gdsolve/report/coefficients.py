"""The coefficients of a fit as rows: as CSV in full precision, as Markdown and LaTeX with the figures of the table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TextIO

from gdsolve.harmless import harmless
from gdsolve.report.goodness_table import errors_line
from gdsolve.report.inference_table import estimate_columns
from gdsolve.report.numbers import counted, figure
from gdsolve.report.parts import loss_text, parameter_values
from gdsolve.report.plain import Encodable, has_intercept, weight_names, write_csv

Record = Mapping[str, Any]

FIGURES = ("estimate", "standard_error", "statistic", "p_value", "lower", "upper")
LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    letter: f"\\{letter}" for letter in "&%$#_{}"
}
# What the usual font of LaTeX has as other signs, or in mathematics alone.
LATEX |= {letter: f"${letter}$" for letter in "<>|"} | {"²": "$^2$", "`": r"\textasciigrave{}"}
NUMBER = re.compile(r"(<?)([-+]?)(\d+(?:\.\d+)?)(?:e([-+]?\d+))?")
BEYOND = "% Some letters are not Latin: compile this with lualatex or xelatex, and a font that has them."
LAST_LATIN = 0x17F


def write_coefficients_csv(record: Record, stream: TextIO) -> None:
    """One row a coefficient: term and estimate, and with a report standard error, statistic, p-value and bounds."""
    report = record.get("report")
    if not report:
        names, values = _estimates(record)
        write_csv(("term", "estimate"), zip(names, values, strict=True), stream)
        return
    rows = ([name, *(one[key] for key in FIGURES)] for name, one in report["parameters"].items())
    write_csv(("term", *FIGURES), rows, stream)


def write_markdown(record: Record, stream: TextIO) -> None:
    """The coefficients as a table of Markdown, with a line below it on the fit."""
    titles, rows = _cells(record)
    rule = ["---", *("---:" for _ in titles[1:])]
    lines = [f"| {' | '.join(row)} |" for row in (titles, rule, *(map(_in_markdown, row) for row in rows))]
    Encodable(stream).write("\n".join([*lines, "", _in_markdown(caption(record))]) + "\n")


def write_latex(record: Record, stream: TextIO) -> None:
    r"""The coefficients as a `tabular` of LaTeX, which needs no package, with a line below it on the fit."""
    titles, rows = _cells(record)
    lines = [" & ".join(map(_escaped, titles)) + r" \\"]
    lines += [" & ".join([_escaped(row[0]), *map(_number, row[1:])]) + r" \\" for row in rows]
    head = rf"\begin{{tabular}}{{l{'r' * (len(titles) - 1)}}}"
    below = _escaped(caption(record))
    body = [head, r"\hline", lines[0], r"\hline", *lines[1:], r"\hline", r"\end{tabular}", "", rf"\noindent {below}"]
    if any(ord(letter) > LAST_LATIN and letter != "–" for line in body for letter in line):
        body.insert(0, BEYOND)
    Encodable(stream).write("\n".join(body) + "\n")


def caption(record: Record) -> str:
    """What a table of coefficients is of: rows, R² where there is one, the loss, and which errors it has."""
    data, descent = record["data"], record["descent"]
    kind = record["objective"]["kind"]
    loss = "loss" if kind == "formula" else f"{loss_text(descent)} loss"
    r2 = record.get("r2")
    parts = [
        counted(data["rows"], "row") if data["rows"] else "",
        "" if r2 is None else f"R² = {figure(r2, 6)}",
        f"{loss} = {figure(record['loss'])}",
    ]
    errors = errors_line(record.get("report") or {})
    return f"{', '.join(filter(None, parts))}.{f' Standard errors: {errors}.' if errors else ''}"


def _estimates(record: Record) -> tuple[list[str], list[float | None]]:
    names, last = weight_names(record), "intercept"
    values = parameter_values(record, names, intercept=has_intercept(record))
    while last in names:
        last = f"({last})"
    return [*names, last][: len(values)], values


def _cells(record: Record) -> tuple[list[str], list[list[str]]]:
    """Titles and rows: with standard errors, tests and intervals where the fit has a report, else estimates alone."""
    report = record.get("report")
    if not report:
        names, values = _estimates(record)
        titles, columns = ["estimate"], [[figure(value) for value in values]]
    else:
        names = list(report["parameters"])
        titles, columns = estimate_columns(report)
    return ["parameter", *titles], [[cell.strip() for cell in row] for row in zip(names, *columns, strict=True)]


def _one_line(text: str) -> str:
    return harmless(re.sub(r"\s+", " ", text))


def _in_markdown(text: str) -> str:
    """A text that Markdown shows as it is: signs that it would read are escaped, of tags the < that opens them."""
    return re.sub(r"([\\`*|\[\]~$]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;))", r"\\\1", _one_line(text))


def _escaped(text: str) -> str:
    # Two hyphens, and two apostrophes, would become one sign.
    return re.sub("([-'])(?=\\1)", r"\1{}", "".join(LATEX.get(letter, letter) for letter in _one_line(text)))


def _number(text: str) -> str:
    """A figure with a minus sign, and with its power of ten, as mathematics."""
    match = NUMBER.fullmatch(text)
    if match is None:
        return _escaped(text)
    below, sign, digits, exponent = match.groups()
    if exponent is None and not below and sign != "-":
        return digits
    power = "" if exponent is None else rf" \times 10^{{{int(exponent)}}}"
    return f"${below}{sign}{digits}{power}$"
