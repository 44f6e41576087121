"""The result of `check` for people, on one screen: what stands out, the columns, what descent has to expect, what next.

All columns, all findings, and the closed forms beside descent are for `--verbose`.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TextIO

from gdsolve.report import numbers
from gdsolve.report.grid import Column, Grid, Segment, transpose
from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.page import Page, View, page_for
from gdsolve.report.parts import (
    LABEL_WIDTH,
    Record,
    advise,
    chunked_tables,
    data_lines,
    labelled,
    marks_of,
    name_column,
    named_target,
    satisfied,
)
from gdsolve.report.text import wrap

RANGE = (("min", "minimum"), ("max", "maximum"), ("mean", "mean"), ("std", "std"))
SCREEN = 40
"""Lines that the answer takes at most, at 80 columns and with up to twelve columns."""
LEAST = 4
"""Rows below which a table of columns says too little to be worth its head."""
MOST_NAMES = 6
"""Columns of one reason that are named."""
COMMENT = "  # "


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is left out for room: all but so many columns and findings; the reader's hint, the roles of the columns
    that are used, and the notes beside all commands but the first, where the commands say the same.
    """

    columns: int | None = None
    findings: int | None = None
    hint: bool = True
    roles: bool = True
    notes: bool = True


CUTS = (
    _Cut(),
    _Cut(hint=False),
    _Cut(hint=False, roles=False),
    _Cut(hint=False, roles=False, notes=False),
    *(_Cut(hint=False, roles=False, notes=False, findings=most) for most in range(12, 4, -1)),
)


def write_check_table(record: Record, stream: TextIO, view: View = View()) -> None:  # noqa: B008, it is frozen
    """What stands out first, then the columns, rank and conditioning, then what to run next."""
    page = page_for(stream)
    _compose(page, record, view, _Cut() if view.verbose else _fitting(page, record, view))
    page.write(stream)


def _fitting(page: Page, record: Record, view: View) -> _Cut:
    """What to leave out so that the answer fits one screen; as little as possible."""
    count = len(record["columns"])
    for cut in CUTS[:4] if count <= SCREEN else ():
        if _lines(page, record, view, cut) <= SCREEN:
            return cut
    for cut in CUTS[:9]:
        fewest = min(count, LEAST)
        if _lines(page, record, view, replace(cut, columns=fewest)) <= SCREEN:
            rows = range(fewest + 1, min(count, SCREEN) + 1)
            more = bisect.bisect_left(
                rows, True, key=lambda rows: _lines(page, record, view, replace(cut, columns=rows)) > SCREEN
            )
            return replace(cut, columns=fewest + more)
    bare = [replace(cut, columns=0) for cut in CUTS]
    return next((cut for cut in bare if _lines(page, record, view, cut) <= SCREEN), bare[-1])


def _lines(page: Page, record: Record, view: View, cut: _Cut) -> int:
    trial = page.beside()
    _compose(trial, record, view, cut)
    return len(trial.lines)


def _compose(page: Page, record: Record, view: View, cut: _Cut) -> None:
    labelled(page, _header(page, record))
    if record["problem"]:
        page.blank()
        page.paragraph(record["problem"], lead="NOT READY TO FIT  ", lead_style="bold red", hanging=2)
        if record["hint"] and (cut.hint or not record["commands"]):
            page.paragraph(record["hint"], lead="hint: ", lead_style="bold", hanging=2)
    _show_findings(page, record, cut)
    if record["columns"]:
        page.blank()
        _show_columns(page, record, cut, view)
    _show_expectations(page, record, cut)
    if record["solutions"] and view.verbose:
        _show_solutions(page, record["solutions"])
    if record["advice"]:
        page.blank()
        advise(page, record["advice"])
    if record["commands"] and not view.quiet:
        page.heading("to run next")
        for place, (command, note) in enumerate(zip(record["commands"], record["notes"], strict=True)):
            if note and (cut.notes or place == 0):
                _show_note(page, note)
            page.command(command)


def _show_note(page: Page, note: str) -> None:
    """What a command does, as comments of a shell: they may be copied with it."""
    for line in [note] if page.width is None else wrap(note, page.width - len(COMMENT)):
        page.paragraph(COMMENT + line.strip(), "dim")


