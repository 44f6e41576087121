"""The result of `compare` for people: one line a method, and the weights side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from gdsolve.report import numbers
from gdsolve.report.compare_table import STATUS_WORDS
from gdsolve.report.grid import Column, Grid, Segment
from gdsolve.report.numbers import figure, whole
from gdsolve.report.page import Page, page_for
from gdsolve.report.parts import Record, chunked_tables, conclude, data_lines, descent_line, labelled, name_column

COSTS = (("iterations", "iterations"), ("evaluations", "evaluations"))


def write_methods_table(record: Record, stream: TextIO) -> None:
    """The methods in the order given; then what each of them reached."""
    page = page_for(stream)
    methods = record["methods"]
    intercept = any(one["intercept"] is not None for one in methods)
    lines = [*data_lines(record, intercept=intercept), ("descent", descent_line(record))]
    lines += [("left out", "; ".join(record["left_out"].values()))]
    labelled(page, lines)
    page.blank()
    _show_methods(page, methods)
    if methods and len(methods[0]["weights"]) + intercept:
        page.heading("weights")
        names = [*methods[0]["weights"], *(["intercept"] if intercept else [])]
        titles, columns = _weights(record, names, intercept=intercept)
        chunked_tables(page, name_column("parameter"), names, titles, columns)
    conclude(page, record)
    page.write(stream)


def _show_methods(page: Page, methods: list[Mapping[str, Any]]) -> None:
    """All columns, or on a narrow page those of the cost in a table of their own."""
    reached = [("loss", [figure(one["loss"]) for one in methods]), ("gap", [figure(one["gap"], 3) for one in methods])]
    cost = [(title, [whole(one[key]) for one in methods]) for title, key in COSTS]
    cost.append(("seconds", numbers.column([one["seconds"] for one in methods], 3)))
    rates = [("rate", [_rate(one) for one in methods])]
    whole_table = _table(methods, [*cost, *reached, *rates])
    if page.fits(whole_table):
        page.table(whole_table)
        return
    page.table(_table(methods, reached))
    page.blank()
    page.table(_table(methods, [*cost, *rates], with_status=False))


def _rate(one: Mapping[str, Any]) -> str:
    """The rate, with the momentum that it goes with where that is not the usual one."""
    momentum = one.get("momentum")
    return numbers.rate(one["learning_rate"], 6) + ("" if momentum is None else f", β = {figure(momentum, 4)}")


def _table(methods: list[Mapping[str, Any]], columns: list[tuple[str, list[str]]], *, with_status: bool = True) -> Grid:
    heads = [Column("method", right=False)]
    rows = [[Segment(one["method"])] for one in methods]
    if with_status:
        heads.append(Column("status", right=False))
        for row, one in zip(rows, methods, strict=True):
            row.append(Segment(*STATUS_WORDS[one["status"]]))
    for title, cells in columns:
        heads.append(Column(title))
        for row, cell in zip(rows, cells, strict=True):
            row.append(Segment(cell))
    return Grid(heads, rows)


def _weights(record: Record, names: list[str], *, intercept: bool) -> tuple[list[str], list[list[str]]]:
    shown = [*record["methods"], *([{**record["optimum"], "method": "minimum"}] if record["optimum"] else [])]
    titles = [one["method"] for one in shown]
    columns = []
    for one in shown:
        last = [one["intercept"]] if intercept else []
        columns.append([figure(value) for value in [*one["weights"].values(), *last]])
    return titles, columns
