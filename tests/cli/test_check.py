"""`check`: what stands out in messy tables, the figures of what can be used, and commands that work when pasted."""

from __future__ import annotations

import datetime
import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from places import CONFIGS
from report_records import FakeTerminal

import gdsolve
from gdsolve.cli.main import run
from gdsolve.data import FindingKind
from gdsolve.data.gaps import Gaps
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.objective.softmax import Softmax
from gdsolve.report import write_record
from gdsolve.report.check_record import check_record
from gdsolve.report.page import View
from gdsolve.spec import Format, Loss
from gdsolve.spec.losses import Target
from gdsolve.terminal import cells

ROWS = 40
RNG = np.random.default_rng(12)
A, B = RNG.normal(size=ROWS).round(3), RNG.normal(5.0, 2.0, size=ROWS).round(3)
Y = (2.0 * A - B + 0.1 * RNG.normal(size=ROWS)).round(3)
Row = Callable[[int], list[Any]]


def table(header: str, row: Row) -> str:
    return f"{header}\n" + "".join(f"{','.join(map(str, row(i)))}\n" for i in range(ROWS))


# What is written, options, the findings in order (kind and message), rank and parameters, and rows of the figures.
TABLES: dict[str, tuple[str, tuple[str, ...], list[tuple[str, str]], tuple[int, int] | None, int | None]] = {
    "a bad cell": (
        table("a,Cylinders,y", lambda i: [A[i], "rotary" if i == 30 else 4 + i % 3 * 2, Y[i]]),
        (),
        [("text_cells", "Cylinders: 1 cell of text: rotary, line 32")],
        (3, 3),
        ROWS - 1,
    ),
    "bad cells of many kinds": (
        table("a,b,y", lambda i: [A[i], ['"1,299.99"', "$1.20", "12%", "n.a.", "?"][i % 5] if i < 10 else i % 7, Y[i]]),
        (),
        [("text_cells", "b: 10 cells of text: 1,299.99, $1.20, 12%, …; the first on line 2")],
        (2, 2),
        ROWS,
    ),
    "numbers written as text": (
        table("a,price,y", lambda i: [A[i], f"${i}.20", Y[i]]),
        (),
        [("text", "price: numbers written as text: $0.20, $1.20, $2.20, …; the first on line 2")],
        (2, 2),
        ROWS,
    ),
    "an index without a name": (
        table(",a,b,y", lambda i: [i, A[i], B[i], Y[i]]),
        (),
        [],
        (3, 3),
        ROWS,
    ),
    "a column without a name": (
        table("a,b,,y", lambda i: [A[i], B[i], i, Y[i]]),
        (),
        [("unnamed", "column_3: column 3 has no name, and counts the rows")],
        (3, 3),
        ROWS,
    ),
    "an index of pandas": (
        table("Unnamed: 0,a,b,y", lambda i: [i, A[i], B[i], Y[i]]),
        (),
        [("identifier", f"'Unnamed: 0': counts the rows, 0 to {ROWS - 1}: an identifier?")],
        (3, 3),
        ROWS,
    ),
    "numbers of customers": (
        table("customer_id,a,y", lambda i: [10000 + i * 37 % 41 * 13, A[i], Y[i]]),
        (),
        [("identifier", f"customer_id: all {ROWS} different: an identifier?")],
        (2, 2),
        ROWS,
    ),
    "time": (
        table("week,a,y", lambda i: [i + 1, A[i], Y[i]]),
        (),
        [("counts_rows", f"week: counts the rows, 1 to {ROWS}: an index, or time?")],
        (3, 3),
        ROWS,
    ),
    "names and cities": (
        table("name,city,a,y", lambda i: [f"N{i}", ["Ulm", "Bonn", "Kiel"][i % 3], A[i], Y[i]]),
        (),
        [
            ("identifier", f"name: text, all {ROWS} different: an identifier? (N0, line 2)"),
            ("text", "city: text, 3 levels: Ulm, Bonn, Kiel; the first on line 2"),
        ],
        (4, 4),
        ROWS,
    ),
    "dates": (
        table("when,a,y", lambda i: [f"2024-01-{i % 28 + 1:02}", A[i], Y[i]]),
        (),
        [("date", "when: dates, not numbers: 2024-01-01, line 2")],
        (2, 2),
        ROWS,
    ),
    "empty, constant and the same again": (
        table("a,b,k,t,c,y", lambda i: [A[i], "", 7, "same", A[i], Y[i]]),
        (),
        [
            ("empty", f"b: empty, all {ROWS} cells are missing"),
            ("text", "t: text, 1 level: same; the first on line 2"),
            ("constant", "k: constant, 7 in every row"),
            ("duplicate", "c: the same cells as a"),
        ],
        (2, 4),
        ROWS,
    ),
    "missing cells": (
        table("a,b,y", lambda i: ["" if i % 9 == 4 else A[i], "NA" if i == 2 else B[i], Y[i]]),
        (),
        [
            ("missing", f"a: 4 of {ROWS} cells missing, the first on line 6"),
            ("missing", f"b: 1 of {ROWS} cells missing, line 4"),
        ],
        (3, 3),
        ROWS - 5,
    ),
    "a column that is mostly missing": (
        table("a,cabin,y", lambda i: [A[i], i if i % 4 == 0 else "", Y[i]]),
        (),
        [("missing", f"cabin: 30 of {ROWS} cells missing, the first on line 3")],
        (2, 2),
        ROWS,
    ),
    "rows that are too long": (
        table("a,b,y", lambda i: [A[i], B[i], Y[i], *(["9"] if i in (5, 7) else [])]),
        (),
        [("more_fields", "2 rows with more fields than the header has (3), the first on line 7")],
        (3, 3),
        ROWS - 2,
    ),
    "rows that are too short": (
        table("a,b,y", lambda i: [A[i], B[i], *([Y[i]] if i != 5 else [])]),
        (),
        [
            ("missing", f"y, the target: 1 of {ROWS} cells missing, line 7"),
            (
                "fewer_fields",
                "1 row with fewer fields than the header has (3), line 7: what is not there counts as missing",
            ),
        ],
        (3, 3),
        ROWS - 1,
    ),
    "infinite cells": (
        table("a,b,y", lambda i: ["inf" if i in (4, 6) else A[i], "1e400" if i == 6 else B[i], Y[i]]),
        (),
        [
            ("infinite", "a: 2 cells not finite: inf, the first on line 6"),
            ("beyond_float64", "b: 1 cell beyond the range of float64: 1e400, line 8"),
        ],
        (3, 3),
        ROWS - 2,
    ),
    "squares that overflow": (
        table("a,b,y", lambda i: [1e200 * (i + 1), B[i], Y[i]]),
        (),
        [("squares", f"a: from 1e+200 to {1e200 * ROWS:g}, squares beyond float64: rescale it")],
        (2, 2),
        ROWS,
    ),
    "three classes": (
        table("a,b,species", lambda i: [A[i], B[i], "xyz"[i % 3]]),
        (),
        [("text", "species, the target: text, 3 levels: x, y, z; the first on line 2")],
        (3, 3),
        ROWS,
    ),
    "three classes for two": (
        table("a,b,species", lambda i: [A[i], i % 2, "xyz"[i % 3]]),
        ("--loss", "logistic"),
        [("text", "species, the target: text, 3 levels: x, y, z; --loss logistic takes two")],
        (3, 3),
        ROWS,
    ),
    "classes 1 and 2": (
        table("a,b,class", lambda i: [A[i], B[i], 1 + (i % 3 == 0)]),
        ("--loss", "logistic"),
        [
            (
                "target_outside",
                "class, the target: 14 cells that --loss logistic does not take (0 and 1): 2, the first on line 2",
            )
        ],
        (3, 3),
        ROWS,
    ),
    "one class": (
        table("a,b,class", lambda i: [A[i], B[i], 1]),
        ("--loss", "logistic"),
        [
            ("one_class", "class, the target: 1 in every row, one class, and --loss logistic takes two"),
            ("constant", "class, the target: constant, 1 in every row"),
        ],
        (3, 3),
        ROWS,
    ),
    "a negative count": (
        table("a,b,n", lambda i: [A[i], B[i], -1 if i == 3 else i % 5]),
        ("--loss", "poisson"),
        [("target_outside", "n, the target: 1 cell that --loss poisson does not take (0 or more): -1, line 5")],
        (3, 3),
        ROWS,
    ),
    "a negative weight": (
        table("a,w,y", lambda i: [A[i], -2 if i == 3 else 1, Y[i]]),
        ("--weight", "w"),
        [("negative_weight", "w, the weight: 1 negative weight: -2, line 5")],
        (2, 2),
        ROWS,
    ),
    "two of one name": (
        table("a,a,b,y", lambda i: [A[i], i % 7, B[i], Y[i]]),
        (),
        [("same_name", "a_2: column 2 has the name of another, a")],
        (3, 3),
        ROWS,
    ),
    "as many weights as rows": (
        "a,b,y\n1,2,3\n4,1,2\n2,7,1\n",
        (),
        [("saturated", "3 weights for 3 rows: without a penalty a fit is exact in every row")],
        (3, 3),
        3,
    ),
    "sums": (
        table("a,b,s,y", lambda i: [A[i], B[i], f"{A[i] + B[i]:.3f}", Y[i]]),
        (),
        [("dependent", "s = a + b")],
        (3, 4),
        ROWS,
    ),
    "notes of several lines": (
        table("note,a,y", lambda i: [f'"line {i}\nsecond, ""x"""', "oops" if i == 3 else A[i], Y[i]]),
        (),
        [
            ("text_cells", "a: 1 cell of text: oops, line 8"),
            ("identifier", f"note: text, all {ROWS} different: an identifier? ('line 0\\nsecond, \"x\"', line 2)"),
        ],
        (2, 2),
        ROWS - 1,
    ),
    "no row": ("a,b,y\n", (), [("reader", "t.csv: has a header but no rows")], None, None),
    "one column": (
        "a\n1\n2\n3\n",
        (),
        [("reader", "t.csv: has only one column, 'a'; a fit needs a target and at least one feature")],
        None,
        None,
    ),
    "texts alone": (
        table("a,b,y", lambda i: [f"p{i % 3}", f"q{i % 2}", f"r{i % 4}"]),
        (),
        [
            ("text", "a: text, 3 levels: p0, p1, p2; the first on line 2"),
            ("text", "b: text, 2 levels: q0, q1; the first on line 2"),
            ("text", "y, the target: text, 4 levels: r0, r1, r2, …; the first on line 2"),
            (
                "separated",
                "b=q1 alone separates r0 from the others (y is not r0 wherever b=q1): without a penalty no weights "
                "are large enough",
            ),
        ],
        (4, 4),
        ROWS,
    ),
}
# Of these no flags of gdsolve make a fit.
WITHOUT_COMMANDS = {"rows that are too long", "one class", "no row", "one column"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ask(here: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any]]:
    def ask(*words: str) -> tuple[int, Any]:
        code = run(list(words))
        out = capsys.readouterr().out
        return code, json.loads(out) if out.startswith("{") else out

    return ask


