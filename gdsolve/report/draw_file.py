"""A picture in a file, .svg, .png, .pdf or .gif: drawn by matplotlib, imported only here, and never on a display."""

from __future__ import annotations

import io
import logging
import math
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gdsolve.files import replacing_bytes
from gdsolve.picture import Axis, Diagram, Marker, Panel, Picture, Series, Stroke
from gdsolve.report.draw_terminal import marked, shown_in
from gdsolve.report.ticks import Ruler, rulers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours for all kinds of sight; the last is that of rules.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
FAINT = "#999999"
GRID = "#e6e6e6"
PAPER = "#ffffff"
SHAPES = {
    Marker.NONE: "",
    Marker.CIRCLE: "o",
    Marker.SQUARE: "s",
    Marker.TRIANGLE: "^",
    Marker.DIAMOND: "D",
    Marker.CROSS: "x",
    Marker.PLUS: "+",
    Marker.STAR: "*",
    Marker.DOWN: "v",
}
HOLLOW = (Marker.SQUARE, Marker.DIAMOND, Marker.DOWN)
DASHES = {Stroke.SOLID: "-", Stroke.DASHED: (0, (5, 3)), Stroke.DOTTED: (0, (1, 2)), Stroke.NONE: "none"}
WIDTH = 7.5
PANEL_HEIGHT = 3.1
DPI = 150
# Fonts for names of columns in other scripts, where they are installed.
FALLBACKS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Hiragino Sans", "Microsoft YaHei", "Arial Unicode MS")
# The same input gives the same file, byte for byte: no dates, no random identifiers, no version.
SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "gdsolve",
    "svg.fonttype": "path",
    "pdf.fonttype": 42,
    "font.family": ["DejaVu Sans", *FALLBACKS],
    "font.size": 9.0,
    "axes.formatter.useoffset": False,
    "axes.unicode_minus": True,
    "text.parse_math": False,
    "path.simplify": False,
}
_METADATA_OF_FILE = re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL)
METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
}


def save_picture(picture: Picture | Diagram, path: str) -> None:
    """Write a picture in the form that the ending of `path` names, whole or not at all.

    Raises:
        GdsolveError: the file cannot be written; what was there before is untouched.
    """
    content = render(picture, path.rpartition(".")[2].lower())
    with replacing_bytes(path) as stream:
        stream.write(content)


def inline_svg(picture: Picture) -> str:
    """The SVG element of a page: the drawing that a file has, with letters as letters, without a size of its own."""
    text = render(picture, "svg", {"svg.fonttype": "none"}).decode()
    element = text[text.index("<svg") :]
    head, rest = element.split(">", 1)
    kept = [part for part in re.findall(r'\S+="[^"]*"', head) if not part.startswith(("width=", "height=", "version="))]
    return f"<svg {' '.join(kept)}>{_METADATA_OF_FILE.sub('', rest)}"


def render(picture: Picture | Diagram, form: str, settings: Mapping[Any, Any] | None = None) -> bytes:
    """The bytes of a file of this form, svg, png, pdf or gif, with some `settings` of matplotlib's."""
    with _settings(settings or {}):
        figure = figure_of(picture)
        if form == "gif":
            assert isinstance(picture, Picture)
            from gdsolve.report.draw_gif import animated

            return animated(figure, picture)
        stream = io.BytesIO()
        figure.savefig(stream, format=form, dpi=DPI, metadata=METADATA[form])
    return stream.getvalue()


@contextmanager
def _settings(more: Mapping[Any, Any] | None = None) -> Iterator[None]:
    """Our settings of matplotlib, whatever a matplotlibrc or a style of the user's says, and his own again after it."""
    # What matplotlib says of its font cache is nobody's business here.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        # A letter that no font here has is drawn as a box; to say so for each would tell nobody more.
        warnings.filterwarnings("ignore", message="Glyph")
        mpl.rcdefaults()
        mpl.rcParams.update({**SETTINGS, **(more or {})})
        yield


def figure_of(picture: Picture | Diagram) -> Figure:
    """The figure of a picture, which pyplot knows nothing of, and a notebook shows."""
    picture = shown_in(picture, "utf-8")
    with _settings():
        if isinstance(picture, Diagram):
            from gdsolve.report.draw_diagram import diagram_figure

            return diagram_figure(picture)
        return _figure(picture)


