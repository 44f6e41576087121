"""The progress bar as a person sees it: there while something takes long, and gone without a trace."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import forked
import pytest

pytest.importorskip("termios", reason="needs pseudo-terminals")

from terminal import Slow, Terminal

from gdsolve.cli import bar
from gdsolve.progress import Descending, Reading
from gdsolve.terminal import wrap_message

pytestmark = pytest.mark.slow

MODEL = {"schema": "gdsolve.fit/1", "weights": {"x": 2.0}, "intercept": 1.0, "data": {"features": ["x"]}}
HEADER = "x,y\n"
BAR = "━"
COLOUR = re.compile(rb"\x1b\[[0-9;]*[34][0-9][0-9;]*m")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.json").write_text(json.dumps(MODEL))
    return tmp_path


def is_clean(terminal: Terminal) -> bool:
    return not terminal.screen.cursor.hidden and terminal.screen.cursor.x == 0


# Whole runs.


def test_a_slow_source_shows_a_bar_that_leaves_result_and_advice_alone(here: Path) -> None:
    columns = 60
    terminal, source = Terminal(columns), Slow(here / "slow.csv", HEADER, "2,4\n")
    arguments = ("fit", "slow.csv", "--format", "csv", "--max-iter", "1", "--tol", "0")
    process = terminal.start(*arguments)
    source.feed_until(terminal, lambda: re.search(r"receiving ━+ +[\d.]+ MB +[\d.]+ MB/s", terminal.text()))
    (line,) = terminal.text().splitlines()
    assert len(line) <= columns - 2
    source.end()
    assert terminal.close(process) == 3
    assert is_clean(terminal)
    (here / "slow.csv").unlink()
    (here / "slow.csv").write_bytes(source.written)
    plain = forked.run(*arguments)
    expected = Terminal(columns)
    told = (line for text in plain.stderr.splitlines() for line in wrap_message(text, columns))
    expected.show((plain.stdout + "\n".join(told)).encode())
    assert "warning: Stopped at max_iter" in plain.stderr
    assert terminal.text() == expected.text()


def test_ctrl_c_in_a_descent_leaves_what_was_reached(here: Path) -> None:
    (here / "t.csv").write_text("x,y\n1,2\n2,4\n3,5\n4,9\n")
    terminal = Terminal(80, 60)
    process = terminal.start(
        "fit", "t.csv", "--engine", "triangle", "--lr", "1e-9", "--tol", "0", "--max-iter", "1e9", "--every", "log"
    )
    line = re.compile(r"descending ━+ +([\d,]+)  loss +\d\.\d{3}e[+-]\d\d +[\d:]+ left")
    terminal.wait_for(lambda: line.search(terminal.text()))
    first = line.search(terminal.text())
    terminal.wait_for(lambda: (now := line.search(terminal.text())) and first and now[1] != first[1])
    terminal.press(b"\x03")
    assert terminal.close(process) == 130
    assert is_clean(terminal)
    text = terminal.text()
    assert "INTERRUPTED" in text
    assert "intercept" in text
    assert "descending" not in text
    assert "^C" not in text
    assert BAR not in text


def test_ctrl_c_while_reading_leaves_nothing(here: Path) -> None:
    terminal, source = Terminal(), Slow(here / "slow.csv", HEADER)
    process = terminal.start("predict", "m.json", "slow.csv", stdout=subprocess.DEVNULL)
    source.feed_until(terminal, lambda: BAR in terminal.text())
    terminal.press(b"\x03")
    assert terminal.close(process) == 130
    source.abandon()
    assert (terminal.text(), is_clean(terminal)) == ("", True)


def test_an_error_is_all_that_is_left(here: Path) -> None:
    terminal, source = Terminal(200), Slow(here / "slow.csv", HEADER, "abc,1\n")
    process = terminal.start("predict", "m.json", "slow.csv", stdout=subprocess.DEVNULL)
    source.feed_until(terminal, lambda: BAR in terminal.text())
    source.end()
    assert terminal.close(process) == 5
    assert re.fullmatch(
        r"gdsolve: error: slow\.csv: row \d+ \(line \d+\), column 'x': 'abc' is not a number\nhint: .*", terminal.text()
    )


def test_a_closed_pipe_leaves_nothing(here: Path) -> None:
    reader, writer = os.pipe()
    terminal, source = Terminal(), Slow(here / "slow.csv", HEADER)
    process = terminal.start("predict", "m.json", "slow.csv", stdout=writer)
    os.close(writer)
    source.feed_until(terminal, lambda: BAR in terminal.text())
    os.close(reader)
    source.end()
    assert terminal.close(process) == 141
    assert (terminal.text(), is_clean(terminal)) == ("", True)


def test_without_colours(here: Path) -> None:
    terminal, source = Terminal(), Slow(here / "slow.csv", HEADER)
    process = terminal.start("predict", "m.json", "slow.csv", stdout=subprocess.DEVNULL, NO_COLOR="1")
    source.feed_until(terminal, lambda: BAR in terminal.text())
    source.end()
    assert terminal.close(process) == 0
    assert not COLOUR.search(terminal.raw)
    assert terminal.text() == ""


def test_where_there_is_none(here: Path) -> None:
    code = "import gdsolve, sys; gdsolve.predict('m.json', sys.argv[1], sys.stdout)"
    with (here / "errors").open("wb") as errors:
        cases: list[tuple[list[str], dict[str, Any]]] = [
            (["predict", "m.json", "0.csv", "--quiet"], {}),
            (["predict", "m.json", "1.csv"], {"TERM": "dumb"}),
            (["predict", "m.json", "2.csv"], {"stderr": errors}),
            (["3.csv"], {"code": code}),
        ]
        sources = [Slow(here / f"{place}.csv", HEADER) for place in range(len(cases))]
        terminals = [Terminal() for _ in cases]
        runs = [
            terminal.start(*words, stdout=subprocess.DEVNULL, **elsewhere)
            for terminal, (words, elsewhere) in zip(terminals, cases, strict=True)
        ]
        for source, terminal in zip(sources, terminals, strict=True):
            source.feed_until(terminal, lambda: True)
        began = time.monotonic()
        for source, terminal in zip(sources, terminals, strict=True):
            source.feed_until(terminal, lambda: time.monotonic() > began + 2 * bar.DELAY)
            source.end()
        assert [one.close(process) for one, process in zip(terminals, runs, strict=True)] == [0, 0, 0, 0]
    assert [one.raw for one in terminals] == [b"", b"", b"", b""]
    assert (here / "errors").read_bytes() == b""


def test_rows_on_the_terminal_are_progress_enough(here: Path) -> None:
    terminal, source = Terminal(80, 24), Slow(here / "slow.csv", HEADER)
    process = terminal.start("predict", "m.json", "slow.csv")
    began = time.monotonic()
    source.feed_until(terminal, lambda: time.monotonic() > began + 2 * bar.DELAY)
    source.end()
    assert terminal.close(process) == 0
    assert b"\x1b" not in terminal.raw


def test_nothing_is_shown_while_somebody_types(here: Path) -> None:
    code = "import sys; from gdsolve.cli import bar, main; bar.IDLE_DELAY = 0.0; sys.exit(main.run(sys.argv[1:]))"
    terminal = Terminal()
    with (here / "out").open("wb") as out:
        process = terminal.start("predict", "m.json", "-", stdout=out, code=code)
        # Before the table is read, the run tells nothing.
        terminal.wait_for(lambda: "working" in terminal.text())
        terminal.wait_for(lambda: not terminal.text())
        before = len(terminal.raw)
        for key in b"x\n1\n":
            terminal.press(bytes([key]))
            terminal.read(0.1)
        assert terminal.raw[before:] == b"x\r\n1\r\n"
        terminal.press(b"\x04")
        assert terminal.close(process) == 0
    assert (here / "out").read_text() == "x,prediction\n1,3.0\n"
    assert terminal.text() == "x\n1"


def test_a_run_that_is_soon_over_does_without_rich(here: Path) -> None:
    (here / "t.csv").write_text("x,y\n1,2\n2,4\n")
    code = (
        "import sys; from gdsolve.cli import bar, main; bar.DELAY = bar.IDLE_DELAY = 60.0;"
        "main.run(sys.argv[1:]); print('rich.live' in sys.modules, 'rich.progress' in sys.modules)"
    )
    terminal = Terminal()
    process = terminal.start("predict", "m.json", "t.csv", "--only", code=code)
    assert terminal.close(process) == 0
    assert terminal.text() == "prediction\n3.0\n5.0\nFalse False"


# The bar alone.


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    one = Terminal()
    yield one
    os.close(one.master)


@pytest.fixture
def shown(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[bar.Bar]:
    monkeypatch.setattr(bar, "DELAY", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with os.fdopen(terminal.end, "w", encoding="utf-8") as stream:
        one = bar.Bar(stream)
        yield one
        one.close()


class Looks:
    """How often the thread of a bar has looked whether there is something to draw."""

    def __init__(self, shown: bar.Bar) -> None:
        self.count, usual = 0, shown._draw

        def look() -> None:
            usual()
            self.count += 1

        shown._draw = look  # type: ignore[method-assign]

    def wait(self, more: int) -> None:
        """Wait for so many looks that begin from now on: one may be under way."""
        seen = self.count
        forked.wait_for(lambda: self.count > seen + more)


def test_what_else_is_written_is_not_garbled(terminal: Terminal, shown: bar.Bar) -> None:
    shown.tell(Reading("reading", 5, 5.0, 0.1))
    terminal.wait_for(lambda: "reading" in terminal.text())
    with shown.hidden():
        os.write(terminal.end, b"gdsolve: warning: so and so\n")
    terminal.wait_for(lambda: re.fullmatch(r"gdsolve: warning: so and so\nreading ━.*", terminal.text()))
    shown.tell(Descending("descending", 5, 1.0, 1.0, None))
    terminal.wait_for(lambda: re.fullmatch(r"gdsolve: warning: so and so\ndescending ━.*", terminal.text()))
    shown.done()
    terminal.wait_for(lambda: "working" in terminal.text())
    shown.close()
    terminal.read(0.1)
    assert terminal.text() == "gdsolve: warning: so and so"


def test_what_is_nearly_over_is_not_shown(terminal: Terminal, shown: bar.Bar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar, "DELAY", 0.4)
    monkeypatch.setattr(bar, "WORTH", 20.0)
    clock, looks = [bar.monotonic()], Looks(shown)
    monkeypatch.setattr(bar, "monotonic", lambda: clock[0])
    monkeypatch.setattr(bar, "TICK", 0.001)
    for tenth in range(1, 9):
        shown.tell(Reading("reading", 1 + 100_000 * tenth, 1.0, tenth / 50.0))
        clock[0] += 0.1
        looks.wait(1)
    shown.done()
    shown.close()
    terminal.read(0.0)
    assert terminal.raw == b""


def test_the_line_is_drawn_ten_times_a_second_at_most(terminal: Terminal, shown: bar.Bar) -> None:
    shown.tell(Descending("descending", 0, 1.0, 1.0, None))
    terminal.wait_for(lambda: "descending" in terminal.text())
    looks, before, k = Looks(shown), terminal.raw.count(b"descending"), 0
    while looks.count < 5:
        k += 1
        shown.tell(Descending("descending", k, 1.0, 1.0, None))
        terminal.read(0.001)
    # As often as the thread looks, not as often as it is told.
    assert bar.TICK == 0.1
    assert 1 <= terminal.raw.count(b"descending") - before <= looks.count + 1 < k


def test_a_terminal_that_a_pager_took_over_is_left_alone(terminal: Terminal, shown: bar.Bar) -> None:
    tty.setraw(terminal.end)
    shown.tell(Reading("reading", 5, 5.0, 0.1))
    Looks(shown).wait(3)
    terminal.read(0.0)
    assert terminal.raw == b""


def test_where_ctrl_c_would_end_the_process_at_once_nothing_is_left_for_it(
    terminal: Terminal, shown: bar.Bar, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.tell(Reading("reading", 5, 5.0, 0.1))
    terminal.wait_for(lambda: "reading" in terminal.text())
    monkeypatch.setattr(signal, "getsignal", lambda number: signal.SIG_DFL)
    terminal.wait_for(lambda: not terminal.text())


def test_in_the_background_the_terminal_is_left_alone(here: Path) -> None:
    terminal = Terminal()
    # A shell gives every job a process group of its own, and the terminal to one of them.
    code = (
        "import os, sys, time; from gdsolve.cli import bar; bar.DELAY = 0.0; from gdsolve.progress import Reading\n"
        "looks, usual = [], bar.Bar._draw; bar.Bar._draw = lambda self: (usual(self), looks.append(1))\n"
        "os.fork() and (os.wait(), os._exit(0)); os.setpgid(0, 0); one = bar.Bar(sys.stderr)\n"
        "one.tell(Reading('reading', 5, 5.0, 0.1)); seen = len(looks)\n"
        "while len(looks) < seen + 3: time.sleep(0.01)\n"
        "one.close(); os._exit(0)"
    )
    assert terminal.close(terminal.start(code=code)) == 0
    assert terminal.raw == b""
