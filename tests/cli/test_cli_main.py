"""Every way a run can end: one line, one exit code."""

from __future__ import annotations

import errno
import io
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

import gdsolve.cli.check
import gdsolve.cli.fit
import gdsolve.cli.predict
from gdsolve.cli.answer import Steps, nothing
from gdsolve.cli.main import run
from gdsolve.cli.messages import listen, one_line
from gdsolve.cli.output import present, writing
from gdsolve.objective.functions import FUNCTIONS
from gdsolve.outputs import check_outputs
from gdsolve.report.page import View
from gdsolve.spec import Format, Loss, Spec
from gdsolve.spec.command import Command
from gdsolve.status import DataError, ExitCode, GdsolveError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    return tmp_path


@pytest.fixture(autouse=True)
def logger() -> logging.Logger:
    """The logger of the library."""
    return logging.getLogger("gdsolve")


def ending_with(fault: BaseException) -> Any:
    def verb(*_: object) -> int:
        raise fault

    return verb


def exit_from_closed_pipe(*_: object) -> int:
    """What rich does when its reader goes away."""
    try:
        raise BrokenPipeError
    except BrokenPipeError:
        raise SystemExit(1)  # noqa: B904


def no_picture(_: object) -> None:
    """The picture of a result that has none."""


def ended_well(_: object) -> dict[str, int]:
    """A record."""
    return {"exit_code": 0}


OURS = "this is a fault of gdsolve, not yours: please report it with the lines above"
DEVICE_MEMORY = "--device cpu, --dtype float32, fewer columns (--features), or --engine triangle, which keeps no rows"
MEMORY = "use fewer columns (--features), or --engine triangle, which keeps no rows"


@pytest.mark.parametrize(
    ("fault", "code", "said", "hint"),
    [
        (GdsolveError("a\nb", "c"), 2, "a\\nb", "c"),
        (GdsolveError("no hint"), 2, "no hint", None),
        (DataError("t.csv: row 3", "--na drop"), 5, "t.csv: row 3", "--na drop"),
        (MemoryError(), 5, "not enough memory", MEMORY),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you"), 5, "not enough memory", MEMORY),
        (RuntimeError("CUDA out of memory. Tried"), 5, "the CUDA device has not enough memory", DEVICE_MEMORY),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"), 5, "the CUDA device has not enough memory", DEVICE_MEMORY),
        (OSError(errno.ENOSPC, "full"), 1, "standard output: No space left on device", "make room, or write elsewhere"),
    ],
)
def test_a_fault_is_one_line_and_a_hint(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    fault: BaseException,
    code: int,
    said: str,
    hint: str | None,
) -> None:
    monkeypatch.setattr(gdsolve.cli.check, "run", ending_with(fault))
    assert run(["check", "a.csv", "--quiet"]) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == f"gdsolve: error: {said}\n" + (f"hint: {hint}\n" if hint else "")


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        (ending_with(BrokenPipeError()), 141),
        (exit_from_closed_pipe, 141),
        (ending_with(KeyboardInterrupt()), 130),
        (ending_with(SystemExit(7)), 7),
        (ending_with(SystemExit("text")), 1),
        (ending_with(SystemExit()), 0),
        (lambda *_: 3, 3),
    ],
)
def test_quiet_endings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: Any, code: int
) -> None:
    monkeypatch.setattr(gdsolve.cli.check, "run", verb)
    assert run(["check", "a.csv"]) == code
    assert capsys.readouterr() == ("", "")