def _header(page: Page, record: Record) -> list[tuple[str, str]]:
    """The table as it is; of one that a fit takes whole, also how its columns are used."""
    room = None if page.width is None else page.width - LABEL_WIDTH
    if record["data"] and not record["problem"] and not record["left_out"]:
        intercept = record["parameters"] is not None and record["parameters"] > len(record["data"]["features"])
        return data_lines(record, intercept=intercept, room=room)
    rows = satisfied(record) or [counted(record["table_rows"], "row")]
    counts = [*rows, counted(len(record["columns"]), "column")]
    marks = marks_of(record["data"]) if record["data"] else []
    read = f"{', '.join(record['source']) or 'inline'}: {', '.join([*counts, *marks])}"
    return [("data", read), ("target", named_target(record["target"], record["target_reason"]))]


def findings_beside(record: Record) -> list[Mapping[str, Any]]:
    """The findings, without the one that is what a fit stops at, which stands above already."""
    return [one for one in record["findings"] if one["message"] != record["problem"]]


def _show_findings(page: Page, record: Record, cut: _Cut) -> None:
    findings = _together(findings_beside(record))
    if not findings:
        return
    page.heading("findings" if len(findings) > 1 else "finding")
    most = len(findings) if cut.findings is None or len(findings) <= cut.findings + 1 else cut.findings
    for message, blocks in findings[:most]:
        page.paragraph(message, "" if blocks else "dim", lead="  ", hanging=4)
    if most < len(findings):
        page.paragraph(f"and {len(findings) - most} more findings (--verbose)", lead="  ", hanging=4)


def _together(findings: Sequence[Mapping[str, Any]]) -> list[tuple[str, bool]]:
    """Findings as messages, and whether a fit stops at them; columns of which the same is told share one."""
    columns: dict[tuple[str, bool], list[str]] = {}
    for finding in findings:
        before = f"{finding['column']}: "
        shared = finding["message"].removeprefix(before)
        names = columns.setdefault((shared, finding["blocks"]), [])
        if shared != finding["message"]:
            names.append(finding["column"])
    return [(f"{_names(names)}: {shared}" if names else shared, blocks) for (shared, blocks), names in columns.items()]


def _show_columns(page: Page, record: Record, cut: _Cut, view: View) -> None:
    """The columns, in their order; of many those with findings first, and how many others there are."""
    columns, found = record["columns"], {one["column"] for one in record["findings"]}
    shown = columns
    if cut.columns is not None and cut.columns < len(columns):
        urgent = sorted(columns, key=lambda column: (column["role"] not in _MAIN, column["name"] not in found))
        chosen = {column["name"] for column in urgent[: cut.columns]}
        shown = [column for column in columns if column["name"] in chosen]
    if shown:
        _column_tables(page, shown, view)
    left = [column for column in columns if column not in shown]
    if left:
        plain = all(column["type"] == "number" and column["name"] not in found for column in left)
        noun = ("more column" if shown else "column") + ("" if len(left) == 1 else "s")
        what = " of numbers, without findings" if plain else ""
        page.paragraph(f"{'and ' if shown else ''}{whole(len(left))} {noun}{what} (--verbose)", hanging=2)


_MAIN = ("target", "weight", "sigma")


def _column_tables(page: Page, columns: Sequence[Mapping[str, Any]], view: View) -> None:
    """One table, where that is too wide with fewer figures; with `--verbose` two, of what the columns are and hold."""
    names, (kinds, figures) = [column["name"] for column in columns], (_kinds(columns), _ranges(columns))
    remarks = [("remark", [_remark(column) for column in columns])]
    remarks = remarks if any(remarks[0][1]) else []
    # What a remark says stands in a finding too, or in the line of levels.
    fewer = [[*kinds, *figures], [*kinds, *figures[:2], *remarks], [*kinds[1:], *figures[:2]], kinds[1:]]
    tables = [_column_table(names, shown) for shown in ([*kinds, *figures, *remarks], *([] if view.verbose else fewer))]
    fitting = [table for table in tables if page.fits(table)]
    if fitting:
        page.table(next((table for table in fitting if not _folds(page, table)), fitting[0]))
        return
    for shown in [[*kinds, *remarks]] if page.fits(_column_table(names, [*kinds, *remarks])) else [kinds, remarks]:
        if shown:
            page.table(_column_table(names, shown))
            page.blank()
    chunked_tables(page, name_column("column"), names, *map(list, zip(*figures, strict=True)))


def _folds(page: Page, table: Grid) -> bool:
    """True where a name or a remark of the table takes several lines."""
    trial = page.beside()
    trial.table(table)
    return len(trial.lines) > len(table.rows) + 2


