"""What a bar draws at a tick: the line alone, or with the curve of the loss above it as often as drawing is cheap."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from gdsolve.cli import bar
from gdsolve.cli.bar import MOST_REST, REST, WATCHED_TICK, Bar


class Drawing:
    def __init__(self) -> None:
        self.shown: list[tuple[Any, ...]] = []

    def show(self, *given: Any) -> None:
        self.shown.append(given)


def bar_of(curve: Any) -> Bar:
    """A bar without its thread."""
    made = Bar.__new__(Bar)
    made._curve, made._next = curve, 0.0
    return made


def test_a_line_is_drawn_at_every_tick() -> None:
    made, drawing = bar_of(None), Drawing()
    for now in (1.0, 1.1, 1.2):
        made._show(drawing, now, None)  # type: ignore[arg-type]
    assert drawing.shown == [(None,)] * 3


@pytest.mark.parametrize(
    ("cost", "rest"), [(0.0, WATCHED_TICK), (0.5 * WATCHED_TICK / REST, WATCHED_TICK), (0.006, 0.6), (1.0, MOST_REST)]
)
def test_a_curve_is_drawn_a_few_times_a_second_and_less_often_where_that_costs(
    cost: float, rest: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "plotille", SimpleNamespace())
    clock = iter([10.0, 10.0 + cost] * 3)
    monkeypatch.setattr(bar, "thread_time", lambda: next(clock))
    made, drawing = bar_of(SimpleNamespace(panel=lambda: "panel")), Drawing()
    for now in (1.0, 1.0 + 0.9 * rest, 1.0 + 1.01 * rest):
        made._show(drawing, now, "pace")  # type: ignore[arg-type]
    assert drawing.shown == [("pace", "panel")] * 2
    assert made._next == pytest.approx(1.0 + 2.01 * rest)
