"""`fit --watch` as a person sees it: the loss falls on the terminal while the run goes on, and leaves no trace."""

from __future__ import annotations

import fcntl
import os
import re
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import forked
import pytest

pytest.importorskip("termios", reason="needs pseudo-terminals")

import termios

from terminal import Terminal

import gdsolve
from gdsolve.cli import bar
from gdsolve.cli.bar_line import Drawing
from gdsolve.cli.curve import WatchedLoss
from gdsolve.cli.main import run
from gdsolve.progress import Descending
from gdsolve.report.progress_line import Pace
from gdsolve.spec.command import Command
from gdsolve.status import GdsolveError

pytestmark = pytest.mark.slow

SLOW = ("fit", "t.csv", "--engine", "triangle", "--lr", "1e-4", "--tol", "0", "--every", "log")
LONG = (*SLOW, "--max-iter", "1e9", "--watch")
AT_ONCE = "import sys; from gdsolve.cli import bar, main; bar.WATCHED_DELAY = 0.0; main.leave(main.run(sys.argv[1:]))"
ACROSS = "iteration [updates]"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,4\n3,5\n4,9\n")
    (tmp_path / "g.csv").write_text("g,x,y\na,1,2\na,2,4\nb,3,5\nb,4,9\n")
    return tmp_path


def resize(terminal: Terminal, columns: int, lines: int) -> None:
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    terminal.screen.resize(lines, columns)


def heads(terminal: Terminal) -> list[tuple[int, int]]:
    """Column and row of every mark that shows where the run stands."""
    return [(line.index("●"), row) for row, line in enumerate(terminal.text().splitlines()) if "●" in line]


def is_whole(terminal: Terminal) -> bool:
    lines = terminal.text().splitlines()
    return len(heads(terminal)) == 2 and lines[-1].startswith("descending") and any(ACROSS in line for line in lines)


def axes(terminal: Terminal) -> list[int]:
    """The width of the line under every curve."""
    return [len(line) for line in terminal.text().splitlines() if "└" in line]


# Whole runs.


def test_the_curve_falls_while_the_run_goes_on_and_follows_the_terminal() -> None:
    terminal = Terminal(80, 24)
    # The emulator cuts lines off, as xterm does.
    process = terminal.start(*LONG, XTERM_VERSION="XTerm(390)")
    terminal.wait_for(lambda: is_whole(terminal))
    first = heads(terminal)
    text = terminal.text()
    assert text.splitlines()[-23].strip() == "loss, gap above the optimal loss [y²]"
    assert re.search(r"^ +└[─┬]{60,}$", text, re.MULTILINE)
    assert re.search(r"^ +1┤", text, re.MULTILINE)
    assert all(name in text for name in ("─── loss", "─── gap", "╌╌╌ loss, predicted", "╌╌╌ gap, predicted"))
    terminal.wait_for(lambda: is_whole(terminal) and min(heads(terminal))[0] > min(first)[0])
    for columns, lines in ((120, 30), (60, 20), (100, 14)):
        resize(terminal, columns, lines)
        terminal.wait_for(lambda width=columns - 1: is_whole(terminal) and axes(terminal) == [width])
        text = terminal.text()
        assert text.count(ACROSS) == 1
        assert max(map(len, text.splitlines())) < columns
        assert len(text.splitlines()) < lines
    for columns, lines in ((39, 24), (80, 11)):
        resize(terminal, columns, lines)
        terminal.wait_for(lambda: re.fullmatch(r"descending .*left", terminal.text()))
    resize(terminal, 80, 60)
    terminal.wait_for(lambda: is_whole(terminal))
    terminal.press(b"\x03")
    assert terminal.close(process) == 130
    assert "INTERRUPTED" in terminal.text()
    assert not any(trace in terminal.text() for trace in (ACROSS, "descending", "●", "^C"))
    assert terminal.screen.cursor.x == 0


@pytest.mark.parametrize("more", [("--plot",), ("--format", "csv")])
def test_what_is_left_is_what_a_run_leaves_that_nobody_watched(more: tuple[str, ...]) -> None:
    words = ("fit", "t.csv", "--engine", "triangle", "--every", "log", "--lr", "6e-4", "--tol", "1e-6", *more)
    watched, plain = Terminal(80, 90), Terminal(80, 90)
    process = watched.start(*words, "--watch", code=AT_ONCE)
    other = plain.start(*words)
    watched.wait_for(lambda: ACROSS in watched.text() and "●" in watched.text() and "descending" in watched.text())
    assert watched.close(process) == plain.close(other) == 0
    assert watched.text() == plain.text()
    assert (watched.screen.cursor.y, watched.screen.cursor.x) == (plain.screen.cursor.y, plain.screen.cursor.x)
    assert ("┤" in watched.text()) == ("--plot" in more)


