"""Nothing that comes from a file, a name or an argument drives a terminal, whatever verb shows it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from html import unescape
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
import pytest
import torch
from in_process import completed
from markdown_it import MarkdownIt
from terminal import Terminal

import gdsolve
from gdsolve.cli.main import run
from gdsolve.harmless import TerminalStream, harmless, in_json, styled
from gdsolve.quoting import joined, quoted, split
from gdsolve.spec import VERBS
from gdsolve.status import GdsolveError

# A colour, a link and a title of OSC, C1, DEL, an override of direction, CR, line separators, and what formats read.
EVIL = "\x1b[45m\x1b]8;;h\x07\x9b2J\x7f\u202e\r\u2028\u0085\x01<b>&|`$x$"
A, B, GROUP, Y = (letter + EVIL for letter in "abgy")
# What gdsolve itself styles with, and moves the cursor of its progress line by.
OWN = re.compile(r"\x1b\[[0-9;]*[mABCDGHJK]|\r(?=\x1b\[2K|$)")
RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f\ud800-\udfff]"
)
PAPER = "\x1b[45m"


class Screen(io.TextIOWrapper):
    """A stream that says it is a terminal, and keeps what is written."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="")

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode("utf-8", "surrogatepass")  # type: ignore[attr-defined,no-any-return]


def shown(*arguments: str) -> tuple[int, str]:
    """The exit code, and what both streams write to a terminal; fails where that would drive it."""
    out, err = Screen(), Screen()
    with mock.patch.dict(os.environ, TERM="xterm-256color"), redirect_stdout(out), redirect_stderr(err):
        os.environ.pop("NO_COLOR", None)
        code = run(arguments)
    text = out.text() + err.text()
    rest = OWN.sub("", text)
    assert RAW.search(rest) is None, (arguments, RAW.findall(rest), rest)
    # Nor in the disguise of our own styles, of which none colours the paper.
    assert PAPER not in text
    return code, text


