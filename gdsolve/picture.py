"""A picture as plain data: what is to be seen, in the user's units, and nothing of how it is drawn.

The makers (`gdsolve.pictures`) know descent and no library that draws; the renderers (`gdsolve.report`) know
neither descent nor torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

Points = tuple[float, ...]


class Stroke(StrEnum):
    """How the points of a series are joined."""

    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"
    NONE = "none"


class Marker(StrEnum):
    """What stands at the points of a series; a renderer has one shape for each."""

    NONE = "none"
    CIRCLE = "circle"
    SQUARE = "square"
    TRIANGLE = "triangle"
    DIAMOND = "diamond"
    CROSS = "cross"
    PLUS = "plus"
    STAR = "star"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis measures and in which unit.

    `zero_at`: on a log axis 0 has no place; values of 0 stand there instead, and the tick says 0.
    """

    label: str
    unit: str = ""
    log: bool = False
    zero_at: float | None = None
    limits: tuple[float, float] | None = None
    whole: bool = False

    @property
    def title(self) -> str:
        """Label and unit."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label

    def place(self, value: float) -> float | None:
        """Where a value is drawn, None where it has no place on this axis."""
        if not math.isfinite(value):
            return None
        if self.log and value <= 0.0:
            return self.zero_at if value == 0.0 else None
        return value


@dataclass(frozen=True, slots=True)
class Series:
    """Points, joined or not; `x` and `y` are of one length. Colours are numbers of a palette; `faint` is background.

    Of what moves in an animation `updates` has the number of updates after which each point is there.
    """

    name: str
    x: Points
    y: Points
    stroke: Stroke = Stroke.SOLID
    marker: Marker = Marker.NONE
    colour: int = 0
    faint: bool = False
    updates: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across a panel at one `x` or one `y`."""

    name: str
    x: float | None = None
    y: float | None = None
    stroke: Stroke = Stroke.DOTTED
    colour: int = 6


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow between two points."""

    name: str
    start: tuple[float, float]
    end: tuple[float, float]
    colour: int = 1


@dataclass(frozen=True, slots=True)
class Panel:
    """One pair of axes and what is drawn on it."""

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    rules: tuple[Rule, ...] = ()
    arrows: tuple[Arrow, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """Panels one below the other, a title over all, and notes under them."""

    title: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a diagram in a layer of it, 0 at the bottom: its lines of text and whether it is boxed.

    `back` is what comes to it backward, in a line of its own.
    """

    name: str
    lines: tuple[str, ...]
    layer: int
    boxed: bool
    back: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """Between a node, its start, and what it was computed from, its end; dashed where autograd does not follow it.

    The arrow of values runs from the end to the start. Where there is `back`, one of gradients runs the other way.
    """

    start: str
    end: str
    label: str
    dashed: bool
    back: str | None = None


@dataclass(frozen=True, slots=True)
class Diagram:
    """Nodes and edges, and notes under them."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = ()
