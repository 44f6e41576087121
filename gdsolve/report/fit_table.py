"""The result of `fit` for people, on one screen: data, iterations, weights, figures, how it ended, what next.

Engine, plan and all that tells how descent went are for `--verbose`.
"""

from __future__ import annotations

from typing import TextIO

from gdsolve.report.confusion_table import is_shown, show_confusion
from gdsolve.report.figures import figures_of_fit, gradient_checks, how_it_went, rate_text
from gdsolve.report.inference_table import show_inference
from gdsolve.report.iteration_table import LEAST_ROWS, MOST_ROWS, show_iterations
from gdsolve.report.minibatches_record import hovering_line, minibatch_line
from gdsolve.report.page import Page, View, page_for
from gdsolve.report.parts import (
    LABEL_WIDTH,
    Record,
    advise,
    data_lines,
    is_penalised,
    labelled,
    loss_text,
    method_text,
    show_ending,
)
from gdsolve.report.plain import has_intercept
from gdsolve.report.starts_table import show_minima
from gdsolve.report.validation_table import show_stopping, validation_lines
from gdsolve.report.weight_table import show_weights
from gdsolve.spec.losses import USUAL_LOSS

SCREEN = 40
"""Lines that the answer takes at most, at 80 columns and with up to ten weights."""
HEAD = 3
"""Lines of an iteration table that are no rows: its titles, the rule, and how many weights were left out."""


def write_fit_table(record: Record, stream: TextIO, view: View = View()) -> None:  # noqa: B008, it is frozen
    """The whole result; the ending stands last, next to the prompt."""
    page = page_for(stream)
    _show_question(page, record, view)
    weights, ending, iterations = page.beside(), _ending(page, record, view), page.beside()
    room = SCREEN - len(page.lines) - len(ending.lines) - 1
    if record["weights"]:
        least = HEAD + LEAST_ROWS if record["trace"] else 0
        show_weights(weights, record, None if view.verbose else room - least - 2)
    if record["trace"]:
        everything = view.verbose or view.all_iterations
        iterations = _iterations(page, record, None if everything else room - len(weights.lines) - 1)
    for part in (iterations, weights, ending):
        page.add(part)
    page.write(stream)


def _iterations(page: Page, record: Record, room: int | None) -> Page:
    """The iteration table, in as many lines as there are left, within its own bounds."""
    shown, most = page.beside(), None if room is None else min(MOST_ROWS, len(record["trace"]))
    show_iterations(shown, record, most)
    if room is not None and most is not None and len(shown.lines) + 1 > room:
        fewer = max(LEAST_ROWS, most - (len(shown.lines) + 1 - room))
        shown = page.beside()
        show_iterations(shown, record, fewer)
    return shown


def _show_question(page: Page, record: Record, view: View) -> None:
    """What was read, and what of the descent was asked for."""
    room = None if page.width is None else page.width - LABEL_WIDTH
    lines = data_lines(record, intercept=has_intercept(record), room=None if view.verbose else room)
    # With `--verbose` all of it stands further down.
    labelled(page, lines if view.verbose else [*lines, *_asked(record, view)])


def _asked(record: Record, view: View) -> list[tuple[str, str]]:
    """The loss, the method, the start and the rate where they are not the usual ones."""
    descent = record["descent"]
    formula = (record.get("objective") or {}).get("kind") == "formula"
    usual = descent["loss"] == USUAL_LOSS and not is_penalised(descent)
    return [
        ("loss", "" if usual or formula else loss_text(descent)),
        ("batches", minibatch_line(record.get("minibatches"))),
        ("predicted", hovering_line(record.get("minibatches"))),
        ("method", method_text(descent) if view.method else ""),
        ("start", descent["init"] if descent["init"] != "zeros" else ""),
        ("learning rate", rate_text(record) if view.rate else ""),
    ]


def _ending(page: Page, record: Record, view: View) -> Page:
    """What stands below the weights."""
    answer = page.beside()
    if record.get("report"):
        answer.blank()
        show_inference(answer, record)
    answer.blank()
    answer.paragraph(", ".join(figures_of_fit(record)), hanging=2)
    if is_shown(record):
        answer.blank()
        show_confusion(answer, record, record["data"]["target"], weighted=bool(record["data"]["weight"]))
    labelled(answer, validation_lines(record))
    show_stopping(answer, record)
    labelled(answer, gradient_checks(record))
    show_minima(answer, record)
    if view.verbose:
        answer.blank()
        labelled(answer, how_it_went(record))
    answer.blank()
    show_ending(answer, record["status"], record["message"])
    if not view.quiet:
        advise(answer, record["advice"] or view.following)
    return answer