def test_sigterm_leaves_the_result_alone(here: Path) -> None:
    terminal = Terminal(80, 40)
    with (here / "out.json").open("wb") as out:
        process = terminal.start(*LONG, "--format", "json", stdout=out)
        terminal.wait_for(lambda: is_whole(terminal))
        os.kill(process.pid, signal.SIGTERM)
        assert terminal.close(process) == 143
    assert re.match(r"gdsolve: warning: INTERRUPTED|gdsolve: warning: Interrupted", terminal.text())
    assert not any(trace in terminal.text() for trace in (ACROSS, "descending", "●"))
    assert '"status": "interrupted"' in (here / "out.json").read_text()


def test_an_error_is_all_that_is_left(here: Path) -> None:
    code = (
        "import sys; from gdsolve.cli import bar, main; bar.WATCHED_DELAY = 0.0\n"
        "from gdsolve.descent.schedule import Schedule; usual = Schedule.includes\n"
        "def fails(self, k):\n    if k > 80000: raise MemoryError\n    return usual(self, k)\n"
        "Schedule.includes = fails; main.leave(main.run(sys.argv[1:]))"
    )
    terminal = Terminal(120)
    process = terminal.start(*LONG, code=code)
    terminal.wait_for(lambda: ACROSS in terminal.text())
    assert terminal.close(process) == 5
    assert re.fullmatch(r"gdsolve: error: not enough memory while descending\nhint: .*", terminal.text())


@pytest.mark.parametrize("case", ["dumb", "file"])
def test_elsewhere_the_run_goes_on_unwatched_and_says_so(case: str, here: Path) -> None:
    words = ("fit", "t.csv", "--engine", "rows")
    plain = forked.run(*words)
    terminal = Terminal(200)
    with (here / "out").open("wb") as out, (here / "errors").open("wb") as errors:
        elsewhere = {"stderr": errors} if case == "file" else {"TERM": "dumb"}
        process = terminal.start(*words, "--watch", stdout=out, **elsewhere)
        assert terminal.close(process) == plain.returncode == 0
    said = (here / "errors").read_text().strip() if case == "file" else terminal.text()
    assert re.fullmatch(r"gdsolve: warning: watch: standard error is not a terminal, .*--plot draws.*", said)
    assert (here / "out").read_text() == plain.stdout


@pytest.mark.parametrize("more", [[], ["--method", "momentum"]])
def test_the_closed_form_says_that_there_is_nothing_to_watch(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    long = ["fit", "t.csv", "--lr", "1e-3", "--tol", "0", "--max-iter", "1e9", "--watch", *more]
    assert run(long) == 3
    _, err = capsys.readouterr()
    line = "watch: the closed form takes no steps that could be watched; --engine triangle takes them one by one"
    assert err.splitlines().count(f"gdsolve: warning: {line}") == 1
    assert run([*long[: -len(more) or None], *more, "--max-iter", "9", "--engine", "triangle"]) == 3
    assert line not in capsys.readouterr().err


# What is asked for.


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["fit", "t.csv", "--watch", "--quiet"], "watch: draws on standard error, which --quiet", "--watch or --quiet"),
        (["fit", "g.csv", "--watch", "--group-by", "g"], "watch: with --group-by", "leave --watch out"),
        (["compare", "t.csv", "--watch"], "No such option: --watch", "--watch goes with gdsolve fit"),
        (["report", "t.csv", "-o", "r.html", "--watch"], "No such option: --watch", "--watch goes with gdsolve fit"),
    ],
)
def test_what_cannot_be_watched(
    arguments: list[str], error: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"gdsolve: error: {error}")
    assert hint in err.splitlines()[1]