def test_a_fault_of_ours_shows_where(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(gdsolve.cli.check, "run", ending_with(ZeroDivisionError("by zero")))
    assert run(["check", "a.csv"]) == ExitCode.FAULT
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-2:] == ["gdsolve: error: internal fault: ZeroDivisionError: by zero", f"hint: {OURS}"]


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (["fit", "a.csv", "--lrr", "1"], "No such option: --lrr", "did you mean --lr?"),
        (["fit", "a.csv", "--xyzzy"], "No such option: --xyzzy", "gdsolve fit --help"),
        (["fit", "a.csv", "--iterates", "3"], "No such option: --iterates", "--iterates goes with gdsolve compare-lr"),
        (["predict", "m", "a.csv", "--na", "drop"], "No such option: --na",
         "--na goes with gdsolve fit, compare-lr, compare, path, check, certify, scan, score and report"),
        (["--quiet", "fit"], "No such option: --quiet", "options come after the verb: gdsolve fit --quiet"),
        (["--verison"], "No such option: --verison", "did you mean --version?"),
        (["fti", "a.csv"], "No such command 'fti'", "did you mean gdsolve fit?"),
        (["compare_lr"], "No such command 'compare_lr'", "did you mean gdsolve compare-lr?"),
        (["table.csv"], "No such command 'table.csv'", "did you mean gdsolve fit table.csv?"),
        (["xyzzy"], "No such command 'xyzzy'", "gdsolve --help"),
        (["fit", "a.csv", "--max-iter"], "Option '--max-iter' requires an argument", "gdsolve fit --help"),
        (["fit", "a.csv", "--quiet=1"], "Option '--quiet' does not take a value", "gdsolve fit --help"),
        (["schema", "a"], "Got unexpected extra argument(s) (a)", "gdsolve schema --help"),
        (["fit", "--max-iter", "1.5", "a.csv"], "max_iter: '1.5' is not a whole number",
         "write it as in --max-iter 1000, or 1e12"),
        (["fit", "a.csv", "--loss", "hubert"],
         f"loss: 'hubert' is not one of {', '.join(Loss)}",
         "give one of them, as in --loss huber"),
        (["fit", "--minimize", "a**2"], "parameters: none is given", "say where they start, as in --start a=0,b=0"),
        (["fit", "--minimize", "a**b", "--start", "a=1"], "minimize: column 4: unknown name 'b'",
         "if it is a parameter, start it: --start b=1; known here: a"),
        (["fit", "--minimize", "a**2", "--start", "a=1,b=1"], "b: the formula does not use this parameter",
         "leave it out of --start, or give --fix b"),
        (["fit", "--minimize", "__import__('os')", "--start", "a=1"],
         "minimize: column 1: unknown function '__import__'", f"known here: {', '.join(sorted(FUNCTIONS))}"),
        (["fit", "--model", "a*x", "--start", "a=1"], "fit: no SOURCE is given",
         "give a table, as in gdsolve fit data.csv, or - for standard input"),
        (["fit", "table.csv", "--model", "a*z", "--start", "a=1"],
         "model: the formula uses no column of the table, so that no start can be found",
         "use one of its columns: x, y, or say where it starts: --start a=1,z=1"),
        (["fit", "table.csv", "--model", "x*y", "--start", "x=1"],
         "x: is a parameter or constant and a column as well", "call the parameter otherwise, as in x0"),
        (["fit", "--minimize", "a**2", "--start", "a=1", "--method", "lm"], "method: lm needs a sum of squares",
         "give --method auto, which picks one that can be used"),
        (["fit", "--minimize", "a**2", "--start", "a=1", "--method", "newton", "--lr", "1"],
         "lr: newton takes no learning rate", "leave --lr out"),
        (["fit", "table.csv", "--method", "lbfgs", "--schedule", "cosine", "--max-iter", "5"],
         "schedule: lbfgs finds its own steps", "leave --schedule out, or give --method gd"),
        (["compare", "table.csv", "--methods", "gd,lbgfs"], "methods: there is no method 'lbgfs'",
         "did you mean lbfgs?"),
        (["fit", "a.csv", "--lr", "0.1", "--lr", "1"], "lr: 2 rates, and fit takes one",
         "run gdsolve compare-lr, which takes several"),
        (["fit", "a.csv", "--tol", "-1"], "tol: -1.0 is not a finite number of at least 0",
         "give --tol 0 or more"),
        (["fit", "p.yaml"], "p.yaml: no such file or directory", "check the path of the spec"),
        (["fit", "p.yaml", "a.csv"], "p.yaml: a YAML spec stands alone, not with 1 more",
         "name the tables under data: in the spec"),
        (["predict"], "predict: no MODEL is given",
         "give one, as in gdsolve predict model.json new.csv > predicted.csv"),
        (["fit", "a.csv", "--save", "m.txt"], "save: m.txt does not end in .json", "give --save model.json"),
        (["fit", "a.csv", "--save", "out/m.json"], "save: the folder out is not there", "mkdir -p out"),
        (["fit", "a.csv", "--save", "d.json"], "save: d.json is a folder", "give --save a file in it"),
        (["fit", "a.csv", "--history", "out/h.csv"], "history: the folder out is not there", "mkdir -p out"),
        (["fit", "a.csv", "--history", "h.txt"], "history: h.txt ends in neither .csv nor .ndjson",
         "give --history trace.csv or trace.ndjson"),
        (["fit", "./table.csv", "--history", "table.csv"], "history: table.csv is read as well",
         "give --history another file"),
    ],
)  # fmt: skip
def test_wrong_usage(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str, hint: str
) -> None:
    (here / "table.csv").write_text("x,y\n1,2\n3,4\n")
    (here / "d.json").mkdir()
    assert run(arguments) == ExitCode.USAGE
    assert capsys.readouterr() == ("", f"gdsolve: error: {said}\nhint: {hint}\n")


