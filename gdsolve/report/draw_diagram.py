"""A diagram laid out in layers, from what is given at the bottom to the result at the top, by matplotlib."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gdsolve.picture import Diagram, Edge, Node
from gdsolve.report.text import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Place = tuple[float, float]
Box = tuple[float, float, float, float]
"""Left, bottom, right and top."""
LETTER = 0.085
LINE = 0.16
GAP = 0.45
RISE = 0.85
SWEEPS = 4
BEND = 0.3
SPREAD = 0.3
LEAF, COMPUTED = "#cfe8f7", "#ffffff"
FORWARD, BACK = "#0072B2", "#B34700"
"""Blue and vermilion, dark enough for small letters on white."""
SMALL = 0.075
APART = 0.07
MOST_INCHES = 200.0


@dataclass(frozen=True, slots=True)
class DiagramLayout:
    """The middle of every node and bend by name, the names that each edge runs through, and the size of it all."""

    places: dict[str, Place]
    sizes: dict[str, Place]
    routes: tuple[tuple[str, ...], ...]
    width: float
    height: float


def diagram_figure(diagram: Diagram) -> Figure:
    """The figure of a diagram, as large as its nodes need; sizes are inches."""
    from gdsolve.report.figure import ShownFigure

    plan = layout(diagram)
    wide = min(MOST_INCHES, max(5.0, plan.width))
    notes = [line for note in diagram.notes for line in wrap(note, int(wide * 15))]
    title = wrap(diagram.title, int(wide * 10))
    foot, head = 0.16 * len(notes) + 0.15, 0.3 + 0.2 * len(title)
    tall = min(MOST_INCHES, plan.height + foot + head)
    figure = ShownFigure(figsize=(wide, tall))
    axes = figure.add_axes((0.0, foot / tall, 1.0, (tall - foot - head) / tall))
    axes.set_xlim((plan.width - wide) / 2, (plan.width + wide) / 2)
    axes.set_ylim(0.0, plan.height)
    axes.set_axis_off()
    labels: list[Box] = []
    for place, edge in enumerate(diagram.edges):
        _draw_edge(edge, plan.routes[place], _spread(diagram, place), axes, plan, labels)
    for node in diagram.nodes:
        _draw_node(node, axes, plan.places[node.name], _size(node))
    text: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": 10.5, "fontweight": "bold"}
    figure.text(0.5, 1.0 - 0.12 / tall, "\n".join(title), **text)
    figure.text(0.12 / wide, 0.08 / tall, "\n".join(notes), ha="left", va="bottom", fontsize=7.5)
    return figure


def layout(diagram: Diagram) -> DiagramLayout:
    """Layers from the bottom to the top; an edge over several layers has a bend of its own in each between.

    Within a layer nodes are ordered by the mean place of their neighbours, up and down in turn.
    Source: Sugiyama, Tagawa and Toda (1981), Methods for Visual Understanding of Hierarchical System Structures.
    """
    sizes = {node.name: _size(node) for node in diagram.nodes}
    for edge in diagram.edges:
        # Room for the label of an edge beside the node that it ends in.
        width = 2 * (SMALL * len(edge.back or edge.label) + APART)
        sizes[edge.end] = (max(sizes[edge.end][0], width), sizes[edge.end][1])
    layer_of = {node.name: node.layer for node in diagram.nodes}
    layers: dict[int, list[str]] = defaultdict(list)
    for node in diagram.nodes:
        layers[node.layer].append(node.name)
    routes, near = [], defaultdict[str, list[str]](list)
    for number, edge in enumerate(diagram.edges):
        between = range(layer_of[edge.start] - 1, layer_of[edge.end], -1)
        # No node is called so: names have letters, digits and _ alone.
        bends = {f"{number}:{layer}": layer for layer in between}
        for name, layer in bends.items():
            layers[layer].append(name)
            sizes[name] = (BEND, 0.0)
        route = (edge.start, *bends, edge.end)
        routes.append(route)
        for one, other in pairwise(route):
            near[one].append(other)
            near[other].append(one)
    across = _columns(layers, sizes)
    for sweep in range(SWEEPS):
        for layer in sorted(layers, reverse=bool(sweep % 2)):
            means = {name: _mean([across[other] for other in near[name]], across[name]) for name in layers[layer]}
            layers[layer].sort(key=means.__getitem__)
        across = _columns(layers, sizes)
    width = max(across[name] + sizes[name][0] / 2 for name in across) + GAP
    places: dict[str, Place] = {}
    bottom = GAP / 2
    for layer in sorted(layers):
        tall = max(sizes[name][1] for name in layers[layer])
        for name in layers[layer]:
            places[name] = (across[name], bottom + tall / 2)
            if ":" in name:
                sizes[name] = (BEND, tall)
        bottom += tall + RISE
    return DiagramLayout(places, sizes, tuple(routes), width, bottom - RISE + GAP / 2)


def _columns(layers: dict[int, list[str]], sizes: dict[str, Place]) -> dict[str, float]:
    """Every layer side by side, each in the middle of the widest."""
    widths = {layer: sum(sizes[name][0] for name in names) + GAP * (len(names) - 1) for layer, names in layers.items()}
    widest = max(widths.values())
    across: dict[str, float] = {}
    for layer, names in layers.items():
        left = GAP + (widest - widths[layer]) / 2
        for name in names:
            across[name] = left + sizes[name][0] / 2
            left += sizes[name][0] + GAP
    return across


def _mean(values: list[float], usual: float) -> float:
    return sum(values) / len(values) if values else usual


def _size(node: Node) -> Place:
    lines = [*node.lines, *([node.back] if node.back else [])]
    return max(0.9, LETTER * max(map(len, lines)) + 0.3), LINE * len(lines) + 0.2


def _draw_node(node: Node, axes: Axes, place: Place, size: Place) -> None:
    from matplotlib.patches import FancyBboxPatch

    style = "square,pad=0" if node.boxed else "round,pad=0,rounding_size=0.18"
    corner = (place[0] - size[0] / 2, place[1] - size[1] / 2)
    face = LEAF if node.boxed else COMPUTED
    axes.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, facecolor=face, edgecolor="black", zorder=3))
    lines = [*node.lines, *([node.back] if node.back else [])]
    for number, line in enumerate(lines):
        up = place[1] + LINE * ((len(lines) - 1) / 2 - number)
        weight = "bold" if number == 0 else "normal"
        colour = BACK if node.back and number == len(lines) - 1 else "black"
        look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8, "fontweight": weight, "color": colour}
        axes.text(place[0], up, line, zorder=4, **look)


def _spread(diagram: Diagram, place: int) -> float:
    """How far to the side an edge stands of others between the same two nodes."""
    edge = diagram.edges[place]
    same = [i for i, one in enumerate(diagram.edges) if (one.start, one.end) == (edge.start, edge.end)]
    return SPREAD * (same.index(place) - (len(same) - 1) / 2)


def _draw_edge(
    edge: Edge, route: tuple[str, ...], spread: float, axes: Axes, plan: DiagramLayout, labels: list[Box]
) -> None:
    """An arrow of values from the lower node up to the upper one, and one of gradients down beside it."""
    down = [(plan.places[route[0]][0] + spread, plan.places[route[0]][1])]
    for name in route[1:-1]:
        # Straight through the layer, beside the nodes that stand in it.
        (x, y), half = plan.places[name], plan.sizes[name][1] / 2
        down += [(x + spread, y + half), (x + spread, y - half)]
    down.append((plan.places[route[-1]][0] + spread, plan.places[route[-1]][1]))
    # Ends lean towards where they come from, so that several at one node stand side by side.
    leans = _lean(down[0][0], down[1][0], plan.sizes[edge.start]), _lean(down[-1][0], down[-2][0], plan.sizes[edge.end])
    down[0] = (down[0][0] + leans[0], down[0][1] - plan.sizes[edge.start][1] / 2)
    down[-1] = (down[-1][0] + leans[1], down[-1][1] + plan.sizes[edge.end][1] / 2)
    aside = 0.0 if edge.back is None else APART
    _draw_arrow([(x - aside, y) for x, y in reversed(down)], FORWARD, axes, dashed=edge.dashed)
    if edge.back is not None:
        _draw_arrow([(x + aside, y) for x, y in down], BACK, axes, dashed=False)
    if edge.back:
        _draw_label(edge.back, [(x + aside, y) for x, y in down], BACK, axes, labels)
    elif edge.label:
        _draw_label(edge.label, [(x - aside, y) for x, y in down], FORWARD, axes, labels)


def _lean(x: float, other: float, size: Place) -> float:
    most = 0.35 * size[0]
    return max(-most, min(most, 0.2 * (other - x)))


def _draw_arrow(points: list[Place], colour: str, axes: Axes, *, dashed: bool) -> None:
    """A line with a head at its end."""
    axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.2, linestyle="--" if dashed else "-", zorder=2)
    head = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.2, "shrinkA": 0.0, "shrinkB": 0.0}
    (x0, y0), (x1, y1) = points[-2:]
    near = ((x0 + 9.0 * x1) / 10.0, (y0 + 9.0 * y1) / 10.0)
    axes.annotate("", points[-1], near, arrowprops=head, zorder=2)


def _draw_label(text: str, points: list[Place], colour: str, axes: Axes, labels: list[Box]) -> None:
    """The text beside the lowest part of an arrow, on its right or left, where no other label stands if there is room.

    Each place is tried from the middle on.
    """
    (x0, y0), (x1, y1) = points[-2:]
    width, height = SMALL * len(text), 0.14
    tries = [(share, side) for share in (0.5, 0.35, 0.65, 0.22, 0.78) for side in (1, -1)]
    boxes = []
    for share, side in tries:
        x, y = x0 + share * (x1 - x0) + 0.06 * side, y0 + share * (y1 - y0)
        left = x if side > 0 else x - width
        boxes.append((left, y - height / 2, left + width, y + height / 2))
    place = next((box for box in boxes if not any(_meet(box, other) for other in labels)), boxes[0])
    labels.append(place)
    look: dict[str, Any] = {"ha": "left", "va": "center", "fontsize": 7.5, "color": colour}
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    axes.text(place[0], (place[1] + place[3]) / 2, text, zorder=2.5, bbox=box, **look)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
