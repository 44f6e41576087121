"""`fit --each`: every source is a problem of its own, told in a line of its own, and harms no other."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import forked
import polars as pl
import pytest

import gdsolve
from gdsolve.cli.each import run_each
from gdsolve.cli.main import run
from gdsolve.cli.request import Request
from gdsolve.ranks import Launched
from gdsolve.report.each_record import failed_record, source_record
from gdsolve.spec import VERBS
from gdsolve.spec.file import build_spec
from gdsolve.status import DataError, GdsolveError

LINE = "x,y\n1,3\n2,5\n3,7\n4,9\n"
OTHER = "x,y\n1,1\n2,3\n3,2\n4,6\n"
WIDE = "a,b,y\n1,2,3\n2,1,4\n3,5,1\n4,2,2\n5,5,5\n"
BAD = "x,y\n1,2\noops,3\n4,5\n"
SLOW = ("--lr", "1e-9", "--max-iter", "10")
ENDLESS = ("--lr", "1e-12", "--tol", "0", "--engine", "triangle", "--max-iter", "1e12", "--every", "none")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Tables a.csv and b.csv, another with a bad cell between them, and one of other columns in a folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more").mkdir()
    for name, text in {"a.csv": LINE, "b.csv": BAD, "c.csv": OTHER, "more/a.csv": WIDE}.items():
        Path(name).write_text(text)
    return tmp_path


def each(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """(exit code, the lines of JSON, standard error)."""
    code = run(["fit", "--each", *words, "--format", "json"])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_line_a_source_in_the_order_given(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, err = each(capsys, "more/*.csv", "c.csv", "a.csv")
    assert (code, err) == (0, "")
    assert [line["source"] for line in lines] == ["more/a.csv", "c.csv", "a.csv"]
    assert {line["schema"] for line in lines} == {"gdsolve.fit/1"}
    assert lines[2]["weights"] == pytest.approx({"x": 2.0})
    assert lines[2]["intercept"] == pytest.approx(1.0)
    assert [line["data"]["source"] for line in lines] == [["more/a.csv"], ["c.csv"], ["a.csv"]]


def test_a_line_is_the_record_of_a_fit_of_the_source_alone(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines, _ = each(capsys, "a.csv", "c.csv", "--report")
    for line in lines:
        assert run(["fit", line["source"], "--report", "--format", "json"]) == 0
        alone = json.loads(capsys.readouterr().out)
        for one in (line, alone):
            del one["seconds"], one["descent"]["reason"]
        assert line == {**alone, "source": line["source"], "hint": None}


def test_one_that_fails_is_told_in_its_line_and_harms_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, err = each(capsys, "a.csv", "b.csv", "nope.csv", "none/*.csv", "c.csv", "--target", "y")
    assert code == 5
    assert [(line["status"], line["exit_code"]) for line in lines] == [
        ("converged", 0),
        ("failed", 5),
        ("failed", 5),
        ("failed", 5),
        ("converged", 0),
    ]
    assert lines[1]["message"] == "b.csv: row 2 (line 3), column 'x': 'oops' is not a number"
    assert lines[1]["hint"] == "--na-values oops --na drop if it means missing, or --ignore x"
    assert lines[2]["message"] == "nope.csv: no such file"
    assert (lines[3]["source"], lines[3]["message"]) == ("none/*.csv", "none/*.csv: no file matches")
    assert all(line["weights"] is None for line in lines[1:4])
    assert err == "gdsolve: warning: 3 of 5 sources did not converge: b.csv and 2 more\n"


def test_fields_are_the_same_of_one_that_fails() -> None:
    fit = gdsolve.fit("a.csv")
    assert set(source_record("a.csv", fit)) == set(failed_record("a.csv", DataError("no", "yes")))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["a.csv", "c.csv"], 0),
        (["a.csv", "c.csv", *SLOW], 3),
        (["a.csv", "c.csv", *SLOW, "--exit-zero"], 0),
        (["a.csv", "c.csv", "--lr", "99", "--max-iter", "5"], 4),
        (["a.csv", "b.csv", "--lr", "99", "--max-iter", "5"], 5),
        (["a.csv", "b.csv", "more/a.csv", "--ignore", "a"], 2),
    ],
)
def test_the_exit_code_is_the_most_serious(words: list[str], code: int) -> None:
    assert run(["fit", "--each", *words, "--quiet"]) == code


def test_every_format_specs_and_standard_input_together(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pl.read_csv(io.StringIO(LINE)).write_parquet("p.parquet")
    Path("z.csv.gz").write_bytes(gzip.compress(LINE.encode()))
    Path("n.ndjson").write_text('{"x": 1, "y": 3}\n{"x": 2, "y": 5}\n{"x": 3, "y": 8}\n')
    Path("s.yaml").write_text("data: [a.csv, c.csv]\nevery: 1\n")
    Path("f.yaml").write_text("minimize: (a - 3)**2\nparameters: {a: 0}\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINE.encode())))
    code, lines, _ = each(capsys, "-", "p.parquet", "z.csv.gz", "n.ndjson", "s.yaml", "f.yaml")
    assert code == 0
    assert [line["source"] for line in lines] == ["-", "p.parquet", "z.csv.gz", "n.ndjson", "s.yaml", "f.yaml"]
    # A spec is one problem, however many tables it names.
    assert [line["data"]["rows"] for line in lines] == [4, 4, 4, 3, 8, 0]
    assert lines[5]["weights"] == pytest.approx({"a": 3.0})


def test_standard_input_is_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "--each", "-", "a.csv", "-"]) == 2
    assert capsys.readouterr() == ("", "gdsolve: error: standard input is named twice\nhint: give - once\n")


@pytest.mark.parametrize("flags", [(), ("--each",)])
def test_the_key_of_a_spec_splits_its_tables(capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]) -> None:
    Path("s.yaml").write_text("data: ['?.csv', none.csv]\neach: true\nformat: csv\nridge: 1\nsave: m\n")
    assert run(["fit", "s.yaml", *flags, "--format", "json"]) == 5
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["source"] for line in lines] == ["a.csv", "b.csv", "c.csv", "none.csv"]
    assert lines[0]["descent"]["ridge"] == 1.0
    assert Path("m/a.json").exists() is (flags == ())


def test_a_wrong_spec_is_one_source_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.yaml").write_text("data: a.csv\nlr: -1\n")
    Path("g.yaml").write_text("data: a.csv\ngroup_by: x\n")
    Path("h.yaml").write_text("data: a.csv\nhistory: h.csv\n")
    code, lines, _ = each(capsys, "s.yaml", "g.yaml", "h.yaml", "a.csv")
    assert code == 2
    assert [line["exit_code"] for line in lines] == [2, 2, 2, 0]
    assert [line["message"] for line in lines[:3]] == [
        "s.yaml: line 2: lr: '-1' is not a positive number",
        "g.yaml: line 2: group_by: with --each every source is one fit",
        "h.yaml: line 2: history: with --each goes with a single fit",
    ]
    assert not Path("h.csv").exists()


def test_rows_of_csv(capsys: pytest.CaptureFixture[str]) -> None:
    """The first weights name the columns; what failed before waits for them."""
    assert run(["fit", "--each", "b.csv", "a.csv", "more/a.csv", "c.csv", "--format", "csv", "--report"]) == 5
    out, err = capsys.readouterr()
    rows = rows_of(out)
    assert [row["source"] for row in rows] == ["b.csv", "a.csv", "more/a.csv", "c.csv"]
    assert [row["exit_code"] for row in rows] == ["5", "0", "0", "0"]
    assert [row["x"] != "" for row in rows] == [False, True, False, True]
    assert float(rows[1]["x"]) == pytest.approx(2.0)
    assert float(rows[1]["intercept"]) == pytest.approx(1.0)
    assert rows[3]["standard_error_x"] != "" != rows[3]["standard_error_intercept"]
    assert rows[3]["degrees_of_freedom"] == "2.0"
    assert rows[0]["hint"].startswith("--na-values oops")
    assert "more/a.csv: there is no column for a, b: " in err


def test_columns_of_csv_keep_apart(capsys: pytest.CaptureFixture[str]) -> None:
    Path("d.csv").write_text("sse,intercept,y\n1,2,3\n2,1,4\n3,5,1\n4,2,3\n")
    assert run(["fit", "--each", "d.csv", "--format", "csv"]) == 0
    out, _ = capsys.readouterr()
    header = out.splitlines()[0].split(",")
    assert header[0] == "source"
    assert header[-5:] == ["weight_sse", "weight_intercept", "intercept", "message", "hint"]
    assert len(set(header)) == len(header)


def test_rows_where_nothing_can_be_fitted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "--each", "b.csv", "--format", "csv", "--quiet"]) == 5
    out, err = capsys.readouterr()
    assert ([row["status"] for row in rows_of(out)], err) == (["failed"], "")


def test_one_line_a_source_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "--each", "a.csv", "b.csv", "c.csv", *SLOW]) == 5
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].split() == ["source", "status", "iterations", "SSE", "gap", "R²", "loss", "rows"]
    assert [line.split()[0] for line in lines[2:5]] == ["a.csv", "b.csv", "c.csv"]
    assert [line.split()[1] for line in lines[2:5]] == ["max", "failed", "max"]
    assert lines[-1] == "3 sources: 2 at max_iter, 1 failed."
    assert "gdsolve: warning: a.csv: Stopped at max_iter after 10 updates" in err
    assert "gdsolve: error: b.csv: row 2 (line 3), column 'x': 'oops' is not a number\nhint: --na-values" in err
    assert "gdsolve fit c.csv --lr auto" in err


def test_a_table_fits_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{'long' * 20}.csv"
    Path(name).write_text(LINE)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert run(["fit", "--each", name, "a.csv"]) == 0
    lines = re.sub(r"\033\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[2].startswith("…")
    assert "long.csv" in lines[2]


def test_what_is_said_names_the_source(capsys: pytest.CaptureFixture[str]) -> None:
    run(["fit", "--each", "a.csv", "c.csv", "--lr", "99", "--max-iter", "3", "--format", "json"])
    warnings = [line for line in capsys.readouterr().err.splitlines() if "will diverge" in line]
    assert [line.split(": ")[2] for line in warnings] == ["a.csv", "c.csv"]
    run(["fit", "--each", "a.csv", "c.csv", "--verbose", "--format", "json"])
    told = capsys.readouterr().err.splitlines()
    assert told
    assert all(line.startswith(("gdsolve: a.csv: ", "gdsolve: c.csv: ")) for line in told)


def test_a_model_each_in_folders_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "--each", "a.csv", "b.csv", "more/a.csv", "--save", "new/models/", "--quiet"]) == 5
    assert sorted(map(str, Path("new").rglob("*.json"))) == ["new/models/a.json", "new/models/more/a.json"]
    capsys.readouterr()
    assert run(["predict", "new/models/a.json", "a.csv", "--only"]) == 0
    assert [float(line) for line in capsys.readouterr().out.split()[1:]] == pytest.approx([3.0, 5.0, 7.0, 9.0])


def test_two_models_of_one_name_are_refused_before_anything_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.ndjson").write_text('{"x": 1, "y": 3}\n')
    assert run(["fit", "--each", "a.csv", "a.ndjson", "--save", "m"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("gdsolve: error: save: a.csv and a.ndjson would both be saved as m/a.json\nhint: ")
    assert not Path("m").exists()


def test_it_is_for_one_process() -> None:
    request = Request(VERBS["fit"], ("a.csv",), None, {"each": True})
    with pytest.raises(GdsolveError, match="each: runs in one process only, and these are 2 ranks"):
        run_each(request, Launched(0, 2, 0, 2))


def test_python_has_loops(capsys: pytest.CaptureFixture[str]) -> None:
    Path("s.yaml").write_text("data: a.csv\neach: true\n")
    with pytest.raises(GdsolveError, match="each: one result is returned"):
        gdsolve.fit("s.yaml")
    with pytest.raises(GdsolveError, match="each: is an option of the command line alone"):
        gdsolve.fit("a.csv", each=True)
    assert build_spec(("s.yaml",), {}, "fit").each


def started(*words: str, **more: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gdsolve", "fit", "--each", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def computed(process: str) -> float:
    """The seconds that a process and its threads have computed."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_processes_give_what_one_gives(capsys: pytest.CaptureFixture[str]) -> None:
    for place in range(12):
        Path(f"t{place:02}.csv").write_text(BAD if place == 5 else LINE if place % 2 else OTHER)
    out, err = started("t*.csv", "--format", "json").communicate(timeout=60)
    found = [json.loads(line) for line in out.splitlines()]
    code, lines, told = each(capsys, "t*.csv")
    for one in (*found, *lines):
        one.pop("seconds")
        (one["descent"] or {}).pop("reason", None)
    assert (found, err, code) == (lines, told, 5)


