"""The result of `check` for people: the columns, what descent has to expect of them, and the closed forms beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from gdsolve.report import numbers
from gdsolve.report.grid import Column, Segment, Table, transpose
from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.page import Page, page_for
from gdsolve.report.parts import Record, advise, chunked_tables, data_lines, labelled, name_column, named_target

RANGE = (("min", "minimum"), ("max", "maximum"), ("mean", "mean"), ("std", "std"))


def write_check_table(record: Record, stream: TextIO) -> None:
    """Columns first, then rank, conditioning and solutions, then what to run next."""
    page = page_for(stream)
    labelled(page, _header(record))
    if record["columns"]:
        page.blank()
        _show_columns(page, record["columns"])
    if record["problem"]:
        page.blank()
        page.paragraph(record["problem"], lead="NO MODEL POSSIBLE  ", lead_style="bold red", hanging=2)
        if record["hint"]:
            page.paragraph(record["hint"], lead="hint: ", lead_style="bold", hanging=2)
    _show_expectations(page, record)
    if record["solutions"]:
        _show_solutions(page, record["solutions"])
    if record["advice"]:
        page.blank()
        advise(page, record["advice"])
    if record["commands"]:
        page.heading("to run next")
        for command in record["commands"]:
            page.command(command)
    page.write(stream)


def _header(record: Record) -> list[tuple[str, str]]:
    if record["data"]:
        intercept = record["parameters"] is not None and record["parameters"] > len(record["data"]["features"])
        return data_lines(record, intercept=intercept)
    rows = "" if record["rows"] is None else counted(record["rows"], "row")
    return [("data", rows), ("target", named_target(record["target"], record["target_reason"]))]


def _show_columns(page: Page, columns: Sequence[Mapping[str, Any]]) -> None:
    """One table, or where that is too wide, one of what the columns are and one of their figures."""
    names, (kinds, figures) = [column["name"] for column in columns], (_kinds(columns), _ranges(columns))
    remarks = [("remark", [_remark(column) for column in columns])]
    remarks = remarks if any(remarks[0][1]) else []
    whole_table = _column_table(names, [*kinds, *figures, *remarks])
    if page.fits(whole_table):
        page.table(whole_table)
        return
    for shown in [[*kinds, *remarks]] if page.fits(_column_table(names, [*kinds, *remarks])) else [kinds, remarks]:
        if shown:
            page.table(_column_table(names, shown))
            page.blank()
    chunked_tables(page, name_column("column"), names, *map(list, zip(*figures, strict=True)))


def _kinds(columns: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    kinds = [(name, [column[name] for column in columns]) for name in ("role", "type")]
    return [*kinds, ("missing", [whole(column["missing"]) for column in columns])]


def _ranges(columns: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    return [(title, [figure(column[key], 6) for column in columns]) for title, key in RANGE]


def _column_table(names: Sequence[str], shown: Sequence[tuple[str, Sequence[str]]]) -> Table:
    heads = [
        Column(title, right=title not in ("role", "type", "remark"), folds=title == "remark", minimum=14)
        for title, _ in shown
    ]
    return Table([name_column("column"), *heads], transpose([names, *(texts for _, texts in shown)]))


def _remark(column: Mapping[str, Any]) -> str:
    parts = ["empty"] if _is_empty(column) else ["constant"] if column["constant"] else []
    if column["duplicate_of"] is not None:
        parts.append(f"same as {column['duplicate_of']}")
    if column["levels"] is not None:
        parts.append(counted(column["levels"], "level"))
    return ", ".join(parts)


def _is_empty(column: Mapping[str, Any]) -> bool:
    nothing = column["minimum"] is None and column["type"] in ("number", "boolean")
    return column["missing"] > 0 and (nothing or column["levels"] == 0)


def _show_expectations(page: Page, record: Record) -> None:
    pairs = []
    if record["rank"] is not None:
        pairs.append(("rank", f"{record['rank']} of {whole(record['parameters'])} parameters"))
    pairs += [("dependent", _dependence(item)) for item in record["dependent_columns"] or ()]
    if pairs:
        page.blank()
        labelled(page, pairs)
    tol = "" if record["tol"] is None else f" to tol {figure(record['tol'], 3)}"
    measures = {
        "condition number": [figure(value, 6) for value in _both(record["condition"])],
        "largest stable rate": [numbers.rate(value, 6) for value in _both(record["largest_stable_lr"])],
        "best rate": [numbers.rate(value, 6) for value in _both(record["best_lr"])],
        f"iterations{tol}": [whole(value) for value in _both(record["iterations"])],
    }
    known = {name: cells for name, cells in measures.items() if set(cells) != {numbers.ABSENT}}
    if known:
        page.blank()
        heads = [Column(right=False, folds=True), Column("as they are"), Column("standardised")]
        page.table(Table(heads, [[Segment(name), *map(Segment, cells)] for name, cells in known.items()]))


def _both(pair: Mapping[str, Any] | None) -> list[Any]:
    return [(pair or {}).get(name) for name in ("raw", "standardised")]


def _dependence(item: Mapping[str, Any]) -> str:
    terms = [_term(figure(factor, 6), name) for name, factor in item["equals"].items()]
    if item["intercept"] or not terms:
        terms.append(figure(item["intercept"] or 0.0, 6))
    return f"{item['column']} = {' + '.join(terms)}".replace("+ -", "- ")


def _term(factor: str, name: str) -> str:
    return {"1": name, "-1": f"-{name}"}.get(factor, f"{factor} × {name}")


def _show_solutions(page: Page, solutions: Sequence[Mapping[str, Any]]) -> None:
    """What each method says, and the weights side by side of those that have an answer."""
    page.heading("solutions")
    names = [_method(solution) for solution in solutions]
    statuses = [Segment(solution["status"], "" if solution["weights"] else "yellow") for solution in solutions]
    heads = [Column(right=False, folds=True), Column(right=False, folds=True, minimum=20)]
    page.table(Table(heads, [[Segment(name), status] for name, status in zip(names, statuses, strict=True)]))
    solved = [(name, solution) for name, solution in zip(names, solutions, strict=True) if solution["weights"]]
    if not solved:
        return
    features = list(solved[0][1]["weights"])
    intercept = any(solution["intercept"] is not None for _, solution in solved)
    labels = [*features, *(["intercept"] if intercept else []), "SSE"]
    columns = []
    for _, solution in solved:
        last = [solution["intercept"]] if intercept else []
        values = [*(solution["weights"].get(name) for name in features), *last, solution["sse"]]
        columns.append([figure(value) for value in values])
    page.blank()
    chunked_tables(page, name_column("parameter"), labels, [name for name, _ in solved], columns)


def _method(solution: Mapping[str, Any]) -> str:
    ridge = solution["ridge"]
    return f"{solution['method']}{f' λ = {figure(ridge)}' if ridge is not None else ''}"