@pytest.mark.parametrize(
    ("terminal", "hint"),
    [
        (True, "give a table, as in gdsolve fit data.csv"),
        (False, "give a table, as in gdsolve fit data.csv, or - for standard input"),
    ],
)
def test_no_source(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool, hint: str
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal, raising=False)
    assert run(["fit"]) == ExitCode.USAGE
    assert capsys.readouterr().err == f"gdsolve: error: fit: no SOURCE is given\nhint: {hint}\n"


def test_flags_reach_the_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Spec, Command]] = []
    steps = Steps(lambda spec, command, _: seen.append((spec, command)), ended_well, no_picture, nothing)
    monkeypatch.setattr(gdsolve.cli.fit, "_steps", lambda: steps)
    assert run(["fit", "a.csv", "--lr=1/28", "--features", "a", "--features", "b,c", "-", "--no-intercept"]) == 0
    [(spec, command)] = seen
    assert spec == Spec(data=("a.csv", "-"), lr=1 / 28, features=("a", "b,c"), no_intercept=True)
    assert command.verb == "fit"
    assert command.sources == ("a.csv", "-")
    assert command.given == {"features": ["a", "b,c"], "no_intercept": True, "lr": ["1/28"]}


def test_the_model_reaches_predict(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Spec, str]] = []
    monkeypatch.setattr(gdsolve.cli.predict, "_write", lambda spec, model: seen.append((spec, model)))
    assert run(["predict", "m.json", "a.csv", "b.csv", "--only"]) == 0
    assert seen == [(Spec(data=("a.csv", "b.csv"), only=True), "m.json")]