def test_a_spec_asks_to_be_watched(capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.yaml").write_text("data: t.csv\nwatch: yes\n")
    assert run(["fit", "s.yaml"]) == 0
    assert "gdsolve: warning: watch: standard error is not a terminal" in capsys.readouterr().err
    assert run(["compare", "s.yaml", "--methods", "gd"]) == 0
    assert "watch" not in capsys.readouterr().err
    assert run(["fit", "s.yaml", "--quiet"]) == 2
    assert capsys.readouterr().err.startswith("gdsolve: error: s.yaml: line 2: watch: draws on standard error")


def test_python_and_other_verbs_do_without() -> None:
    with pytest.raises(GdsolveError, match="watch: is an option of the command line alone"):
        gdsolve.fit("t.csv", watch=True)
    command = Command("fit", ("t.csv",), {"watch": True})
    assert command.but(max_iter=9) == "gdsolve fit t.csv --watch --max-iter 9"
    assert command.but("check") == "gdsolve check t.csv"


# The drawing alone.


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    one = Terminal()
    yield one
    os.close(one.master)


def pace(k: int) -> Pace:
    stage = Descending("descending", k, 1.0, 1.0, 10_000)
    return Pace(stage, stage, 1.0)


def curve(last: int) -> WatchedLoss:
    one = WatchedLoss()
    for k in range(last + 1):
        one.note(Descending("descending", k, 1.0 / (k + 1), 1.0, None))
    return one


def test_where_a_narrower_terminal_breaks_lines_all_of_them_go(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XTERM_VERSION", raising=False)
    monkeypatch.delenv("STY", raising=False)
    terminal.show(b"$ gdsolve\n")
    with os.fdopen(terminal.end, "w", encoding="utf-8") as stream:
        drawing = Drawing(stream)
        drawing.show(pace(9), curve(9).panel())
        terminal.wait_for(lambda: "left" in terminal.text())
        # The same lines in 45 columns, each broken in two where it is longer; the cursor stays at the end.
        broken = Terminal(45, 50)
        broken.show(terminal.text().encode())
        assert len(broken.text().splitlines()) > len(terminal.text().splitlines()) + 5
        resize(terminal, 45, 50)
        before = len(terminal.raw)
        drawing.show(pace(10), curve(9).panel())
        terminal.wait_for(lambda: b"left" in terminal.raw[before:])
        broken.feed(terminal.raw[before:])
        lines = broken.text().splitlines()
        assert (lines[0], lines[1]) == ("$ gdsolve", "loss")
        assert [line.startswith("descending") for line in lines].count(True) == 1
        before = len(terminal.raw)
        drawing.end(visible=True)
        terminal.drain()
        broken.feed(terminal.raw[before:])
        assert broken.text() == "$ gdsolve"
        os.close(broken.master)
        os.close(broken.end)


def test_after_ctrl_z_the_curve_is_drawn_below_what_the_shell_wrote(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bar, "WATCHED_DELAY", 0.0)
    resize(terminal, 80, 70)
    with os.fdopen(terminal.end, "w", encoding="utf-8") as stream:
        one = bar.Bar(stream, WatchedLoss())
        with bar._renewed(one):
            for k in range(10):
                one.tell(Descending("descending", k, 1.0 / (k + 1), 1.0, None))
            terminal.wait_for(lambda: "●" in terminal.text() and "descending" in terminal.text())
            with one._changed:
                os.write(stream.fileno(), b"\n[1]+ Stopped\ngdsolve fit\n")
                os.kill(os.getpid(), signal.SIGCONT)
            terminal.wait_for(lambda: terminal.text().count("descending") == 2 and terminal.text().count("●") == 2)
            one.close()
        terminal.drain()
    text = terminal.text()
    assert text.startswith("loss\n")
    assert text.endswith("\n[1]+ Stopped\ngdsolve fit")
    assert text.count("●") == 1


def test_the_curve_is_drawn_a_few_times_a_second(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bar, "WATCHED_DELAY", 0.0)
    with os.fdopen(terminal.end, "w", encoding="utf-8") as stream:
        one = bar.Bar(stream, WatchedLoss())
        one.tell(Descending("descending", 0, 1.0, 1.0, None))
        one.tell(Descending("descending", 1, 0.5, 1.0, None))
        terminal.wait_for(lambda: ACROSS in terminal.text())
        clock, before, usual = [bar.monotonic()], terminal.raw.count(ACROSS.encode()), one._draw

        def draw_later() -> None:
            clock[0] += 0.05
            usual()

        monkeypatch.setattr(bar, "monotonic", lambda: clock[0])
        monkeypatch.setattr(bar, "TICK", 0.001)
        monkeypatch.setattr(one, "_draw", draw_later)
        began = clock[0]
        terminal.wait_for(lambda: clock[0] > began + 2.5)
        drawn, taken = terminal.raw.count(ACROSS.encode()) - before, clock[0] - began
        assert 1 <= drawn <= taken / bar.WATCHED_TICK + 1
        one.close()