@pytest.mark.parametrize("name", TABLES)
def test_what_stands_out_is_found_and_figures_follow(ask: Any, here: Path, name: str) -> None:
    text, options, findings, rank, rows = TABLES[name]
    (here / "t.csv").write_text(text)
    code, record = ask("check", "t.csv", *options, "--format", "json", "--quiet")
    assert code == 0
    assert [(one["kind"], one["message"]) for one in record["findings"]] == findings
    assert ((record["rank"], record["parameters"]) if record["rank"] else None, record["rows"]) == (rank, rows)
    assert (record["condition"]["raw"] is None) == (rank is None)
    fit, _ = ask("fit", "t.csv", *options, "--quiet")
    assert (record["problem"] is None) == (fit in (0, 3)) or name == "one class"
    assert len(record["commands"]) == len(record["notes"]) <= 3
    assert (not record["commands"]) == (name in WITHOUT_COMMANDS)
    for command in record["commands"]:
        code, fitted = ask(*shlex.split(command)[1:])
        assert code in (0, 3), command
        if " fit " in command:
            weights = len(fitted["weights"]) + (fitted["intercept"] is not None)
            assert weights < fitted["data"]["rows"] or "--ridge" in command


def test_a_finding_has_its_place(ask: Any, here: Path) -> None:
    (here / "t.csv").write_text(TABLES["a bad cell"][0])
    (here / "u.csv").write_text("a,Cylinders,y\n1,2,3\n\n1,?,3\n")
    place = {"source": None, "row": 31, "line": 32, "text": "rotary", "cells": 1, "column": "Cylinders", "blocks": True}
    record = ask("check", "t.csv", "--format", "json")[1]
    assert record["findings"] == [
        {"kind": "text_cells", "message": "Cylinders: 1 cell of text: rotary, line 32", **place}
    ]
    assert (record["table_rows"], record["rows"], record["rows_dropped"]) == (ROWS, ROWS - 1, 1)
    found = ask("check", "u.csv", "t.csv", "--format", "json")[1]["findings"][0]
    assert found["message"] == "Cylinders: 2 cells of text: ?, rotary; the first on u.csv line 4"
    assert (found["source"], found["row"], found["line"]) == ("u.csv", 2, 4)