@pytest.mark.skipif(sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="one process on one core")
def test_ctrl_c_ends_with_what_was_reached() -> None:
    for place in range(8):
        Path(f"t{place}.csv").write_text(OTHER)
    process = started("a.csv", *(f"t{place}.csv" for place in range(8)), "--format", "json", *ENDLESS)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    forked.wait_for(lambda: len(children.read_text().split()) >= 2)
    # Until the first block of updates has been taken: to start takes a second or two of computing.
    forked.wait_for(lambda: all(computed(child) > 2.5 for child in children.read_text().split()[:2]))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    lines = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 130
    assert [(line["source"], line["status"], line["exit_code"]) for line in lines[:2]] == [
        ("a.csv", "interrupted", 130),
        ("t0.csv", "interrupted", 130),
    ]
    assert f"gdsolve: warning: {len(lines)} of 9 sources were done\n" in err


def test_a_closed_pipe_ends_quietly() -> None:
    for place in range(40):
        Path(f"t{place}.csv").write_text(OTHER)
    process = started("t*.csv", "--format", "json")
    assert process.stdout is not None and process.stderr is not None
    assert json.loads(process.stdout.readline())["source"] == "t0.csv"
    process.stdout.close()
    assert (process.wait(30), process.stderr.read()) == (141, "")
    process.stderr.close()
