"""Pieces of a page that several verbs share: what the data are, what the descent does, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdsolve.report.grid import Column, Segment, Table, transpose
from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.page import Page
from gdsolve.report.plain import weight_names
from gdsolve.spec.command import Advice

Record = Mapping[str, Any]
SELF_ENDING = ("bb", "lbfgs", "newton", "lm")
"""Methods that end where no step lowers the loss by more than rounding."""
ENDINGS: dict[str, tuple[str, str]] = {
    "converged": ("CONVERGED", "bold green"),
    "max_iter": ("NOT CONVERGED", "bold yellow"),
    "edge_of_stability": ("NOT CONVERGED", "bold yellow"),
    "diverged": ("DIVERGED", "bold red"),
    "failed": ("FAILED", "bold red"),
    "interrupted": ("INTERRUPTED", "bold yellow"),
}
"""How a run ended, in words not to be overlooked, and their style."""


def labelled(page: Page, pairs: Sequence[tuple[str, str]]) -> None:
    """Lines of a label and a text each."""
    # The labels share one width on the whole page, so that its blocks line up.
    columns = [Column(right=False), Column(right=False, folds=True, minimum=16)]
    rows = [[Segment(f"{label:<14}", "dim"), Segment(text)] for label, text in pairs if text]
    page.table(Table(columns, rows))


def data_lines(record: Record, *, intercept: bool) -> list[tuple[str, str]]:
    """What was read and which columns are used how."""
    data, subject = record["data"], record.get("objective") or {"kind": "linear", "formula": None}
    features = data["features"]
    read = f"{', '.join(data['source']) or 'inline'}: {_rows_used(data)}" if data["rows"] else ""
    if subject["kind"] == "formula":
        return [
            ("data", read),
            ("minimise", subject["formula"]),
            ("fixed", _fixed(subject)),
            ("ignored", ", ".join(data["ignored"])),
        ]
    explained = [("features", _features(features) + (" and an intercept" if intercept else ", no intercept"))]
    if subject["kind"] == "curve":
        explained = [("model", f"{data['target']} = {subject['formula']}"), ("fixed", _fixed(subject))]
    return [
        ("data", read),
        ("target", named_target(data["target"], data["target_reason"])),
        ("classes", _classes(data.get("target_levels"))),
        *explained,
        ("levels", "; ".join(f"{name}: {_levels(levels)}" for name, levels in (data["levels"] or {}).items())),
        ("row weights", data["weight"] or ""),
        ("ignored", ", ".join(data["ignored"])),
    ]


def where_rates_hold(record: Record) -> str:
    """The coordinates in which the learning rates of a record hold; empty for a formula, which has no others."""
    standard = record["descent"]["scale"] == "standard"
    if (record.get("objective") or {}).get("kind", "linear") == "linear":
        return "on standardised columns" if standard else "on the columns as they are"
    return "with parameters in units of their start" if standard else ""


def named_target(target: str | None, reason: str | None) -> str:
    """The target and why it is the target."""
    return f"{target or ''}{f' ({reason})' if target and reason else ''}"


def descent_line(record: Record) -> str:
    """What is minimised, by which method, in which coordinates, from where, and when descent stops."""
    descent = record["descent"]
    kind = (record.get("objective") or {}).get("kind", "linear")
    columns = "standardised columns" if descent["scale"] == "standard" else "the columns as they are"
    ridge = f" + ridge λ = {figure(descent['ridge'])}" if descent["ridge"] else ""
    penalized = " (intercept too)" if ridge and descent["penalize_intercept"] else ""
    stops = [f"{name} {figure(descent[name], 3)}" for name in ("tol", "loss_tol", "grad_tol") if descent.get(name)]
    if not stops and descent.get("method") in SELF_ENDING:
        stops.append("rounding")
    if descent["max_iter"] is not None:
        stops.append(counted(descent["max_iter"], "iteration"))
    stop = f"; stops at {' or '.join(stops)}" if stops else ""
    if kind != "linear":
        units = ", parameters in units of their start" if descent["scale"] == "standard" else ""
        what = f"{descent['loss']} of a curve" if kind == "curve" else "a formula"
        by = f" by {_method(descent)}" if "method" in descent else ""
        return f"{what}{by}{units}{stop}"
    by = "" if _method(descent) == "gd" else f" by {_method(descent)}"
    return f"{descent['loss']}{ridge}{penalized}{by} on {columns}, from {descent['init']}{stop}"


def _method(descent: Mapping[str, Any]) -> str:
    """The method, and what was asked for of it."""
    schedule, momentum = descent.get("schedule") or "constant", descent.get("momentum")
    parts = [] if schedule == "constant" else [f"{schedule} rate"]
    parts += [] if momentum is None else [f"β = {figure(momentum, 6)}"]
    return (descent.get("method") or "gd") + (f" ({', '.join(parts)})" if parts else "")


def _fixed(subject: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {figure(value)}" for name, value in (subject.get("fixed") or {}).items())


def _classes(levels: Sequence[str] | None) -> str:
    return "" if not levels else f"{levels[0]} is 0, {levels[1]} is 1"


def show_ending(page: Page, status: str, message: str) -> None:
    """How a run ended, as its status and its message say."""
    ending, style = ENDINGS[status]
    # "Converged after 251 updates" says it already, and is only made to be seen.
    said = message.upper().startswith(ending)
    page.paragraph(message[len(ending) :] if said else f"  {message}", lead=ending, lead_style=style, hanging=2)


def conclude(page: Page, record: Record) -> None:
    """The last lines of a comparison: that it was interrupted, if it was, and the advice."""
    if record["message"] or record["advice"]:
        page.blank()
    if record["message"]:
        show_ending(page, "interrupted", record["message"])
    advise(page, record["advice"])


def advise(page: Page, advice: Sequence[str]) -> None:
    """Every piece of advice; its command stands on a line of its own, ready to be copied."""
    for one in advice:
        if isinstance(one, Advice) and one.command is not None:
            page.paragraph(f"{one.text}:", hanging=2)
            page.command(one.command)
        else:
            page.paragraph(one, hanging=2)


def parameter_names(record: Record, *, intercept: bool) -> list[str]:
    """Names of the weights, and the intercept where there is one."""
    return [*weight_names(record), *(["intercept"] if intercept else [])]


def parameter_values(
    place: Mapping[str, Any] | None, features: Sequence[str], *, intercept: bool
) -> list[float | None]:
    """The weights (in the order of `features`) and the intercept of a trace row, an optimum or a result."""
    place = place or {}
    weights = place.get("weights") or {}
    return [*(weights.get(name) for name in features), *([place.get("intercept")] if intercept else [])]


def chunked_tables(
    page: Page,
    first: Column,
    first_cells: Sequence[str],
    titles: Sequence[str],
    columns: Sequence[Sequence[str]],
    *,
    most: int | None = None,
) -> int:
    """One table if it fits, else several with the same first column, each with as many of the others as fit.

    With `most` there are no more tables than that. Returns how many columns are shown.
    """
    start = tables = 0
    while start < len(titles) and tables != most:

        def table(stop: int, start: int = start) -> Table:
            shown = slice(start, stop)
            return Table([first, *map(Column, titles[shown])], transpose([first_cells, *columns[shown]]))

        if start:
            page.blank()
        stop = page.most_that_fit(table, start + 1, len(titles))
        page.table(table(stop))
        start, tables = stop, tables + 1
    return start


def name_column(title: str = "") -> Column:
    """A column of names, which may be folded."""
    return Column(title, right=False, folds=True)


def _rows_used(data: Mapping[str, Any]) -> str:
    dropped, filled = data["rows_dropped"], data["cells_filled"]
    used = counted(data["rows"], "row") + (" used" if dropped else "")
    parts = [used, *([f"{whole(dropped)} dropped for missing cells"] if dropped else [])]
    if filled:
        parts.append(f"{counted(filled, 'missing cell')} filled with the mean")
    if data.get("has_header") is False:
        parts.append("no header: the first line is data")
    return ", ".join(parts)


def _features(features: Sequence[str]) -> str:
    return ", ".join(features) if len(features) <= 3 else whole(len(features))


def _levels(levels: Any) -> str:
    return whole(levels) if isinstance(levels, int) else ", ".join(map(str, levels))
