"""`gdsolve scan` at the command line, and scans as a SOURCE of the other verbs there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from rank_threads import on_ranks

import gdsolve
from gdsolve.cli.main import run
from gdsolve.ranks import Ranks
from gdsolve.solve.fit import fit as fit_on
from gdsolve.spec import Spec

CELLS = [
    ("red", 1.0, 2, 3.5),
    ("blue", 2.0, 1, 5.25),
    ("red", 4.0, 2, 9.0),
    ("green", 5.0, 0, 12.5),
    ("blue", 7.0, 3, 14),
]
TABLE = "c,x,w,y\n" + "".join(",".join(map(str, row)) + "\n" for row in CELLS)
PLAIN = "x,z,y\n1,2,3\n3,1,2\n4,4,4\n5,2,1\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(TABLE)
    Path("p.csv").write_text(PLAIN)


def shell(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = run(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_what_is_printed_and_written(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["scan", "t.csv", "--categorical", "onehot", "--weight", "w", "--target", "x", "-o", "t.tri"]
    code, out, err = shell(capsys, *words)
    size = Path("t.tri").stat().st_size
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "data            t.csv: 5 rows, 3 columns",
        "columns         c, x, y",
        "levels          c (blue, green, red)",
        "row weights     w: precision (1/variance); 1 row of weight 0 left out",
        "target          x, where a fit names none",
        f"kept in         t.tri, {size / 1e3:.3g} kB: sums and products, and no row",
        "",
        "to run next",
        "  gdsolve fit t.tri",
    ]
    record = json.loads(shell(capsys, *words, "--format", "json")[1])
    assert record.pop("seconds").keys() == {"total"}
    assert record == {
        "schema": "gdsolve.scan/1",
        "version": gdsolve.__version__,
        "exit_code": 0,
        "file": "t.tri",
        "bytes": size,
        "source": ["t.csv"],
        "rows": 5,
        "rows_dropped": 0,
        "rows_read": None,
        "rows_filtered": 0,
        "where": None,
        "dates": None,
        "cells_filled": 0,
        "rows_weightless": 1,
        "columns": ["c", "x", "y"],
        "levels": {"c": ["blue", "green", "red"]},
        "target": "x",
        "weight": "w",
        "weight_kind": "precision",
        "sigma": None,
        "absolute_sigma": False,
        "ignored": [],
        "na_values": [],
        "formula": None,
        "folds": None,
    }


def test_a_wide_table_takes_no_more_than_a_screen(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"measurement_number_{place}" for place in range(400)]
    Path("wide.csv").write_text(
        ",".join(names) + "\n" + "\n".join(",".join("1234"[r] for _ in names) for r in range(3))
    )
    code, out, _ = shell(capsys, "scan", "wide.csv", "-o", "wide.tri")
    assert code == 0
    assert len(out.splitlines()) < 16
    assert "and 388 more" in out


def test_every_form_of_a_table_is_scanned_alike(capsys: pytest.CaptureFixture[str]) -> None:
    frame = pl.read_csv("p.csv")
    frame.write_parquet("p.parquet")
    frame.write_ndjson("p.ndjson")
    Path("p.yaml").write_text("data: p.csv\nloss: huber\nholdout: 0.5\noutput: page.html\n")
    Path("i.yaml").write_text("X: [[1, 2], [3, 1], [4, 4], [5, 2]]\ny: [3, 2, 4, 1]\n")
    weights = []
    for source in ("p.csv", "p.parquet", "p.ndjson", "p.yaml", "[p].csv", "i.yaml"):
        assert shell(capsys, "scan", source, "-o", "p.tri")[0] == 0, source
        found = json.loads(shell(capsys, "fit", "p.tri", "--format", "json")[1])
        weights.append([*found["weights"].values(), found["intercept"], found["sse"]])
    assert all(one == weights[0] for one in weights)


def test_missing_cells_and_columns_are_settled_as_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    Path("g.csv").write_text("x,z,y\n1,,3\n3,1,2\n4,4,4\n5,2,1\n7,?,5\n")
    code, _, err = shell(capsys, "scan", "g.csv", "-o", "g.tri")
    assert (code, Path("g.tri").exists()) == (5, False)
    assert err.startswith("gdsolve: error: g.csv: row 1 (line 2), column 'z'")
    for options, used in ((["--na", "drop"], 3), (["--na", "mean"], 5), (["--ignore", "z"], 5)):
        words = [*options, *([] if "--ignore" in options else ["--na-values", "?"])]
        assert shell(capsys, "scan", "g.csv", *words, "-o", "g.tri")[0] == 0
        ours, theirs = (
            json.loads(shell(capsys, *line, "--format", "json")[1])
            for line in (["fit", "g.tri"], ["fit", "g.csv", *words])
        )
        assert ours["data"]["rows"] == theirs["data"]["rows"] == used
        for key in ("rows_dropped", "cells_filled", "features", "na_values"):
            assert ours["data"][key] == theirs["data"][key]
        assert ours["weights"] == pytest.approx(theirs["weights"], rel=1e-12)


def test_which_column_is_the_target(capsys: pytest.CaptureFixture[str]) -> None:
    """As of the table, whatever was kept; and the one that was asked for when it was scanned, where it is left."""
    Path("h.csv").write_text("1,2,3\n3,1,2\n4,4,4\n5,2,1\n")
    Path("l.csv").write_text(PLAIN.replace("x,z,y", "y,z,x"))
    Path("n.csv").write_text(PLAIN.replace("x,z,y", "a,b,c"))

    def target(source: str, *options: str) -> list[str]:
        record = json.loads(shell(capsys, "fit", source, *options, "--format", "json")[1])
        return [record["data"]["target"], record["data"]["target_reason"], *record["data"]["features"]]

    for source in ("h.csv", "l.csv", "n.csv"):
        shell(capsys, "scan", source, "-o", "s.tri")
        assert target("s.tri") == target(source)
    assert target("s.tri", "--ignore", "c") == ["b", "the last column", "a"]
    shell(capsys, "scan", "n.csv", "--features", "b,a", "-o", "s.tri")
    assert target("s.tri") == target("n.csv", "--features", "b,a") == ["c", "the last column", "b", "a"]
    shell(capsys, "scan", "l.csv", "--target", "z", "-o", "s.tri")
    assert target("s.tri") == ["z", "as it was scanned", "y", "x"]
    assert target("s.tri", "--ignore", "z") == ["y", "the column y", "x"]
    assert target("s.tri", "--target", "x") == ["x", "--target", "y", "z"]


REFUSED = [
    ("predict m.json s.tri", "predict needs rows, and s.tri is a scan, which holds none"),
    ("fit s.tri --loss logistic", "loss: logistic needs every row, and s.tri is a scan, which holds none"),
    ("compare s.tri --loss poisson", "loss: poisson needs every row, and s.tri is a scan, which holds none"),
    ("check s.tri --loss absolute", "loss: absolute needs every row, and s.tri is a scan, which holds none"),
    ("fit s.tri --engine rows", "engine: rows reads every row, and s.tri is a scan, which holds none"),
    ("fit s.tri --engine autograd", "engine: autograd reads every row, and s.tri is a scan, which holds none"),
    ("fit s.tri --model a*x --start a=1", "model: a curve needs rows, and s.tri is a scan, which holds none"),
    ("fit s.tri --minimize mean((y-a*x)**2) --start a=1", "minimize: a formula needs rows, and s.tri is a scan"),
    ("fit s.tri --group-by x", "group_by: groups are made of rows, and s.tri is a scan, which holds none"),
    ("fit s.tri --plot p.svg --plot-kind fit", "plot_kind: fit draws rows, and s.tri is a scan, which holds none"),
    ("fit s.tri --se hc3", "se: hc3 reads the residual of every row, and s.tri is a scan, which holds none"),
    ("score m.json s.tri", "score needs rows, and s.tri is a scan, which holds none"),
    ("fit s.tri --holdout 0.2", "holdout: to set rows aside takes rows, and s.tri is a scan, which holds none"),
    ("fit s.tri --weight x", "weight: is settled when a table is scanned, and s.tri has been"),
    ("compare-lr s.tri --sigma x", "sigma: is settled when a table is scanned, and s.tri has been"),
    ("check s.tri --na drop", "na: is settled when a table is scanned, and s.tri has been"),
    ("report s.tri -o r.html --categorical onehot", "categorical: is settled when a table is scanned"),
    ("fit s.tri --delimiter ;", "delimiter: is settled when a table is scanned, and s.tri has been"),
    ("scan s.tri --cv 5 -o s.tri", "cv: is settled when a table is scanned, and s.tri has been"),
    ("fit s.tri p.csv", "s.tri is a scan and p.csv a table: gdsolve scan alone takes both"),
    ("fit s.tri --cv 5", "cv: s.tri is scanned without folds"),
    ("fit s.tri --features q", "--features: s.tri has no column 'q'"),
    ("scan p.csv", "output: a scan needs a file"),
    ("scan p.csv -o p.npz", "output: p.npz does not end in .tri"),
    ("scan p.csv -o none/p.tri", "output: the folder none is not there"),
]


@pytest.mark.parametrize(("line", "message"), REFUSED)
def test_what_needs_rows_is_refused_in_one_line(line: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    shell(capsys, "scan", "p.csv", "-o", "s.tri")
    shell(capsys, "fit", "p.csv", "--save", "m.json")
    before = sorted(Path().iterdir())
    code, out, err = shell(capsys, *line.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"gdsolve: error: [^\n]*\nhint: [^\n]*\n", err), err
    assert err.startswith(f"gdsolve: error: {message}")
    assert sorted(Path().iterdir()) == before


def test_what_is_told_after_a_fit_does_not_name_a_scan_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    shell(capsys, "scan", "p.csv", "-o", "s.tri")
    _, out, _ = shell(capsys, "fit", "s.tri", "--save", "m.json")
    assert "gdsolve predict m.json TABLE predicts on any table with these columns." in out
    assert shell(capsys, "report", "s.tri", "-o", "r.html")[0] == 0
    page = Path("r.html").read_text()
    assert "Observed against predicted." not in page
    assert page.count('aria-label="The spectrum of the Hessian') == 1


def test_a_spec_and_many_sources_take_scans(capsys: pytest.CaptureFixture[str]) -> None:
    shell(capsys, "scan", "p.csv", "-o", "s.tri")
    Path("s.yaml").write_text("data: s.tri\ntarget: z\nno_intercept: true\n")
    record = json.loads(shell(capsys, "fit", "s.yaml", "--format", "json")[1])
    direct = json.loads(shell(capsys, "fit", "p.csv", "--target", "z", "--no-intercept", "--format", "json")[1])
    assert record["weights"] == pytest.approx(direct["weights"])
    Path("bad.yaml").write_text("data: s.tri\nna: drop\n")
    code, _, err = shell(capsys, "fit", "bad.yaml")
    assert (code, err.splitlines()[0]) == (
        2,
        "gdsolve: error: bad.yaml: line 2: na: is settled when a table is scanned, and s.tri has been",
    )
    code, out, _ = shell(capsys, "fit", "--each", "s.tri", "p.csv", "--format", "csv")
    ours, theirs = (line.split(",")[1:] for line in out.splitlines()[1:3])
    assert (code, ours[:2]) == (0, theirs[:2])


def test_every_rank_reads_a_scan(capsys: pytest.CaptureFixture[str]) -> None:
    shell(capsys, "scan", "p.csv", "-o", "s.tri")

    def fitted(ranks: Ranks) -> dict[str, float]:
        return fit_on(Spec(data=("s.tri",)), ranks=ranks).weights

    alone = gdsolve.fit("s.tri").weights
    assert on_ranks(2, fitted) == [alone, alone]


def test_real_processes_scan_from_a_pipe_and_refuse_before_torch(tmp_path: Path) -> None:
    code = (
        "import sys; from gdsolve.cli.main import run; done = run(sys.argv[1:]); "
        "print('torch' in sys.modules, file=sys.stderr); sys.exit(done)"
    )

    def process(*words: str, stdin: str = "") -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(gdsolve.__file__).parent.parent)},
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    code_, out, err = process("scan", "-", "-o", "s.tri", stdin=PLAIN)
    assert (code_, err) == (0, "True\n")
    assert out.startswith("data            standard input: 4 rows, 3 columns\n")
    whole = Path("s.tri").read_bytes()
    Path("cut.tri").write_bytes(whole[:-30])
    told = process("fit", "cut.tri")
    assert told == (
        5,
        "",
        "gdsolve: error: cut.tri: is damaged or cut off\n"
        "hint: copy the file anew, or scan the table anew: gdsolve scan TABLE -o FILE.tri\nFalse\n",
    )