def _kinds(columns: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    kinds = [(name, [column[name] for column in columns]) for name in ("role", "type")]
    return [*kinds, ("missing", [whole(column["missing"]) for column in columns])]


def _ranges(columns: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    return [(title, [figure(column[key], 6) for column in columns]) for title, key in RANGE]


def _column_table(names: Sequence[str], shown: Sequence[tuple[str, Sequence[str]]]) -> Grid:
    heads = [
        Column(title, right=title not in ("role", "type", "remark"), folds=title == "remark", minimum=14)
        for title, _ in shown
    ]
    return Grid([name_column("column"), *heads], transpose([names, *(texts for _, texts in shown)]))


def _remark(column: Mapping[str, Any]) -> str:
    parts = ["empty"] if _is_empty(column) else ["constant"] if column["constant"] else []
    if column["duplicate_of"] is not None:
        parts.append(f"same as {column['duplicate_of']}")
    if column["levels"] is not None:
        parts.append(counted(column["levels"], "level"))
    return ", ".join(parts)


def _is_empty(column: Mapping[str, Any]) -> bool:
    nothing = column["minimum"] is None and column["type"] in ("number", "boolean")
    return bool(column["missing"]) and (nothing or column["levels"] == 0)


def _show_expectations(page: Page, record: Record, cut: _Cut) -> None:
    """Rank, condition and rates of what can be used, and what that is where it is not all of the table."""
    if record["rank"] is None:
        return
    page.blank()
    rank = f"{record['rank']} of {counted(record['parameters'], 'parameter')}"
    labelled(page, [*_used(page, record, cut), ("rank", rank)])
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
        page.table(Grid(heads, [[Segment(name), *map(Segment, cells)] for name, cells in known.items()]))
    notes = [*filter(None, [record["curvature"]["reason"]]), *_of_normal_equations(record)]
    if notes:
        page.blank()
    for note in notes:
        page.paragraph(note, hanging=2)


def _used(page: Page, record: Record, cut: _Cut) -> list[tuple[str, str]]:
    """Which rows and columns the figures are of, where that is not all of the table."""
    data, rows = record["data"], record["table_rows"]
    if not record["problem"] and not record["left_out"]:
        return []
    used = counted(data["rows"], "row") if data["rows"] == rows else f"{whole(data['rows'])} of {counted(rows, 'row')}"
    filled = f", {counted(data['cells_filled'], 'missing cell')} filled with the mean" if data["cells_filled"] else ""
    lines = dict(data_lines(record, intercept=record["parameters"] > len(data["features"]), room=_room(page)))
    reasons: dict[str, list[str]] = {}
    for one in record["left_out"]:
        reasons.setdefault(one["reason"], []).append(one["column"])
    without = "; ".join(f"{_names(names)} ({reason})" for reason, names in reasons.items())
    read = [("figures of", used + filled), ("target", data["target"] if data["target"] != record["target"] else "")]
    if not cut.roles and record["commands"]:
        # As the note on the first command has it.
        return read
    roles = [(label, lines[label]) for label in ("classes", "features", "levels")]
    return [*read, *roles, ("without", without)]


def _room(page: Page) -> int | None:
    return None if page.width is None else page.width - LABEL_WIDTH


def _names(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:MOST_NAMES])} and {counted(more, 'other')}"


def _of_normal_equations(record: Record) -> list[str]:
    """What becomes of the normal equations, where they fail."""
    failed = [one for one in record["solutions"] if one["method"] == "normal equations" and one["weights"] is None]
    unique = record["rank"] == record["parameters"]
    if failed:
        status = failed[0]["status"]
    elif unique or record["solutions"]:
        return []
    else:
        status = f"XᵀX is singular (rank {record['rank']} < {record['parameters']})"
    if unique:
        return [f"{status}: the normal equations cannot be solved; descent needs no XᵀX"]
    if any(one["kind"] == "separated" for one in record["findings"]):
        return [status]
    if not record["solutions"]:
        return [f"{status}: more than one minimum, descent from zeros reaches one of them"]
    reached = "descent from zeros on the columns as they are reaches the minimum-norm one"
    return [f"{status}: the normal equations have no unique solution; {reached}"]


def _both(pair: Mapping[str, Any] | None) -> list[Any]:
    return [(pair or {}).get(name) for name in ("raw", "standardised")]


def _show_solutions(page: Page, solutions: Sequence[Mapping[str, Any]]) -> None:
    """What each method says, and the weights side by side of those that have an answer."""
    page.heading("solutions")
    names = [_method(solution) for solution in solutions]
    statuses = [Segment(solution["status"], "" if solution["weights"] else "yellow") for solution in solutions]
    heads = [Column(right=False, folds=True), Column(right=False, folds=True, minimum=20)]
    page.table(Grid(heads, [[Segment(name), status] for name, status in zip(names, statuses, strict=True)]))
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
