"""A step or an exercise in the words of a language, as a page of text: for a terminal, or to be read in one run."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from gdsolve.bundled import named
from gdsolve.quoting import joined
from gdsolve.report.page import Page, page_for
from gdsolve.report.text import printable
from gdsolve.terminal import cells
from gdsolve.tour.catalogue import Catalogue
from gdsolve.tour.exercises import Exercise, Records, in_figures
from gdsolve.tour.figures import with_figures
from gdsolve.tour.folding import fold
from gdsolve.tour.script import TextbookFormula, TourStep, as_written

FEW = 8
"""Rows of a table that are few enough to be shown as points."""


def thing_of(step: TourStep, words: Catalogue, stream: TextIO) -> Page:
    """What a step is about: its points, the formula with its derivatives, and its spec."""
    page = page_for(stream)
    lines = [*_points(step, words), *_formula(step, words, page.width)]
    margin = max((cells(label) for label, _ in lines), default=0) + 2
    for label, text in lines:
        lead = label + " " * (margin - cells(label))
        for number, line in enumerate(_wrapped(page, text, margin)):
            page.paragraph(line, lead=lead if number == 0 else " " * margin, lead_style="dim")
    page.blank()
    for line in step.bundled.text.splitlines():
        if not line.startswith("#"):
            page.paragraph(f"  {line}")
    return page


def command_of(words: Sequence[str], stream: TextIO) -> Page:
    """A command, as it is typed."""
    page = page_for(stream)
    page.command(joined(["gdsolve", *words]), indent="$ ")
    return page


def prose(text: str, stream: TextIO, style: str = "") -> Page:
    """A text of any language, folded to the width of a stream."""
    page = page_for(stream)
    for line in _wrapped(page, text):
        page.paragraph(line, style)
    return page


def said_of(step: TourStep, words: Catalogue, record: Mapping[str, Any], stream: TextIO) -> Page:
    """The two sentences on what is to be seen."""
    return prose(with_figures(words.say(f"steps.{step.key}.says"), record), stream)


def question_of(exercise: Exercise, words: Catalogue, stream: TextIO) -> Page:
    """The question, what it is about, and what there is to choose from."""
    page = prose(words.say(f"exercises.{exercise.key}.asks"), stream)
    if exercise.shows:
        page.blank()
        page.paragraph(f"  {as_written(exercise.shows)}")
    page.blank()
    for number, name in enumerate(names_of(exercise, words), start=1):
        page.paragraph(f"  {number}  {name}")
    return page


def names_of(exercise: Exercise, words: Catalogue) -> list[str]:
    """What the choices are called."""
    return [words.name("choices", choice) for choice in exercise.choices]


def answer_of(exercise: Exercise, words: Catalogue, expected: Any, records: Records, stream: TextIO) -> Page:
    """The answer with the reason, and the commands that give it."""
    shown = words.name("choices", expected) if exercise.choices else in_figures(expected)
    page = prose(words.say("screen.answer", answer=shown), stream, "bold")
    page.lines += prose(with_figures(words.say(f"exercises.{exercise.key}.why"), records), stream).lines
    page.blank()
    page.paragraph(words.say("screen.run"), "dim")
    for command in exercise.words:
        page.lines += command_of(command, stream).lines
    return page


def _points(step: TourStep, words: Catalogue) -> list[tuple[str, str]]:
    """The rows of the table of a step, where they are few."""
    key = next((line for line in step.bundled.text.splitlines() if line.startswith("data:")), None)
    table = None if key is None else named(key.partition(":")[2].strip())
    if table is None:
        return []
    header, *rows = csv.reader(table.text.splitlines())
    if len(rows) > FEW:
        return []
    points = ", ".join(f"({', '.join(row)})" for row in rows)
    return [(words.say("screen.data"), f"({', '.join(header)}) = {points}")]


def _formula(step: TourStep, words: Catalogue, width: int | None) -> list[tuple[str, str]]:
    if not isinstance(step.thing, TextbookFormula):
        return [(words.say("screen.model") if number == 0 else "", line) for number, line in enumerate(step.thing)]
    gradient, label = "   ".join(step.thing.gradient), words.say("screen.gradient")
    # A derivative is not parted where it can have a line of its own.
    fits = width is None or cells(label) + 2 + cells(gradient) <= width
    rows = (gradient,) if fits else step.thing.gradient
    return [
        (words.say("screen.model"), step.thing.model),
        (words.say("screen.loss"), f"{step.thing.name} = {as_written(step.thing.loss)}"),
        *((label if number == 0 else "", one) for number, one in enumerate(rows)),
    ]


def _wrapped(page: Page, text: str, margin: int = 0) -> list[str]:
    text = printable(text, page.encoding)
    return [text] if page.width is None else fold(text, page.width - margin)
