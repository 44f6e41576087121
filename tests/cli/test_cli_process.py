"""gdsolve as a shell sees it: streams, exit codes, closed pipes, completion."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest
from forked import TELLS_STEP, run, start, wait_for
from in_process import completed
from places import ROOT
from quiet import QUIET_ENVIRONMENT

HEAVY = ("torch", "polars", "numpy", "pydantic", "matplotlib", "yaml")
TWO_POINTS = "x,y\n1,2\n3,4\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.csv").write_text(TWO_POINTS)
    return tmp_path


def gdsolve(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """As a process of its own, from Python's start on."""
    return subprocess.run(
        [sys.executable, "-m", "gdsolve", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=QUIET_ENVIRONMENT | environment,
        timeout=120,
        check=False,
    )


# Without any data: the shell around the numbers.


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fit", "--help"], ["fit", "none.yaml"]])
def test_nothing_heavy_is_imported_before_it_is_needed(arguments: list[str]) -> None:
    code = (
        "import sys, os; from gdsolve.cli.main import run; run(sys.argv[1:]);"
        f"print([name for name in {HEAVY!r} if name in sys.modules and name != sys.argv[-1]], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=QUIET_ENVIRONMENT, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"


def test_the_console_script_is_the_same() -> None:
    code = "import sys; sys.argv = ['gdsolve', 'fti']; from gdsolve.__main__ import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=QUIET_ENVIRONMENT, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "gdsolve: error: No such command 'fti'\nhint: did you mean gdsolve fit?\n"


def test_the_schema_is_json_on_standard_output() -> None:
    done = gdsolve("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["title"] == "gdsolve spec"


@pytest.mark.parametrize("arguments", [["schema"], ["fit", "--help"]])
def test_a_closed_pipe_ends_quietly(arguments: Sequence[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = start(*arguments, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["schema"], ["--version"]])
def test_a_full_disk_is_one_line(arguments: Sequence[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start(*arguments, stdout=full, stderr=subprocess.PIPE)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.decode() == (
        "gdsolve: error: standard output: No space left on device\nhint: make room, or write elsewhere\n"
    )


def test_a_full_disk_for_messages_leaves_the_exit_code() -> None:
    with Path("/dev/full").open("wb") as full:
        assert start("fti", stderr=full).wait(timeout=60) == 2


def test_standard_input_that_the_shell_closed() -> None:
    shell = '"$0" -m gdsolve fit - <&-'
    done = subprocess.run(
        ["/bin/sh", "-c", shell, sys.executable], env=QUIET_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "gdsolve: error: standard input is closed\nhint: redirect it, as in gdsolve fit - < data.csv\n"
    )


@pytest.mark.parametrize(("descriptor", "code"), [(1, 2), (2, 2)])
def test_a_stream_that_the_shell_closed(descriptor: int, code: int) -> None:
    shell = f'"$0" -m gdsolve {"schema" if descriptor == 1 else "fti"} {descriptor}>&-'
    done = subprocess.run(
        ["/bin/sh", "-c", shell, sys.executable], env=QUIET_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (code, "")
    closed = "gdsolve: error: standard output is closed\nhint: redirect it, as in > result.txt or > /dev/null\n"
    assert done.stderr == (closed if descriptor == 1 else "")


def on_terminal(*arguments: str, **environment: str) -> str:
    """Standard error as a terminal receives it."""
    terminal, end = pty.openpty()
    process = start(*arguments, env=QUIET_ENVIRONMENT | environment, stdout=subprocess.DEVNULL, stderr=end)
    os.close(end)
    process.wait(timeout=60)
    text = os.read(terminal, 4096).decode()
    os.close(terminal)
    return text


def test_errors_are_coloured_on_a_terminal_only() -> None:
    assert on_terminal("fti").startswith("gdsolve: \033[1;31merror\033[0m: No such command 'fti'\r\n\033[36mhint")
    assert on_terminal("fti", NO_COLOR="1").startswith("gdsolve: error: No such command 'fti'\r\nhint: did")
    assert "\033" not in run("fti", FORCE_COLOR="1", GITHUB_ACTIONS="true").stderr


def test_messages_survive_an_ascii_locale() -> None:
    done = gdsolve("fit", "größe.yaml", PYTHONIOENCODING="ascii", PYTHONUTF8="1")
    assert done.stderr.startswith("gdsolve: error: gr\\xf6\\xdfe.yaml: no such file or directory\n")
    assert done.returncode == 2
    words = ("fit", str(ROOT / "configs/two_points.csv"), "--lr", "0.01", "--max-iter", "3", "--verbose")
    done = run(*words, PYTHONIOENCODING="ascii")
    assert "R^2 -5.9892825" in done.stdout
    for stream in (done.stdout, done.stderr):
        assert "3 updates predicted: " in " ".join(stream.split())
        assert "\\x" not in stream


def complete(words: str, position: int) -> list[str]:
    asked = {"_GDSOLVE_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(position)}
    done = completed(**asked)
    assert (done.code, done.err) == (0, "")
    if words.endswith(("gdsolve ", "--target = p")):
        # A process gives the same answer.
        alone = gdsolve(**asked)
        assert (alone.returncode, alone.stdout, alone.stderr) == (0, done.out, "")
    return done.out.split("\n")[:-1]


def test_completion_in_bash(here: Path) -> None:
    (here / "houses.csv").write_text('price,crim rate,"a,b",prix\n1,2,3,4\n')
    assert complete("gdsolve ", 1) == [
        *("fit", "compare-lr", "compare", "path", "check", "certify", "scan", "predict", "score", "report"),
        *("trace", "tour", "configs", "curves", "schema"),
    ]
    assert complete("gdsolve fit --l", 2) == ["--lower", "--loss", "--link", "--l1", "--lr", "--loss-tol"]
    assert complete("gdsolve fit houses.csv --target p", 4) == ["price", "prix"]
    assert complete("gdsolve fit houses.csv --target c", 4) == ["crim\\ rate"]
    assert complete("gdsolve fit houses.csv --features price,p", 4) == ["price,prix"]
    assert complete("gdsolve fit --ignore p houses.csv", 3) == ["price", "prix"]
    assert complete("gdsolve fit houses.csv --weight pr", 4) == ["price", "prix"]
    assert complete("gdsolve check houses.csv --na ", 4) == ["error", "drop", "mean"]
    # bash breaks words at =.
    assert complete("gdsolve fit houses.csv --target = p", 5) == ["price", "prix"]
    assert complete("gdsolve fit houses.csv --target =", 4) == ["price", "crim\\ rate", "a,b", "prix"]
    assert complete("gdsolve fit --loss = m houses.csv", 4) == ["mse"]
    assert complete("gdsolve fit --loss = mse houses.csv --scale = n", 8) == ["none"]


def test_completion_of_columns_does_without_torch_polars_and_numpy(here: Path) -> None:
    heavy = "{'torch', 'polars', 'numpy'} & set(sys.modules)"
    code = f"import sys; from gdsolve.cli.main import run; run([]); print({heavy}, file=sys.stderr)"
    words = {"_GDSOLVE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "gdsolve fit two.csv --target "}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=QUIET_ENVIRONMENT | words, check=True
    )
    assert (done.stdout, done.stderr) == ('_arguments \'*: :(("x"\n"y"))\'\n', "set()\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_completion_script_is_shown() -> None:
    done = gdsolve("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert done.returncode == 0
    assert "complete -o default -F _gdsolve_completion gdsolve" in done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_completion_is_installed(here: Path) -> None:
    done = gdsolve("--install-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1", HOME=str(here))
    assert done.returncode == 0
    assert "gdsolve" in (here / ".bashrc").read_text()


# With data: what only a real process can show.


def test_a_table_from_a_pipe_gives_json_alone_on_standard_output(here: Path) -> None:
    done = run("fit", "-", "--format", "json", "--verbose", stdin=TWO_POINTS)
    record = json.loads(done.stdout)
    assert done.returncode == record["exit_code"] == 0
    assert record["weights"] == {"x": pytest.approx(1)}
    assert record["intercept"] == pytest.approx(1)
    lines = done.stderr.splitlines()
    assert lines
    assert all(line.startswith("gdsolve: ") for line in lines)
    assert sorted(path.name for path in here.iterdir()) == ["two.csv"]


def test_the_model_is_saved_when_the_reader_is_gone(here: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = start("fit", "two.csv", "--quiet", "--save", "m.json", stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (141, b"")
    assert json.loads((here / "m.json").read_text())["schema"] == "gdsolve.fit/1"


def test_predict_ends_quietly_when_its_reader_has_enough(here: Path) -> None:
    model = {"schema": "gdsolve.fit/1", "weights": {"x": 2.0}, "intercept": 1.0, "data": {"features": ["x"]}}
    (here / "m.json").write_text(json.dumps(model))
    (here / "many.csv").write_text("x\n" + "1\n" * 300_000)
    process = start("predict", "m.json", "many.csv", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert [process.stdout.readline() for _ in range(2)] == [b"x,prediction\n", b"1,3.0\n"]
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_ctrl_c_prints_what_was_reached(here: Path) -> None:
    process = start(
        *("fit", "two.csv", "--engine", "rows", "--lr", "1e-9", "--tol", "0", "--max-iter", "1e12"),
        *("--format", "json", "--verbose"),
        code=TELLS_STEP,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith(b"a thousand steps"):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    record = json.loads(output)
    assert process.returncode == record["exit_code"] == 130
    assert record["status"] == "interrupted"
    assert record["iterations"] >= 1000
    assert b"Traceback" not in errors


def test_check_reads_what_comes_once(here: Path) -> None:
    table = "a,b,y\n" + "".join(f"{i},{i * i % 7},{i % 5}\n" for i in range(40))
    (here / "t.csv").write_text(table)
    options = ("--format", "json", "--na", "drop")
    expected = json.loads(completed("check", "t.csv", *options).out)
    assert (expected["problem"], expected["rank"]) == (None, 3)
    piped = run("check", "-", *options, stdin=table)
    with (here / "t.csv").open() as file:
        redirected = start("check", "-", *options, stdin=file, stdout=subprocess.PIPE)
        from_file = redirected.communicate(timeout=120)[0]
    os.mkfifo(here / "pipe")
    process = start("check", "pipe", *options, stdout=subprocess.PIPE)
    (here / "pipe").write_text(table)
    from_pipe = process.communicate(timeout=120)[0]
    for output in (piped.stdout, from_file, from_pipe):
        found = json.loads(output)
        same = {"columns", "rank", "condition", "solutions", "iterations", "problem"}
        assert {name: found[name] for name in same} == {name: expected[name] for name in same}
    assert json.loads(piped.stdout)["data"]["source"] == ["-"]


CUT_SHORT = """
import os, signal, sys
from gdsolve.cli.main import run
from gdsolve.cli.signals import listen_to_signals
from gdsolve.solve import compare_rates

judge, calls = compare_rates._foreseen, iter(range(9))

def judge_two(*arguments):
    if next(calls) == 2:
        os.kill(os.getpid(), signal.SIGINT)
    return judge(*arguments)

compare_rates._foreseen, compare_rates.AT_ONCE = judge_two, 2000
listen_to_signals()
sys.exit(run(sys.argv[1:]))
"""


def test_a_comparison_that_ctrl_c_ends_is_not_passed_off_as_whole() -> None:
    def shown(form: str) -> tuple[str, str]:
        words = ["compare-lr", "two.csv", "--lr", "1e-9..1:10000", "--format", form]
        done = run(*words, code=CUT_SHORT)
        assert done.returncode == 130
        return done.stdout, done.stderr

    warning = "gdsolve: warning: Interrupted after 2,000 of 10,000 rates.\n"
    out, err = shown("table")
    assert "\n\nINTERRUPTED after 2,000 of 10,000 rates.\n" in out
    assert err == ""
    out, err = shown("csv")
    assert out.count("\n") == 2001
    assert err.startswith(warning)
    out, err = shown("json")
    assert len(json.loads(out)["rates"]) == 2000
    assert err.startswith(warning)
    assert json.loads(out)["message"] == "Interrupted after 2,000 of 10,000 rates."


def waiting_in(pipe: IO[bytes]) -> int:
    """How many bytes of a pipe nobody has read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4), sys.byteorder)


@pytest.mark.parametrize("arguments", [["fit", "-"], ["check", "-"], ["predict", "m.json", "-"], ["fit", "pipe.csv"]])
def test_ctrl_c_ends_a_read_that_waits_for_input(here: Path, arguments: Sequence[str]) -> None:
    model = {"schema": "gdsolve.fit/1", "weights": {"x": 2.0}, "intercept": 1.0, "data": {"features": ["x"]}}
    (here / "m.json").write_text(json.dumps(model))
    os.mkfifo(here / "pipe.csv")
    process = start(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    with process.stdin, process.stdin if "-" in arguments else (here / "pipe.csv").open("wb") as pipe:
        # More than a pipe holds: all of it is written only once it is being read.
        pipe.write(b"x,y\n" + b"1,2\n" * 50_000)
        pipe.flush()
        # A read waits for more once nothing of it is left.
        wait_for(lambda: process.poll() is not None or not waiting_in(pipe))
        process.send_signal(signal.SIGINT)
        # Not communicate: that would close the input.
        assert process.wait(timeout=60) == 130
    assert process.stdout is not None
    assert process.stderr is not None
    assert (process.stdout.read(), process.stderr.read()) == (b"", b"")
    for stream in (process.stdout, process.stderr):
        stream.close()


def test_a_missing_file_is_told_before_torch_is_there() -> None:
    code = "import sys; from gdsolve.cli.main import run; print(run(sys.argv[1:]), 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code, "fit", "none.csv"],
        capture_output=True,
        text=True,
        env=QUIET_ENVIRONMENT,
        check=True,
    )
    assert done.stdout == "5 False\n"
    assert done.stderr.startswith("gdsolve: error: none.csv: no such file\nhint: ")
