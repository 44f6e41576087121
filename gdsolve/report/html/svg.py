"""A panel of a picture as static SVG, for pages and notebooks without scripts and without styles of their own.

Letters and frame have the colour of the text around; the colours of series can be read on white and on black.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from gdsolve.picture import Marker, Panel, Rule, Series, Stroke
from gdsolve.report.draw_terminal import marked
from gdsolve.report.ticks import Ruler, rulers

COLOURS = ("#2e86cf", "#d9662b", "#1f9d77", "#b567a4", "#b07d12", "#3f9dbd", "currentColor")
"""Okabe and Ito's hues, of a lightness that has a contrast of 3 or more on white as on #111."""
DASHES = {Stroke.DASHED: "6 4", Stroke.DOTTED: "2 3"}
SIGNS = {Stroke.SOLID: "━", Stroke.DASHED: "╍", Stroke.DOTTED: "┉", Stroke.NONE: "●"}
WIDTH, HEIGHT = 380, 230
LEFT, RIGHT, TOP, BOTTOM = 62, 10, 8, 40
ACROSS, UP = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
SIZE = 2.6
LABEL = 44
"""Letters of the title of an axis."""

Point = tuple[float, float]


def panel_svg(panel: Panel, title: str) -> str:
    """The panel as an `svg` element that needs nothing else; its legend is `legend_html`."""
    across, up = rulers(panel)
    drawn = [*(_rule(rule, across, up) for rule in panel.rules), *(_series(one, across, up) for one in panel.series)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" font-family="sans-serif" font-size="11" fill="currentColor" style="max-width:100%;height:auto">'
        f"<title>{escape(title)}</title>{_axes(across, up)}"
        # What is beyond the axes is cut off by an element of its own: no identifier is needed that could stand twice.
        f'<svg x="{LEFT}" y="{TOP}" width="{ACROSS}" height="{UP}" overflow="hidden">{"".join(drawn)}</svg></svg>'
    )


def legend_html(panel: Panel) -> str:
    """What the series and lines of a panel are."""
    named = [(one.name, _colour(one), SIGNS[one.stroke]) for one in panel.series if one.name and not one.faint]
    named += [(rule.name, COLOURS[rule.colour % len(COLOURS)], SIGNS[rule.stroke]) for rule in panel.rules if rule.name]
    named += [(one.name, COLOURS[one.colour % len(COLOURS)], "→") for one in panel.arrows if one.name]
    return "".join(_named(*one) for one in dict.fromkeys(named))


def _named(name: str, colour: str, sign: str) -> str:
    wrapped = "nowrap" if len(name) < LABEL else "normal"
    mark = f'<span style="color:{colour}">{sign}</span>'
    return f'<span style="white-space:{wrapped};margin-right:1em">{mark} {escape(name)}</span> '


def _axes(across: Ruler, up: Ruler) -> str:
    parts = []
    for value, text in across.ticks(5):
        if (share := across.share(value)) is not None and 0.0 <= share <= 1.0:
            x = LEFT + share * ACROSS
            parts.append(_grid(x, TOP, x, TOP + UP))
            parts.append(f'<text x="{x:.1f}" y="{TOP + UP + 14}" text-anchor="middle">{escape(text)}</text>')
    for value, text in up.ticks(5):
        if (share := up.share(value)) is not None and 0.0 <= share <= 1.0:
            y = TOP + (1.0 - share) * UP
            parts.append(_grid(LEFT, y, LEFT + ACROSS, y))
            parts.append(f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>')
    parts.append(
        f'<rect x="{LEFT}" y="{TOP}" width="{ACROSS}" height="{UP}" fill="none" stroke="currentColor" '
        f'stroke-opacity="0.5"/>'
    )
    middle = TOP + UP / 2
    parts.append(f'<text x="{LEFT + ACROSS / 2}" y="{HEIGHT - 8}" text-anchor="middle">{_label(across)}</text>')
    parts.append(
        f'<text x="12" y="{middle}" text-anchor="middle" transform="rotate(-90 12 {middle})">{_label(up)}</text>'
    )
    return "".join(parts)


def _label(ruler: Ruler) -> str:
    title = ruler.axis.title
    return escape(title if len(title) <= LABEL else f"{title[: LABEL - 1]}…")


def _grid(x0: float, y0: float, x1: float, y1: float) -> str:
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="currentColor" stroke-opacity="0.15"/>'
    )


