"""Texts of blanks, comments, an index without a name and grouped thousands: read as the same table written as CSV."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from data_files import load
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import completed
from nursery import Done

import gdsolve
from gdsolve.data import describe
from gdsolve.data.layout import PlainLines, plain
from gdsolve.data.records import LONGEST
from gdsolve.data.text_layout import TextLayout
from gdsolve.spec import Header, Missing, Spec
from gdsolve.status import DataError, GdsolveError

TABLE = [[1.0, 2.0, 3.0], [2.0, 5.0, 1.0], [4.0, 4.0, 4.0], [-1.5, 0.25, 1e3]]
MADE = {
    "gnuplot": "#x y z\n  1  2\t3\n 2 5 1\n\n\n# another block\n 4 4 4 # odd\n-1.5 .25   1e3  \n",
    "numpy": "# by numpy\n# x y z\n1.0e+00 2 3\n2 5 1\n4 4 4\n-1.5 .25 1e3\n",
    "matlab": "% x y z\n1 2 3\n2 5 1\n4 4 4\n-1.5 .25 1e3\n",
    "commas behind #": "# x, y, z\n1 2 3\n2 5 1\n4 4 4\n-1.5 .25 1e3\n",
    "R": '"x" "y" "z"\n"1" 1 2 3\n"b c" 2 5 1\n"3" 4 4 4\n"4" -1.5 .25 1e3\n',
    "pandas": "     x     y     z\n0  1.0  2.00    3\n1  2.0  5.00    1\n2  4.0  4.00    4\n3 -1.5  0.25  1e3\n",
    "fixed width": "   x    y    z\n   1    2    3\n   2    5    1\n   4    4    4\n-1.5 0.25 1000\n",
    "decimal commas": "x y z\n1,0 2 3\n2 5 1\n4 4 4\n-1,5 0,25 1e3\n",
    "CRLF and tabs": "x\ty  z\r\n1\t 2 3\r\n2 5\t1\r\n4 4 4\r\n-1.5 .25 1e3\r\n",
    "CSV": "# by me, today\nx,y,z\n1,2,3\n# 9,9,9\n2,5,1\n4,4,4\n-1.5,.25,1e3\n",
    "CSV behind #": "#x,y,z\n1,2,3\n2,5,1\n4,4,4\n-1.5,.25,1e3\n",
    "index": ",x,y,z\n7,1,2,3\n3,2,5,1\n5,4,4,4\n9,-1.5,.25,1e3\n",
    "index of R": '"","x","y","z"\n"7",1,2,3\n"a",2,5,1\n"5",4,4,4\n"9",-1.5,.25,1e3\n',
}


@pytest.mark.parametrize("made", MADE)
def test_a_text_is_read_as_it_was_meant(tmp_path: Path, made: str) -> None:
    path = tmp_path / "t.dat"
    for written in (MADE[made].encode(), MADE[made].encode("utf-8-sig"), MADE[made].encode("utf-16")):
        path.write_bytes(written)
        loaded = load(str(path), target="z")
        assert loaded.roles.features == ("x", "y")
        assert loaded.values.tolist() == TABLE
    path.write_bytes(gzip.compress(MADE[made].encode()))
    assert load(str(path), target="z").values.tolist() == TABLE


def run(command: str) -> Done:
    return completed(*shlex.split(command))


NUMBERS = st.one_of(st.integers(-999, 999).map(str), st.floats(-9, 9, width=16).map(repr))
CELLS = st.one_of(NUMBERS, st.text("ab\"# ,;'é", min_size=1, max_size=4))
GAPS = st.text(" \t", min_size=1, max_size=4)
COMMENTS = st.text('ab"# ,1', max_size=5).map("#".__add__)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str]:
    """Rows of two numbers and a text, and a text of blanks that holds them."""
    rows = draw(st.lists(st.tuples(NUMBERS, CELLS, NUMBERS).map(list), min_size=3, max_size=6))
    lines = ["n t y"]
    for row in rows:
        shown = [_written(cell, quoted=draw(st.booleans())) for cell in row]
        ends = [draw(st.sampled_from(["", " ", "\t ", " \r"])) for _ in range(2)]
        comment = " " + draw(COMMENTS) if draw(st.booleans()) else ""
        lines.append(ends[0].strip("\r") + draw(GAPS).join(shown) + comment + ends[1])
        lines += draw(st.lists(st.one_of(st.just("  "), COMMENTS.map(draw(GAPS).__add__)), max_size=2))
    return rows, "\n".join(lines) + draw(st.sampled_from(["\n", ""]))


def _written(cell: str, *, quoted: bool) -> str:
    plain = not quoted and not set(cell) & set(' "#')
    return cell if plain else '"' + cell.replace('"', '""') + '"'


def _as_csv(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["n", "t", "y"], *rows])
    return out.getvalue()


def _cells(path: Path) -> list[tuple[Any, ...]]:
    options = {"delimiter": "blanks"} if path.suffix == ".dat" else {"delimiter": ","}
    from contextlib import ExitStack

    from gdsolve.data.opening import open_sources

    with ExitStack() as stack:
        (source,) = open_sources([str(path)], Spec(**options), stack)
        found = []
        for part in source.parts(["n", "t", "y"]):
            frame = source.parse(source.scan(part, ["n", "t", "y"]).collect(), ["n", "y"], ["t"])
            found += [row for row in frame.select("n", "t", "y").rows() if row != (None, None, None)]
        return found


@settings(max_examples=examples(60), deadline=None)
@given(tables())
def test_a_text_of_blanks_reads_as_the_same_table_written_as_csv(
    tmp_path_factory: pytest.TempPathFactory, table: tuple[list[list[str]], str]
) -> None:
    rows, text = table
    folder = tmp_path_factory.mktemp("blanks")
    (folder / "t.dat").write_bytes(text.encode())
    (folder / "t.csv").write_bytes(_as_csv(rows).encode())
    assert _cells(folder / "t.dat") == _cells(folder / "t.csv")


@settings(max_examples=examples(60), deadline=None)
@given(st.text('ab1 \t\r\n"#', max_size=60), st.booleans(), st.integers(1, 20))
def test_it_matters_not_where_a_text_is_cut(text: str, blanks: bool, size: int) -> None:
    layout, written = TextLayout(blanks=blanks, comment="#"), text.encode()
    stream = io.BytesIO(written)
    lines, found = PlainLines(layout, lambda _: stream.read(size)), []
    while block := lines(size):
        found.append(block)
    whole = plain(layout, text).encode()
    # Which blanks are left before a cell depends on what else is in the block.
    bare: Callable[[bytes], list[bytes]] = lambda text: [line.replace(b" ", b"") for line in text.split(b"\n")]  # noqa: E731
    assert bare(b"".join(found)) == bare(whole)
    assert whole.count(b"\n") == written.count(b"\n")


def test_rows_are_told_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "t.dat"
    path.write_text("# by me\n# x y\n1 2\n# c\n\n3 oops # why\n4 5\n7 8\n")
    with pytest.raises(DataError) as fault:
        gdsolve.fit(str(path))
    assert fault.value.message == f"{path}: row 2 (line 6), column 'y': 'oops' is not a number"
    path.write_text("x,y\n1,2\n# c\n\n3,\n4,5\n")
    with pytest.raises(DataError) as fault:
        gdsolve.fit(str(path))
    assert fault.value.message == f"{path}: row 2 (line 5), column 'y': the cell is missing"


def test_what_begins_with_a_mark_and_is_no_comment_stays(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("#,size,y\n1,2,3\n2,4,5\n3,7,8\n")
    assert load(str(path)).roles.features == ("#", "size")
    path.write_text("% fat,size,y\n1,2,3\n2,4,5\n3,7,8\n")
    assert load(str(path)).roles.features == ("% fat", "size")
    path.write_text("# of rooms,size,y\n1,2,3\n2,4,5\n3,7,8\n")
    assert load(str(path), features=("# of rooms",)).roles.features == ("# of rooms",)
    path.write_text("tag,x,y\n#a,1,2\nb,2,4\n#c,3,7\n")
    assert len(load(str(path), ignore=("tag",)).values) == 3
    path.write_text('t,x,y\n"# no\n# comment",1,2\n# one\nb,2,4\nc,3,7\n')
    loaded = load(str(path), ignore=("t",))
    assert loaded.values.tolist() == [[1, 2], [2, 4], [3, 7]]
    path.write_text("x,y\n#N/A,1\n2,4\n3,7\n")
    assert load(str(path), na=Missing.DROP).values.tolist() == [[2, 4], [3, 7]]


def test_how_many_comments_were_left_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.dat").write_text("# x y\n1 2 # first\n2 4\n# c\n3 7\n5 9\n")
    assert run("fit t.dat").out.splitlines()[0].split(None, 1)[1] == "t.dat: 4 rows, blanks, 2 comments left out"
    checked = json.loads(run("check t.dat --format json").out)
    assert (checked["data"]["comments"], checked["data"]["delimiter"]) == (2, "blanks")
    Path("t.csv").write_text("#x,y\n1,2\n2,4\n3,7\n")
    said = run("check t.csv").err
    assert said.startswith("gdsolve: warning: t.csv: the header, x,y, is taken from the comment in line 1; ")
    assert run("check t.csv --comment '#'").err == ""
    assert load("t.csv", comment="none").roles.features == ("#x",)
    assert load("t.csv", header=Header.NO).roles.features == ("x1",)
    Path("odd.csv").write_text("x,y\n1,2\n! 3,4\n2,4\n")
    assert len(load("odd.csv", comment="!").values) == 2


def test_predictions_and_scores_are_those_of_the_same_rows_as_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.dat").write_text(MADE["gnuplot"])
    Path("t.csv").write_text("x,y,z\n" + "".join(",".join(map(str, row)) + "\n" for row in TABLE))
    gdsolve.fit("t.dat", target="z", save="m.json")
    predicted = [gdsolve.predict("m.json", name).tolist() for name in ("t.dat", "t.csv")]
    assert predicted[0] == predicted[1]
    assert [row.split("\t")[:3] for row in run("predict m.json t.dat").out.splitlines()[:2]] == [
        ["x", "y", "z"],
        ["1", "2", "3"],
    ]
    scored = [json.loads(run(f"score m.json {name} --format json").out) for name in ("t.dat", "t.csv")]
    assert scored[0]["rmse"] == scored[1]["rmse"]
    Path("i.csv").write_text(MADE["index"])
    assert gdsolve.predict("m.json", "i.csv").tolist() == predicted[0]
    assert load("i.csv", features=("column_1",), target="z").values[0].tolist() == [7, 3]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ('x,y\n"1,234.5",1\n"-12,000",2\n7,"1,000,000"\n', {"thousands": ","}),
        ("x;y\n1.234,5;1\n-12.000;2\n7;1.000.000\n", {"thousands": "."}),
        ("x y\n1,234.5 1\n-12,000 2\n7 1,000,000\n", {"thousands": ","}),
        ("x;y\n1 234,5;1\n-12\u202f000;2\n7;1\u00a0000 000\n", {"thousands": " "}),
        ("x,y\n1'234.5,1\n-12\u2019000,2\n7,1'000'000\n", {"thousands": "'"}),
        ("x,y\n1_234.5,1\n-12_000,2\n7,1_000_000\n", {"thousands": "_"}),
    ],
)
def test_grouped_thousands_are_numbers_where_asked_for(tmp_path: Path, text: str, options: dict[str, Any]) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    assert load(str(path), **options).values.tolist() == [[1234.5, 1], [-12000, 2], [7, 1e6]]
    (tmp_path / "s.yaml").write_text(f'data: {path}\nthousands: "{options["thousands"]}"\n')
    assert gdsolve.fit(str(tmp_path / "s.yaml")).data.rows == 3


def test_bad_groups_are_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    for cell in ("12,34", "1,2345", ",123", "1,,234", "1,234,56"):
        path.write_text(f'x,y\n1,2\n"1,000",2\n"{cell}",3\n4,5\n')
        with pytest.raises(DataError) as fault:
            gdsolve.fit(str(path), thousands=",")
        assert fault.value.message == f"{path}: row 3 (line 4), column 'x': '{cell}' is not a number"
    with pytest.raises(GdsolveError) as wrong:
        gdsolve.fit(str(path), thousands=",", decimal=",")
    assert (wrong.value.exit_code, wrong.value.message) == (2, "thousands and decimal are both ','")


def test_a_line_without_an_end_stays_bounded(tmp_path: Path) -> None:
    path = tmp_path / "t.dat"
    with path.open("wb") as file:
        file.write(b"# x y\n1 2\n3 4\n")
        file.seek(LONGEST + (1 << 24))
        file.write(b" ")
    with pytest.raises(DataError) as fault:
        gdsolve.fit(str(path), delimiter="blanks")
    assert fault.value.message == f"{path}: line 4: the line does not end within 64 MiB"


def test_columns_without_a_use_are_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",a,y\n0,1,2\n1,2,4\n2,3,7\n")
    roles = [(one.name, one.role) for one in describe([str(path)], Spec()).columns]
    assert roles == [("column_1", "ignored"), ("a", "feature"), ("y", "target")]
