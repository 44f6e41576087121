"""What is not finite at the start: told with file, row, column and part of the formula, or with the parameter."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import gdsolve
from gdsolve.cli.main import run
from gdsolve.status import DataError, ExitCode, GdsolveError, Status

ZERO = "x,y\n0,1\n1,2\n2,2.7\n3,3.1\n4,3.4\n5,3.6\n"
NEGATIVE = ZERO.replace("0,1\n", "-1,1\n")
LOG = "log(x) is not finite at x = 0"


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = run([*words])
    return code, capsys.readouterr().err


@pytest.fixture(autouse=True)
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("zero.csv").write_text(ZERO)
    Path("neg.csv").write_text(NEGATIVE)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["zero.csv", "--model", "a*log(x)+b"], f"zero.csv: row 1 (line 2): {LOG}"),
        (["zero.csv", "--model", "a/x+b"], "zero.csv: row 1 (line 2): a/x is not finite at x = 0"),
        (["neg.csv", "--model", "a*sqrt(x)+b"], "neg.csv: row 1 (line 2): sqrt(x) is not finite at x = -1"),
        (["zero.csv", "--minimize", "sum((y-a*log(x)-b)**2)"], f"zero.csv: row 1 (line 2): {LOG}"),
        (["zero.csv", "--model", "a*b*log(x)"], f"zero.csv: row 1 (line 2): {LOG}"),
        (["zero.csv", "--model", "a*log(x)+b", "--loss", "huber"], f"zero.csv: row 1 (line 2): {LOG}"),
        (["zero.csv", "--model", "a*log(x)+b", "--loss", "absolute"], f"zero.csv: row 1 (line 2): {LOG}"),
        (["zero.csv", "--model", "a*log(x)+b", "--lower", "a=0"], f"zero.csv: row 1 (line 2): {LOG}"),
        (["zero.csv", "--model", "log(b*x)*a"], "row 1 (line 2): log(b*x) is not finite at x = 0"),
        (["zero.csv", "--model", "a*log(x)/sum(x)+b"], f"zero.csv: row 1 (line 2): {LOG}"),
        (
            ["zero.csv", "--model", "a*exp(1000*x)+b"],
            "row 2 (line 3): exp(1000*x) is not finite at x = 1, nor in 4 other rows",
        ),
    ],
)
def test_a_row_that_no_start_mends(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(capsys, "fit", *words, "--start", "a=1,b=1")
    assert code == ExitCode.DATA
    assert says in said.splitlines()[0]
    assert said.splitlines()[1].startswith("hint: leave such rows out of the table, or write another formula")
    assert "fault" not in said


@pytest.mark.parametrize("verb", ["compare", "compare-lr", "report --output report.html"])
def test_every_verb_tells_it(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(capsys, *verb.split(), "zero.csv", "--model", "a*log(x)+b", "--start", "a=1,b=1")
    assert (code, said.splitlines()[0]) == (5, f"gdsolve: error: zero.csv: row 1 (line 2): {LOG}")


def test_rows_are_those_of_their_file(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that were dropped, blank lines and other files count as the user sees them."""
    later = "x,z,y\n1,2,3\n\n2,NA,1\n3,1,2\n4,4,1\n5,,2\n-1,1,2\n0,3,2\n"
    Path("first.csv").write_text("y,x,z\n1,1,1\n2,2,2\n")
    Path("later.csv").write_text(later)
    Path("later.csv.gz").write_bytes(gzip.compress(later.encode()))
    options = ["--model", "a*log(x)+b*z", "--start", "a=1,b=1", "--na", "drop", "--target", "y"]
    for name in ("later.csv", "later.csv.gz"):
        assert told(capsys, "fit", "first.csv", name, *options) == (
            5,
            f"gdsolve: error: {name}: row 6 (line 8): log(x) is not finite at x = -1, nor in 1 other row\n"
            "hint: leave such rows out of the table, or write another formula: log takes a number above 0\n",
        )
    piped = io.TextIOWrapper(io.BytesIO(later.encode()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", piped)
    code, said = told(capsys, "fit", "-", *options)
    assert (code, said.splitlines()[0]) == (
        5,
        "gdsolve: error: standard input: row 6 (line 8): log(x) is not finite at x = -1, nor in 1 other row",
    )


def test_rows_of_arrays_and_of_a_dataframe() -> None:
    model = {"model": "a*log(x)+b", "start": "a=1,b=1"}
    with pytest.raises(DataError, match=r"inline: row 2: log\(x\) is not finite at x = 0"):
        gdsolve.fit(np.array([[1.0], [0.0], [2.0]]), [1.0, 2.0, 3.0], **model)
    frame = pl.DataFrame({"x": [1.0, 2.0, None, 0.0, 4.0], "y": [1.0, 2.0, 3.0, 4.0, 5.0]})
    with pytest.raises(DataError, match=r"row 4: log\(x\) is not finite at x = 0"):
        gdsolve.fit(frame, na="drop", **model)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("zero.csv --model log(x-a) --start a=2", "zero.csv: row 1 (line 2): log(x-a) with x = 0, a = 2."),
        ("zero.csv --model exp(a*x) --start a=1000", "zero.csv: row 2 (line 3): exp(a*x) with a = 1000, x = 1."),
        ("zero.csv --model a*x**c --start a=1,c=-1", "zero.csv: row 1 (line 2): x**c with x = 0, c = -1."),
        ("zero.csv --model a*exp(-b/x) --start a=1,b=-1", "zero.csv: row 1 (line 2): -b/x with b = -1, x = 0."),
        ("zero.csv --model x*log(a) --start a=0", "not finite at the start: log(a) with a = 0."),
        ("zero.csv --minimize sum((y-log(x-b))**2) --start b=1", "row 1 (line 2): log(x-b) with x = 0, b = 1."),
        ("--minimize log(a) --start a=0", "Failed: not finite at the start: log(a) with a = 0."),
        ("--minimize a**2+sqrt(b) --start a=1,b=-1", "Failed: not finite at the start: sqrt(b) with b = -1."),
        (
            "--minimize b+sqrt(a) --start a=0,b=1",
            "the derivative of sqrt(a) in a is not finite at the start: with a = 0",
        ),
        (
            "zero.csv --model sqrt(a*x)+b --start a=0,b=1",
            "the derivative of sqrt(a*x) in a is not finite at the start: zero.csv: row 2 (line 3) with x = 1, a = 0",
        ),
        (
            "zero.csv --model exp(a*x) --start a=100",
            "row 5 (line 6): the half-mse loss is not finite where the model is 5.22146969e+173 and y is 3.4.",
        ),
    ],
)
def test_a_start_that_another_one_mends(words: str, says: str) -> None:
    table, *options = words.split() if not words.startswith("--") else ["", *words.split()]
    given = dict(zip((one.removeprefix("--") for one in options[::2]), options[1::2], strict=True))
    found = gdsolve.fit(*([table] if table else []), **given)
    assert (found.status, found.stopped_by, int(found.exit_code)) == (Status.FAILED, "start", 4)
    assert says in found.message
    assert [str(line) for line in found.advice] == ["Start elsewhere, with --start."]