def write(name: str, header: list[str], rows: list[list[Any]]) -> str:
    with Path(name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header, *rows])
    return name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A folder of hostile files, which is the current one; gives their names."""
    before, there = Path.cwd(), tmp_path_factory.mktemp("hostile")
    os.chdir(there)
    noise = np.random.default_rng(1).normal(size=30).round(3).tolist()
    levels = [f"L{row % 3}{EVIL}" for row in range(30)]
    files = {
        "numbers": write(f"n{EVIL}.csv", [A, B, Y], [[i, e, 2 * i + e] for i, e in enumerate(noise)]),
        "levels": write(f"t{EVIL}.csv", [A, GROUP, Y], [[i, levels[i], 2 * i + e] for i, e in enumerate(noise)]),
        "classes": write(f"c{EVIL}.csv", [A, Y], [[e, level] for e, level in zip(noise, levels, strict=True)]),
        "cell": write(f"b{EVIL}.csv", [A, Y], [[1, 2], [2, f"x{EVIL}"], [3, 4]]),
        "model": f"m{EVIL}.json",
        "scan": f"s{EVIL}.tri",
    }
    Path("weights.json").write_text(json.dumps({"weights": {A: 2.0, B: 0.0}, "intercept": 0.1}))
    for name, spec in {
        "key": {"data": files["numbers"], f"ta{EVIL}": 1},
        "value": {"data": files["numbers"], "loss": EVIL},
        "columns": {"data": files["numbers"], "target": Y, "features": [A]},
        "leaf": {"leaves": {f"t{EVIL}": 1}, "nodes": {"y": "t"}},
        "node": {"leaves": {"t": 1}, "nodes": {"y": f"t + {EVIL}"}},
    }.items():
        Path(f"{name}.yaml").write_text(json.dumps(spec))
    Path("raw.yaml").write_text(f"data: a\n{EVIL}: 2\n")
    assert completed("fit", files["levels"], "--categorical", "onehot", "--save", files["model"], "--quiet").code == 0
    model = json.loads(Path(files["model"]).read_text())
    model["descent"]["loss"] = model["status"] = EVIL
    Path("edited.json").write_text(json.dumps(model))
    assert completed("fit", files["levels"], "--group-by", GROUP, "--save", "groups.json", "--quiet").code == 0
    yield files
    os.chdir(before)


RUNS: dict[str, list[tuple[int, str]]] = {
    "fit": [
        *((0, f"{{levels}} --categorical onehot --format {form}") for form in ("table", "json", "csv", "markdown")),
        (0, "{levels} --categorical onehot --format latex"),
        (0, "{levels} --categorical onehot --report"),
        (0, "{numbers} --verbose"),
        (0, "{numbers} --plot"),
        (0, "{numbers} --cv 3"),
        *((0, f"{{levels}} --group-by {{group}} --format {form}") for form in ("table", "json", "csv")),
        *((0, f"{{numbers}} {{numbers}} --each --format {form}") for form in ("table", "json", "csv")),
        (0, "{classes} --loss softmax --ridge 1"),
        (5, "{numbers} {cell} --each"),
        (4, "{numbers} --lr 10"),
        (3, "{numbers} --lr 1e-7 --max-iter 9 --checkpoint {model}.checkpoint"),
        (2, "{numbers} --lr 1e-7 --max-iter 9 --checkpoint {model}.checkpoint"),
        (5, "{levels}"),
        (5, "{cell}"),
        (5, "none{evil}"),
        *((2, f"{{numbers}} {flag} {{evil}}") for flag in ("--target", "--lr", "--where", "--loss", "--delimiter")),
        *((2, f"{{numbers}} {flag} {{evil}}") for flag in ("--encoding", "--save", "--history", "--start")),
        (2, "{numbers} --save {evil}/m.json"),
        (2, "{numbers} --formula {evil}"),
        (2, "{numbers} --model a*x+{evil}"),
        (2, "--minimize x{evil}"),
        (2, "{numbers} --{evil}"),
        (0, "columns.yaml"),
        *((2, f"{name}.yaml") for name in ("key", "value", "raw")),
        (2, "{numbers} --init edited.json"),
        (2, "{numbers} --resume edited.json --checkpoint c"),
        (0, "--help"),
    ],
    "compare-lr": [(0, f"{{numbers}} --format {form}") for form in ("table", "json", "csv")],
    "compare": [(0, "{numbers} --methods gd,newton"), (5, "{cell}")],
    "check": [
        *((0, f"{{numbers}} --format {form}") for form in ("table", "json", "csv")),
        (0, "{levels}"),
        (0, "{cell}"),
    ],
    "path": [(0, f"{{numbers}} --format {form}") for form in ("table", "json", "csv")],
    "predict": [
        (0, "{model} {levels}"),
        (0, "{model} {levels} --only"),
        (0, "groups.json {levels}"),
        (5, "{model} {numbers}"),
        (2, "edited.json {levels}"),
        (2, "{levels} {levels}"),
    ],
    "score": [(0, f"{{model}} {{levels}} --format {form}") for form in ("table", "json", "csv")],
    "certify": [(0, f"{{numbers}} --weights weights.json --format {form}") for form in ("table", "json", "csv")],
    "report": [(2, "{numbers} -o {evil}")],
    "scan": [(0, "{numbers} -o {scan}"), (0, "{numbers} -o {scan} --format json")],
    "trace": [(2, "{evil}"), (2, "t=1;y={evil}"), (2, "leaf.yaml"), (2, "node.yaml"), (0, "t=1;y=t**2 --code")],
    "curves": [(2, "{evil}"), (0, "")],
    "configs": [(2, "{evil}"), (0, "B4")],
    "schema": [(0, ""), (2, "{evil}")],
    "tour": [(2, "{evil}"), (2, "--lang {evil}"), (0, "--list"), (0, "--case A1 --exercises none")],
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_verb_lets_a_name_drive_the_terminal(verb: str, folder: dict[str, str]) -> None:
    words = {**folder, "evil": EVIL, "group": GROUP}
    for expected, line in RUNS[verb]:
        arguments = [word.format_map(words) for word in line.split()]
        code, _ = shown(verb, *arguments)
        assert code == expected, arguments


def test_what_stands_around_the_verbs_is_harmless(folder: dict[str, str]) -> None:
    del folder
    for expected, arguments in [(2, (EVIL,)), (2, (f"--{EVIL}",)), (0, ("--help",)), (2, ())]:
        assert shown(*arguments)[0] == expected


def test_completion_offers_no_name_that_a_shell_would_write_to_the_terminal(folder: dict[str, str]) -> None:
    table = write("mixed.csv", ["plain", A, Y], [[1, 2, 3]])
    line = f"gdsolve fit {table} --target "
    asked = {"COMP_WORDS": line.replace(" ", "\n"), "COMP_CWORD": "4", "COMP_LINE": line, "COMP_POINT": str(len(line))}
    assert completed(_GDSOLVE_COMPLETE="complete_bash", **asked).out.split() == ["plain"]
    for shell in ("zsh", "fish"):
        environment = {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        out = completed(_GDSOLVE_COMPLETE=f"complete_{shell}", **environment).out
        assert "plain" in out
        assert RAW.search(out) is None
    assert folder


def test_a_pipe_gets_the_bytes_of_the_table(folder: dict[str, str]) -> None:
    """What is read again by programs keeps its names: only a terminal has them escaped."""
    out = completed("predict", folder["model"], folder["levels"]).out
    rows = list(csv.reader(io.StringIO(out, newline="")))
    assert rows[0] == [A, GROUP, Y, "prediction"]
    assert rows[1][1] == f"L0{EVIL}"
    on_screen = shown("predict", folder["model"], folder["levels"])[1]
    assert on_screen == harmless(out)
    record = json.loads(completed("fit", folder["numbers"], "--format", "json").out)
    assert list(record["weights"]) == [A, B]
    on_screen = shown("fit", folder["numbers"], "--format", "json")[1]
    # JSON escapes such letters itself, so that it says the same on a terminal.
    assert list(json.loads(on_screen)["weights"]) == [A, B]


def test_python_shows_results_and_errors_harmlessly() -> None:
    frame = pl.DataFrame({A: [1.0, 2.0, 3.0, 5.0], Y: [1.0, 2.5, 3.0, 5.5], GROUP: ["p", f"q{EVIL}", "p", f"q{EVIL}"]})
    numbers = frame.select(A, Y)
    made = [
        gdsolve.fit(numbers, target=Y),
        gdsolve.check(frame, target=Y),
        gdsolve.compare_lr(numbers, target=Y),
        gdsolve.certify(numbers, target=Y, weights=[1.0, 0.0]),
        gdsolve.fit(frame, target=Y, group_by=GROUP),
        gdsolve.fit(frame, target=Y, categorical="onehot"),
    ]
    for one in made:
        assert RAW.search(repr(one)) is None
        assert RAW.search(one._repr_html_()) is None
        assert "<b>" not in one._repr_html_()
    with pytest.raises(GdsolveError) as raised:
        gdsolve.fit(frame, target=Y)
    assert RAW.search(str(raised.value)) is None


LONG = ("--engine", "triangle", "--lr", "1e-4", "--tol", "0", "--every", "log", "--max-iter", "1e9")


def test_a_run_that_is_watched_draws_nothing_of_a_name(folder: dict[str, str]) -> None:
    terminal = Terminal(100, 40)
    process = terminal.start("fit", folder["numbers"], *LONG, "--watch")
    terminal.wait_for(lambda: "●" in terminal.text() and "descending" in terminal.text())
    terminal.press(b"\x03")
    assert terminal.close(process) == 130
    assert "INTERRUPTED" in terminal.text()
    text = terminal.raw.decode().replace("\r\n", "\n")
    # Ctrl-C is shown by the terminal itself.
    rest = re.sub(r"\x1b\[[0-9;]*[mABCDGHJK]|\r|\^C", "", text)
    assert RAW.search(rest) is None
    assert PAPER not in text


def test_a_terminal_that_is_closed_ends_the_run_with_what_was_reached(tmp_path: Path, folder: dict[str, str]) -> None:
    terminal, model = Terminal(), tmp_path / "model.json"
    process = terminal.start(
        "fit", folder["numbers"], *LONG, "--save", str(model), "--checkpoint", f"{model}.checkpoint"
    )
    terminal.wait_for(lambda: "descending" in terminal.text())
    os.close(terminal.master)
    assert process.wait(60) == 129
    record = json.loads(model.read_text())
    assert (record["status"], record["exit_code"]) == ("interrupted", 129)
    assert record["iterations"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.json.checkpoint"]


# What the stream does.


def test_a_terminal_is_given_what_is_harmless_and_styles_of_our_own() -> None:
    screen = Screen()
    stream = TerminalStream(screen)
    assert stream.write("a\x1b[1mb\tc\n") == 9
    stream.writelines(["\x9b", "\u202e", "\udcff", "\U000e0041", "é 漢 \u200d"])
    assert screen.text() == "a\\x1b[1mb\tc\n\\x9b\\u202e\\udcff\\U000e0041é 漢 \u200d"
    styled(stream).write("\x1b[1mbold\x1b[0m\r\x1b[2K\x1b]0;title\x07\x1b[?1049h")
    assert screen.text().endswith("\x1b[1mbold\x1b[0m\r\x1b[2K\\x1b]0;title\\x07\\x1b[?1049h")
    del stream
    assert not screen.closed
    plain = io.StringIO()
    assert styled(plain) is plain


@pytest.mark.parametrize("text", ["", "plain", "\x7f", "\u202e\x9b", "\udcff", "\U000e0041 漢 \u2028"])
def test_json_says_the_same_with_such_letters_escaped(text: str) -> None:
    written = in_json(json.dumps({text: text}, ensure_ascii=False))
    assert RAW.search(written) is None
    assert json.loads(written) == {text: text}


# Commands that are typed back.

WORDS = ["plain", "a b", "it's", EVIL, "nl\nx", "tab\tx'", "\\n", "\xa0", "\x7f1", "é\x01f", "$HOME`id`"]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_with_such_letters_is_typed_back_as_it_was(word: str) -> None:
    assert quoted(word).isprintable()
    assert split(joined(["a", word, "b c"])) == ["a", word, "b c"]


def test_shells_read_such_words() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash on this machine")
    words = [*WORDS, "no\udcffutf8"]
    done = subprocess.run([bash, "-c", f"printf '%s\\0' {joined(words)}"], capture_output=True, check=True)
    assert done.stdout.decode("utf-8", "surrogateescape").split("\0") == [*words, ""]


def test_what_check_suggests_runs_as_it_is_shown(folder: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10000")
    out = completed("check", folder["levels"]).out.replace(" \\\n", "")
    commands = [split(line)[1:] for line in out.splitlines() if line.strip().startswith("gdsolve fit")]
    assert commands
    for words in commands:
        assert folder["levels"] in words
        assert completed(*words).code == 0


# Formats that read signs of their own.

SIGNS = ["a|b", "`c`", "$d$ e$", "f%", "&amp;", "#h", "i_j", "_k_", "*l*", "{m}", "\\n", "~~o~~", "p^2", "<script>q"]
SIGNS += ["[r](s)", "t--u''v"]


def rows_of(form: str) -> list[str]:
    columns = np.random.default_rng(2).normal(size=(len(SIGNS) + 5, len(SIGNS))).round(3)
    table = write("signs.csv", [*SIGNS, "y"], [[*row, sum(row)] for row in columns.tolist()])
    return completed("fit", table, "--format", form, "--quiet").out.splitlines()


def test_markdown_shows_every_sign_as_it_is(folder: dict[str, str]) -> None:
    del folder
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render("\n".join(rows_of("markdown")))
    cells = re.findall(r"<tr>\s*<td>(.*?)</td>", html)
    assert [unescape(cell) for cell in cells] == [*SIGNS, "intercept"]
    assert not any("<" in cell for cell in cells)


def test_latex_takes_every_sign_as_text(folder: dict[str, str]) -> None:
    del folder
    names = [line.partition(" & ")[0] for line in rows_of("latex") if line.endswith(r" \\")][1:]
    assert names == [
        "a$|$b",
        r"\textasciigrave{}c\textasciigrave{}",
        r"\$d\$ e\$",
        r"f\%",
        r"\&amp;",
        r"\#h",
        r"i\_j",
        r"\_k\_",
        "*l*",
        r"\{m\}",
        r"\textbackslash{}n",
        r"\textasciitilde{}\textasciitilde{}o\textasciitilde{}\textasciitilde{}",
        r"p\textasciicircum{}2",
        r"$<$script$>$q",
        "[r](s)",
        "t-{}-u'{}'v",
        "intercept",
    ]


def test_a_program_holds_the_name_of_its_table_as_text(
    folder: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The name of a file could close the text and go on as Python, which is run to see what polars reads."""
    del folder
    table = write('x"); print("injected"); ("\\.csv', ["x", "y"], [[1, 2], [3, 4], [5, 7]])
    done = completed("fit", table, "--code")
    assert (done.code, done.err) == (0, "")
    assert "injected" not in capsys.readouterr().out
    exec(done.out, {})
    torch.set_default_dtype(torch.float32)
    assert re.findall(r"^(\w+) =", capsys.readouterr().out, re.MULTILINE) == ["k", "x", "intercept"]
