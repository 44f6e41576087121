"""The result of `compare-lr` for people: one line per rate between the limits, and the iterates side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TextIO

from gdsolve.report import numbers
from gdsolve.report.grid import Column, Grid, Row, Segment, Separator, transpose
from gdsolve.report.minibatches_record import minibatch_line
from gdsolve.report.numbers import figure, whole
from gdsolve.report.page import Page, page_for
from gdsolve.report.parts import (
    Record,
    chunked_tables,
    conclude,
    data_lines,
    descent_line,
    labelled,
    parameter_names,
    parameter_values,
)
from gdsolve.report.plain import has_intercept, weight_names

STATUS_WORDS: dict[str, tuple[str, str]] = {
    "converged": ("converged", "green"),
    "max_iter": ("slow", "yellow"),
    "edge_of_stability": ("edge of stability", "yellow"),
    "diverged": ("diverged", "red"),
    "failed": ("failed", "red"),
    "interrupted": ("interrupted", "yellow"),
}
"""What became of a rate, in a word, and its style."""

MEASURES = (("SSE", "sse", 8), ("gap", "gap", 3), ("factor", "factor", 6))
"""Figures of a rate, the first ones kept on a narrow page: title, key, significant digits."""
OF_BATCHES = (("SSE", "sse", 8), ("gap", "gap", 3), ("hovers", "excess", 3), ("predicted", "predicted_at_end", 3))
"""The same of stochastic descent: how far above the optimum the loss has hovered, and was predicted to."""

LONGEST_TITLE = 12
"""A rate above a column of iterates has so many characters at most, else eight digits."""

STATUS_WIDTH = 11
"""What became of a rate is folded down to so many cells."""

RateText = Callable[[float], str]
RATES: tuple[RateText, ...] = (numbers.exact_rate, numbers.rate)
"""How a rate is written, the first of these that the page has room for."""

TUPLE_LIMIT = 3
"""Up to so many parameters an iterate is written as a tuple."""


def write_compare_table(record: Record, stream: TextIO) -> None:
    """The rates from large to small, then the iterates of each where they were asked for."""
    page = page_for(stream)
    intercept = has_intercept(record)
    told = minibatch_line(record.get("minibatches"))
    labelled(page, [*data_lines(record, intercept=intercept), ("batches", told), ("descent", descent_line(record))])
    page.blank()
    _show_rates(page, record)
    if any(rate["trace"] for rate in record["rates"]):
        _show_iterates(page, record, parameter_names(record, intercept=intercept), intercept=intercept)
    conclude(page, record)
    page.write(stream)


def _show_rates(page: Page, record: Record) -> None:
    """One table, or on a narrow page a second one of the figures that do not fit into the first."""
    measures = _measures(record)
    if page.fits(wide := _rate_table(record, numbers.exact_rate, 8, len(measures))):
        page.table(wide)
        return
    # A rate in all its digits is too long for some pages.
    text = next((one for one in RATES if page.fits(_rate_table(record, one, 6, 0))), numbers.rate)
    shown = page.most_that_fit(partial(_rate_table, record, text, 6), 0, len(measures))
    page.table(_rate_table(record, text, 6, shown))
    if shown < len(measures):
        page.blank()
        rates = [text(rate["learning_rate"]) for rate in _by_size(record)]
        left = measures[shown:]
        columns = [[figure(rate[key], min(6, most)) for rate in _by_size(record)] for _, key, most in left]
        chunked_tables(page, Column("learning rate", right=False), rates, [title for title, _, _ in left], columns)


def _measures(record: Record) -> tuple[tuple[str, str, int], ...]:
    return MEASURES if record.get("minibatches") is None else OF_BATCHES


def _by_size(record: Record) -> list[Record]:
    return sorted(record["rates"], key=lambda rate: -rate["learning_rate"])


def _rate_table(record: Record, text: RateText, digits: int, shown: int) -> Grid:
    rows: list[Row] = []
    limits = _limits(record)
    for rate in _by_size(record):
        while limits and not limits[0][1](rate["learning_rate"]):
            rows.append(Separator(limits.pop(0)[0]))
        word, style = STATUS_WORDS[rate["status"]]
        word = "hovers" if rate.get("excess") is not None and rate["status"] == "max_iter" else word
        named = [
            Segment(text(rate["learning_rate"])),
            Segment(word, style),
            Segment(whole(rate["iterations"])),
        ]
        # Rates differ by hundreds of orders of magnitude in what they reach: every figure stands for itself.
        rows.append(
            named + [Segment(figure(rate[key], min(digits, most))) for _, key, most in _measures(record)[:shown]]
        )
    rows += [Separator(text) for text, _ in limits]
    status = Column("status", right=False, folds=True, minimum=STATUS_WIDTH)
    heads = [Column("learning rate", right=False), status, Column("iterations")]
    return Grid([*heads, *(Column(title) for title, _, _ in _measures(record)[:shown])], rows)


def _limits(record: Record) -> list[tuple[str, Callable[[float], bool]]]:
    """The lines between the rows from top to bottom, and which rates stand above each."""
    largest, best = record["largest_stable_lr"], record["best_lr"]
    if record.get("minibatches") is not None:
        largest = record["descent"].get("stable_below")
    # The spectrum of anything but a quadratic is that at its minimum.
    where = "" if record["descent"].get("stable_below") is not None else "locally "
    limits: list[tuple[str, Callable[[float], bool]]] = []
    if largest is not None:
        # The limit itself is not stable; a rate such as 1/14 meets it only within rounding.
        stable = f"{where}stable below {numbers.rate(largest, 6)}"
        limits.append((stable, lambda rate: rate >= largest * (1 - 1e-12)))
    if best is not None:
        limits.append((f"{where}best rate {numbers.rate(best, 6)}", lambda rate: rate > best * (1 + 1e-12)))
    return limits


def _show_iterates(page: Page, record: Record, names: Sequence[str], *, intercept: bool) -> None:
    features, rates = weight_names(record), record["rates"]
    iterations = sorted({row["iteration"] for rate in rates for row in rate["trace"]})
    longest = max((len(numbers.exact_rate(rate["learning_rate"])) for rate in rates), default=0)
    text = numbers.exact_rate if longest <= LONGEST_TITLE else numbers.rate
    titles = [f"α = {text(rate['learning_rate'])}" for rate in rates]
    traces = [
        {row["iteration"]: parameter_values(row, features, intercept=intercept) for row in rate["trace"]}
        for rate in rates
    ]
    first, numbered = Column("iteration"), [whole(k) for k in iterations]
    together = (
        [_iterates(trace, iterations, range(len(names))) for trace in traces] if len(names) <= TUPLE_LIMIT else []
    )
    # Tuples that are too wide for the page are shown component by component.
    if together and all(page.fits(Grid([first, Column()], transpose([numbered, column]))) for column in together):
        page.heading(f"iterates ({', '.join(names)})" if len(names) > 1 else f"iterates of {names[0]}")
        chunked_tables(page, first, numbered, titles, together)
        return
    for place, name in enumerate(names):
        page.heading(f"iterates of {name}")
        chunked_tables(page, first, numbered, titles, [_iterates(trace, iterations, [place]) for trace in traces])


def _iterates(trace: dict[int, list[float | None]], iterations: Sequence[int], places: Sequence[int]) -> list[str]:
    """The iterates of one rate, empty where its descent had ended."""
    reached = [k for k in iterations if k in trace]
    components = [numbers.column([trace[k][place] for k in reached], 7, relative=False) for place in places]
    texts: dict[Any, str] = {}
    for number, k in enumerate(reached):
        parts = [component[number] for component in components]
        texts[k] = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
    return [texts.get(k, "") for k in iterations]