def test_columns_that_are_left_out_are_named_with_the_reason(ask: Any, here: Path) -> None:
    (here / "t.csv").write_text(TABLES["names and cities"][0])
    record = ask("check", "t.csv", "--format", "json")[1]
    assert record["left_out"] == [{"column": "name", "reason": "an identifier"}]
    assert record["commands"] == [
        "gdsolve fit t.csv --format json --ignore name --categorical onehot",
        "gdsolve fit t.csv --format json --categorical ignore",
    ]
    assert record["notes"] == [
        "without name (an identifier); 0/1 columns for the levels of city",
        "without name (an identifier), city (text)",
    ]
    out = ask("check", "t.csv")[1]
    assert "\nwithout         name (an identifier)\n" in out
    assert "\nlevels          city: Bonn (reference), Kiel, Ulm\n" in out
    assert "\n  # without name (an identifier); 0/1 columns for the levels of city\n  gdsolve fit t.csv --ignore" in out


def test_odd_types_of_parquet_are_findings(ask: Any, here: Path) -> None:
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=i) for i in range(ROWS)]
    columns = {
        "a": A,
        "l": [[1, 2]] * ROWS,
        "when": days,
        "b": [np.inf if i == 3 else float(i % 5) for i in range(ROWS)],
    }
    pl.DataFrame({**columns, "y": Y}).write_parquet(here / "t.parquet")
    code, record = ask("check", "t.parquet", "--format", "json")
    assert code == 0
    assert [one["message"] for one in record["findings"]] == [
        "column 'l' holds lists, not numbers",
        "b: 1 cell not finite: inf, row 4",
        "when: dates, not numbers: 2024-01-01, row 1",
    ]
    assert (record["rank"], record["rows"]) == (3, ROWS - 1)
    for command in record["commands"]:
        assert ask(*shlex.split(command)[1:])[0] == 0


