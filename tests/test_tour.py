"""The tour runs real commands, and has no figures of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from gdsolve.cli.main import run
from gdsolve.tour.figures import PLACE, look_up, with_figures
from gdsolve.tour.script import STEPS

CONFIGS = Path(__file__).parent.parent / "configs"
CASES = list(dict.fromkeys(step.case for step in STEPS))


def test_every_case_of_the_textbook_is_there() -> None:
    assert [*(f"A{k}" for k in range(1, 12)), *(f"B{k}" for k in range(1, 9)), "C", "D1", "D2", "D3", "E"] == CASES
    assert all((CONFIGS / step.spec).is_file() for step in STEPS)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.case} {step.title}")
def test_a_step_says_two_sentences_without_figures_of_its_own(step: object) -> None:
    says = step.says  # type: ignore[attr-defined]
    words = PLACE.sub("", says)
    assert not re.search(r"\d", words)
    sentences = [part for part in re.split(r"(?<=[.])\s+", words.strip()) if part]
    assert len(sentences) == 2


def test_the_whole_tour_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tour"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[0] for line in out.splitlines() if re.match(r"[A-E]\d*  \S", line)] == [
        step.case for step in STEPS
    ]
    assert out.count("$ gdsolve ") == len(STEPS)
    assert "\x1b" not in out and not PLACE.search(out)
    # Figures of configs/textbook, which come from the runs.
    for told in (
        "leads to (0.28, 0.12) and an SSE of 11.8016.",
        "After 1000 updates the weights are (1.0371897, 0.91021609)",
        "from update 3935 on.",
        "at k = 51517,",
        "t.grad = 2, then 4.",
        "the rank is 2 of 3",
    ):
        assert told in " ".join(out.split())


def test_one_case_in_any_spelling(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tour", "--case", "b4"]) == 0
    out = capsys.readouterr().out
    assert out.count("$ gdsolve fit ") == 2
    assert "[exit code 3]" in out


def test_the_list_runs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tour", "--list", "--case", "B,d2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["B1", "B2", "B3", "B4", "B4", "B5", "B6", "B7", "B8", "D2"]


def test_a_case_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tour", "--case", "F1"]) == 2
    assert "case: there is no case F1" in capsys.readouterr().err


def test_figures_are_looked_up() -> None:
    record = {"iterations": 100_000, "nodes": [{"name": "t", "grad": 2.0}], "gap": 0.00081018646}
    assert with_figures("{iterations}, {nodes.t.grad}, {nodes.0.grad}, {gap}", record) == "100,000, 2, 2, 0.00081"
    with pytest.raises(LookupError):
        look_up(record, "nodes.z.grad")


def on_a_terminal(answers: list[bytes], *words: str) -> tuple[str, int]:
    """Run the tour on a terminal, giving an answer at every prompt."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "gdsolve", "tour", *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
        start_new_session=True,
        # Keys reach a process from its controlling terminal alone.
        preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),  # noqa: PLW1509
    )
    os.close(slave)
    shown, ends = b"", time.monotonic() + 60
    while time.monotonic() < ends:
        if select.select([master], [], [], 0.1)[0]:
            try:
                shown += os.read(master, 1 << 16)
            except OSError:
                break
        if answers and shown.endswith(b"leave  > "):
            os.write(master, answers.pop(0))
            shown += b" "
    code = process.wait(timeout=30)
    os.close(master)
    return re.sub(r"\x1b\[[\d;]*m", "", shown.decode()), code


def test_a_terminal_is_asked_before_each_step() -> None:
    shown, code = on_a_terminal([b"\n", b"b\n", b"q\n"], "--case", "B1,B2,B3")
    assert code == 0
    assert re.findall(r"^(B\d)  ", shown, re.MULTILINE) == ["B1", "B2", "B1"]


def test_the_end_of_input_leaves() -> None:
    shown, code = on_a_terminal([b"\x04"], "--case", "B1,B2")
    assert (code, re.findall(r"^(B\d)  ", shown, re.MULTILINE)) == (0, ["B1"])


def test_ctrl_c_leaves() -> None:
    shown, code = on_a_terminal([b"\x03"], "--case", "B1,B2")
    assert (code, "Traceback" in shown) == (130, False)
