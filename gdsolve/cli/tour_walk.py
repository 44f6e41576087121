"""The tour on a terminal: screen by screen, each as large as the terminal, with a prompt under it."""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from gdsolve.cli.tour_runs import Canvas, Ran, run_kept
from gdsolve.harmless import styled
from gdsolve.report.draw_terminal import draw_within
from gdsolve.report.page import Page, page_for
from gdsolve.terminal import cells, terminal_width
from gdsolve.tour.catalogue import Catalogue
from gdsolve.tour.exercises import Exercise, in_figures, is_right, read_answer
from gdsolve.tour.folding import Passage, fold, paged
from gdsolve.tour.lesson import answer_of, command_of, names_of, prose, question_of, said_of, thing_of
from gdsolve.tour.script import CASES, TourStep

if TYPE_CHECKING:
    from gdsolve.picture import Picture

Item = TourStep | Exercise
BACK, LEAVE = ("b", "back"), ("q", "quit", "exit")
# The title with an empty line under it, and the prompt.
AROUND = 3
LEAST_ROOM = 5


def walk(items: Sequence[Item], everything: Sequence[Item], words: Catalogue, *, asks: bool = True) -> None:
    """Show the items one after the other, and go where the reader asks to: also to a case that is not among them.

    Exercises are asked, or shown with their answers where it does not ask.
    """
    _Walk(list(items), list(everything), words, asks).go()


class _Walk:
    """Where the reader is: an item and a page of it, and how the exercises went."""

    def __init__(self, items: list[Item], everything: list[Item], words: Catalogue, asks: bool) -> None:
        self.items, self.everything, self.words, self.asks = items, everything, words, asks
        self.size = _size()
        self.at = self.page = 0
        self.right: dict[str, bool] = {}
        self.pages: list[list[str]] = []
        self.answered: list[Passage] = []

    def go(self) -> None:
        """Show and ask, until the end or until the reader leaves."""
        note = ""
        while self.at < len(self.items):
            self._set(self.items[self.at])
            self._show(note)
            typed = _read_line()
            if typed is None or typed.lower() in LEAVE:
                break
            note = self._follow(typed)
        if self.right:
            page = prose(
                self.words.say("screen.end", right=sum(self.right.values()), asked=len(self.right)), sys.stdout
            )
            page.write(sys.stdout)

    def _set(self, item: Item) -> None:
        """Lay the item out, unless it is for a terminal of this size already."""
        if self.pages and self.size == _size():
            return
        self.size = _size()
        if isinstance(item, Exercise) and not self.asks and not self.answered:
            self._answer(item, "")
            self.page = 0
        else:
            self.pages = self._pages_of(item)
        self.page = min(self.page, len(self.pages) - 1)

    def _follow(self, typed: str) -> str:
        """Go where an answer leads; what is to be said where it leads nowhere."""
        item = self.items[self.at]
        if typed.lower() in BACK:
            self._turn(-1)
        elif (place := self._place_of(typed)) is not None:
            self._move(place)
        elif isinstance(item, Exercise) and not self.answered:
            return self._answer(item, typed)
        elif typed:
            return self.words.say("screen.unknown", typed=typed, cases=f"{CASES[0]} … {CASES[-1]}")
        else:
            self._turn(1)
        return ""

    def _turn(self, by: int) -> None:
        if 0 <= self.page + by < len(self.pages):
            self.page += by
        elif self.at + by >= 0:
            self._move(self.at + by)

    def _move(self, place: int) -> None:
        self.at, self.page, self.pages, self.answered = place, 0, [], []

    def _place_of(self, typed: str) -> int | None:
        """Where the case of a name, or of a part, begins."""
        name = typed.upper()

        def place_in(items: Sequence[Item]) -> int | None:
            steps = [(place, one) for place, one in enumerate(items) if isinstance(one, TourStep)]
            exact = [place for place, one in steps if name in (one.case, one.config.upper())]
            return next(iter(exact or [place for place, one in steps if one.part == name]), None)

        place = place_in(self.items)
        if place is None and (place := place_in(self.everything)) is not None:
            self.items = self.everything
        return place

    def _answer(self, exercise: Exercise, typed: str) -> str:
        """Check an answer, and put the right one with its reason under the question; nothing typed shows it."""
        names, screen = names_of(exercise, self.words), Canvas(sys.stdout)
        given = read_answer(exercise, typed, names) if typed else None
        if typed and given is None:
            words = self.words
            choices = ", ".join(str(number + 1) for number in range(len(names)))
            allowed = words.say("screen.one_of", choices=choices) if names else words.say("screen.a_number")
            return words.say("screen.unread", typed=typed, allowed=allowed)
        records = [run_kept(command).record for command in exercise.words]
        expected = exercise.answer(records)
        if given is not None:
            right = is_right(exercise, given, expected)
            self.right.setdefault(exercise.key, right)
            shown = self.words.name("choices", given) if isinstance(given, str) else in_figures(given)
            verdict = self.words.say("screen.right") if right else self.words.say("screen.wrong", typed=shown)
            prose(verdict, screen, "green" if right else "red").write(screen)
        answer_of(exercise, self.words, expected, records, screen).write(screen)
        self.answered = [Passage(tuple(screen.lines()))]
        self.pages = self._pages_of(exercise)
        self.page = len(self.pages) - 1
        return ""

    def _pages_of(self, item: Item) -> list[list[str]]:
        room = max(LEAST_ROOM, self.size.lines - AROUND)
        if isinstance(item, Exercise):
            return paged([_block(question_of(item, self.words, Canvas(sys.stdout))), *self.answered], room)
        return paged([*self._blocks(item, room)], room)

    def _blocks(self, step: TourStep, room: int) -> Iterator[Passage]:
        """The thing itself, the command, what it prints, two sentences, and last the picture."""
        screen, ran = Canvas(sys.stdout), run_kept(step.command)
        yield _block(thing_of(step, self.words, screen))
        command, parts = _block(command_of(step.command, screen)).lines, _paragraphs(ran.lines)
        first = parts[0] if parts else ()
        together = len(command) + 1 + len(first) <= room
        yield Passage((*command, "", *first) if together else command)
        yield from map(Passage, parts[1:] if together else parts)
        said = page_for(screen)
        if ran.code:
            said.lines += prose(self.words.say("screen.exit", code=ran.code), screen, "dim").lines
        said.lines += said_of(step, self.words, ran.record, screen).lines
        yield _block(said)
        yield from _drawn(ran, room)

    def _show(self, note: str) -> None:
        item, words, screen = self.items[self.at], self.words, Canvas(sys.stdout)
        width = terminal_width(sys.stdout) or 80
        title = (
            words.say("screen.exercise", part=item.part) + f"  {words.say(f'parts.{item.part}')}"
            if isinstance(item, Exercise)
            else f"{item.case}  {words.say(f'steps.{item.key}.title')}"
        )
        where = words.say("screen.page", page=self.page + 1, pages=len(self.pages)) if len(self.pages) > 1 else ""
        head = page_for(screen)
        if cells(title) + cells(where) + 2 > width:
            where = ""
        gap = " " * (width - 1 - cells(title) - cells(where))
        head.paragraph(gap + where if where else "", "dim", lead=title, lead_style="bold")
        # A note takes the empty line under the title, so that the page stays where it is.
        head.paragraph(next(iter(fold(note, width)), ""), "yellow")
        head.write(screen)
        shown = self.pages[self.page]
        gap_below = [""] if len(shown) < self.size.lines - AROUND else []
        lines = [*screen.lines(), *shown, *gap_below, self._prompt(width)]
        terminal = styled(sys.stdout)
        terminal.write(_fresh_screen() + "\n".join(lines) + " > ")
        terminal.flush()

    def _prompt(self, width: int) -> str:
        item, last = self.items[self.at], self.page + 1 == len(self.pages)
        if isinstance(item, Exercise) and not self.answered and last:
            text = self.words.say("screen.choose" if item.choices else "screen.number")
        else:
            ends = last and self.at + 1 == len(self.items)
            text = self.words.say("screen.last" if ends else "screen.prompt")
        # One line in any case, with room for what is typed.
        parts = text.split("   ")
        while len(parts) > 1 and cells("   ".join(parts)) + 10 > width:
            parts.pop()
        return "   ".join(parts)


