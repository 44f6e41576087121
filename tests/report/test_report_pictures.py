"""Pictures as they are drawn: ticks, widths, ASCII, and files that are the same every time."""

from __future__ import annotations

import io
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdsolve.picture import Arrow, Axis, Diagram, Edge, Marker, Node, Panel, Picture, Rule, Series, Stroke
from gdsolve.report.draw_diagram import layout
from gdsolve.report.draw_file import render, save_picture
from gdsolve.report.draw_terminal import Sheet, draw_panel, marked, write_picture
from gdsolve.report.graph_picture import layers_of
from gdsolve.report.painter import Painter, clip
from gdsolve.report.ticks import ruler, tick_text
from gdsolve.status import GdsolveError
from gdsolve.terminal import cells

FALLING = Series("SSE", (0.0, 1.0, 10.0, 100.0), (20.0, 11.8, 0.5, 0.0), Stroke.DASHED, Marker.CIRCLE)
PANEL = Panel(
    "Loss",
    Axis("iteration", "updates", log=True, zero_at=0.5, whole=True),
    Axis("SSE", "y²", log=True, zero_at=0.05),
    (FALLING, replace(FALLING, name="α ≤ ∞", marker=Marker.SQUARE, stroke=Stroke.NONE, colour=1)),
    (Rule("stopped: converged after 100 updates", x=100.0), Rule("limit", y=1.0, stroke=Stroke.DASHED)),
    (Arrow("−∇L", (1.0, 1.0), (10.0, 5.0)),),
)
PICTURE = Picture("A title with $dollars$ and {braces}", (PANEL, replace(PANEL, title="")), ("A note.",))
DIAGRAM = Diagram(
    "graph",
    (Node("t", ("t", "1"), 0, True), Node("y", ("y = t**2", "1"), 1, False), Node("z", ("z = y*t", "1"), 2, False)),
    (Edge("y", "t", "PowBackward0", False), Edge("z", "y", "MulBackward0", False), Edge("z", "t", "", True)),
)


class Stream(io.StringIO):
    """A stream of an encoding, a terminal or none."""

    def __init__(self, encoding: str = "utf-8", terminal: bool = False) -> None:
        super().__init__()
        self._encoding = encoding
        self._terminal = terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def text_of(picture: Picture, **stream: object) -> str:
    out = Stream(**stream)  # type: ignore[arg-type]
    write_picture(picture, out)
    return out.getvalue()


# Ticks.


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12), st.integers(3, 9))
def test_linear_ticks_are_few_round_and_in_order(low: float, span: float, most: int) -> None:
    if span < 1e-6 * abs(low):
        return
    one = ruler(Axis("x", limits=(low, low + span)), ())
    ticks = one.ticks(most)
    assert 1 <= len(ticks) <= most
    assert [value for value, _ in ticks] == sorted({value for value, _ in ticks})
    assert len({text for _, text in ticks}) == len(ticks)
    for value, text in ticks:
        assert float(text.replace(",", "")) == pytest.approx(value, rel=1e-6, abs=1e-6 * span)


@given(st.floats(-300, 300), st.floats(0.05, 300), st.integers(3, 9))
def test_log_ticks_are_few_and_in_order(low: float, decades: float, most: int) -> None:
    high = min(low + decades, 300.0)
    if high - low < 0.05:
        return
    ticks = ruler(Axis("x", log=True, limits=(10.0**low, 10.0**high)), ()).ticks(most)
    assert len(ticks) <= most + 1
    assert [value for value, _ in ticks] == sorted({value for value, _ in ticks})


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(400_000.0, 50_000.0, "400,000"), (0.30000000000000004, 0.1, "0.3"), (-2.5, 2.5, "-2.5"), (1e-9, 1e-9, "1e-9")],
)
def test_a_tick_has_the_digits_that_it_needs(value: float, step: float, text: str) -> None:
    assert tick_text(value, step) == text


def test_zero_stands_apart_on_a_log_axis() -> None:
    one = ruler(PANEL.x, FALLING.x)
    assert one.ticks(8)[0] == (0.0, "0")
    assert one.share(0.0) == one.share(0.5)
    assert one.share(-1.0) is None
    assert one.share(float("inf")) is None
    shares = [one.share(value) or 0.0 for value, _ in one.ticks(8)]
    assert shares[1] - shares[0] > 0.04


def test_an_axis_of_one_value_has_a_length() -> None:
    for axis in (Axis("x"), Axis("x", log=True), Axis("x", whole=True)):
        for value in (0.0, 1.0, 1e300, 1e-300):
            one = ruler(axis, [value])
            assert one.high > one.low


# The canvas.


@given(*[st.floats(-3, 3)] * 4)
def test_what_is_clipped_is_on_the_canvas_and_on_the_line(x0: float, y0: float, x1: float, y1: float) -> None:
    found = clip((x0, y0), (x1, y1))
    inside = 0 <= x0 <= 1 and 0 <= y0 <= 1
    assert found is not None or not inside
    for x, y in found or ():
        assert -1e-9 <= x <= 1 + 1e-9 and -1e-9 <= y <= 1 + 1e-9
        assert abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) < 1e-9


def test_a_line_without_an_end_is_not_drawn() -> None:
    assert clip((0.0, 0.0), (float("inf"), 1.0)) is None


def test_strokes_differ_without_colour() -> None:
    drawn = set()
    for stroke in (Stroke.SOLID, Stroke.DASHED, Stroke.DOTTED):
        for braille in (True, False):
            painter = Painter(20, 2, braille)
            painter.line((0.0, 0.0), (1.0, 0.0), stroke, "", "-")
            drawn.add("".join(segment.text for segment in painter.rows()[-1]))
    assert len(drawn) == 6