def _figure(picture: Picture) -> Figure:
    from gdsolve.report.figure import ShownFigure

    count = len(picture.panels)
    figure = ShownFigure(figsize=(WIDTH, PANEL_HEIGHT * count + 0.4 + 0.17 * len(picture.notes)), layout="constrained")
    figure.suptitle(_folded(picture.title, 88), fontsize=10.5, fontweight="bold")
    if picture.notes:
        notes = "\n".join(_folded(note, 112) for note in picture.notes)
        figure.supxlabel(notes, fontsize=7.5, x=0.01, ha="left")
    grid = figure.subplots(count, squeeze=False)
    for axes, panel in zip(grid[:, 0], picture.panels, strict=True):
        _draw(panel, axes)
    return figure


def _draw(panel: Panel, axes: Axes) -> None:
    across, up = rulers(panel)
    _set_axis(axes, "x", across)
    _set_axis(axes, "y", up)
    axes.set_title(panel.title, fontsize=9.5, loc="left")
    axes.grid(visible=True, color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    for order, one in enumerate(panel.series):
        _draw_series(one, axes, panel, order)
    for arrow in panel.arrows:
        colour = COLOURS[arrow.colour % len(COLOURS)]
        head = {"arrowstyle": "-|>", "color": colour, "linewidth": 2.0, "shrinkA": 0.0, "shrinkB": 0.0}
        axes.annotate("", arrow.end, arrow.start, arrowprops=head, zorder=5)
        axes.plot([], [], color=colour, linewidth=2.0, marker=">", markersize=5, label=arrow.name)
    for rule in panel.rules:
        look: dict[str, Any] = {
            "color": COLOURS[rule.colour % len(COLOURS)],
            "linestyle": DASHES[rule.stroke],
            "linewidth": 1.1,
        }
        if rule.x is not None and (x := panel.x.place(rule.x)) is not None:
            axes.axvline(x, label=rule.name, **look)
        if rule.y is not None and (y := panel.y.place(rule.y)) is not None:
            axes.axhline(y, label=rule.name, **look)
    handles, labels = axes.get_legend_handles_labels()
    named = [(handle, _folded(label, 30)) for handle, label in zip(handles, labels, strict=True) if label]
    if named:
        axes.legend(
            *zip(*named, strict=True),
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            fontsize=7.5,
            frameon=False,
            handlelength=2.6,
            borderaxespad=0.0,
        )


def _draw_series(one: Series, axes: Axes, panel: Panel, order: int) -> None:
    xs = [_number(panel.x, x) for x in one.x]
    ys = [_number(panel.y, y) for y in one.y]
    colour = FAINT if one.faint else COLOURS[one.colour % len(COLOURS)]
    small = one.stroke is Stroke.NONE and len(xs) > 200
    axes.plot(
        xs,
        ys,
        linestyle=DASHES[one.stroke],
        linewidth=0.7 if one.faint else 1.4,
        color=colour,
        marker=SHAPES[one.marker] or "None",
        markerfacecolor="none" if one.marker in HOLLOW else colour,
        markevery=list(marked(one)),
        markersize=2.5 if small else 4.5,
        label=one.name or "_nolegend_",
        zorder=1.5 if one.faint else 2.0 + 0.01 * order,
    )


def _number(axis: Axis, value: float) -> float:
    place = axis.place(value)
    return math.nan if place is None else place


def _set_axis(axes: Axes, which: str, ruler: Ruler) -> None:
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axis: Any = axes.xaxis if which == "x" else axes.yaxis
    set_scale, set_limits, set_label = (getattr(axes, f"set_{which}{name}") for name in ("scale", "lim", "label"))
    set_label(_folded(ruler.axis.title, 64 if which == "x" else 34))
    if not ruler.axis.log:
        set_limits(ruler.low, ruler.high)
    else:
        set_scale("log")
        set_limits(10.0**ruler.low, 10.0**ruler.high)
    ticks = ruler.ticks(8 if which == "x" else 7)
    axis.set_major_locator(FixedLocator([_number(ruler.axis, value) for value, _ in ticks]))
    axis.set_major_formatter(FixedFormatter([text.replace("-", "−") for _, text in ticks]))
    axis.set_minor_locator(NullLocator())


def _folded(text: str, width: int) -> str:
    from gdsolve.report.text import wrap

    return "\n".join(wrap(text, width))