def test_cells_of_ndjson_have_lines(ask: Any, here: Path) -> None:
    rows = [{"a": A[i], "b": "oops" if i == 7 else B[i], "y": Y[i]} for i in range(ROWS)]
    (here / "t.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    record = ask("check", "t.ndjson", "--format", "json")[1]
    assert [one["message"] for one in record["findings"]] == ["b: 1 cell of text: oops, line 8"]
    assert [ask(*shlex.split(command)[1:])[0] for command in record["commands"]] == [0, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "t.csv: is empty"),
        (b'a,y\n1,2\n"3,4\n', "t.csv: row 2 (line 3): a quote is opened and never closed"),
        (b"PAR1 and no more", "t.csv: "),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error(
    here: Path, capsys: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    (here / "t.csv").write_bytes(content)
    assert run(["check", "t.csv"]) == 5
    assert f"gdsolve: error: {message}" in capsys.readouterr().err


@pytest.mark.parametrize("loss", Loss)
def test_every_loss_has_the_figures_that_exist(ask: Any, here: Path, loss: Loss) -> None:
    least = int(loss.info.target is Target.POSITIVE)
    (here / "t.csv").write_text(table("a,b,y", lambda i: [A[i], B[i], least + int(i % 3 == 0)]))
    code, record = ask("check", "t.csv", "--loss", loss, "--format", "json")
    assert (code, record["rank"], record["loss"], record["problem"]) == (0, 3, loss, None)
    squares, kind = loss.info.squared, POINTWISE.get(loss, Softmax)
    X = np.column_stack([A, B, np.ones(ROWS)])
    # Second derivatives of a row: 1/m, 2/m and 2 for squares; for the others at most, or at zeros.
    bounded = squares or kind.largest_curvature is not None
    known = loss.info.smooth and (bounded or kind.curvature_at_zero is not None)
    row = 1.0 if squares else kind.largest_curvature or kind.curvature_at_zero or 0.0
    scale = {"mse": 2 / ROWS, "sse": 2}.get(loss, row / ROWS)
    largest = scale * float(np.linalg.eigvalsh(X.T @ X)[-1])
    holds = "everywhere" if squares else "bound" if bounded else "start" if known else None
    assert record["curvature"]["holds"] == holds
    assert (record["curvature"]["reason"] is None) == squares
    assert record["curvature"]["largest"]["raw"] == (pytest.approx(largest, rel=1e-9) if known else None)
    condition = float(np.linalg.cond(X)) ** 2
    assert record["condition"]["raw"] == (pytest.approx(condition, rel=1e-9) if known else None)
    assert record["largest_stable_lr"]["raw"] == (pytest.approx(2 / largest, rel=1e-9) if bounded else None)
    assert (record["best_lr"]["raw"] is None, record["solutions"] == []) == (not squares, not squares)
    assert record["commands"][0] == f"gdsolve fit t.csv --loss {loss} --format json"
    # To compare rates on all rows takes seconds: once is enough.
    for command in record["commands"] if squares or loss == "logistic" else record["commands"][:1]:
        assert ask(*shlex.split(command)[1:])[0] in (0, 3), command
    stream = io.StringIO()
    write_record(record, Format.TABLE, stream)
    out = stream.getvalue()
    assert out.count("\n") <= 40
    assert squares or record["curvature"]["reason"].split(":")[0] in out


def test_a_rate_that_is_said_to_be_stable_is_so_for_any_loss(ask: Any, here: Path) -> None:
    (here / "t.csv").write_text(table("a,b,y", lambda i: [A[i], B[i], int(i % 3 == 0)]))
    for loss in [loss for loss, kind in POINTWISE.items() if kind.largest_curvature is not None]:
        rate = ask("check", "t.csv", "--loss", loss, "--format", "json")[1]["largest_stable_lr"]["raw"]
        words = ("fit", "t.csv", "--loss", loss, "--method", "gd", "--lr", f"{0.999 * rate}", "--format", "json")
        code, record = ask(*words, "--max-iter", "20000", "--quiet")
        assert (code in (0, 3), record["gap"] < 1e-3) == (True, True)


def test_classes_of_text_are_advised_as_such(ask: Any, here: Path) -> None:
    (here / "t.csv").write_text(table("a,b,good", lambda i: [A[i], B[i], "yes" if i % 3 else "no"]))
    record = ask("check", "t.csv", "--format", "json")[1]
    assert record["commands"][0] == "gdsolve fit t.csv --format json --loss logistic"
    assert record["notes"][0] == "the target as two classes, no is 0 and yes is 1"
    # Where one column tells the classes apart, the loss has no minimum.
    (here / "u.csv").write_text(table("a,b,good", lambda i: [A[i], B[i], "yes" if A[i] > 0 else "no"]))
    record = ask("check", "u.csv", "--loss", "logistic", "--format", "json")[1]
    assert record["notes"][0] == "with a ridge penalty, as the loss by itself has no minimum"
    assert ask(*shlex.split(record["commands"][0])[1:])[0] == 0


def lines_of(record: dict[str, Any], width: int | None, monkeypatch: pytest.MonkeyPatch, **view: bool) -> list[str]:
    """The table of a record in a pipe, or on a terminal of this width."""
    stream = io.StringIO() if width is None else FakeTerminal()
    monkeypatch.setenv("TERM", "dumb")
    if width is not None:
        monkeypatch.setenv("COLUMNS", str(width))
    write_record(record, Format.TABLE, stream, View(**view))
    return stream.getvalue().splitlines()


def titanic() -> str:
    head = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked"
    return table(
        head,
        lambda i: [
            *(i + 1, i % 2, i % 3 + 1, f'"Braund, Mr. {i}"', ["male", "female"][i * 7 % 3 % 2]),
            *("" if i % 5 == 1 else 20 + i % 30, i % 4, i % 2 * 2, f"A/5 {i}", f"{7 + i * 0.25}"),
            *(f"C{i}" if i % 4 == 0 else "", "" if i == 39 else ["S", "C", "Q"][i % 3]),
        ],
    )


def wide(first: str = "") -> str:
    rows = np.random.default_rng(5).normal(size=(90, 61)).round(3)
    head = ",".join([*(f"g{j}" for j in range(60)), "y"])
    return f"{head}\n{first}" + "".join(",".join(map(str, row)) + "\n" for row in rows.tolist())


@pytest.mark.parametrize("name", ["titanic", "penguins", "longley", "wide", "wide and bad"])
def test_the_answer_fits_one_screen(here: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text = {
        "titanic": titanic(),
        "wide": wide(),
        "wide and bad": wide("oops"),
        **{name: (CONFIGS / f"{name}.csv").read_text() for name in ("penguins", "longley")},
    }[name]
    (here / "t.csv").write_text(text)
    record = check_record(gdsolve.check("t.csv"))
    for width in (60, 80, 200, None):
        lines = lines_of(record, width, monkeypatch)
        assert len(lines) <= (41 if width != 60 else 50)
        assert max(map(cells, lines)) <= (width or 100)
        assert any("to run next" in line for line in lines)
        assert "solutions" not in lines
        if name.startswith("wide"):
            assert [line for line in lines if line.startswith(("g0 ", "y "))]
            left = next(line for line in lines if line.startswith("and "))
            assert left.endswith("more columns of numbers, without findings (--verbose)")
    everything = lines_of(record, None, monkeypatch, verbose=True)
    named = {line.split("  ")[0] for line in everything}
    assert named >= set(text.splitlines()[0].split(","))


def test_solutions_are_for_verbose(ask: Any) -> None:
    path = str(CONFIGS / "collinear.csv")
    short, verbose = ask("check", path)[1], ask("check", path, "--verbose")[1]
    assert "\nsolutions\n" not in short
    assert "\nsolutions\nnormal equations   XᵀX is singular (rank 2 < 3)\n" in verbose
    assert "the normal equations have no unique solution; descent from zeros" in short
    assert "finding\n  volume = 3 × area\n" in short


def test_arrays_and_frames_are_looked_at_as_tables_are() -> None:
    frame = pl.DataFrame(
        {"id": range(ROWS), "a": A, "c": ["u", "v"] * (ROWS // 2), "b": [None if i == 7 else B[i] for i in range(ROWS)]}
    )
    found = gdsolve.check(frame, pl.Series("price", Y))
    assert [(one.kind, one.message) for one in found.findings] == [
        (FindingKind.TEXT, "c: text, 2 levels: u, v; the first on row 1"),
        (FindingKind.MISSING, f"b: 1 of {ROWS} cells missing, row 8"),
        (FindingKind.IDENTIFIER, f"id: counts the rows, 0 to {ROWS - 1}: an identifier?"),
    ]
    assert found.problem is not None
    assert found.diagnosis is not None
    assert (found.diagnosis.rank, found.diagnosis.data.rows) == (4, ROWS - 1)
    X = np.column_stack([A, B])
    X[3, 1], X[4, 0] = np.nan, np.inf
    found = gdsolve.check(X, Y)
    assert [one.message for one in found.findings] == [
        "x1: 1 cell not finite: inf, row 5",
        f"x2: 1 of {ROWS} cells missing, row 4",
    ]
    assert found.diagnosis is not None
    assert found.diagnosis.data.rows == ROWS - 2


def test_commands_of_python_are_calls_that_work() -> None:
    X, classes = np.column_stack([A, B]), ["yes" if i % 3 else "no" for i in range(ROWS)]
    found = gdsolve.check(X, classes)
    assert found.commands[0] == "gdsolve.fit(X, y, loss='logistic')"
    for command in found.commands:
        result = eval(command, {"gdsolve": gdsolve, "X": X, "y": classes})
        assert result.status is gdsolve.Status.CONVERGED


def test_rows_of_any_columns_are_told_by_their_gaps() -> None:
    gaps = Gaps()
    gaps.add(4, {"a": np.array([True, False, False, True]), "b": np.array([True, True, False, False])})
    gaps.add(3, {})
    assert [gaps.complete(columns) for columns in ((), ("a",), ("b",), ("a", "b"), ("c",))] == [7, 5, 5, 4, 7]


def test_what_only_the_reader_says_is_a_finding_too(ask: Any, here: Path) -> None:
    (here / "t.csv").write_text("c,y\nu,1\nv,2\nu,4\n")
    record = ask("check", "t.csv", "--categorical", "ignore", "--format", "json")[1]
    assert record["problem"] == "t.csv: no feature column is left for the target 'y'"
    assert [(one["kind"], one["message"]) for one in record["findings"]] == [("reader", record["problem"])]
    # Told once in the table.
    assert ask("check", "t.csv", "--categorical", "ignore")[1].count("no feature column is left") == 1


def test_cells_that_a_wrong_delimiter_leaves_together_come_before_their_quotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.txt").write_text('"x" "y"\n"1" 1 2\n"2" 2 4\n"3" 4 9\n')
    Path("t.csv").write_text("x,y\n1,2\n2,4\n4,9\n")
    assert run(["fit", "t.csv", "--save", "m.json", "--quiet"]) == 0
    capsys.readouterr()
    for verb in (["fit"], ["check"], ["predict", "m.json"]):
        assert run([*verb, "r.txt", "--delimiter", ","]) == 5
        hint = capsys.readouterr().err.splitlines()[-1]
        assert hint == "hint: if cells are split wrongly, name the delimiter: --delimiter blanks"
        assert run([*verb, "r.txt", "--delimiter", "blanks"]) == 0
        capsys.readouterr()
