"""A report as one HTML page: nothing is loaded from elsewhere, and what it holds is readable without scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from gdsolve.advice import Advice
from gdsolve.harmless import harmless, in_json
from gdsolve.report import numbers
from gdsolve.report.class_table import class_columns
from gdsolve.report.confusion_table import confusion_columns
from gdsolve.report.figures import all_figures
from gdsolve.report.inference_table import (
    correlated,
    correlation_pairs,
    correlation_triangle,
    estimate_columns,
    remarks,
)
from gdsolve.report.iteration_table import iteration_columns, measures_of
from gdsolve.report.numbers import counted
from gdsolve.report.parts import ENDINGS, data_lines, descent_line, parameter_names, where_rates_hold
from gdsolve.report.plain import finite, has_intercept
from gdsolve.report.starts_table import minima_columns, more_minima
from gdsolve.report.weight_table import weight_columns
from gdsolve.version import __version__

Record = Mapping[str, Any]

MOST_ROWS = 400
"""Iterations of the trace that a page holds at most."""
MOST_COLUMNS = 12
"""Weights that its iteration table shows at most."""

# Nothing may be fetched, sent or framed, whatever a column of the table is called.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)


def page_of(report: Record) -> str:
    """The page of a report, given as `gdsolve.report.report_record.report_record` makes it."""
    record = report["record"]
    shown = {**report, "record": {**record, "trace": thinned(record["trace"])}, "gaps": thinned(report["gaps"])}
    # What is there to be seen needs no second copy for scripts.
    del shown["pictures"]
    title = _title(record)
    sections = [
        _section("What the learning rate does", _rate(report), "needs-scripts") if report["course"] else "",
        _section("What was asked", _asked(report)),
        _section("What was reached", _reached(shown["record"])),
        _section("Weights", _weights(record)),
        _section("Standard errors", _errors(record)),
        _section("Starts", _starts(record)),
        _section("Iterations", _iterations(shown["record"], len(record["trace"]))),
        _section("Pictures", _pictures(report)),
        _section("What to do next", _advice(record)),
    ]
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">
<meta name="generator" content="gdsolve {escape(__version__)}">
<title>{escape(title)}</title>
<style>
{_asset("page.css")}</style>
<noscript><style>.needs-scripts {{ display: none; }}</style></noscript>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p>{_ending(record)}</p>
</header>
<main>
{"".join(sections)}</main>
<footer>Made by gdsolve {escape(__version__)}; this page needs no network.</footer>
<script type="application/json" id="run">{_embedded(shown)}</script>
<script>
{"".join(map(_asset, SCRIPTS))}</script>
</body>
</html>
"""
    # Escapes of JSON stand in the scripts by now; what is left would be read by people.
    return harmless(page)


def thinned(rows: Sequence[Any], most: int = MOST_ROWS) -> list[Any]:
    """At most `most` of the rows, the first and the last among them, evenly taken."""
    if len(rows) <= most:
        return list(rows)
    return [rows[round(step * (len(rows) - 1) / (most - 1))] for step in range(most)]


def _asset(name: str) -> str:
    text: str = (files(__package__) / name).read_text(encoding="utf-8")
    return text


