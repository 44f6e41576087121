"""Help, messages and commands on a terminal: folded to its width, and what is to be copied can be copied."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import forked
import pytest
from report_records import FakeTerminal
from terminal import Terminal

from gdsolve.advice import Advice
from gdsolve.cli import messages
from gdsolve.report.page import Page
from gdsolve.spec import VERBS, Loss
from gdsolve.status import GdsolveError
from gdsolve.terminal import cells, wrap_message

ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.csv").write_text("x,y\n1,2\n3,4\n")
    return tmp_path


def lines_on(columns: int, *words: str) -> list[str]:
    """What gdsolve writes on a terminal, line by line as it was written."""
    terminal = Terminal(columns)
    process = terminal.start(*words)
    terminal.close(process)
    return ESCAPE.sub("", terminal.raw.decode()).replace("\r\n", "\n").split("\n")


def off_a_terminal(*words: str) -> subprocess.CompletedProcess[str]:
    return forked.run(*words)


@pytest.mark.parametrize("columns", [60, 200])
@pytest.mark.parametrize("verb", ["fit", "compare-lr", "trace"])
def test_help_fits_the_terminal(verb: str, columns: int) -> None:
    lines = lines_on(columns, verb, "--help")
    assert [line for line in lines if cells(line) > columns] == []
    shown = "\n".join(lines).replace(" \\\n", "")
    commands = [shlex.split(line) for line in shown.split("\n") if line.startswith("    gdsolve ")]
    assert commands == [shlex.split(example) for example in VERBS[verb].examples]


def test_the_words_of_an_option_are_broken_between_them() -> None:
    lines = lines_on(60, "fit", "--help")
    at = next(place for place, line in enumerate(lines) if line.startswith("  --loss "))
    words = [line.strip().removeprefix("--loss ") for line in lines[at : at + 4]]
    assert words[-1] == "Loss to minimise."
    assert "".join(words[:-1]) == "|".join(Loss)
    assert all(word.endswith("|") for word in words[:-2])


def test_off_a_terminal_nothing_is_broken() -> None:
    help = off_a_terminal("fit", "--help").stdout
    assert f"  --loss {'|'.join(Loss)}\n" in help
    assert [line.strip() for line in help.splitlines() if line.startswith("    gdsolve ")] == [*VERBS["fit"].examples]
    said = off_a_terminal("fit", "two.csv", "--loss", "sse", "--lr", "5", "--format", "json").stderr.splitlines()
    where = "on the columns as they are"
    assert said[0] == f"gdsolve: warning: learning rate 5 will diverge {where}: rates below 0.0857864 are stable"
    assert said[-2] == "hint: Run instead: gdsolve fit two.csv --loss sse --lr auto --format json"
    assert said[-1].endswith("(407 updates): gdsolve fit two.csv --loss sse --lr 0.0833333 --format json")


def test_messages_fit_the_terminal() -> None:
    terminal, (reader, writer) = Terminal(60), os.pipe()
    process = terminal.start("fit", "two.csv", "--loss", "sse", "--lr", "5", "--format", "json", stdout=writer)
    os.close(writer)
    assert terminal.close(process) == 4
    os.close(reader)
    lines = ESCAPE.sub("", terminal.raw.decode()).replace("\r\n", "\n")
    assert lines.startswith(
        "gdsolve: warning: learning rate 5 will diverge on the\n"
        "  columns as they are: rates below 0.0857864 are stable\n"
    )
    assert "hint: Run instead:\n  gdsolve fit two.csv --loss sse --lr auto --format json\n" in lines
    assert lines.endswith(" updates):\n  gdsolve fit two.csv --loss sse --lr 0.0833333 --format \\\n    json\n")
    told = lines_on(60, "fit", "a folder/of a quite considerable depth/and/a-file-that-is-not-there.csv")
    assert told == [
        "gdsolve: error: a folder/of a quite considerable",
        "  depth/and/a-file-that-is-not-there.csv: no such file",
        "hint: give a CSV, Parquet, NDJSON, Arrow, svmlight, Excel,",
        "  SQLite or DuckDB file, or - for standard input",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("hint: no more than fits", ["hint: no more than fits"]),
        (
            "hint: --na-values '-' --na drop if it means missing, or --ignore x",
            ["hint:", "  --na-values '-' --na drop", "  if it means missing, or", "  --ignore x"],
        ),
        # What looks like a command and is none is words.
        ("error: gdsolve fit t.csv: no such file", ["error: gdsolve fit t.csv: no", "  such file"]),
        ("warning: größte größte größte größte", ["warning: größte größte", "  größte größte"]),
        ("a warning of 数字数字数字数字数字", ["a warning of", "  数字数字数字数字数字"]),
        (
            "error: a_path_without_any_blank_in_it.csv: bad",
            ["error:", "  a_path_without_any_blank_in_it.csv:", "  bad"],
        ),
    ],
)
def test_what_is_copied_from_a_message_is_whole(text: str, lines: list[str]) -> None:
    assert wrap_message(text, 28) == lines


@pytest.mark.parametrize(
    ("hint", "lines"),
    [
        (
            Advice("give", "jq -c '.[]' some.json > r.ndjson"),
            ["hint: give:", "  jq -c '.[]' some.json > \\", "    r.ndjson"],
        ),
        # Whatever program it begins with, and with quotes that no line is broken in.
        (
            Advice("", "awk 'NR == 1 {print $0}' t.csv | gdsolve fit -", "else quote the cells with commas in them"),
            [
                "hint:",
                "  awk 'NR == 1 {print $0}' \\",
                "    t.csv | gdsolve fit -",
                "  else quote the cells with",
                "  commas in them",
            ],
        ),
        (
            Advice("--decimal , if it means 1.2").then(Advice("if 12", "sed s/,// t.csv | gdsolve fit -")),
            ["hint: --decimal , if it", "  means 1.2; if 12:", "  sed s/,// t.csv | \\", "    gdsolve fit -"],
        ),
        ("gdsolve schema lists all the keys", ["hint: gdsolve schema lists", "  all the keys"]),
    ],
)
def test_a_command_in_a_hint_has_lines_of_its_own(hint: str, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    said = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", said)
    # Narrower than a terminal can be.
    monkeypatch.setattr(messages, "terminal_width", lambda _: 28)
    monkeypatch.setenv("NO_COLOR", "1")
    messages.show_error(GdsolveError("no", hint))
    assert said.getvalue().splitlines()[1:] == lines


def test_the_prompt_of_a_shown_command_is_not_copied_with_its_second_line() -> None:
    page = Page(40)
    page.command("gdsolve fit B1 --plot --plot-kind direction", indent="$ ")
    lines = ["".join(part.text for part in line) for line in page.lines]
    assert lines[0].startswith("$ gdsolve fit B1 ") and lines[0].endswith(" \\")
    assert lines[1].startswith("    ")
