"""How a CSV file was read, from arguments to output: warnings, `has_header`, delimiter and decimal mark, row names."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from gdsolve.cli.main import run
from gdsolve.spec import Loss

PANDAS = "".join(
    f"{line}\n"
    for line in (
        "0,1,2,3",
        "-1.1788,-1.1482,0.6695,3.4502",
        "-2.2939,-0.1434,-2.2561,-4.3732",
        "0.5,0.25,1.5,9.75",
        "1.25,-1.5,0.75,5.5",
        "2.5,1.75,-0.5,8.25",
    )
)
WARNING = (
    "gdsolve: warning: pd.csv: the first line, 0,1,2,3, is taken as the header, for its numbers run from 0 to 3; "
    "--header no reads it as data, --header yes as the header without this warning\n"
)
HEADERLESS = "1,2.5,0\n2,1.5,1\n3,2.5,0\n4,4.5,1\n5,3.5,0\n6,2.0,1\n"
R = '"x"\t"z"\t"y"\n"1"\t1.5\t3\t4.1\n"2"\t2.5\t1\t5.2\n"3"\t3.5\t4\t7.9\n"4"\t4.5\t1\t8.8\n'
Shell = Any


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    Path("pd.csv").write_text(PANDAS)
    Path("h.data").write_text(HEADERLESS)
    Path("r.tsv").write_text(R)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        return code, *capsys.readouterr()

    return call


@pytest.mark.parametrize("verb", ["fit", "compare-lr", "compare", "check"])
def test_a_header_in_doubt_is_told_once_by_every_verb(shell: Shell, verb: str) -> None:
    code, out, err = shell(verb, "pd.csv", "--format", "json")
    assert (code, err) == (0, WARNING)
    assert json.loads(out)["data"]["has_header"] is True
    assert json.loads(out)["data"]["features"] == ["0", "1", "2"]
    for flag in ("--quiet", "--header=yes"):
        assert shell(verb, "pd.csv", "--format", "json", flag)[2] == ""
    code, out, err = shell(verb, "pd.csv", "--format", "json", "--no-header")
    assert (code, err) == (0, "")
    assert json.loads(out)["data"]["has_header"] is False


def test_numeric_names_are_named_by_flags(shell: Shell) -> None:
    code, out, err = shell("fit", "pd.csv", "--target", "0", "--features", "1,3", "--format", "json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert (record["data"]["target"], list(record["weights"]), record["data"]["rows"]) == ("0", ["1", "3"], 5)


@pytest.mark.parametrize("loss", Loss)
def test_no_header_is_said_for_every_loss(shell: Shell, loss: str) -> None:
    if loss == Loss.GAMMA:
        # Its target has to be above 0.
        Path("h.data").write_text(HEADERLESS.replace(",0\n", ",2\n"))
    code, out, _ = shell(
        "fit", "h.data", "--loss", loss, "--ridge", "1", "--exit-zero", "--max-iter", "50", "--format", "json"
    )
    assert code == 0
    assert json.loads(out)["data"]["has_header"] is False
    out = shell("fit", "h.data", "--loss", loss, "--ridge", "1", "--exit-zero", "--max-iter", "50")[1]
    assert "no header: the first line is data" in " ".join(out.splitlines()[0].split())


@pytest.mark.parametrize(
    "flags",
    [
        ("--model", "a + b*x1", "--start", "a=0,b=0"),
        ("--minimize", "sum((x1 - a)**2)", "--start", "a=0"),
        ("--group-by", "y"),
        ("--engine", "rows"),
        ("--method", "lbfgs"),
    ],
)
def test_no_header_is_said_for_every_kind(shell: Shell, flags: tuple[str, ...]) -> None:
    shell("fit", "h.data", *flags, "--save", "model.json")
    assert json.loads(Path("model.json").read_text())["data"]["has_header"] is False
    assert "no header: the first line is data" in shell("fit", "h.data", *flags)[1]


def test_unusual_marks_stand_in_the_output(shell: Shell) -> None:
    for name, content, marks, said in (
        ("e.csv", "x;y\n1,5;2\n2,5;3\n4;5\n", (";", ","), "3 rows, semicolons, decimal commas"),
        ("t.csv", "x\ty\n1.5\t2\n2.5\t3\n4\t5\n", ("\t", "."), "3 rows, tabs"),
        ("t.tsv", "x\ty\n1.5\t2\n2.5\t3\n4\t5\n", ("\t", "."), "3 rows"),
        ("b.csv", "x|y\n1.5|2\n2.5|3\n4|5\n", ("|", "."), "3 rows, bars"),
        ("c.csv", "x,y\n1.5,2\n2.5,3\n4,5\n", (",", "."), "3 rows"),
    ):
        Path(name).write_text(content)
        for verb in ("fit", "check"):
            code, out, err = shell(verb, name)
            assert (code, err) == (0, "")
            assert out.splitlines()[0].split(maxsplit=1)[1] == f"{name}: {said}"
            record = json.loads(shell(verb, name, "--format", "json")[1])
            assert (record["data"]["delimiter"], record["data"]["decimal"]) == marks


def test_row_names_of_r_are_left_out_and_kept_in_predictions(shell: Shell) -> None:
    told = (
        "gdsolve: warning: r.tsv: rows have one cell more than the header has names; "
        "the first cell is taken as a row name; --header yes reads it so without this warning\n"
    )
    code, out, err = shell("fit", "r.tsv", "--format", "json", "--save", "r.json")
    assert (code, err) == (0, told)
    record = json.loads(out)
    assert record["weights"] == {"x": pytest.approx(1.7714285714285714), "z": pytest.approx(0.3047619047619048)}
    assert record["intercept"] == pytest.approx(0.5)
    assert record["data"]["ignored"] == ["row_names"]
    code, out, err = shell("predict", "r.json", "r.tsv")
    assert (code, err) == (0, told)
    assert out.splitlines()[0] == "row_names\tx\tz\ty\tprediction"
    assert out.splitlines()[1].startswith("1\t1.5\t3\t4.1\t4.0714285")
    code, out, _ = shell("check", "r.tsv", "--format", "json")
    columns = {column["name"]: column for column in json.loads(out)["columns"]}
    assert (code, columns["x"]["minimum"], columns["row_names"]["role"]) == (0, 1.5, "ignored")
    assert shell("fit", "r.tsv", "--header", "yes", "--format", "csv")[2] == ""
    assert shell("fit", "r.tsv", "--model", "a + b*x", "--start", "a=0,b=1")[0] == 0


def test_a_model_tells_the_header_of_what_it_predicts(shell: Shell) -> None:
    shell("fit", "pd.csv", "--save", "named.json")
    code, out, err = shell("predict", "named.json", "pd.csv")
    assert (code, err, out.splitlines()[0]) == (0, "", "0,1,2,3,prediction")
    shell("fit", "pd.csv", "--no-header", "--save", "plain.json")
    code, out, err = shell("predict", "plain.json", "pd.csv")
    assert (code, err, len(out.splitlines())) == (0, "", 6)


def test_commas_that_may_group_thousands_are_refused_by_fit_and_seen_by_check(shell: Shell) -> None:
    Path("s.csv").write_text("x;y\n1,000;10\n2,000;19\n300;31\n400;40\n")
    code, out, err = shell("fit", "s.csv")
    assert (code, out) == (5, "")
    assert err.startswith(
        "gdsolve: error: s.csv: row 1 (line 2), column 'x': '1,000' is not a number\n"
        "hint: --decimal , if it means 1.000; --thousands , if it means 1000\n"
    )
    columns = json.loads(shell("check", "s.csv", "--format", "json")[1])["columns"]
    assert (columns[0]["type"], columns[0]["minimum"], columns[0]["maximum"]) == ("number", 300.0, 400.0)


@pytest.mark.parametrize("verb", ["fit", "compare-lr", "compare", "check", "scan", "report", "predict"])
def test_every_verb_that_reads_tables_has_the_option(shell: Shell, verb: str) -> None:
    first = ("m.json",) if verb == "predict" else ()
    code, _, err = shell(verb, *first, "pd.csv", "--header", "maybe")
    assert (code, err.splitlines()[0]) == (2, "gdsolve: error: header: 'maybe' is not one of auto, yes, no")
    code, _, err = shell(verb, *first, "pd.csv", "--header", "yes", "--no-header")
    assert (code, err.splitlines()[0]) == (2, "gdsolve: error: header: yes, and by no_header the first line is data")
    assert "--header" in shell(verb, "--help")[1]
