"""A canvas of terminal cells: braille dots where the stream can show them, characters elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gdsolve.picture import Stroke
from gdsolve.report.grid import Line, Segment

if TYPE_CHECKING:
    from plotille import Canvas

Point = tuple[float, float]
# Dots on and dots off along a line, in braille dots and in whole cells.
DOTS = {Stroke.SOLID: (1, 0), Stroke.DASHED: (5, 4), Stroke.DOTTED: (1, 3)}
CELLS = {Stroke.SOLID: (1, 0), Stroke.DASHED: (2, 1), Stroke.DOTTED: (1, 2)}


@dataclass(slots=True)
class Painter:
    """`width` × `height` cells; points are shares of the canvas, (0, 0) bottom left to (1, 1) top right.

    With braille a cell has 2 × 4 dots, without it one character, so that a line is drawn with the character given.
    """

    width: int
    height: int
    braille: bool
    styles: dict[tuple[int, int], str] = field(default_factory=dict)
    _canvas: Canvas = field(init=False)

    def __post_init__(self) -> None:
        from plotille import Canvas

        # One unit of the canvas is one dot.
        self._canvas = Canvas(self.width, self.height, xmin=0, ymin=0, xmax=2 * self.width, ymax=4 * self.height)

    def line(self, start: Point, end: Point, stroke: Stroke, style: str, letter: str, walked: float = 0.0) -> float:
        """A line between two points, as far as it is on the canvas; returns how far its pattern of dashes has come."""
        clipped = clip(start, end)
        if clipped is None or stroke is Stroke.NONE:
            return walked
        (x0, y0), (x1, y1) = (self._grid(point) for point in clipped)
        steps = max(abs(x1 - x0), abs(y1 - y0))
        on, off = (DOTS if self.braille else CELLS)[stroke]
        for step in range(steps + 1):
            share = step / steps if steps else 0.0
            if (walked + step) % (on + off) < on:
                self._dot(round(x0 + share * (x1 - x0)), round(y0 + share * (y1 - y0)), style, letter)
        return walked + steps

    def mark(self, point: Point, letter: str, style: str) -> None:
        """A character at a point, over whatever is there."""
        if 0.0 <= point[0] <= 1.0 and 0.0 <= point[1] <= 1.0:
            x, y = self._grid(point)
            column, row = (x // 2, y // 4) if self.braille else (x, y)
            self._put(column, row, letter, style)

    def rows(self) -> list[Line]:
        """The canvas from top to bottom, in runs of one style."""
        text = self._canvas.plot("\n").replace("\u2800", " ").split("\n")
        found: list[Line] = []
        for down, letters in enumerate(text):
            row = self.height - 1 - down
            line: Line = []
            for column, letter in enumerate(letters):
                style = "" if letter == " " else self.styles.get((column, row), "")
                if line and line[-1].style == style:
                    line[-1] = Segment(line[-1].text + letter, style)
                else:
                    line.append(Segment(letter, style))
            found.append(line)
        return found

    def _grid(self, point: Point) -> tuple[int, int]:
        across, up = (2 * self.width, 4 * self.height) if self.braille else (self.width, self.height)
        return round(point[0] * (across - 1)), round(point[1] * (up - 1))

    def _dot(self, x: int, y: int, style: str, letter: str) -> None:
        if self.braille:
            self._canvas.point(x, y)
            self.styles[x // 2, y // 4] = style
        else:
            self._put(x, y, letter, style)

    def _put(self, column: int, row: int, letter: str, style: str) -> None:
        self._canvas.point(2 * column, 4 * row, marker=letter)
        self.styles[column, row] = style


def clip(start: Point, end: Point) -> tuple[Point, Point] | None:
    """The part of a line that is on the unit square, None where none is. Method: Liang and Barsky (1984)."""
    (x0, y0), (x1, y1) = start, end
    dx, dy = x1 - x0, y1 - y0
    if not all(map(math.isfinite, (x0, y0, dx, dy))):
        return None
    first, last = 0.0, 1.0
    for toward, room in ((-dx, x0), (dx, 1.0 - x0), (-dy, y0), (dy, 1.0 - y0)):
        if toward == 0.0:
            if room < 0.0:
                return None
        elif toward < 0.0:
            first = max(first, room / toward)
        else:
            last = min(last, room / toward)
    if first > last:
        return None
    return (x0 + first * dx, y0 + first * dy), (x0 + last * dx, y0 + last * dy)