def _colour(one: Series) -> str:
    return "currentColor" if one.faint else COLOURS[one.colour % len(COLOURS)]


def _place(x: float, y: float, across: Ruler, up: Ruler) -> Point | None:
    right, high = across.share(x), up.share(y)
    if right is None or high is None or max(abs(right), abs(high)) > 1e4:
        return None
    return right * ACROSS, (1.0 - high) * UP


def _rule(rule: Rule, across: Ruler, up: Ruler) -> str:
    share = across.share(rule.x) if rule.x is not None else up.share(rule.y) if rule.y is not None else None
    if share is None:
        return ""
    if rule.x is not None:
        ends = f'x1="{share * ACROSS:.1f}" y1="0" x2="{share * ACROSS:.1f}" y2="{UP}"'
    else:
        ends = f'x1="0" y1="{(1.0 - share) * UP:.1f}" x2="{ACROSS}" y2="{(1.0 - share) * UP:.1f}"'
    return f"<line {ends} {_pen(rule.stroke, COLOURS[rule.colour % len(COLOURS)], 1.2)}/>"


def _series(one: Series, across: Ruler, up: Ruler) -> str:
    points = [_place(x, y, across, up) for x, y in zip(one.x, one.y, strict=True)]
    parts = []
    if one.stroke is not Stroke.NONE:
        opacity = ' stroke-opacity="0.45"' if one.faint else ""
        pen = _pen(one.stroke, _colour(one), 0.8 if one.faint else 1.6)
        parts += [f'<polyline points="{_joined(run)}" {pen}{opacity}/>' for run in _runs(points)]
    if one.marker is not Marker.NONE:
        parts += [_mark(point, one.marker, _colour(one)) for at in marked(one) if (point := points[at]) is not None]
    return "".join(parts)


def _pen(stroke: Stroke, colour: str, width: float) -> str:
    dashes = f' stroke-dasharray="{DASHES[stroke]}"' if stroke in DASHES else ""
    return f'fill="none" stroke="{colour}" stroke-width="{width}"{dashes}'


def _runs(points: Sequence[Point | None]) -> Iterator[list[Point]]:
    """The parts of a line between the points that have no place."""
    for there, run in groupby(points, key=lambda point: point is not None):
        if there:
            yield [point for point in run if point is not None]


def _joined(run: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in run)


def _mark(point: Point, marker: Marker, colour: str) -> str:
    x, y = point
    if marker in (Marker.CROSS, Marker.PLUS, Marker.STAR):
        s = SIZE + 0.6
        slanted = f"M{x - s:.1f} {y - s:.1f}l{2 * s} {2 * s}M{x - s:.1f} {y + s:.1f}l{2 * s} {-2 * s}"
        upright = f"M{x - s:.1f} {y:.1f}h{2 * s}M{x:.1f} {y - s:.1f}v{2 * s}"
        path = {Marker.CROSS: slanted, Marker.PLUS: upright}.get(marker, slanted + upright)
        return f'<path d="{path}" {_pen(Stroke.SOLID, colour, 1.5)}/>'
    if marker in (Marker.SQUARE, Marker.DIAMOND):
        turned = f' transform="rotate(45 {x:.1f} {y:.1f})"' if marker is Marker.DIAMOND else ""
        corner = f'x="{x - SIZE:.1f}" y="{y - SIZE:.1f}" width="{2 * SIZE}" height="{2 * SIZE}"'
        return f"<rect {corner} {_pen(Stroke.SOLID, colour, 1.3)}{turned}/>"
    if marker in (Marker.TRIANGLE, Marker.DOWN):
        s = SIZE + 0.4 if marker is Marker.TRIANGLE else -SIZE - 0.4
        return f'<path d="M{x:.1f} {y - s:.1f}l{s:.1f} {1.8 * s:.1f}h{-2 * s:.1f}z" fill="{colour}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{SIZE}" fill="{colour}"/>'
