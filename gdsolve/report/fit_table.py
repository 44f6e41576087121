"""The result of `fit` for people: iteration table, weights beside the optimum, figures, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from gdsolve.report import numbers
from gdsolve.report.grid import Column, Table, transpose
from gdsolve.report.inference_table import show_inference
from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.page import Page, page_for
from gdsolve.report.parts import (
    Record,
    advise,
    chunked_tables,
    data_lines,
    descent_line,
    labelled,
    name_column,
    parameter_names,
    parameter_values,
    show_ending,
    where_rates_hold,
)
from gdsolve.report.plain import has_intercept, weight_names
from gdsolve.spec.choices import SQUARED_LOSSES

MOST_TABLES = 5
"""On a narrow page the iterations take so many tables at most."""


def write_fit_table(record: Record, stream: TextIO) -> None:
    """The whole result; the ending stands last, next to the prompt."""
    page = page_for(stream)
    intercept = has_intercept(record)
    labelled(page, [*data_lines(record, intercept=intercept), ("descent", descent_line(record))])
    if record["trace"]:
        page.blank()
        _show_iterations(page, record, parameter_names(record, intercept=intercept))
    if record["weights"]:
        page.blank()
        _show_weights(page, record)
    if record.get("report"):
        page.blank()
        show_inference(page, record["report"])
    page.blank()
    labelled(page, figures(record))
    page.blank()
    show_ending(page, record["status"], record["message"])
    advise(page, record["advice"])
    page.write(stream)


def _show_iterations(page: Page, record: Record, names: Sequence[str]) -> None:
    """The iteration table; where it is too wide several, of which the first has the measures."""
    measures = measures_of(record)
    # All of a few weights are worth more than the seventh and eighth digit.
    for digits in (8, 6):
        columns = iteration_columns(record, measures, names, digits)
        if page.fits(_iteration_table(columns)):
            page.table(_iteration_table(columns))
            return
    for digits in (8, 6):
        (title, iterations), *columns = iteration_columns(record, measures, names, digits)
        if page.fits(_iteration_table([(title, iterations), *columns[: len(measures)]])):
            break
    titles, texts = [title for title, _ in columns], [texts for _, texts in columns]
    shown = chunked_tables(page, Column(title), iterations, titles, texts, most=MOST_TABLES)
    if left := len(columns) - shown:
        page.paragraph(f"{counted(left, 'column')} left out for width; --format csv and --history FILE have all", "dim")


def measures_of(record: Record) -> list[tuple[str, str]]:
    """Title and key of the measures of an iteration: SSE where there is one, the loss where it says something else."""
    measures = [("|gradient|", "gradient_norm"), ("update", "update")]
    if any(row["sse"] is not None for row in record["trace"]):
        measures.insert(0, ("SSE", "sse"))
    if record["descent"]["ridge"] or record["descent"]["loss"] not in SQUARED_LOSSES or len(measures) == 2:
        measures.insert(len(measures) - 2, ("loss", "loss"))
    return measures


def iteration_columns(
    record: Record, measures: Sequence[tuple[str, str]], names: Sequence[str], digits: int
) -> list[tuple[str, list[str]]]:
    """Title and texts of every column of the iteration table."""
    trace, features = record["trace"], weight_names(record)
    columns = [("iteration", [whole(row["iteration"]) for row in trace])]
    columns += [(title, numbers.column([row[key] for row in trace], digits)) for title, key in measures]
    rows = [parameter_values(row, features, intercept=len(names) > len(features)) for row in trace]
    weights = [numbers.column(values, digits, relative=False) for values in zip(*rows, strict=True)]
    return columns + list(zip(names, weights, strict=True))


def _iteration_table(columns: Sequence[tuple[str, list[str]]]) -> Table:
    return Table([Column(title) for title, _ in columns], transpose([texts for _, texts in columns]))


def _show_weights(page: Page, record: Record) -> None:
    """The weights beside the optimum, with ten or eight digits; where that is too wide, in tables side by side."""
    for digits in (10, 8):
        titles, columns = weight_columns(record, digits)
        names = parameter_names(record, intercept=has_intercept(record))
        table = Table([name_column("parameter"), *map(Column, titles)], transpose([names, *columns]))
        if page.fits(table):
            page.table(table)
            return
    chunked_tables(page, name_column("parameter"), names, titles, columns)


def weight_columns(record: Record, digits: int) -> tuple[list[str], list[list[str]]]:
    """Titles and columns of the weights: beside the optimum and the difference from it, where there is one."""
    features, intercept = weight_names(record), has_intercept(record)
    optimum = record["optimum"] or {}
    reached = parameter_values(record, features, intercept=intercept)
    best = parameter_values(optimum, features, intercept=intercept)
    weights, goals = map(list, zip(*numbers.rows(list(zip(reached, best, strict=True)), digits), strict=True))
    if not optimum:
        return ["weight"], [weights]
    differences = [_difference(value, goal) for value, goal in zip(reached, best, strict=True)]
    return ["weight", _optimum_title(optimum), "difference"], [weights, goals, differences]


def _optimum_title(optimum: Mapping[str, Any]) -> str:
    if optimum.get("everywhere") is False:
        return "local minimum"
    return "minimum-norm optimum" if optimum.get("unique") is False else "optimum"


def _difference(value: float | None, goal: float | None) -> str:
    if value is None or goal is None:
        return numbers.ABSENT
    return f"{value - goal:.1e}" if value != goal else "0"


def figures(record: Record) -> list[tuple[str, str]]:
    """What was reached, figure by figure, each with its label; empty where a figure does not exist."""
    optimum, spectrum, descent = record["optimum"] or {}, record["spectrum"] or {}, record["descent"]
    precision = descent.get("computed_in") or descent["dtype"]
    return [
        ("SSE", _beside(record["sse"], optimum.get("sse"))),
        ("loss", _beside(record["loss"], optimum.get("loss"))),
        ("RMSE", _known(record["rmse"])),
        ("R²", _known(record["r2"])),
        (
            "gap",
            _known(record["gap"], 3, " above the optimal loss" if optimum.get("everywhere", True) else " above it"),
        ),
        ("|gradient|", _known(record["gradient_norm"])),
        ("learning rate", _rate(record)),
        ("condition", _condition(spectrum, len(record["weights"] or ()) + has_intercept(record))),
        ("iterations", _iterations(record, spectrum.get("predicted_iterations"))),
        ("gradient", "; ".join(_gradient_check(one) for one in record.get("gradient_checks") or ())),
        ("way", f"{descent['engine']} on {descent['device']} in {precision}: {descent['reason']}"),
    ]


def _known(value: float | None, digits: int = 8, suffix: str = "") -> str:
    return "" if value is None else figure(value, digits) + suffix


def _beside(value: float | None, optimum: float | None) -> str:
    if value is None:
        return ""
    return figure(value) + ("" if optimum is None else f" (at the optimum {figure(optimum)})")


def _rate(record: Record) -> str:
    """The rate and where it holds, beside the limits of its method; plain descent has a best one as well."""
    rate, spectrum, descent = record["learning_rate"], record["spectrum"] or {}, record["descent"]
    if rate is None:
        return ""
    shown = " ".join(filter(None, (numbers.rate(rate), where_rates_hold(record))))
    largest, best = descent.get("stable_below"), None
    # The spectrum of anything but a quadratic is that at its minimum.
    near = "" if largest is not None else "locally "
    if (descent.get("method") or "gd") == "gd" and (descent.get("schedule") or "constant") == "constant":
        largest, best = spectrum.get("largest_stable_lr"), spectrum.get("best_lr")
    stable = f"; {near}stable below {numbers.rate(largest, 6)}" if largest is not None else ""
    return shown + stable + (f", best {numbers.rate(best, 6)}" if best is not None else "")


def _condition(spectrum: Mapping[str, Any], parameters: int) -> str:
    condition, rank = spectrum.get("condition"), spectrum.get("rank")
    text = figure(condition, 4) if condition is not None else ""
    return text + (f"{' ' if text else ''}(rank {rank} of {parameters})" if rank is not None else "")


def _iterations(record: Record, predicted: float | None) -> str:
    text = f"{whole(record['iterations'])} taken"
    if predicted is not None:
        return f"{text}; {whole(predicted)} predicted to converge"
    evaluations = record.get("evaluations")
    return f"{text}, {counted(evaluations, 'evaluation')} of the loss" if evaluations else text


def _gradient_check(check: Mapping[str, Any]) -> str:
    verdict = "agrees with" if check["agrees"] else "DIFFERS from"
    apart, allowed = figure(check["largest_difference"], 2), figure(check["allowed"], 2)
    return f"after {whole(check['iteration'])} updates {verdict} central differences ({apart} apart, {allowed} allowed)"