@pytest.mark.parametrize("verb", ["compare", "compare-lr"])
def test_a_comparison_that_cannot_begin(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "zero.csv", "--model", "log(x-a)", "--start", "a=2", "--format", "json"]) == 0
    said = capsys.readouterr().out
    assert "No run could begin: not finite at the start: zero.csv: row 1 (line 2): log(x-a) with x = 0, a = 2." in said


def test_a_number_that_is_fixed() -> None:
    with pytest.raises(GdsolveError, match=r"minimize: log\(c\) is not finite at c = 0") as caught:
        gdsolve.fit(minimize="a**2+log(c)", start="a=1,c=0", fix="c")
    assert caught.value.exit_code == ExitCode.USAGE
    with pytest.raises(DataError, match=r"row 1 \(line 2\): log\(x\+c\) is not finite at x = 0, c = 0"):
        gdsolve.fit("zero.csv", model="a*log(x+c)", start="a=1,c=0", fix="c")


def test_what_float32_alone_cannot_hold() -> None:
    Path("big.csv").write_text("x,y\n1,2\n2,1e200\n")
    with pytest.raises(DataError, match=r"column 'y': its squares are beyond float32") as caught:
        gdsolve.fit("big.csv", model="a*exp(b*x)", start="a=1,b=1", dtype="float32")
    assert "--dtype float64" in str(caught.value.hint)
    with pytest.raises(DataError, match=r"column 'y': its squares are beyond float64"):
        gdsolve.fit("big.csv", model="a*exp(b*x)", start="a=1,b=1")
    with pytest.raises(DataError, match=r"row 4 \(line 5\): exp\(40\*x\) is not finite at x = 3") as caught:
        gdsolve.fit("zero.csv", model="a*exp(40*x)+c", start="a=1,c=1", dtype="float32")
    assert "leave --dtype out" in str(caught.value.hint)
    assert gdsolve.fit("zero.csv", model="a*exp(40*x)+c", start="a=1,c=1").sse is not None


def test_harmless_infinities_are_let_be() -> None:
    """exp overflows within 1/(1 + exp(…)), whose value is 0: nothing to tell."""
    found = gdsolve.fit("zero.csv", model="a + b/(1+exp(1000*x))", start="a=1,b=1", max_iter=50)
    assert found.status is Status.CONVERGED
    assert found.weights == pytest.approx({"a": np.mean([2, 2.7, 3.1, 3.4, 3.6]), "b": -3.92}, abs=1e-2)


def test_a_curve_may_use_the_column_of_its_weights() -> None:
    Path("w.csv").write_text("x,y\n1,2.1\n2,3.9\n3,6.2\n")
    found = gdsolve.fit("w.csv", model="b*x**a", start="a=1,b=1", weight="x")
    assert found.status is Status.CONVERGED