def test_a_dozen_markers_on_a_line_and_all_without_one() -> None:
    long = Series("", tuple(map(float, range(200))), tuple(map(float, range(200))), Stroke.SOLID, Marker.CIRCLE)
    assert len(list(marked(long))) == 13
    assert len(list(marked(replace(long, stroke=Stroke.NONE)))) == 200


# In the terminal.


@pytest.mark.parametrize("width", [40, 60, 79, 80, 200])
@pytest.mark.parametrize("braille", [True, False])
def test_no_line_is_wider_than_the_sheet(width: int, braille: bool) -> None:
    long = replace(PANEL, x=replace(PANEL.x, label="a very long label of an axis that must be folded somewhere"))
    for panel in (PANEL, long):
        lines = draw_panel(panel, Sheet(width, 12, braille))
        assert max(sum(cells(segment.text) for segment in line) for line in lines) <= width


def test_off_a_terminal_it_is_plain_and_eighty_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    text = text_of(PICTURE)
    assert "\033" not in text
    assert 76 <= max(map(len, text.splitlines())) <= 80
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, text_of(PICTURE).splitlines())) <= 60


def test_the_stream_decides_between_braille_and_ascii() -> None:
    assert re.search("[\u2801-\u28ff]", text_of(PICTURE))
    plain = text_of(PICTURE, encoding="ascii")
    assert plain.isascii()
    assert "alpha <= inf" in plain


def test_a_terminal_gets_colours_unless_it_wants_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\033[38;" in text_of(PICTURE, terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033[38;" not in text_of(PICTURE, terminal=True)


def test_every_series_and_rule_is_in_the_legend() -> None:
    text = text_of(PICTURE)
    for name in ("SSE", "α ≤ ∞", "stopped: converged after 100 updates", "limit", "−∇L", "iteration [updates]"):
        assert name in text


def test_a_name_that_would_drive_a_terminal_does_not() -> None:
    bad = Picture("\033[31mred", (replace(PANEL, series=(replace(FALLING, name="a\nb\033"),)),))
    assert "\033" not in text_of(bad)
    assert b"\033" not in render(bad, "svg")


# In files.


def test_files_are_what_their_ending_says() -> None:
    root = ET.fromstring(render(PICTURE, "svg"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    png = render(PICTURE, "png")
    assert png.startswith(b"\x89PNG\r\n")
    width, height = struct.unpack(">II", png[16:24])
    assert width == 1125 and height > 900
    assert render(PICTURE, "pdf").startswith(b"%PDF-")


@pytest.mark.parametrize("form", ["svg", "png", "pdf"])
@pytest.mark.parametrize("picture", [PICTURE, DIAGRAM])
def test_the_same_picture_is_the_same_file(picture: Picture | Diagram, form: str) -> None:
    once = render(picture, form)
    assert once == render(picture, form)
    assert not re.search(rb"CreationDate|dc:date|tEXtSoftware|20[0-9]{2}-[0-9]{2}-[0-9]{2}", once)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "picture.svg"
    save_picture(PICTURE, str(path))
    assert path.read_bytes() == render(PICTURE, "svg")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(GdsolveError, match="No space left on device"):
        save_picture(DIAGRAM, str(path))
    assert path.read_bytes() == render(PICTURE, "svg")
    assert [one.name for one in tmp_path.iterdir()] == ["picture.svg"]


def test_letters_that_no_font_has_are_no_fault() -> None:
    assert render(replace(PICTURE, title="体重 \U0001f40d"), "svg").startswith(b"<?xml")


def overlap(one: Sequence[float], other: Sequence[float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_no_text_of_a_file_lies_on_another() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from gdsolve.report.draw_file import _figure

    figure = _figure(PICTURE)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = []
    for axes in figure.axes:
        texts = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes.xaxis.label, axes.yaxis.label]
        boxes += [text.get_window_extent(renderer).extents for text in texts if text.get_text()]
        legend = axes.get_legend()
        assert legend is not None
        boxes += [text.get_window_extent(renderer).extents for text in legend.get_texts()]
    assert not [pair for i, one in enumerate(boxes) for pair in boxes[:i] if overlap(one, pair)]
    assert min(box[0] for box in boxes) >= 0.0
    assert max(box[2] for box in boxes) <= canvas.get_width_height()[0]


# The graph.


def test_nodes_of_a_diagram_lie_apart_in_their_layers() -> None:
    plan = layout(DIAGRAM)
    heights = [plan.places[name][1] for name in ("t", "y", "z")]
    assert heights == sorted(heights)
    boxes = []
    for node in DIAGRAM.nodes:
        (x, y), (w, h) = plan.places[node.name], plan.sizes[node.name]
        boxes.append((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
    assert not [pair for i, one in enumerate(boxes) for pair in boxes[:i] if overlap(one, pair)]
    # The edge over two layers has a bend between them, beside the node there.
    assert plan.routes[2] == ("z", "2:1", "t")
    assert abs(plan.places["2:1"][0] - plan.places["y"][0]) > plan.sizes["y"][0] / 2


def test_a_node_stands_right_under_what_uses_it() -> None:
    edges = [("p", "X"), ("p", "w"), ("r", "p"), ("r", "y")]
    record = {
        "nodes": [{"name": name} for name in "Xywpr"],
        "edges": [{"from": one, "to": other} for one, other in edges],
    }
    assert layers_of(record) == {"X": 0, "w": 0, "y": 1, "p": 1, "r": 2}
