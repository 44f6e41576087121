"""Pieces of a page that several verbs share: what the data are, what the descent does, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gdsolve.advice import Advice
from gdsolve.data.formats.csv.marks import usual_delimiter
from gdsolve.report.found_start import found_start_line
from gdsolve.report.grid import Column, Grid, Segment, transpose
from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.page import Page
from gdsolve.report.plain import weight_names
from gdsolve.report.starts_table import start_line
from gdsolve.report.weighting import weighting_line
from gdsolve.spec.losses import Link, Loss, Target
from gdsolve.spec.marks import BLANKS
from gdsolve.spec.methods import PLAIN, Method
from gdsolve.spec.option import flag
from gdsolve.terminal import cells

Record = Mapping[str, Any]
STOP_WORDS = (
    ("tol", "no weight changes by"),
    ("loss_tol", "the loss changes by less than"),
    ("grad_tol", "the gradient norm is below"),
)
LEAST_ROOM = 64
"""Cells of a line of names at 80 columns; where there are fewer, the names take a second line."""
LABEL_WIDTH = 16
"""Cells before the text of a labelled line."""


class Ending(NamedTuple):
    """How a run ended, in a word not to be overlooked, its style, and whether the message of such a run begins so."""

    word: str
    style: str
    begins: bool

    def after_word(self, message: str, between: str) -> str:
        """What follows the word: the rest of the message, or all of it."""
        return message[len(self.word) :] if self.begins else between + message


ENDINGS: dict[str, Ending] = {
    "converged": Ending("CONVERGED", "bold green", begins=True),
    "max_iter": Ending("NOT CONVERGED", "bold yellow", begins=False),
    "edge_of_stability": Ending("NOT CONVERGED", "bold yellow", begins=False),
    "diverged": Ending("DIVERGED", "bold red", begins=True),
    "failed": Ending("FAILED", "bold red", begins=True),
    "interrupted": Ending("INTERRUPTED", "bold yellow", begins=True),
}


def labelled(page: Page, pairs: Sequence[tuple[str, str]]) -> None:
    """Lines of a label and a text each."""
    # The labels share one width on the whole page, so that its blocks line up.
    columns = [Column(right=False), Column(right=False, folds=True, minimum=16)]
    rows = [[Segment(f"{label:<{LABEL_WIDTH - 2}}", "dim"), Segment(text)] for label, text in pairs if text]
    page.table(Grid(columns, rows))


def data_lines(record: Record, *, intercept: bool, room: int | None = None) -> list[tuple[str, str]]:
    """What was read and which columns are used how; lists that take more than `room` cells are counted."""
    data, subject = record["data"], record.get("objective") or {"kind": "linear", "formula": None}
    sources = ", ".join("standard input" if source == "-" else source for source in data["source"])
    read = f"{sources or 'inline'}: {_rows_used(data)}" if data["rows"] else ""
    ignored = ("ignored", _listed(data["ignored"], "column", room))
    began = ("start", start_line(record) or found_start_line(record))
    if subject["kind"] == "formula":
        return [("data", read), ("minimise", subject["formula"]), ("fixed", _fixed(subject)), ignored, began]
    intercept = intercept or has_class_intercepts(record)
    explained = [("features", _features(data, room, intercept=intercept))]
    if subject["kind"] == "curve":
        explained = [("model", f"{_modelled(record)} = {subject['formula']}"), ("fixed", _fixed(subject))]
    return [
        ("data", read),
        ("target", named_target(data["target"], data["target_reason"])),
        ("classes", _classes(record, room)),
        ("class weights", _class_weights(record)),
        *explained,
        ("levels", _all_levels(data, room)),
        ("dates", dates_line(data, linear=subject["kind"] == "linear")),
        ("offset", _offset(data)),
        ("row weights", weighting_line(record)),
        ("clusters", f"by {data['cluster']}" if data.get("cluster") else ""),
        ignored,
        began,
    ]


def dates_line(data: Record, *, linear: bool = True) -> str:
    """Which columns are numbers made of dates, of what unit, and what their weights are thus in."""
    dates = data.get("dates")
    if dates is None:
        return ""
    unit = dates["unit"]
    since = "years, with decimals" if unit == "year" else f"{unit} since 1970-01-01 (UTC)"
    held = {kind: [name for name, one in dates["columns"].items() if one == kind] for kind in ("date", "duration")}
    told = [f"{', '.join(held['date'])} in {since}"] if held["date"] else []
    told += [f"{', '.join(held['duration'])} in {unit}"] if held["duration"] else []
    features = [name for name in dates["columns"] if linear and name in data.get("features", ())]
    per = f"; {'its weight is' if len(features) == 1 else 'their weights are'} per {unit.removesuffix('s')}"
    return "; ".join(told) + (per if features else "")


def where_rates_hold(record: Record) -> str:
    """The coordinates in which the learning rates of a record hold; empty for a formula, which has no others."""
    standard = record["descent"]["scale"] == "standard"
    if (record.get("objective") or {}).get("kind", "linear") == "linear":
        return "on standardised columns" if standard else "on the columns as they are"
    return "with parameters in units of their start" if standard else ""


def named_target(target: str | None, reason: str | None) -> str:
    """The target, and why it is the target where it was not asked for."""
    return f"{target or ''}{f' ({reason})' if target and reason and reason != flag('target') else ''}"


def descent_line(record: Record) -> str:
    """What is minimised, by which method, in which coordinates, from where, and when descent stops."""
    stops = stop_rules(record["descent"])
    return what_descends(record) + (f"; stops {stops}" if stops else "")


def what_descends(record: Record) -> str:
    """What is minimised, by which method, in which coordinates and from where."""
    descent = record["descent"]
    kind = (record.get("objective") or {}).get("kind", "linear")
    if kind != "linear":
        units = ", parameters in units of their start" if descent["scale"] == "standard" else ""
        what = f"{loss_text(descent)} of a curve" if kind == "curve" else "a formula"
        by = f" by {method_text(descent)}" if "method" in descent else ""
        return f"{what}{by}{units}"
    by = "" if method_text(descent) == PLAIN else f" by {method_text(descent)}"
    return f"{loss_text(descent)}{by} on {coordinates_text(descent)}, from {descent['init']}"


def coordinates_text(descent: Mapping[str, Any]) -> str:
    """The coordinates in which descent runs, and its rate holds."""
    return "standardised columns" if descent["scale"] == "standard" else "the columns as they are"


def loss_text(descent: Mapping[str, Any]) -> str:
    """The loss with its parameter and its penalty."""
    parameter = Loss(descent["loss"]).info.parameter
    found = ", found from the residuals" if descent.get("delta_found") else ""
    found = ", found by maximum likelihood" if descent.get("dispersion_found") else found
    # Groups have one each.
    number = None if parameter is None else descent[parameter.name]
    own = "" if parameter is None or number is None else f" ({parameter.symbol} = {_exactly(number)}{found})"
    ridge = f" + ridge λ = {figure(descent['ridge'])}" if descent["ridge"] else ""
    l1 = f" + l1 λ = {figure(descent['l1'])}" if descent.get("l1") else ""
    how = ["on standardised columns"] if descent.get("penalty_scale") == "standard" else []
    how += ["intercept too"] if descent.get("penalize_intercept") else []
    said = f" ({', '.join(how)})" if how else ""
    return f"{descent['loss']}{own}{ridge}{l1}{said}"


def is_penalised(descent: Mapping[str, Any]) -> bool:
    """True where the loss has a penalty in it."""
    return bool(descent["ridge"] or descent.get("l1"))


def _exactly(number: float) -> str:
    """A number that was asked for, so that it is the same when it is typed again."""
    short = figure(number)
    return short if float(short) == number else repr(number)


def stop_rules(descent: Mapping[str, Any]) -> str:
    """When descent stops, as a clause."""
    rules = [
        f"when {what} {figure(descent[name], 3)}{' or more' if name == 'tol' else ''}"
        for name, what in STOP_WORDS
        if descent.get(name)
    ]
    if "method" not in descent and descent.get("tol") is None:
        rules.insert(0, "at the tolerance of each method")
    elif not rules and Method(descent.get("method") or PLAIN).info.self_ending:
        rules.append("when no step lowers the loss by more than rounding")
    if descent["max_iter"] is not None:
        rules.append(f"after {counted(descent['max_iter'], 'iteration')}")
    return ", or ".join(rules)


def method_text(descent: Mapping[str, Any]) -> str:
    """The method, and what was asked for of it."""
    schedule, momentum = descent.get("schedule") or "constant", descent.get("momentum")
    parts = [] if schedule == "constant" else [f"{schedule} rate"]
    parts += [] if momentum is None else [f"β = {figure(momentum, 6)}"]
    return (descent.get("method") or PLAIN.value) + (f" ({', '.join(parts)})" if parts else "")


def _modelled(record: Record) -> str:
    """What the curve is: the target, or with a loss of means what the link makes of its mean."""
    data, link = record["data"], record["descent"].get("link")
    if link is None:
        return str(data["target"])
    levels = data.get("target_levels")
    classes = Loss(record["descent"]["loss"]).info.target is Target.TWO_CLASSES
    mean = f"P({data['target']} = {levels[1] if levels else 1})" if classes else f"mean of {data['target']}"
    return mean if link == Link.IDENTITY else f"{link} {mean}" if classes else f"{link} of the {mean}"


def _fixed(subject: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {figure(value)}" for name, value in (subject.get("fixed") or {}).items())


def _offset(data: Mapping[str, Any]) -> str:
    """What is added to the prediction of a row before its mean is taken."""
    exposure = data.get("exposure")
    return " + ".join(filter(None, [data.get("offset"), f"log {exposure}" if exposure else None]))


def _classes(record: Record, room: int | None) -> str:
    data = record["data"]
    levels, names = data.get("target_levels"), data.get("classes") or ()
    if (record.get("descent") or {}).get("loss") == Loss.SOFTMAX:
        return _listed([str(name) for name in names], "class", None if room is None else max(room, LEAST_ROOM))
    return "" if not levels else f"{levels[0]} is 0, {levels[1]} is 1"


def _class_weights(record: Record) -> str:
    return ", ".join((record.get("descent") or {}).get("class_weight") or ())


def has_class_intercepts(record: Record) -> bool:
    """True where every class has an intercept of its own."""
    descent = record.get("descent") or {}
    return descent.get("loss") == Loss.SOFTMAX and not descent.get("no_intercept")


def show_ending(page: Page, status: str, message: str) -> None:
    """How a run ended, as its status and its message say."""
    ending = ENDINGS[status]
    page.paragraph(ending.after_word(message, "  "), lead=ending.word, lead_style=ending.style, hanging=2)


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
            page.paragraph(one.lead, hanging=2)
            page.command(one.command)
            advise(page, [one.rest] if one.rest else [])
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

        def table(stop: int, start: int = start) -> Grid:
            shown = slice(start, stop)
            return Grid([first, *map(Column, titles[shown])], transpose([first_cells, *columns[shown]]))

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
    used = [counted(data["rows"], "row") + (" used" if dropped else "")]
    told = satisfied(data)
    if told and data["rows"] == data["rows_read"] - data["rows_filtered"]:
        used = []
    parts = [*used, *told, *([f"{whole(dropped)} dropped for missing cells"] if dropped else [])]
    if filled:
        parts.append(f"{counted(filled, 'missing cell')} filled with the mean")
    parts += marks_of(data)
    return ", ".join(parts)


def satisfied(data: Mapping[str, Any]) -> list[str]:
    """How many rows satisfy the condition of --where, if there is one."""
    if data.get("where") is None or not data.get("rows_read"):
        return []
    read = data["rows_read"]
    return [f"{whole(read - data['rows_filtered'])} of {counted(read, 'row')} satisfy --where"]


def marks_of(data: Mapping[str, Any]) -> list[str]:
    """Delimiter and decimal mark, where they are not the usual ones, comments left out, and that there is no header."""
    delimiter = data.get("delimiter") or ""
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "blanks", BLANKS: BLANKS}
    shown = [] if delimiter in ("", usual_delimiter(*data["source"])) else [names.get(delimiter, repr(delimiter))]
    commas = ["decimal commas"] if data.get("decimal") == "," else []
    comments = [f"{counted(data['comments'], 'comment')} left out"] if data.get("comments") else []
    return [
        *shown,
        *commas,
        *comments,
        *(["no header: the first line is data"] if data.get("has_header") is False else []),
    ]


def _features(data: Mapping[str, Any], room: int | None, *, intercept: bool) -> str:
    """The columns of the table that explain the target, one that was made into 0/1 columns once."""
    made = {f"{column}={level}": column for column, levels in (data["levels"] or {}).items() for level in levels}
    names = list(dict.fromkeys(made.get(name, name) for name in data["features"]))
    if not names:
        return "none but an intercept"
    last = " and an intercept" if intercept else ", no intercept"
    return _listed(names, "column", None if room is None else max(room, LEAST_ROOM) - len(last)) + last


def _listed(names: Sequence[str], noun: str, room: int | None) -> str:
    """Names one after the other; where that takes more than `room` cells, those that fit and how many others."""
    whole_list = ", ".join(names)
    if room is None or cells(whole_list) <= room:
        return whole_list
    # Every name but the last takes a comma and a blank.
    for shown in range(min(len(names) - 1, room), 0, -1):
        text = f"{', '.join(names[:shown])} and {counted(len(names) - shown, 'other')}"
        if cells(text) <= room:
            return text
    return counted(len(names), noun)


def _all_levels(data: Mapping[str, Any], room: int | None) -> str:
    """The levels of every column of text; where they take more than two lines, how many there are."""
    columns = [(name, list(levels)) for name, levels in (data["levels"] or {}).items()]
    texts = [f"{name}: {', '.join(_marked(data, name, levels))}" for name, levels in columns]
    most = None if room is None else max(2 * room, 2 * LEAST_ROOM)
    if most is None or cells("; ".join(texts)) <= most:
        return "; ".join(texts)
    short = [
        text if cells(text) <= most // 2 else _counted_levels(data, *one)
        for text, one in zip(texts, columns, strict=True)
    ]
    if cells("; ".join(short)) <= most:
        return "; ".join(short)
    return f"{counted(sum(len(levels) for _, levels in columns), 'level')} of {counted(len(columns), 'column')}"


def _marked(data: Mapping[str, Any], name: str, levels: Sequence[str]) -> list[str]:
    """Levels, the one that the others are measured against marked."""
    made = [f"{name}={level}" in data["features"] for level in levels]
    return [
        str(one) if there or not any(made) else f"{one} (reference)" for one, there in zip(levels, made, strict=True)
    ]


def _counted_levels(data: Mapping[str, Any], name: str, levels: Sequence[str]) -> str:
    there = set(data["features"])
    left = [str(level) for level in levels if f"{name}={level}" not in there]
    return f"{name}: {counted(len(levels), 'level')}{f', {left[0]} the reference' if left else ''}"
