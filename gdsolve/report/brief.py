"""Results in at most five lines, as Python shows them where one stands alone on a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gdsolve.report import numbers
from gdsolve.report.check_table import findings_beside
from gdsolve.report.compare_table import STATUS_WORDS
from gdsolve.report.figures import figures_of_fit
from gdsolve.report.numbers import counted, figure
from gdsolve.report.parts import (
    ENDINGS,
    coordinates_text,
    loss_text,
    method_text,
    named_target,
    parameter_names,
    parameter_values,
)
from gdsolve.report.path_table import endings
from gdsolve.report.plain import has_intercept, weight_names
from gdsolve.report.score_table import shown_figures
from gdsolve.report.text import printable, wrap
from gdsolve.spec.methods import PLAIN
from gdsolve.terminal import cells

Record = Mapping[str, Any]
WIDTH, LINES = 100, 5
MOST_WEIGHTS = 6
MOST_METHODS = 6
MOST_FEATURES = 4
MOST_GROUPS = 4
AT_HAND = "weights"
"""What weights are from that a call was given."""


def brief(record: Record) -> str:
    """A record of any verb as text of at most five lines of 100 cells."""
    lines = [line for line in BRIEF[record["schema"]](record) if line]
    folded = [wrap(printable(line, "utf-8").replace("\n", " "), WIDTH, 2) for line in lines]
    # The last line tells how it ended, and has what room there is.
    room = LINES - len(folded) + 1
    return "\n".join([*(_cut(one, 1) for one in folded[:-1]), _cut(folded[-1], room)])


def _cut(lines: Sequence[str], most: int) -> str:
    """The first lines, the last of them with the sign that more is left out."""
    shown = list(lines[:most])
    if len(lines) > most:
        while cells(shown[-1]) >= WIDTH:
            shown[-1] = shown[-1][:-1]
        shown[-1] = f"{shown[-1].rstrip(' ,;:')}…"
    return "\n".join(shown)


def listed(texts: Sequence[str], most: int) -> str:
    """The first of many texts, and how many others there are."""
    if len(texts) <= most + 1:
        return ", ".join(texts)
    return f"{', '.join(texts[:most])} and {counted(len(texts) - most, 'other')}"


def subject(record: Record) -> str:
    """What a result is of: the target and its features, a curve or a formula, and of how many rows."""
    data, told = record["data"], record.get("objective") or {"kind": "linear", "formula": None}
    rows = counted(data["rows"], "row") if data["rows"] else ""
    if told["kind"] == "formula":
        return ", ".join(filter(None, [f"minimum of {told['formula']}", rows]))
    if told["kind"] == "curve":
        return f"{data['target']} = {told['formula']}, {rows}"
    made = {f"{column}={level}": column for column, levels in (data["levels"] or {}).items() for level in levels}
    names = list(dict.fromkeys(made.get(name, name) for name in data["features"]))
    return f"{data['target']} on {listed(names, MOST_FEATURES) or 'an intercept'}, {rows}"


def ending(status: str, message: str) -> str:
    """How a run ended: the word, and its message."""
    known = ENDINGS[status]
    return known.word + known.after_word(message, ". ")


def weights_line(record: Record) -> str:
    """The first weights, with few digits."""
    if record.get("weights_by_class"):
        classes = list(record["weights_by_class"])
        each = counted(len(next(iter(record["weights_by_class"].values()))["weights"]), "weight")
        return f"{each} for each of {counted(len(classes), 'class', 'classes')}: {listed(classes, MOST_WEIGHTS)}"
    intercept = has_intercept(record)
    names = parameter_names(record, intercept=intercept)
    values = parameter_values(record, weight_names(record), intercept=intercept)
    return listed([f"{name} {figure(value, 6)}" for name, value in zip(names, values, strict=True)], MOST_WEIGHTS)


def title(record: Record) -> str:
    """What was fitted, or minimised, and by which method where that is not the plain one."""
    method = method_text(record["descent"])
    formula = (record.get("objective") or {}).get("kind") == "formula"
    what = subject(record) if formula else f"fit of {subject(record)}, {loss_text(record['descent'])}"
    whose = f"Group {record['of_group']!r}: " if "of_group" in record else ""
    what = what if whose else f"{what[0].upper()}{what[1:]}"
    return f"{whose}{what}{'' if method == PLAIN else f' by {method}'}"


def _fit(record: Record) -> list[str]:
    return [
        title(record),
        weights_line(record) if record["weights"] else "",
        ", ".join(figures_of_fit(record)),
        ending(record["status"], record["message"]),
    ]


def _statuses(rows: Sequence[Record]) -> str:
    counts = Counter(row["status"] for row in rows)
    return ", ".join(f"{numbers.whole(count)} {STATUS_WORDS[status][0]}" for status, count in counts.items())


def _rates(record: Record) -> list[str]:
    rates, limits = record["rates"], []
    if (largest := record["largest_stable_lr"]) is not None:
        local = "" if record["descent"].get("stable_below") is not None else "locally "
        limits.append(f"{local}stable below {numbers.rate(largest, 6)}")
    if record["best_lr"] is not None:
        limits.append(f"best rate {numbers.rate(record['best_lr'], 6)}")
    done = [one for one in rates if one["status"] == "converged"]
    if done:
        best = min(done, key=lambda one: one["iterations"])
        limits.append(f"fastest of these: {numbers.exact_rate(best['learning_rate'])}, {_updates(best)}")
    return [
        f"Learning rates for {subject(record)}, {loss_text(record['descent'])} {_where(record)}".rstrip(),
        f"{counted(len(rates), 'rate')}: {_statuses(rates)}",
        ", ".join(limits),
        "" if not record["message"] else ending("interrupted", record["message"]),
    ]


def _where(record: Record) -> str:
    linear = (record.get("objective") or {}).get("kind", "linear") == "linear"
    return f"on {coordinates_text(record['descent'])}" if linear else ""


def _updates(one: Record) -> str:
    return counted(one["iterations"], "update")


def _methods(record: Record) -> list[str]:
    methods = record["methods"]
    told = [f"{one['method']} {STATUS_WORDS[one['status']][0]} after {_updates(one)}" for one in methods]
    losses = [one["loss"] for one in methods if one["loss"] is not None]
    return [
        f"Methods for {subject(record)}, {loss_text(record['descent'])}",
        f"lowest loss {figure(min(losses))}" if losses else "",
        "" if not record["message"] else ending("interrupted", record["message"]),
        listed(told, MOST_METHODS),
    ]


def _check(record: Record) -> list[str]:
    source = ", ".join(record["source"]) or "inline"
    size = f"{counted(record['table_rows'], 'row')}, {counted(len(record['columns']), 'column')}"
    found = findings_beside(record)
    parts = []
    if record["rank"] is not None:
        parts.append(f"rank {record['rank']} of {record['parameters']}")
    for title, key, show in (("condition", "condition", figure), ("best rate", "best_lr", numbers.rate)):
        values = record[key]
        if values["raw"] is not None:
            parts.append(f"{title} {show(values['raw'], 6)} ({show(values['standardised'], 6)} standardised)")
    findings = f"{counted(len(found), 'finding')}: {found[0]['message']}" if found else "no findings"
    return [
        f"Check of {source}: {size}; target {named_target(record['target'], record['target_reason'])}",
        f"NOT READY TO FIT  {record['problem']}" if record["problem"] else "",
        findings,
        ", ".join(parts),
        f"to run next: {record['commands'][0]}" if record["commands"] else "",
    ]


def _path(record: Record) -> list[str]:
    points = record["points"]
    ends = f"{figure(points[0]['lambda'], 6)} down to {figure(points[-1]['lambda'], 6)}"
    penalty = {1.0: "l1", 0.0: "ridge"}.get(record["l1_ratio"], "l1 and ridge")
    explained = f"explained {figure(points[0]['explained'], 4)} to {figure(points[-1]['explained'], 4)}"
    told = [f"{explained}, weights not zero {points[0]['nonzero']} to {points[-1]['nonzero']}"]
    told += [line for line in endings(record) if line]
    return [f"Path of {subject(record)}: {counted(len(points), f'{penalty} strength')}, λ = {ends}", *told[:4]]


def _score(record: Record) -> list[str]:
    source = ", ".join(record["data"]["source"])
    where = f" of {source}" if source else ""
    dropped = f", {numbers.whole(record['rows_dropped'])} dropped" if record["rows_dropped"] else ""
    return [
        f"Score of {record['target']} by {record['loss']}, {counted(record['rows'], 'row')}{where}{dropped}",
        ", ".join(f"{title} {text}" for title, text in shown_figures(record)),
    ]


def title_of_weights(record: Record) -> str:
    """Where given weights are from, and what they are weights of."""
    given = "Given weights" if record["from"] == AT_HAND else f"Weights from {record['from']}"
    return f"{given}: {subject(record)}, {loss_text(record['descent'])}"


def _certified(record: Record) -> list[str]:
    return [
        title_of_weights(record),
        weights_line(record),
        ", ".join(figures_of_fit({**record, "trace": []})),
        record["message"],
    ]


def _scan(record: Record) -> list[str]:
    names = [name for name in record["columns"] if name != record["target"]]
    kept = [f"kept in {record['file']}"] if record["file"] else []
    target = f"; target {record['target']}" if record["target"] else ""
    return [
        f"Scan of {', '.join(record['source'])}: {counted(record['rows'], 'row')}",
        f"{counted(len(record['columns']), 'column')}: {listed(names, MOST_WEIGHTS)}{target}",
        *kept,
    ]


def group_texts(record: Record, most: int) -> list[str]:
    """The cells of the first groups, of several columns one after the other."""
    keys = record["group_keys"]
    found = [[one["group"][name] for name in keys] for one in record["groups"][:most]]
    return [", ".join(numbers.ABSENT if cell is None else str(cell) for cell in cells) for cells in found]


def _groups(record: Record) -> list[str]:
    groups = record["groups"]
    texts = "; ".join(group_texts(record, MOST_GROUPS))
    others = f" and {counted(len(groups) - MOST_GROUPS, 'other')}" if len(groups) > MOST_GROUPS else ""
    return [
        f"Fits of {subject(record)}, {loss_text(record['descent'])}, by {', '.join(record['group_keys'])}",
        f"{counted(len(groups), 'group')}: {texts}{others}",
        record["message"],
    ]


def _group(record: Record) -> list[str]:
    if record["weights"] is None:
        return [f"Group {record['group']!r}: {counted(record['rows'], 'row')}", record["message"]]
    names = [*record["weights"], *([] if record["intercept"] is None else ["intercept"])]
    values = [*record["weights"].values(), record["intercept"]]
    found = (("SSE", "sse"), ("RMSE", "rmse"), ("R²", "r2"))
    return [
        f"Fit of group {record['group']!r}, {counted(record['rows'], 'row')}",
        listed([f"{name} {figure(value, 6)}" for name, value in zip(names, values, strict=False)], MOST_WEIGHTS),
        ", ".join(f"{title} {figure(record[key])}" for title, key in found if record[key] is not None),
        ending(record["status"], record["message"]),
    ]


BRIEF: dict[str, Callable[[Record], list[str]]] = {
    "gdsolve.fit/1": _fit,
    "gdsolve.compare-lr/1": _rates,
    "gdsolve.compare/1": _methods,
    "gdsolve.check/1": _check,
    "gdsolve.path/1": _path,
    "gdsolve.score/1": _score,
    "gdsolve.certify/1": _certified,
    "gdsolve.scan/1": _scan,
    "gdsolve.groups/1": _groups,
    "gdsolve.group/1": _group,
}