def test_version_and_help_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == "gdsolve 0.1.0\n"
    assert run(["-h"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("Usage: gdsolve [OPTIONS] COMMAND")
    assert shown.err == ""


def test_no_arguments_at_all_show_the_help_as_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == ExitCode.USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("Usage: gdsolve [OPTIONS] COMMAND")


def test_closed_standard_streams(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert run(["schema"]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        "gdsolve: error: standard output is closed\nhint: redirect it, as in > result.txt or > /dev/null\n"
    )
    monkeypatch.setattr(sys, "stderr", None)
    assert run(["schema"]) == ExitCode.USAGE


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], coloured: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert run(["fti"]) == ExitCode.USAGE
    plain = "gdsolve: error: No such command 'fti'\nhint: did you mean gdsolve fit?\n"
    bright = plain.replace("error", "\033[1;31merror\033[0m").replace("hint", "\033[36mhint\033[0m")
    assert sys.stderr.getvalue() == (bright if coloured else plain)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("quiet", "verbose", "lines"),
    [
        (False, False, ["gdsolve: warning: slow", "gdsolve: error: bad"]),
        (False, True, ["gdsolve: read", "gdsolve: warning: slow", "gdsolve: error: bad"]),
        (True, True, ["gdsolve: error: bad"]),
    ],
)
def test_what_the_library_logs(
    capsys: pytest.CaptureFixture[str], logger: logging.Logger, quiet: bool, verbose: bool, lines: list[str]
) -> None:
    listen(quiet, verbose)
    logger.info("read")
    logger.warning("slow")
    logger.error("bad")
    assert capsys.readouterr() == ("", "".join(f"{line}\n" for line in lines))


def test_quiet_and_verbose_of_the_spec_are_heard(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "p.yaml").write_text("X: [1]\ny: [1]\nquiet: true\n")
    said = Steps(lambda *_: logging.getLogger("gdsolve").warning("slow"), ended_well, no_picture, nothing)
    monkeypatch.setattr(gdsolve.cli.check, "_steps", lambda _: said)
    assert run(["check", "p.yaml"]) == 0
    assert capsys.readouterr().err == ""
    assert run(["check", "a.csv"]) == 0
    assert capsys.readouterr().err == "gdsolve: warning: slow\n"


def test_no_name_can_drive_a_terminal() -> None:
    assert one_line("a\x1b[2Jb\r\nc\u2028d\x9b é 😀") == "a\\x1b[2Jb\\r\\nc\\u2028d\\x9b é 😀"


class Result:
    """A stand-in for the numbers: what is tested here is the order of writing and the exit code."""

    def __init__(self, code: int) -> None:
        self.exit_code = code
        self.checkpoint_error = None
        self.spec = Spec()
        self.picture = f"picture of {code}"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    import gdsolve.report
    import gdsolve.report.draw_file
    import gdsolve.report.draw_terminal
    import gdsolve.report.record

    steps: list[str] = []
    verb = type(sys)("gdsolve.solve.fit")
    verb.fit = lambda spec, command, ranks, illustrate: Result(3)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gdsolve.solve.fit", verb)
    monkeypatch.setattr(gdsolve.report.record, "fit_record", lambda result, **_: {"exit_code": result.exit_code})
    monkeypatch.setattr(gdsolve.report, "write_record", lambda *_: steps.append("stdout"))
    monkeypatch.setattr(gdsolve.report, "save_json", lambda _, path: steps.append(path))
    monkeypatch.setattr(gdsolve.report, "write_history", lambda _, path: steps.append(path))
    monkeypatch.setattr(gdsolve.report.draw_file, "save_picture", lambda what, path: steps.append(f"{what}: {path}"))
    monkeypatch.setattr(gdsolve.report.draw_terminal, "write_picture", lambda what, _: steps.append(what))
    return steps


def test_the_result_is_printed_and_then_the_files_are_written(written: list[str]) -> None:
    assert run(["fit", "a.csv", "--save", "m.json", "--history", "h.csv"]) == ExitCode.MAX_ITER
    assert written == ["stdout", "m.json", "h.csv"]


@pytest.mark.parametrize(
    ("plot", "steps"), [("--plot", ["stdout", "picture of 3"]), ("--plot=p.svg", ["stdout", "picture of 3: p.svg"])]
)
def test_a_picture_comes_after_the_result(written: list[str], plot: str, steps: list[str]) -> None:
    assert run(["fit", "a.csv", plot]) == ExitCode.MAX_ITER
    assert written == steps


def test_exit_zero_is_for_max_iter(written: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["fit", "a.csv", "--exit-zero"]) == 0
    monkeypatch.setattr(sys.modules["gdsolve.solve.fit"], "fit", lambda spec, command, ranks, illustrate: Result(4))
    assert run(["fit", "a.csv", "--exit-zero"]) == ExitCode.DIVERGED
    assert written == ["stdout", "stdout"]


def test_the_model_is_saved_though_the_reader_went_away(written: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdsolve.report.write_record", ending_with(BrokenPipeError()))
    assert run(["fit", "a.csv", "--save", "m.json", "--plot", "p.svg"]) == ExitCode.CLOSED_PIPE
    assert written == ["picture of 3: p.svg", "m.json"]


def test_a_full_disk_names_the_file() -> None:
    with pytest.raises(GdsolveError) as caught, writing("standard output"):
        raise OSError(errno.ENOSPC, "full", "m.json")
    assert (caught.value.message, caught.value.exit_code) == ("m.json: No space left on device", ExitCode.FAULT)
    with pytest.raises(BrokenPipeError), writing("standard output"):
        raise BrokenPipeError


def test_outputs_that_can_be_written_pass(here: Path) -> None:
    (here / "m.json").touch()
    check_outputs(Spec(data=("m.json",), save="m.json", history="h.ndjson"))


def test_present_passes_the_format_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr("gdsolve.report.write_record", lambda *arguments: seen.extend(arguments))
    present(Spec(format=Format.CSV, lr=0.1), {"a": 1}, following=("Go on.",))
    assert seen == [{"a": 1}, Format.CSV, sys.stdout, View(rate=True, following=("Go on.",))]
