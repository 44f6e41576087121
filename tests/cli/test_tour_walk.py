"""Where a reader of the tour goes from screen to screen, with screens of any size, without running a command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gdsolve.cli import tour_walk
from gdsolve.cli.tour_walk import _Walk


class Words:
    def say(self, key: str, **_: object) -> str:
        return key


@dataclass(frozen=True)
class Step:
    """A step of the tour, as far as the way to it goes."""

    case: str

    @property
    def config(self) -> str:
        return f"file-{self.case.lower()}"

    @property
    def part(self) -> str:
        return self.case[0]


ITEMS = [Step("A1"), Step("A2"), Step("C1")]
LINES = {"A1": 30, "A2": 10, "C1": 20}


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[list[tuple[Any, ...]], int]]:
    """The screens, (case, page, pages, note), that answers lead to, and how often one was laid out."""

    def run(*answers: str | int, items: list[Step] = ITEMS) -> tuple[list[tuple[Any, ...]], int]:
        size, laid, shown, typed = [13], [0], list[tuple[Any, ...]](), iter(answers)

        def pages(walk: _Walk, item: Step) -> list[list[str]]:
            laid[0] += 1
            room = walk.size.lines - tour_walk.AROUND
            return [[""]] * -(-LINES[item.case] // room)

        def read() -> Iterator[str | None]:
            for one in typed:
                if isinstance(one, int):
                    size[0] = one
                else:
                    yield one
            yield None

        given = read()
        monkeypatch.setattr(tour_walk, "_size", lambda: os.terminal_size((80, size[0])))
        monkeypatch.setattr(tour_walk, "_read_line", lambda: next(given))
        monkeypatch.setattr(tour_walk, "TourStep", Step)
        monkeypatch.setattr(_Walk, "_pages_of", pages)
        monkeypatch.setattr(
            _Walk,
            "_show",
            lambda walk, note: shown.append((walk.items[walk.at].case, walk.page + 1, len(walk.pages), note)),
        )
        _Walk(list(items), ITEMS, Words(), asks=True).go()  # type: ignore[arg-type]
        return shown, laid[0]

    return run


def test_enter_turns_pages_and_then_goes_to_the_next_item(walked: Callable[..., Any]) -> None:
    shown, laid = walked("", "", "", "", "", "")
    assert [screen[:3] for screen in shown] == [
        *(("A1", page, 3) for page in (1, 2, 3)),
        ("A2", 1, 1),
        *(("C1", page, 2) for page in (1, 2)),
    ]
    assert laid == 3


def test_back_goes_to_the_page_or_the_item_before_and_stays_at_the_first(walked: Callable[..., Any]) -> None:
    shown, _ = walked("b", "", "BACK", "A2", "b", "q", "")
    assert [screen[:2] for screen in shown] == [("A1", 1), ("A1", 1), ("A1", 2), ("A1", 1), ("A2", 1), ("A1", 1)]


@pytest.mark.parametrize("leave", ["q", "Quit", "exit"])
def test_a_reader_may_leave(leave: str, walked: Callable[..., Any]) -> None:
    assert len(walked("", leave, "", "")[0]) == 2


def test_items_are_named_by_case_config_or_part(walked: Callable[..., Any]) -> None:
    shown, _ = walked("c1", "file-a2", "C", "Z9", "a")
    assert [screen[0] for screen in shown] == ["A1", "C1", "A2", "C1", "C1", "A1"]
    assert [screen[3] for screen in shown] == ["", "", "", "", "screen.unknown", ""]
    assert [screen[0] for screen in walked("C", "", "b", items=ITEMS[:1])[0]] == ["A1", "C1", "C1", "C1"]


def test_an_item_is_laid_out_anew_for_another_size_alone(walked: Callable[..., Any]) -> None:
    shown, laid = walked("", "", 33, "b", 8, "", "")
    assert shown == [
        *[("A1", 1, 3, ""), ("A1", 2, 3, ""), ("A1", 3, 3, "")],
        # At the next screen the terminal is larger: all of it is one page, and then six.
        ("A1", 1, 1, ""),
        *[("A2", 1, 2, ""), ("A2", 2, 2, "")],
    ]
    assert laid == 3
