"""The curve of a run that is watched: which points are kept, what is predicted, and that it fits the terminal."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import pairwise

import pytest

from gdsolve.cli.curve import WatchedLoss
from gdsolve.picture import Marker, Stroke
from gdsolve.pictures import illustrator
from gdsolve.pictures.live import live_panel
from gdsolve.progress import Descending, Outlook, Reading, Stage, listening
from gdsolve.report.draw_terminal import draw_within
from gdsolve.solve.fit import fit
from gdsolve.spec import Spec
from gdsolve.terminal import cells

FORMULA = {"start": ["a=0"], "lr": 0.01, "max_iter": 9, "tol": 0.0, "engine": "autograd", "watch": True}


class Ear:
    """Keeps what a descent tells."""

    def __init__(self) -> None:
        self.heard: list[Descending] = []

    def tell(self, stage: Stage) -> None:
        if isinstance(stage, Descending) and stage.title == "descending":
            self.heard.append(stage)

    def done(self) -> None:
        pass

    def hidden(self) -> nullcontext[None]:
        return nullcontext()


def told(**options: object) -> list[Descending]:
    ear = Ear()
    with listening(ear):
        fit(Spec(**{"watch": True, "tol": 0.0, **options}), illustrate=illustrator)  # type: ignore[arg-type]
    return ear.heard


def table() -> dict[str, object]:
    return {"X": ((1.0, 2.0), (2.0, 1.0), (4.0, 3.0), (5.0, 9.0)), "y": (1.0, 3.0, 2.0, 7.0)}


def descending(ks: Iterator[int] | range, title: str = "descending") -> Iterator[Descending]:
    return (Descending(title, k, 1.0 / (k + 1), 1.0, None) for k in ks)


def test_a_run_of_many_steps_keeps_some_hundred_points() -> None:
    curve = WatchedLoss()
    curve.note(Reading("reading", 1, 1.0, 0.5))
    curve.note(Descending("descending", 0, None, None, None))
    for stage in descending(iter([*range(65), *range(128, 10**8, 640)])):
        curve.note(stage)
    ks = [k for k, _ in curve.points]
    assert ks[:11] == list(range(11))
    assert ks[-1] == range(128, 10**8, 640)[-1]
    assert 100 < len(ks) < 200
    assert all(after - before <= 641 + 0.1 * before for before, after in pairwise(ks))
    for stage in descending(range(9), "certifying"):
        curve.note(stage)
    assert [k for k, _ in curve.points] == ks


def test_nothing_is_drawn_before_an_update() -> None:
    curve = WatchedLoss()
    assert curve.panel() is None
    curve.note(Descending("descending", 0, 3.0, 1.0, None))
    assert curve.panel() is None
    curve.note(Descending("descending", 1, 2.0, 1.0, None))
    panel = curve.panel()
    assert panel is not None
    assert panel.series[0].y == (3.0, 2.0)


@pytest.mark.parametrize(
    "options",
    [
        {"lr": 0.01},
        {"lr": 0.01, "engine": "rows", "loss": "sse", "ridge": 0.5},
        {"scale": "standard", "lr": 0.1, "loss": "mse"},
        {"lr": 0.01, "method": "momentum"},
        {"lr": 0.01, "method": "nesterov", "momentum": 0.5, "ridge": 0.1},
        {"lr": 0.01, "dtype": "float32"},
    ],
)
def test_what_is_predicted_is_what_happens(options: dict[str, object]) -> None:
    from gdsolve.spec.file import from_flag

    read = {name: from_flag(name, value, "fit") for name, value in options.items()}
    heard = told(**table(), **{"engine": from_flag("engine", "triangle", "fit"), **read}, max_iter=60)
    outlook = heard[-1].outlook
    assert outlook is not None and outlook.minimum is not None
    observed = {stage.iteration: stage.loss for stage in heard if stage.loss is not None}
    assert set(outlook.iterations) <= set(range(61))
    assert len(outlook.iterations) >= 20
    rel = 1e-4 if "dtype" in options else 1e-9
    for k, loss, gap in zip(outlook.iterations, outlook.loss, outlook.gap, strict=True):
        assert loss == pytest.approx(observed[k], rel=rel)
        assert gap == pytest.approx(observed[k] - outlook.minimum, rel=1e3 * rel, abs=outlook.noise)  # type: ignore[operator]
    panel = live_panel([(k, loss) for k, loss in sorted(observed.items())], outlook)
    assert panel.y.title == "loss, gap above the optimal loss [y²]"
    assert panel.y.log
    assert {one.name for one in panel.series} == {"", "loss", "gap", "loss, predicted", "gap, predicted"}


def test_where_nothing_is_known_beforehand_the_loss_is_drawn_alone() -> None:
    from gdsolve.spec.file import build_spec

    ear = Ear()
    with listening(ear):
        fit(build_spec([], {**FORMULA, "minimize": "(a-3)**4 - 5"}, "fit"), illustrate=illustrator)
    assert ear.heard[-1].outlook == Outlook()
    panel = live_panel([(one.iteration, one.loss) for one in ear.heard if one.loss is not None], Outlook())
    # A loss that is negative somewhere has no logarithm.
    assert (panel.y.title, panel.y.log, panel.x.log) == ("loss", False, False)
    assert [(one.name, one.stroke, one.marker) for one in panel.series] == [
        ("loss", Stroke.SOLID, Marker.NONE),
        ("", Stroke.NONE, Marker.CIRCLE),
    ]


def test_a_loss_below_zero_is_watched_by_its_gap() -> None:
    from gdsolve.spec.file import build_spec

    ear = Ear()
    with listening(ear):
        fit(build_spec([], {**FORMULA, "minimize": "(a-3)**2 - 5", "lr": 0.2}, "fit"), illustrate=illustrator)
    outlook = ear.heard[-1].outlook
    assert outlook is not None and outlook.minimum == pytest.approx(-5.0)
    panel = live_panel([(one.iteration, one.loss) for one in ear.heard if one.loss is not None], outlook)
    assert (panel.y.title, panel.y.log) == ("gap above the optimal loss", True)
    assert {one.name for one in panel.series} == {"", "gap", "gap, predicted"}
    observed = next(one for one in panel.series if one.name == "gap")
    assert observed.y == pytest.approx([9.0 * 0.6 ** (2 * k) for k in range(10)])


def test_nobody_who_does_not_watch_is_told_more() -> None:
    assert {stage.outlook for stage in told(**table(), lr=0.01, max_iter=30, watch=False)} <= {None}


def test_predictions_hide_no_run() -> None:
    grows = Outlook("", 1.0, 0.0, (0, 10, 1000, 10**6), (2.0, 3.0, 1e9, math.inf), (1.0, 2.0, 1e9, math.inf))
    panel = live_panel([(0, 2.0), (5, 2.5), (20, 4.0)], grows)
    assert next(one for one in panel.series if one.name == "loss, predicted").x == (0.0, 10.0)
    falls = Outlook("", 1.0, 0.0, (0, 10, 1000, 10**6), (4.0, 3.0, 2.0, 1.5), (3.0, 2.0, 1.0, 0.5))
    panel = live_panel([(0, 4.0), (20, 2.5)], falls)
    assert next(one for one in panel.series if one.name == "gap, predicted").x == (0.0, 10.0, 1000.0)


def test_a_gap_of_rounding_is_no_gap() -> None:
    outlook = Outlook("", 1.0, 1e-12, (0, 50), (2.0, 1.0), (1.0, 1e-15))
    panel = live_panel([(0, 2.0), (40, 1.0 + 1e-13), (50, 1.0 - 1e-13)], outlook)
    assert next(one for one in panel.series if one.name == "gap").x == (0.0,)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize(("width", "lines"), [(39, 10), (59, 22), (79, 22), (119, 60), (250, 12)])
def test_the_curve_fits_the_terminal(width: int, lines: int, encoding: str) -> None:
    ks = tuple(range(0, 3000, 100))
    gap = tuple(1e5 / (k + 1) for k in ks)
    outlook = Outlook("body_mass_g²", 1.0, 0.0, ks, tuple(1.0 + one for one in gap), gap)
    panel = live_panel([(k, 1 + 1e5 / (k + 1)) for k in range(0, 500, 7)], outlook)
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    drawn = ["".join(segment.text for segment in line) for line in draw_within(panel, stream, width, lines)]
    assert 8 <= len(drawn) <= min(lines, 28)
    assert max(map(cells, drawn)) <= width
    assert sum("iteration [updates]" in line for line in drawn) == 1
    assert any(("●" if encoding == "utf-8" else "o") in line for line in drawn)
    "\n".join(drawn).encode(encoding)
