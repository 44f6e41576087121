"""`fit --group-by` from file to exit code: any column, any order, and groups that fail by themselves."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any

import forked
import polars as pl
import pytest
from quiet import QUIET_ENVIRONMENT

import gdsolve
from gdsolve.cli.main import run
from gdsolve.status import DataError, GdsolveError

HEADER = "store,x,y\n"
GOOD = HEADER + "A,1,2\nB,1,5\nA,2,4\nB,2,3\nA,3,6\nB,3,1\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fitted(capsys: pytest.CaptureFixture[str], text: str, *options: str) -> tuple[int, list[dict[str, Any]], str]:
    """(exit code, the lines of JSON, standard error) of a fit of `text` by store."""
    Path("data.csv").write_text(text)
    code = run(["fit", "data.csv", "--group-by", "store", "--format", "json", *options])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def test_one_line_a_group_in_the_order_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, err = fitted(capsys, GOOD)
    assert (code, err) == (0, "")
    assert [line["group"] for line in lines] == [{"store": "A"}, {"store": "B"}]
    assert {line["schema"] for line in lines} == {"gdsolve.group/1"}
    assert [line["weights"]["x"] for line in lines] == pytest.approx([2.0, -2.0])
    assert [line["intercept"] for line in lines] == pytest.approx([0.0, 7.0], abs=1e-9)
    assert [line["data"]["rows"] for line in lines] == [3, 3]
    assert all(line["status"] == "converged" and line["exit_code"] == 0 for line in lines)


def test_the_fields_of_a_group_are_those_of_a_fit(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines, _ = fitted(capsys, GOOD)
    Path("alone.csv").write_text("x,y\n1,2\n2,4\n3,6\n")
    assert run(["fit", "alone.csv", "--format", "json"]) == 0
    single = json.loads(capsys.readouterr().out)
    of_its_own = {"schema", "group", "hint", "tol", "batched"}
    assert set(lines[0]) - of_its_own < set(single)
    for name in ("status", "stopped_by", "iterations", "exit_code", "learning_rate", "best_iteration"):
        assert lines[0][name] == single[name]
    assert set(lines[0]["spectrum"]) < set(single["spectrum"])


CELLS = {
    "text": ['"New York, NY"', "é"],
    "integers": ["007", "7"],
    "dates": ["2024-01-31", "2024-02-01"],
    "booleans": ["true", "false"],
    "floats": ["1.50", "1.5"],
}


@pytest.mark.parametrize("kind", CELLS)
def test_a_group_is_the_text_of_its_cells(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = CELLS[kind]
    text = HEADER + f"{one},1,2\n {two} ,1,5\n{one},2,4\n{two},2,3\n"
    code, lines, _ = fitted(capsys, text)
    assert code == 0
    assert [line["group"]["store"] for line in lines] == [one.strip('"'), two]


@pytest.mark.parametrize("ending", [".parquet", ".ndjson"])
def test_typed_files_have_groups_too(ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pl.DataFrame({"store": [3, 5, 3, 5], "x": [1.0, 1.0, 2.0, 2.0], "y": [2.0, 5.0, 4.0, 3.0]})
    if ending == ".parquet":
        frame = frame.with_columns(pl.date(2024, pl.col("store"), 1).alias("store"))
        frame.write_parquet("data.parquet")
    else:
        frame.write_ndjson("data.ndjson")
    assert run(["fit", f"data{ending}", "--group-by", "store", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["store"] for row in rows] == (["2024-03-01", "2024-05-01"] if ending == ".parquet" else ["3", "5"])
    assert [float(row["x"]) for row in rows] == pytest.approx([2.0, -2.0])


BROKEN = HEADER + "A,1,2\nB,oops,5\nA,2,4\nC,1,1\nB,,3\nC,2,3\n\nD,,1\nA,3,6\n,1,1\nD,2,3\n"


def test_a_bad_cell_fails_its_group_alone(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, err = fitted(capsys, BROKEN)
    assert code == 5
    assert [(line["group"]["store"], line["status"]) for line in lines] == [
        ("A", "converged"),
        ("B", "failed"),
        ("C", "converged"),
        ("D", "failed"),
        (None, "failed"),
    ]
    by = {line["group"]["store"]: line for line in lines}
    assert by["B"]["message"] == "data.csv: row 2 (line 3), column 'x': 'oops' is not a number"
    assert by["D"]["message"] == "data.csv: row 7 (line 9), column 'x': the cell is missing"
    assert by[None]["message"] == "data.csv: row 9 (line 11) has no group: column 'store' is empty"
    assert by["B"]["weights"] is None
    assert by["B"]["exit_code"] == 5
    assert by["A"]["weights"]["x"] == pytest.approx(2.0)
    first, *hints = err.splitlines()
    assert first == "gdsolve: warning: Of 5 groups 3 cannot be fitted (B, D, the rows without a group)."
    assert hints[0].startswith("hint: The first that cannot be fitted, B: data.csv: row 2 (line 3), column 'x'")


def test_dropping_rows_saves_their_groups(capsys: pytest.CaptureFixture[str]) -> None:
    text = BROKEN.replace("oops", "NA") + "E,,1\n"
    code, lines, err = fitted(capsys, text, "--na", "drop")
    counts = {line["group"]["store"]: (line["data"]["rows"], line["data"]["rows_dropped"]) for line in lines}
    assert counts == {"A": (3, 0), "B": (0, 2), "C": (2, 0), "D": (1, 1), "E": (0, 1)}
    assert code == 5
    assert lines[1]["message"] == "data.csv: no row of the group is left, 2 were dropped for missing cells"
    assert "1 row without a group dropped" in err


def test_the_mean_is_that_of_the_group(capsys: pytest.CaptureFixture[str]) -> None:
    text = HEADER + "A,1,2\nB,10,5\nA,,4\nC,,1\nB,30,3\nA,3,7\nC,,2\n"
    code, lines, _ = fitted(capsys, text, "--na", "mean")
    assert code == 5
    assert lines[2]["status"] == "failed"
    assert lines[2]["message"].startswith("data.csv: row 4 (line 5), column 'x': the cell is missing, as all")
    Path("alone.csv").write_text("x,y\n1,2\n,4\n3,7\n")
    single = gdsolve.fit("alone.csv", na="mean")
    assert lines[0]["weights"]["x"] == pytest.approx(single.weights["x"])
    assert lines[0]["sse"] == pytest.approx(single.sse)
    assert lines[0]["data"]["cells_filled"] == 1


def test_the_pass_for_means_of_groups_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, err = fitted(capsys, HEADER + "A,1,2\nA,,4\nA,3,7\n", "--na", "mean", "--verbose")
    assert "gdsolve: the table is read once more, for the means that --na mean fills in" in err.splitlines()


def test_groups_without_weight_or_beyond_float64_fail_alone(capsys: pytest.CaptureFixture[str]) -> None:
    text = "store,x,w,y\nA,1,1,2\nB,1,0,5\nA,2,1,4\nC,1e200,1,3\nC,2e200,1,3\nB,2,0,3\nD,1,-1,3\nA,3,2,6\n"
    code, lines, _ = fitted(capsys, text, "--weight", "w")
    assert code == 5
    messages = {line["group"]["store"]: line["message"] for line in lines if line["status"] == "failed"}
    assert messages == {
        "B": "data.csv: all weights of the group are 0 in column 'w'",
        "C": "data.csv: column 'x': its squares are beyond float64",
        "D": "data.csv: row 7 (line 8), column 'w': the weight '-1' is negative",
    }


def test_bad_cells_far_apart_are_found_in_the_right_place(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"s{k % 500},{k % 7},{k % 11}" for k in range(60_000)]
    for row in (777, 30_001, 59_999):
        lines[row] = lines[row].replace(",", ",?", 1)
    code, found, err = fitted(capsys, HEADER + "\n".join(lines) + "\n")
    assert code == 5
    failed = {line["group"]["store"]: line["message"].split(",")[0] for line in found if line["status"] == "failed"}
    assert failed == {f"s{row % 500}": f"data.csv: row {row + 1} (line {row + 2})" for row in (777, 30_001, 59_999)}
    assert len(found) == 500
    assert "3 cannot be fitted (s1, s277, s499)" in err


def test_the_most_serious_code_is_the_one_of_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    # H = 1/m·Σx²: 1 for A, 100 for B. The rate 0.1 is stable for A alone.
    text = HEADER + "A,1,1\nA,-1,-1\nB,10,1\nB,-10,-1\n"
    options = ("--no-intercept", "--lr", "0.1")
    assert fitted(capsys, text, *options, "--max-iter", "5")[0] == 4
    code, lines, err = fitted(capsys, text + "C,,1\n", *options, "--max-iter", "5", "--exit-zero")
    assert code == 5
    assert [line["exit_code"] for line in lines] == [3, 4, 5]
    assert err.startswith(
        "gdsolve: warning: Of 3 groups 1 cannot be fitted (C); 1 diverged (B); 1 stopped at max_iter (A)."
    )
    slow = (HEADER + "A,1,1\nA,-1,-1\n", *options, "--max-iter", "5")
    assert fitted(capsys, *slow)[0] == 3
    assert fitted(capsys, *slow, "--exit-zero")[0] == 0
    assert fitted(capsys, *slow, "--quiet")[2] == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "A,1,2\nA,1,2,3\n", "more fields than the header has"),
        (HEADER, "has a header but no rows"),
        ("x,y\n1,2\n", "has no column 'store'"),
    ],
)
def test_what_is_no_fault_of_a_group_ends_the_run(text: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines, err = fitted(capsys, text)
    assert (code, lines) == (2 if "no column" in message else 5, [])
    assert message in err


def test_two_groups_must_not_become_one_by_their_encoding() -> None:
    Path("data.csv").write_bytes("store,x,y\nKöln,1,2\nKäln,2,3\nKöln,2,5\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"row 1 \(line 2\), column 'store': is not UTF-8"):
        gdsolve.fit("data.csv", group_by="store")
    assert [one.group for one in gdsolve.fit("data.csv", group_by="store", encoding="latin-1")] == ["Köln", "Käln"]


@pytest.mark.parametrize("other", ["--target", "--weight", "--features", "--ignore"])
def test_the_group_plays_no_other_part(other: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = fitted(capsys, GOOD, other, "store")
    assert code == 2
    assert "'store' is in" in err


def test_yaml_and_python_take_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.csv").write_text(GOOD)
    Path("spec.yaml").write_text("data: data.csv\ngroup_by: store\n")
    assert run(["fit", "spec.yaml", "--format", "csv"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.startswith("store,status,exit_code,iterations,stopped_by,rows,")
    assert header.endswith(",x,intercept,message")
    assert [row.split(",")[0] for row in rows] == ["A", "B"]
    fits = gdsolve.fit("data.csv", group_by="store")
    assert (len(fits), fits.column, int(fits.exit_code)) == (2, "store", 0)
    assert fits["B"].weights == pytest.approx({"x": -2.0})
    with pytest.raises(KeyError):
        fits["C"]
    for verb in ("compare-lr", "compare"):
        assert run([verb, "spec.yaml"]) == 2
        err = capsys.readouterr().err
        assert f"group_by: {verb} looks at all rows together" in err
    with pytest.raises(GdsolveError, match="means nothing to compare_lr"):
        gdsolve.compare_lr("data.csv", group_by="store")


def test_names_that_are_taken_stay_apart(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.csv").write_text("status,sse,y\nA,1,2\nA,2,4\n")
    assert run(["fit", "data.csv", "--group-by", "status", "--format", "csv"]) == 0
    header = capsys.readouterr().out.splitlines()[0].split(",")
    assert header[0] == "group_status"
    assert "weight_sse" in header
    assert len(set(header)) == len(header)


def test_texts_among_the_features_have_the_same_columns_in_every_group(capsys: pytest.CaptureFixture[str]) -> None:
    text = "store,colour,x,y\nA,red,1,2\nA,blue,2,4\nA,red,3,5\nB,blue,1,1\nB,blue,2,3\n"
    code, lines, _ = fitted(capsys, text, "--categorical", "onehot")
    assert code == 0
    assert [list(line["weights"]) for line in lines] == [["colour=red", "x"]] * 2
    assert lines[1]["spectrum"]["rank"] == 2


def test_saved_groups_predict_their_own_rows(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.csv").write_text(GOOD + "C,1,1\nC,,2\n")
    code = run(["fit", "data.csv", "--group-by", "store", "--save", "groups.json", "--format", "csv"])
    assert code == 5
    capsys.readouterr()
    model = json.loads(Path("groups.json").read_text())
    assert (model["schema"], model["group_by"], len(model["groups"])) == ("gdsolve.groups/1", "store", 3)
    Path("new.csv").write_text("x,store\n10, A\n10,B\n10,C\n10,Z\n,A\n10,\n")
    assert run(["predict", "groups.json", "new.csv", "--only"]) == 0
    out, err = capsys.readouterr()
    cells = out.splitlines()
    assert [float(cell) for cell in cells[1:3]] == pytest.approx([20.0, -13.0])
    assert [cell.strip('"') for cell in cells[3:]] == [""] * 4
    assert err.splitlines() == [
        "gdsolve: warning: no prediction for 1 of 6 rows: no group: column 'store' has no value "
        "(first: new.csv: row 6 (line 7))",
        "gdsolve: warning: no prediction for 1 of 6 rows: no group 'Z' in the model, which has 'A', 'B' "
        "(first: new.csv: row 4 (line 5))",
        "gdsolve: warning: no prediction for 1 of 6 rows: group 'C' could not be fitted: data.csv: row 8 (line 9), "
        "column 'x': the cell is missing (first: new.csv: row 3 (line 4))",
        "gdsolve: warning: no prediction for 1 of 6 rows: a cell that the model needs is missing "
        "(first: new.csv: row 5 (line 6), column 'x')",
    ]
    Path("other.csv").write_text("x\n1\n")
    assert run(["predict", "groups.json", "other.csv"]) == 5
    assert "has no column 'store', which the model needs" in capsys.readouterr().err
    assert run(["fit", "alone.csv", "--init", "groups.json"]) != 0


def test_save_from_python_is_the_same() -> None:
    Path("data.csv").write_text(GOOD)
    gdsolve.fit("data.csv", group_by="store", save="groups.json")
    assert json.loads(Path("groups.json").read_text())["groups"][1]["group"] == {"store": "B"}


@pytest.mark.parametrize("width", [60, 200])
def test_the_table_has_one_row_a_group_at_any_width(width: int) -> None:
    rows = [f"shop {k},{k % 5},{k * k % 7},{k // 3 % 4},{k % 11}" for k in range(40)]
    rows = [row.replace(f"shop {k}", f"shop {k % 3}") for k, row in enumerate(rows)]
    Path("data.csv").write_text("store,alpha,beta,gamma,y\n" + "\n".join(rows) + "\n")
    main, child = pty.openpty()
    environment = QUIET_ENVIRONMENT | {"COLUMNS": str(width), "NO_COLOR": "1"}
    words = ("fit", "data.csv", "--group-by", "store")
    done = forked.start(*words, stdout=child, stderr=subprocess.PIPE, env=environment)
    done.communicate(timeout=120)
    os.close(child)
    text = b""
    while chunk := _read(main):
        text += chunk
    os.close(main)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", text.decode()).splitlines()
    assert done.returncode == 0
    assert max(map(len, shown)) <= width
    assert sum(line.startswith("shop ") for line in shown) == 3
    head = next(line for line in shown if line.startswith("store "))
    assert "status" in head
    assert ("condition" in head) == (width == 200)
    assert any("left out for width" in line for line in shown) == (width == 60)
    assert shown[-1] == "3 groups: 3 converged."


def _read(stream: int) -> bytes:
    try:
        return os.read(stream, 65536)
    except OSError:
        return b""


def test_a_table_elsewhere_has_all_columns(capsys: pytest.CaptureFixture[str]) -> None:
    Path("data.csv").write_text(BROKEN)
    assert run(["fit", "data.csv", "--group-by", "store"]) == 5
    out, err = capsys.readouterr()
    assert "5 groups: 2 converged, 3 failed." in out
    assert out.count("converged ") == 2
    assert err.startswith("gdsolve: warning: Of 5 groups 3 cannot be fitted")


@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_forms_that_groups_have_not_are_refused(capsys: pytest.CaptureFixture[str], form: str) -> None:
    Path("data.csv").write_text(GOOD)
    assert run(["fit", "data.csv", "--group-by", "store", "--format", form]) == 2
    assert capsys.readouterr().err == (
        f"gdsolve: error: format: with --group-by no {form} is written\nhint: give --format table|json|csv\n"
    )


def test_one_row_without_a_group_is_one_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert fitted(capsys, f"{GOOD},1,2\n", "--na", "drop")[2] == "gdsolve: warning: 1 row without a group dropped\n"
