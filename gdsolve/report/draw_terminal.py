"""A picture as text: for the width of a terminal, in braille or ASCII by what the stream can show."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, TextIO

from gdsolve.picture import Marker, Panel, Picture, Rule, Series, Stroke
from gdsolve.report.grid import Line, Segment
from gdsolve.report.page import Page, page_for
from gdsolve.report.painter import Painter
from gdsolve.report.text import encoding_of, is_unicode, printable, wrap
from gdsolve.report.ticks import Ruler, rulers
from gdsolve.terminal import cells

# Okabe and Ito's colours for all kinds of sight; the last is what the terminal writes in.
STYLES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "")
FAINT = "bright_black"
SHAPES = {
    Marker.CIRCLE: ("●", "o"),
    Marker.SQUARE: ("□", "#"),
    Marker.TRIANGLE: ("▲", "^"),
    Marker.DIAMOND: ("◇", "@"),
    Marker.CROSS: ("×", "x"),
    Marker.PLUS: ("+", "+"),
    Marker.STAR: ("★", "*"),
    Marker.DOWN: ("▽", "v"),
}
STROKES = {
    Stroke.SOLID: ("───", "---"),
    Stroke.DASHED: ("╌╌╌", "- -"),
    Stroke.DOTTED: ("┈┈┈", "..."),
    Stroke.NONE: ("", ""),
}
LETTERS = {Stroke.SOLID: "-", Stroke.DASHED: "=", Stroke.DOTTED: ":"}
USUAL_WIDTH = 80
LEAST_WIDTH = 40
HEIGHTS = (12, 20)
MOST_MARKS = 12
CLOUD = 60
UPRIGHT = {Stroke.SOLID: "│", Stroke.DASHED: "╎", Stroke.DOTTED: "┊", Stroke.NONE: ""}
OVERHEAD = 7
# Lines around a canvas: the names of both axes, the lower axis with its ticks, and the legend.
AROUND = 5


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a picture is drawn on: cells across, cells down for each canvas, and whether there is braille."""

    width: int
    height: int
    braille: bool


def write_picture(picture: Picture, stream: TextIO) -> None:
    """Draw a picture on a stream; coloured on a terminal alone, plain text 80 columns wide elsewhere."""
    page = page_for(stream)
    sheet = _sheet_for(stream, page, len(picture.panels))
    shown: Picture = shown_in(picture, page.encoding)
    lines = _folded(shown.title, sheet.width, "bold")
    for panel in shown.panels:
        lines += [[], *draw_panel(panel, sheet)]
    lines.append([])
    for note in shown.notes:
        lines += _folded(note, sheet.width, "dim")
    page.lines += map(_trimmed, lines)
    # An empty line between the table above and the picture.
    stream.write("\n")
    page.write(stream)


def draw_within(panel: Panel, stream: TextIO, width: int, lines: int) -> list[Line]:
    """A panel on at most so many lines of a terminal, as the stream can show it."""
    encoding = encoding_of(stream)
    shown: Panel = shown_in(panel, encoding)
    height = min(HEIGHTS[1], lines - AROUND)
    drawn: list[Line] = []
    while height > 1:
        drawn = draw_panel(shown, Sheet(width, height, _has_braille(encoding)))
        if len(drawn) <= lines:
            break
        height -= len(drawn) - lines
    return [_trimmed(line) for line in drawn]