def _embedded(data: Record) -> str:
    # Within a script element only "</" and "<!--" could end it.
    text = json.dumps(finite(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return in_json(text).replace("<", "\\u003c")


def _title(record: Record) -> str:
    kind, data = record["objective"]["kind"], record["data"]
    sources = ", ".join(data["source"][:3]) + (" …" if len(data["source"]) > 3 else "")
    if kind == "linear":
        return f"{data['target']} by gradient descent" + (f", from {sources}" if sources else "")
    return f"{record['objective']['formula']}{f', on {sources}' if sources else ''}"


def _ending(record: Record) -> str:
    ending = ENDINGS[record["status"]]
    said = ending.after_word(record["message"], ". ")
    return f'<span class="ending {escape(record["status"])}">{escape(ending.word)}</span>{escape(said)}'


def _section(title: str, body: str, kind: str = "") -> str:
    of_kind = f' class="{kind}"' if kind else ""
    return f"<section{of_kind}>\n<h2>{escape(title)}</h2>\n{body}</section>\n" if body else ""


def _list(pairs: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>\n" for label, text in pairs if text)
    return f"<dl>\n{rows}</dl>\n"


def _asked(report: Record) -> str:
    record = report["record"]
    pairs = [*data_lines(record, intercept=has_intercept(record)), ("descent", descent_line(record))]
    return f"<p><code>{escape(report['command'])}</code></p>\n{_list(pairs)}"


def _reached(record: Record) -> str:
    table = ""
    if record.get("confusion"):
        table = _table(*confusion_columns(record, f"{record['data']['target']}, rows by class and told class"))
    return _list(all_figures(record)) + table


def _weights(record: Record) -> str:
    if not record["weights"]:
        return ""
    if record.get("weights_by_class"):
        return _table(*class_columns(record, 10))
    titles, columns = weight_columns(record, 10)
    names = parameter_names(record, intercept=has_intercept(record))
    return _table(["parameter", *titles], [names, *columns])


def _errors(record: Record) -> str:
    """The table of `fit --report`, and how its parameters are correlated."""
    report = record["report"]
    if report is None:
        return ""
    titles, columns = estimate_columns(report)
    known = any(one["standard_error"] is not None for one in report["parameters"].values())
    table = _table(["parameter", *titles], [list(report["parameters"]), *columns]) if known else ""
    if found := report.get("reference"):
        titles, columns = estimate_columns({**report, **found})
        table += _table([f"against {found['class']}", *titles], [list(found["parameters"]), *columns])
    return table + _list(remarks(record)) + _correlations(report)


def _starts(record: Record) -> str:
    """The minima at which starts ended."""
    titles, columns = minima_columns(record)
    note = f"<p>{escape(more_minima(record))}</p>\n" if more_minima(record) else ""
    return (_table(titles, columns) if titles else "") + note


def _correlations(report: Record) -> str:
    count = len(correlated(report))
    if count < 2:
        return ""
    if count <= MOST_COLUMNS:
        return _table(*correlation_triangle(report))
    titles, columns, note = correlation_pairs(report)
    return (_table(titles, columns) if columns else "") + f"<p>{escape(note)}</p>\n"


def _iterations(record: Record, rows: int) -> str:
    if not record["trace"]:
        return ""
    names = parameter_names(record, intercept=has_intercept(record))
    measures = measures_of(record)
    columns = iteration_columns(record, measures, names, 8)
    kept = columns[: 1 + len(measures) + MOST_COLUMNS]
    notes = []
    if len(columns) > len(kept):
        notes.append(f"{counted(len(columns) - len(kept), 'weight')} left out; gdsolve fit --history FILE has all")
    if rows > len(record["trace"]):
        notes.append(f"{len(record['trace'])} of {rows} reported iterations; gdsolve fit --history FILE has all")
    note = "".join(f"<p>{escape(text)}</p>\n" for text in notes)
    return _table([title for title, _ in kept], [texts for _, texts in kept]) + note


def _table(titles: Sequence[str], columns: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    rows = []
    for cells in zip(*columns, strict=True):
        first, *others = (escape(cell.strip()) for cell in cells)
        rows.append(f'<tr><td class="name">{first}</td>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>\n')
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{"".join(rows)}</tbody></table></div>\n'
    )


def _pictures(report: Record) -> str:
    drawn = [
        f'<figure id="{escape(one.id)}" role="img" aria-label="{escape(one.caption)}">{one.svg}</figure>\n'
        for one in report["pictures"]
    ]
    return f'<div class="drawings">\n{"".join(drawn)}</div>\n' if drawn else ""


def _figure(name: str, caption: str) -> str:
    return f'<figure id="{escape(name)}"><figcaption>{escape(caption)}</figcaption></figure>\n'


def _rate(report: Record) -> str:
    course = report["course"]
    pressed = "".join(
        f'<button type="button" data-rate="{name}">{escape(text)}</button>' for name, text in BUTTONS.items()
    )
    methods = "".join(
        f'<label><input type="radio" name="method" value="{name}"> {escape(text)}</label>'
        for name, text in METHODS.items()
    )
    path = _figure("rate-path", PATH_CAPTION if len(course["plane"]["labels"]) == 2 else LINE_CAPTION)
    return f"""<p>Every curve here is computed in closed form from the spectrum, for any rate. Plain descent is
stable below 2/L<sub>max</sub> = {_number("largest_stable_lr", course["stable"])}, and
fastest at 2/(L<sub>max</sub> + μ) = {_number("best_lr", course["best"])},
{where_rates_hold(report["record"])}.</p>
<div class="rate">
<label for="rate-slider">learning rate α</label>
<input type="text" id="rate-field" inputmode="decimal" aria-label="learning rate, as a number">
<input type="range" id="rate-slider" min="0" max="1000" step="1">
<fieldset><legend>method</legend>{methods}</fieldset>
<div id="momentum"><label for="momentum-slider">momentum β</label>
<input type="text" id="momentum-field" inputmode="decimal" aria-label="momentum, as a number">
<input type="range" id="momentum-slider" min="0" max="0.99" step="0.01"></div>
<div class="buttons">{pressed}</div>
</div>
<p><output id="rate-verdict" for="rate-slider rate-field"></output></p>
<p><output id="rate-limit" for="rate-slider rate-field momentum-slider"></output></p>
<p><output id="rate-after" for="rate-slider rate-field"></output></p>
<div class="pictures">
<div>{path}<div class="walk"><button type="button" id="walk-play">▶ play</button>
<input type="range" id="walk-slider" min="0" value="0" step="1" aria-label="update shown on the path">
<output id="walk-told" for="walk-slider"></output></div></div>
{_figure("rate-loss", LOSS_CAPTION)}{_figure("rate-spectrum", SPECTRUM_CAPTION)}</div>
"""


def _number(name: str, rate: float) -> str:
    return f'<span class="number" data-figure="{name}">{numbers.rate(rate)}</span>'


SCRIPTS = ("descent.js", "charts.js", "page.js")
BUTTONS = {
    "run": "the rate of the run",
    "best": "the best rate",
    "stable": "the stability limit",
    "beyond": "beyond it",
}
METHODS = {"gd": "plain descent", "momentum": "momentum (heavy ball)", "nesterov": "Nesterov's momentum"}
PATH_CAPTION = (
    "The path from the start (ring) to the optimum (cross), on contours of the loss, through every update: "
    "a dot for each of the first 100."
)
LINE_CAPTION = "The loss above its minimum along its one direction, and the updates from the start (ring) on it."
LOSS_CAPTION = "The loss above its minimum, update by update, at this rate."
SPECTRUM_CAPTION = (
    "The factor by which an update at this rate multiplies the error in each mode in the long run: above 1 it grows."
)


def _advice(record: Record) -> str:
    return "".join(map(_paragraph, record["advice"]))


def _paragraph(advice: str) -> str:
    if isinstance(advice, Advice) and advice.command is not None:
        rest = _paragraph(advice.rest) if advice.rest else ""
        return f"<p>{escape(advice.lead)}<br><code>{escape(advice.command)}</code></p>\n{rest}"
    return f"<p>{escape(advice)}</p>\n"