def _block(page: Page) -> Passage:
    """The lines of a page, as the terminal takes them."""
    screen = Canvas(sys.stdout)
    page.write(screen)
    return Passage(tuple(screen.lines()))


def _paragraphs(lines: Sequence[str]) -> list[tuple[str, ...]]:
    """What empty lines part."""
    return [tuple(group) for full, group in groupby(lines, bool) if full]


def _drawn(ran: Ran, room: int) -> Iterator[Passage]:
    """Each panel of the picture on a page of its own, as large as it can be; under the last what is noted of it."""
    picture: Picture | None = ran.picture
    if picture is None:
        return
    screen = Canvas(sys.stdout)
    width = (terminal_width(screen) or 80) - 1
    title = [*_block(prose(picture.title, screen, "bold")).lines]
    notes = [line for note in picture.notes for line in _block(prose(note, screen, "dim")).lines]
    for number, panel in enumerate(picture.panels):
        above = title if number == 0 else []
        below = notes if number + 1 == len(picture.panels) and len(notes) < room // 3 else []
        page = page_for(screen)
        page.lines += draw_within(panel, screen, width, room - len(above) - len(below))
        yield Passage((*above, *_block(page).lines, *below), alone=True)


def _size() -> os.terminal_size:
    """How many columns and lines the terminal has."""
    return shutil.get_terminal_size((80, 24))


def _fresh_screen() -> str:
    """What gives an empty screen, where the terminal is one that knows how; what was shown can be scrolled back to."""
    return "\n" if os.environ.get("TERM", "dumb") == "dumb" else "\n" * _size().lines + "\x1b[H"


def _wait_for_line() -> None:
    """Wait until a line is typed: Ctrl-C in the instant before a reading begins would be lost, but writes to a pipe."""
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    before = signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    try:
        select.select([sys.stdin, woken], [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(woken)
        os.close(waking)


def _read_line() -> str | None:
    """What is typed; None at the end of input."""
    if hasattr(signal, "siginterrupt"):
        # Ctrl-C is to end the reading: polars has the system take it up again.
        signal.siginterrupt(signal.SIGINT, True)
        if sys.stdin.isatty():
            _wait_for_line()
    line = sys.stdin.readline()
    return line.strip() if line else None
