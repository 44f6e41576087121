"""A result as a small piece of HTML for a notebook: how it ended, one picture, the coefficients, the figures.

It needs no script and no style sheet, nothing is fetched, and every text of the user's is escaped. Colours are those of
the text around, or such as can be read on light and on dark.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from gdsolve.harmless import harmless
from gdsolve.picture import Panel
from gdsolve.report import numbers
from gdsolve.report.brief import ending, group_texts, listed, subject, title, title_of_weights
from gdsolve.report.check_table import findings_beside
from gdsolve.report.class_table import class_columns
from gdsolve.report.compare_table import STATUS_WORDS
from gdsolve.report.confusion_table import MOST_SHOWN, confusion_columns
from gdsolve.report.figures import figures_of_fit
from gdsolve.report.html.svg import legend_html, panel_svg
from gdsolve.report.inference_table import estimate_columns
from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.parts import ENDINGS, loss_text, named_target, parameter_names
from gdsolve.report.path_table import chosen_points, endings
from gdsolve.report.plain import has_intercept
from gdsolve.report.score_table import shown_figures
from gdsolve.report.text import printable
from gdsolve.report.weight_table import weight_columns

Record = Mapping[str, Any]
Columns = tuple[list[str], list[list[str]]]
Parts = tuple[str, list[str], Columns | None, list[str]]
"""Title, lines under it, a table, and lines under that, all but the title as HTML."""

MOST_ROWS = 12
MOST_CLASSES = 8
MOST_FINDINGS = 5
MOST_WEIGHTS = 4
GOOD, FAIR, BAD = "#1f9d77", "#b07d12", "#e0523f"
COLOURS = {"green": GOOD, "yellow": FAIR, "red": BAD}


def card(record: Record, panel: Panel | None, caption: str) -> str:
    """A record of any verb as a `div`, with one panel of the picture that is called `caption` beside its table."""
    head, above, table, below = CARDS[record["schema"]](record)
    drawn = "" if panel is None else _drawn(panel, caption)
    shown = "" if table is None else _table(*table)
    middle = f'<div style="display:flex;flex-wrap:wrap;gap:0 2em;align-items:flex-start">{drawn}{shown}</div>'
    lines = [f"<strong>{_text(head)}</strong>", *above]
    beside = middle if drawn or shown else ""
    return harmless(f'<div style="max-width:62em;line-height:1.4">{_lines(lines)}{beside}{_lines(below)}</div>')


def _text(text: str) -> str:
    return escape(printable(text, "utf-8"))


def _lines(lines: Sequence[str]) -> str:
    return "".join(f"<div>{line}</div>" for line in lines if line)


def _drawn(panel: Panel, title: str) -> str:
    legend = f'<div style="font-size:85%;max-width:380px">{legend_html(panel)}</div>'
    return f'<div style="margin:.4em 0">{panel_svg(panel, title)}{legend}</div>'


def _table(titles: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    """The first rows; how many there are beside them stands in the last one."""
    cell = 'style="text-align:{};padding:.1em .8em .1em 0;background:none"'
    first, others = cell.format("left"), cell.format("right")
    count = len(columns[0]) if columns else 0
    most = count if count <= MOST_ROWS + 1 else MOST_ROWS
    rows = [
        "".join(f"<td {first if place == 0 else others}>{_text(one.strip())}</td>" for place, one in enumerate(row))
        for row in list(zip(*columns, strict=True))[:most]
    ]
    if count > most:
        rows.append(f'<td {first} colspan="{len(titles)}">and {counted(count - most, "other")}</td>')
    head = "".join(f"<th {first if place == 0 else others}>{_text(one)}</th>" for place, one in enumerate(titles))
    body = "".join(f'<tr style="background:none">{row}</tr>' for row in rows)
    return (
        '<div style="overflow-x:auto;max-width:100%;margin:.4em 0"><table style="font-size:inherit;'
        f'border-collapse:collapse;font-variant-numeric:tabular-nums"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _ended(status: str, message: str) -> str:
    """How a run ended, the word in its colour."""
    known = ENDINGS[status]
    word = f'<strong style="color:{COLOURS[known.style.split()[-1]]}">{escape(known.word)}</strong>'
    return word + _text(ending(status, message)[len(known.word) :])


def _code(command: str) -> str:
    return f'<code style="background:none">{_text(command)}</code>'


def _fit(record: Record) -> Parts:
    advice = [_text(str(record["advice"][0]))] if record["advice"] and record["status"] != "converged" else []
    return (
        title(record),
        [_ended(record["status"], record["message"]), *advice],
        _coefficients(record),
        [_text(", ".join(figures_of_fit(record)))],
    )


def _coefficients(record: Record) -> Columns | None:
    """The weights, with their standard errors where there are some; of several classes side by side."""
    if not record["weights"]:
        return None
    if record.get("weights_by_class") and len(record["weights_by_class"]) <= MOST_CLASSES:
        return class_columns(record, 6)
    if record.get("report"):
        titles, columns = estimate_columns(record["report"])
        return ["parameter", *titles], [list(record["report"]["parameters"]), *columns]
    titles, columns = weight_columns(record, 8)
    return ["parameter", *titles], [parameter_names(record, intercept=has_intercept(record)), *columns]


def _rates(record: Record) -> Parts:
    rates = sorted(record["rates"], key=lambda one: -one["learning_rate"])
    told = []
    if record["largest_stable_lr"] is not None:
        local = "" if record["descent"].get("stable_below") is not None else "locally "
        told.append(f"{local}stable below {numbers.rate(record['largest_stable_lr'], 6)}")
    if record["best_lr"] is not None:
        told.append(f"best rate {numbers.rate(record['best_lr'], 6)}")
    columns = [
        [numbers.exact_rate(one["learning_rate"]) for one in rates],
        [STATUS_WORDS[one["status"]][0] for one in rates],
        [whole(one["iterations"]) for one in rates],
        [figure(one["loss"], 6) for one in rates],
        [figure(one["gap"], 3) for one in rates],
    ]
    return (
        f"Learning rates for {subject(record)}, {loss_text(record['descent'])}",
        [_text(", ".join(told)), _ended("interrupted", record["message"]) if record["message"] else ""],
        (["learning rate", "status", "iterations", "loss", "gap"], columns),
        [],
    )


def _methods(record: Record) -> Parts:
    methods = record["methods"]
    columns = [
        [one["method"] for one in methods],
        [STATUS_WORDS[one["status"]][0] for one in methods],
        [whole(one["iterations"]) for one in methods],
        [numbers.rate(one["learning_rate"], 6) for one in methods],
        [figure(one["loss"], 6) for one in methods],
        [figure(one["gap"], 3) for one in methods],
    ]
    return (
        f"Methods for {subject(record)}, {loss_text(record['descent'])}",
        [_ended("interrupted", record["message"]) if record["message"] else ""],
        (["method", "status", "iterations", "rate", "loss", "gap"], columns),
        [],
    )


def _check(record: Record) -> Parts:
    rows, shown = record["columns"], ("minimum", "maximum", "mean", "std")
    columns = [
        [str(one["name"]) for one in rows],
        [str(one["role"]) for one in rows],
        [str(one["type"]) for one in rows],
        [whole(one["missing"]) for one in rows],
        *([figure(one[name], 5) for one in rows] for name in shown),
    ]
    size = f"{counted(record['table_rows'], 'row')}, {counted(len(rows), 'column')}"
    target = named_target(record["target"], record["target_reason"])
    lines = []
    if record["problem"]:
        lines.append(f'<strong style="color:{BAD}">NOT READY TO FIT</strong> {_text(record["problem"])}')
    found = findings_beside(record)
    lines += [_text(one["message"]) for one in found[:MOST_FINDINGS]]
    if len(found) > MOST_FINDINGS:
        lines.append(f"and {counted(len(found) - MOST_FINDINGS, 'finding')} more")
    below = [f"to run next: {_code(record['commands'][0])}"] if record["commands"] else []
    if record["condition"]["raw"] is not None:
        values = record["condition"]
        said = f"condition {figure(values['raw'], 6)}, on standardised columns {figure(values['standardised'], 6)}"
        below.insert(0, _text(f"rank {record['rank']} of {record['parameters']}, {said}"))
    return (
        f"Check of {', '.join(record['source']) or 'inline'}: {size}; target {target}",
        lines,
        (["column", "role", "type", "missing", "min", "max", "mean", "std"], columns),
        below,
    )


def _path(record: Record) -> Parts:
    points = record["points"]
    found = record["validation"]
    places = chosen_points(len(points), [] if found is None else [found[rule]["point"] for rule in ("min", "1se")], 10)
    rows = [points[place] for place in places]
    titles = ["λ", "nonzero", "explained"]
    columns = [
        [figure(one["lambda"], 6) for one in rows],
        [whole(one["nonzero"]) for one in rows],
        numbers.column([one["explained"] for one in rows], 5, relative=False),
    ]
    if found is not None:
        titles += ["over folds", "±"]
        columns += [[figure(one["cv_score"], 6) for one in rows], [figure(one["cv_standard_error"], 3) for one in rows]]
    return (
        f"Path of {subject(record)}: {counted(len(points), 'strength')} of its penalty",
        [],
        (titles, columns),
        [_text(line) for line in endings(record)],
    )


def _score(record: Record) -> Parts:
    source = ", ".join(record["data"]["source"])
    shown = shown_figures(record)
    return (
        f"Score of {record['target']} by {record['loss']}, {counted(record['rows'], 'row')}"
        f"{f' of {source}' if source else ''}",
        [] if record["confusion"] is None else [_text(", ".join(f"{title} {text}" for title, text in shown))],
        (["figure", "value"], [[title for title, _ in shown], [text for _, text in shown]])
        if record["confusion"] is None or len(record["classes"]) > MOST_SHOWN
        else confusion_columns(record, record["target"]),
        [],
    )


def _certified(record: Record) -> Parts:
    titles, columns = weight_columns({**record, "status": "converged", "trace": []}, 10)
    return (
        title_of_weights(record),
        [_text(record["message"])],
        (["parameter", *titles], [parameter_names(record, intercept=has_intercept(record)), *columns]),
        [_text(", ".join(figures_of_fit({**record, "trace": []})))],
    )


def _scan(record: Record) -> Parts:
    lines = [_text(f"{counted(len(record['columns']), 'column')}: {listed(record['columns'], 20)}")]
    lines += [f"kept in {_code(record['file'])}"] if record["file"] else []
    return f"Scan of {', '.join(record['source'])}: {counted(record['rows'], 'row')}", lines, None, []


def _groups(record: Record) -> Parts:
    groups, by = record["groups"], ", ".join(record["group_keys"])
    names, shown = record["parameters"][:MOST_WEIGHTS], groups[: MOST_ROWS + 2]
    rows = [group_texts(record, len(shown))]
    rows += [[STATUS_WORDS[group["status"]][0] for group in shown], [whole(group["data"]["rows"]) for group in shown]]
    rows += [[figure((group["weights"] or {}).get(name), 6) for group in shown] for name in names]
    titles = [by, "status", "rows", *names]
    if record["intercept"]:
        titles, rows = [*titles, "intercept"], [*rows, [figure(group["intercept"], 6) for group in shown]]
    titles, rows = [*titles, "loss"], [*rows, [figure(group["loss"], 6) for group in shown]]
    head = f"Fits of {subject(record)}, {loss_text(record['descent'])}, by {by}"
    more = [f"{counted(len(groups), 'group')} in all"] if len(groups) > MOST_ROWS + 1 else []
    return head, [_text(record["message"])], (titles, rows), more


def _group(record: Record) -> Parts:
    head = f"Fit of group {record['group']!r}, {counted(record['rows'], 'row')}"
    if record["weights"] is None:
        return head, [_text(record["message"])], None, []
    names = [*record["weights"], *([] if record["intercept"] is None else ["intercept"])]
    values = [*record["weights"].values(), *([] if record["intercept"] is None else [record["intercept"]])]
    found = (("SSE", "sse"), ("RMSE", "rmse"), ("R²", "r2"))
    told = ", ".join(f"{title} {figure(record[key])}" for title, key in found if record[key] is not None)
    ended = [_ended(record["status"], record["message"])]
    return head, ended, (["parameter", "weight"], [names, [figure(value) for value in values]]), [_text(told)]


CARDS: dict[str, Callable[[Record], Parts]] = {
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