def draw_panel(panel: Panel, sheet: Sheet) -> list[Line]:
    """Title, axes with ticks and labels, what is drawn, and the legend under it: no line is wider than the sheet."""
    across, up = rulers(panel)
    down = up.ticks(max(2, sheet.height // 3))
    margin = max((len(text) for _, text in down), default=0) + 1
    painter = Painter(max(10, sheet.width - margin - 1), sheet.height, sheet.braille)
    _paint(panel, painter, across, up)
    lines: list[Line] = []
    if panel.title:
        lines += _folded(panel.title, sheet.width, "bold")
    lines += _folded(panel.y.title, sheet.width, "")
    lines += _with_axis(painter, up, down, margin, sheet)
    lines += _below(painter, across, margin, sheet)
    lines += _centred(panel.x.title, margin + 1, painter.width, sheet)
    return [*lines, *_legend(panel, sheet)]


def _centred(text: str, left: int, width: int, sheet: Sheet) -> list[Line]:
    """Text under the middle of the canvas, or folded where it is too long for the sheet."""
    if cells(text) > width:
        return _folded(text, sheet.width, "")
    return [[Segment(" " * (left + (width - cells(text)) // 2) + text)]]


def _paint(panel: Panel, painter: Painter, across: Ruler, up: Ruler) -> None:
    for rule in panel.rules:
        _paint_rule(rule, painter, across, up)
    for one in sorted(panel.series, key=lambda one: not one.faint):
        _paint_line(one, painter, across, up)
    for arrow in panel.arrows:
        start, end = ((across.share(x), up.share(y)) for x, y in (arrow.start, arrow.end))
        if None not in (*start, *end):
            style = STYLES[arrow.colour % len(STYLES)]
            painter.line(start, end, Stroke.SOLID, style, "~")  # type: ignore[arg-type]
            painter.mark(end, _head(start, end, painter.braille), style)  # type: ignore[arg-type]
    for one in panel.series:
        _paint_marks(one, painter, across, up)


def _head(start: tuple[float, float], end: tuple[float, float], braille: bool) -> str:
    dx, dy = end[0] - start[0], end[1] - start[1]
    if abs(dx) >= abs(dy):
        return ("▶" if dx > 0 else "◀") if braille else (">" if dx > 0 else "<")
    return ("▲" if dy > 0 else "▼") if braille else ("^" if dy > 0 else "v")


def _paint_rule(rule: Rule, painter: Painter, across: Ruler, up: Ruler) -> None:
    style = STYLES[rule.colour % len(STYLES)]
    if rule.x is not None and (at := across.share(rule.x)) is not None:
        painter.line((at, 0.0), (at, 1.0), rule.stroke, style, "|")
    if rule.y is not None and (at := up.share(rule.y)) is not None:
        painter.line((0.0, at), (1.0, at), rule.stroke, style, "-")


def _paint_line(one: Series, painter: Painter, across: Ruler, up: Ruler) -> None:
    style, letter, walked = _style(one), _letter(one), 0.0
    before: tuple[float, float] | None = None
    for x, y in zip(one.x, one.y, strict=True):
        right, high = across.share(x), up.share(y)
        here = None if right is None or high is None else (right, high)
        if before is not None and here is not None:
            stroke = Stroke.DOTTED if one.faint and painter.braille else one.stroke
            walked = painter.line(before, here, stroke, style, letter, walked)
        before = here


def _paint_marks(one: Series, painter: Painter, across: Ruler, up: Ruler) -> None:
    if one.marker is Marker.NONE:
        return
    shape = SHAPES[one.marker][0 if painter.braille else 1]
    for place in marked(one):
        right, high = across.share(one.x[place]), up.share(one.y[place])
        if right is not None and high is not None:
            if painter.braille and _is_cloud(one):
                painter.line((right, high), (right, high), Stroke.SOLID, _style(one), shape)
            else:
                painter.mark((right, high), shape, _style(one))


def _is_cloud(one: Series) -> bool:
    """True for points of which there are so many that each is a dot of its cell, and no character."""
    return one.stroke is Stroke.NONE and len(one.x) > CLOUD


def marked(one: Series) -> Iterable[int]:
    """The points at which a marker is drawn: all of those that no line joins, else a dozen and the last."""
    count = len(one.x)
    if one.stroke is Stroke.NONE or count <= MOST_MARKS:
        return range(count)
    return sorted({round(part * (count - 1) / MOST_MARKS) for part in range(MOST_MARKS + 1)})


def _style(one: Series) -> str:
    return FAINT if one.faint else STYLES[one.colour % len(STYLES)]


def _letter(one: Series) -> str:
    return "." if one.faint else SHAPES[one.marker][1] if one.marker in SHAPES else LETTERS.get(one.stroke, "-")


def _with_axis(painter: Painter, up: Ruler, ticks: list[tuple[float, str]], margin: int, sheet: Sheet) -> list[Line]:
    rows = painter.rows()
    texts: dict[int, str] = {}
    for value, text in ticks:
        share = up.share(value)
        if share is not None and 0.0 <= share <= 1.0:
            texts[_row_of(share, painter)] = text
    bar, tick = ("│", "┤") if sheet.braille else ("|", "+")
    return [
        [Segment(texts.get(number, "").rjust(margin) + (tick if number in texts else bar)), *row]
        for number, row in enumerate(rows)
    ]


def _row_of(share: float, painter: Painter) -> int:
    dots = 4 * painter.height if painter.braille else painter.height
    up = round(share * (dots - 1)) // (4 if painter.braille else 1)
    return painter.height - 1 - up


def _column_of(share: float, painter: Painter) -> int:
    dots = 2 * painter.width if painter.braille else painter.width
    return round(share * (dots - 1)) // (2 if painter.braille else 1)


def _below(painter: Painter, across: Ruler, margin: int, sheet: Sheet) -> list[Line]:
    """The line under the canvas with its ticks, and their texts, none of which touches another."""
    corner, bar, tick = ("└", "─", "┬") if sheet.braille else ("+", "-", "+")
    texts = _fitting_ticks(painter, across)
    marks = {column for column, _ in texts}
    line = corner + "".join(tick if column in marks else bar for column in range(painter.width))
    under = ""
    for column, text in texts:
        at = min(max(margin + 1 + column - len(text) // 2, 0), sheet.width - len(text))
        under = under.ljust(at) + text
    return [[Segment(" " * margin + line)], [Segment(under)]]


def _fitting_ticks(painter: Painter, across: Ruler) -> list[tuple[int, str]]:
    """As many ticks as fit with two cells between their texts."""
    for most in range(max(2, painter.width // 8), 1, -1):
        placed = []
        for value, text in across.ticks(most):
            share = across.share(value)
            if share is not None and 0.0 <= share <= 1.0:
                placed.append((_column_of(share, painter), text))
        ends = [(column - len(text) // 2, column - len(text) // 2 + len(text)) for column, text in placed]
        if all(left[1] + 2 <= right[0] for left, right in pairwise(ends)):
            return placed
    return placed[:1]


def _legend(panel: Panel, sheet: Sheet) -> list[Line]:
    """What every stroke and marker stands for, as many to a line as fit."""
    lines: list[Line] = []
    width = 0
    for entry in _entries(panel, sheet.braille):
        size = cells("".join(segment.text for segment in entry))
        if not lines or width + 3 + size > sheet.width:
            lines.append([Segment(" ")])
            width = 1
        else:
            lines[-1].append(Segment("   "))
            width += 3
        cut = _cut(entry, sheet.width - 1, "…" if sheet.braille else "...")
        lines[-1] += cut
        width += sum(cells(segment.text) for segment in cut)
    return lines


def _cut(entry: Line, width: int, dots: str) -> Line:
    head, text = entry[0], entry[1].text
    room = width - cells(head.text)
    if cells(text) > room:
        while text and cells(text + dots) > room:
            text = text[:-1]
        text += dots
    return [head, Segment(text)]


def _entries(panel: Panel, braille: bool) -> list[Line]:
    form = 0 if braille else 1
    found: list[Line] = []
    for one in panel.series:
        if one.name:
            found.append([Segment(_sample(one, form) + " ", _style(one)), Segment(one.name)])
    for arrow in panel.arrows:
        found.append([Segment(("─▶ ", "~> ")[form], STYLES[arrow.colour % len(STYLES)]), Segment(arrow.name)])
    for rule in panel.rules:
        if rule.name:
            upright = rule.x is not None
            sample = ((UPRIGHT[rule.stroke], "|") if upright else STROKES[rule.stroke])[form]
            found.append([Segment(sample + " ", STYLES[rule.colour % len(STYLES)]), Segment(rule.name)])
    return found


def _sample(one: Series, form: int) -> str:
    """A piece of a series as it is drawn: its line with its marker in it."""
    shape = "" if one.marker is Marker.NONE else SHAPES[one.marker][form]
    if form == 0 and _is_cloud(one):
        return "⠢⡠"
    if one.stroke is Stroke.NONE:
        return shape
    line = STROKES[one.stroke][form]
    if form:
        return _letter(one) * 3 if one.stroke is Stroke.SOLID else f"{_letter(one) * 2} {_letter(one)}"
    return line[0] + shape + line[0] if shape else line


def _sheet_for(stream: TextIO, page: Page, panels: int) -> Sheet:
    braille = _has_braille(encoding_of(stream))
    low, high = HEIGHTS
    if page.width is None or not page.terminal:
        asked = os.environ.get("COLUMNS", "")
        width = max(LEAST_WIDTH, int(asked)) if asked.isdecimal() and int(asked) > 0 else USUAL_WIDTH
        return Sheet(width, high if panels == 1 else low + 2, braille)
    # The last cell of a line is left free: some terminals break the line there.
    rows = shutil.get_terminal_size((page.width, 24)).lines
    height = min(high, max(low, (rows - 4) // max(1, panels) - OVERHEAD))
    return Sheet(page.width - 1, height, braille)


def _has_braille(encoding: str) -> bool:
    # The console of Linux has a font without it.
    return is_unicode(encoding) and os.environ.get("TERM") != "linux"


def _folded(text: str, width: int, style: str) -> list[Line]:
    return [[Segment(line, style)] for line in wrap(text, width, 2)]


def _trimmed(line: Line) -> Line:
    while line and not line[-1].text.strip():
        line = line[:-1]
    return [*line[:-1], line[-1]._replace(text=line[-1].text.rstrip())] if line else []


def shown_in(value: Any, encoding: str) -> Any:
    """A picture with every text as the stream can show it: laid out is only what is as wide as it will be."""
    if isinstance(value, str) and not isinstance(value, StrEnum):
        return printable(value, encoding)
    if isinstance(value, tuple) and not (value and isinstance(value[0], float)):
        return tuple(shown_in(one, encoding) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {one.name: shown_in(getattr(value, one.name), encoding) for one in dataclasses.fields(value)}
        return dataclasses.replace(value, **parts)
    return value
