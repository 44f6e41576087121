"""CSV as people have it: each nasty file works, or ends with one line that names file, row, column and remedy."""

from __future__ import annotations

import logging
import math
import shlex
import subprocess

import pytest
from data_files import failure, load, write

from gdsolve.data import open_table
from gdsolve.spec import Missing, Spec

PLAIN = [[1.0, 2.0], [3.0, 4.5]]


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,2\n3,4.5\n",
        "a,b\n1,2\n3,4.5",
        "a,b\r\n1,2\r\n3,4.5\r\n",
        "a,b\r1,2\r3,4.5\r",
        "\ufeffa,b\n1,2\n3,4.5\n",
        "a,b\n1,2\n3,4.5\n".encode("utf-16"),
        "a,b\n1,2\n3,4.5\n".encode("utf-16-be").join([b"\xfe\xff", b""]),
        "a;b\n1;2\n3;4,5\n",
        "a;b\n1;2\n3;4.5\n",
        "a\tb\n1\t2\n3\t4,5\n",
        "a|b\n1|2\n3|4.5\n",
        '"a","b"\n"1","2"\n"3","4.5"\n',
        "a, b\n 1 , 2 \n3, 4.5\n",
        "\n\na,b\n\n1,2\n\n3,4.5\n\n\n",
        "a,b\n1,2\n   \n3,4.5\n",
        "a,b\n+1,2e0\n3.,45E-1\n",
        "a,b\n1,2,\n3,4.5,\n",
        "sep=;\na;b\n1;2\n3;4,5\n",
        '\ufeff"sep=|"\r\n\r\na|b\r\n1|2\r\n3|4.5\r\n',
        "SEP=\t\na\tb\n1\t2\n3\t4.5\n",
    ],
)
def test_dialects_of_one_table(tmp_path, content):
    loaded = load(write(tmp_path / "t.csv", content))
    assert loaded.values.tolist() == PLAIN
    assert loaded.roles.design == ("a",)
    assert (loaded.rows, loaded.rows_dropped, loaded.cells_filled) == (2, 0, 0)


def test_quoted_decimal_commas_between_commas(tmp_path):
    path = write(tmp_path / "t.csv", 'a,b\n1,"2"\n3,"4,5"\n5,"6,5"\n')
    assert failure(path) == (
        5,
        "t.csv: row 2 (line 3), column 'b': '4,5' is text",
        "--decimal , to read it as 4.5",
    )
    assert load(path, decimal=",").values.tolist() == [[1.0, 2.0], [3.0, 4.5], [5.0, 6.5]]


def test_thousands_separators_are_never_read_as_decimals(tmp_path):
    path = write(tmp_path / "t.csv", "a;b\n1;0,5\n2;1.234\n")
    assert failure(path, decimal=",")[:2] == (5, "t.csv: row 2 (line 3), column 'b': '1.234' is not a number")


def test_a_named_separator_before_data_without_a_header(tmp_path):
    table = load(write(tmp_path / "t.csv", "sep=;\n1,5;2\n3;4\n5;6\n"))
    assert (table.roles.features, table.values.tolist()) == (("x1",), [[1.5, 2], [3, 4], [5, 6]])
    path = write(tmp_path / "odd.csv", "sep=;\na;b\n1;2\n3;oops\n5;6\n")
    assert failure(path)[1] == "odd.csv: row 2 (line 4), column 'b': 'oops' is not a number"


@pytest.mark.parametrize(
    ("above", "shown", "lines"),
    [
        ("Exported 2024\n", "line 1 is no header: 'Exported 2024'", 1),
        ("Report\n\nby me, today\n", "line 1 is no header: 'Report'", 3),
        ('\n"a\ntitle"\n', "line 3 is no header: 'a\\ntitle'", 3),
    ],
)
def test_a_title_above_the_header_is_told_and_left_out_by_the_hint(tmp_path, monkeypatch, above, shown, lines):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "t.csv", f"{above}a,b\n1,2\n3,4.5\n5,6\n")
    code, message, hint = failure(path)
    assert (code, message) == (5, f"t.csv: {shown}, while most lines have 2 cells")
    command = hint.removeprefix("leave out what stands before the header: ").split(" | ")[0]
    assert command == f"tail -n +{lines + 1} {path}"
    rest = subprocess.run(command, shell=True, capture_output=True, check=True).stdout
    assert load(write(tmp_path / "rest.csv", rest)).values.tolist() == [*PLAIN, [5, 6]]


def test_first_line_of_numbers_is_data(tmp_path):
    loaded = load(write(tmp_path / "t.csv", "1,2,3\n4,5,6\n"))
    assert loaded.roles.features == ("x1", "x2")
    assert loaded.roles.target == "y"
    assert loaded.values.tolist() == [[1, 2, 3], [4, 5, 6]]


def test_first_line_with_a_missing_number_is_data(tmp_path):
    loaded = load(write(tmp_path / "t.csv", "1,NA,3\n4,5,6\n"), na=Missing.DROP)
    assert (loaded.rows, loaded.rows_dropped) == (1, 1)


def test_no_header_forces_data(tmp_path):
    assert failure(write(tmp_path / "t.csv", "a,b\n1,2\n3,4\n5,6\n"), no_header=True)[1] == (
        "t.csv: row 1 (line 1), column 'x1': 'a' is not a number"
    )


def test_delimiter_flag(tmp_path):
    path = write(tmp_path / "t.csv", "a:b\n1:2\n3:4.5\n")
    assert failure(path) == (
        5,
        "t.csv: has only one column, 'a:b'; a fit needs a target and at least one feature",
        "if cells are split wrongly, name the delimiter: --delimiter :",
    )
    assert load(path, delimiter=":").values.tolist() == PLAIN


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "t.csv: is empty"),
        ("\n \n", "t.csv: is empty"),
        ("a,b\n", "t.csv: has a header but no rows"),
        ("a\n1\n2\n", "t.csv: has only one column, 'a'; a fit needs a target and at least one feature"),
        ("a,b\n1,2\n\n3,x\n5,6\n", "t.csv: row 2 (line 4), column 'b': 'x' is not a number"),
        ("a,b\n1,2\n1_000,2\n5,6\n", "t.csv: row 2 (line 3), column 'a': '1_000' is not a number"),
        ("a,b\n1,2\n3,inf\n", "t.csv: row 2 (line 3), column 'b': 'inf' is not finite"),
        ("a,b\n1,2\n-Infinity,2\n", "t.csv: row 2 (line 3), column 'a': '-Infinity' is not finite"),
        ("a,b\n1,2\n1e999,2\n", "t.csv: row 2 (line 3), column 'a': '1e999' is beyond the range of float64"),
        ("a,b\n1,2\n1,2,3\n", "t.csv: row 2 (line 3): more fields than the header has (2)"),
        ("1,2\n1,2,3\n4,5\n", "t.csv: row 2 (line 2): more fields than the first row has (2)"),
        ("a,b\n1,2\n3\n", "t.csv: row 2 (line 3), column 'b': the cell is missing"),
        ('s,a,b\n"\n7",1,2\n2,3,?\n4,5,6\n', "t.csv: row 2 (line 4), column 'b': '?' is not a number"),
        (b"a,b\n1,2\n3,\xe9\n5,6\n", "t.csv: row 2 (line 3), column 'b': '\ufffd' is not UTF-8"),
        (b"caf\xe9,b\n1,2\n", "t.csv: the header is not UTF-8"),
        (b"PK\x03\x04\x00\x00\n", "t.csv: is not text, nor Parquet, Arrow, Excel, SQLite or DuckDB"),
        ('[{"a": 1}]', "t.csv: is a JSON array"),
    ],
)
def test_unusable_files(tmp_path, content, message):
    code, told, hint = failure(write(tmp_path / "t.csv", content))
    assert (code, told) == (5, message)
    assert hint


@pytest.mark.parametrize("ignored", [(), ("c",)])
def test_a_long_row_is_told_whatever_columns_are_used(tmp_path, ignored):
    path = write(tmp_path / "t.csv", "a,b,c\n1,2,3\n4,5,6,7\n")
    message = "t.csv: row 2 (line 3): more fields than the header has (3)"
    assert failure(path, ignore=ignored)[1] == message


def test_latin_1(tmp_path):
    path = write(tmp_path / "t.csv", b"caf\xe9,n,b\n1,\xe9,2\n3,\xe9,4.5\n")
    loaded = load(path, encoding="latin-1", ignore=("n",))
    assert loaded.values.tolist() == PLAIN
    assert loaded.roles.features == ("café",)
    assert failure(path, encoding="latin-one") == (
        2,
        "encoding: there is no encoding 'latin-one'",
        "did you mean latin-1?",
    )


def test_bytes_that_are_not_utf_8_do_not_matter_where_unused(tmp_path):
    path = write(tmp_path / "t.csv", b"n,a,b\n\xe9,1,2\n\xe9,3,4.5\n")
    assert load(path, ignore=("n",)).values.tolist() == PLAIN


def test_wrong_encoding(tmp_path):
    path = write(tmp_path / "t.csv", b"a,b\n1,2\n3,\xff\n")
    assert failure(path, encoding="shift_jis")[1].startswith("t.csv: is not shift_jis text")


def test_huge_and_tiny_numbers(tmp_path):
    loaded = load(write(tmp_path / "t.csv", "a,b\n123456789012345678901234567890,5e-324\n-0.0,1e-400\n"))
    assert loaded.values.tolist() == [[1.2345678901234568e29, 5e-324], [0.0, 0.0]]
    assert math.copysign(1, loaded.values[1, 0]) == -1


def test_booleans_are_numbers(tmp_path):
    loaded = load(write(tmp_path / "t.csv", "a,b\ntrue,1\nFALSE,True\n"))
    assert loaded.values.tolist() == [[1, 1], [0, 1]]


@pytest.mark.parametrize("odd", ["NA", " 7 ", "true", "nan"])
@pytest.mark.parametrize("position", [40_000, 79_999])
def test_an_odd_cell_far_below_the_head_gives_every_row_once(tmp_path, odd, position):
    cells = [str(row) for row in range(80_000)]
    cells[position] = odd
    path = write(tmp_path / "t.csv", "a,b\n" + "".join(f"{cell},{row}\n" for row, cell in enumerate(cells)))
    loaded = load(path, na=Missing.DROP)
    missing = odd.lower() in ("na", "nan")
    expected = [float(row) for row in range(80_000) if not (missing and row == position)]
    assert loaded.values[:, 1].tolist() == expected
    assert loaded.rows_dropped == int(missing)
    if not missing:
        assert loaded.values[position, 0] == {" 7 ": 7.0, "true": 1.0}[odd]


def test_an_odd_cell_far_below_the_head_is_found(tmp_path):
    rows = [f"{row},{row}\n" for row in range(80_000)]
    rows[60_000] = "\n60000,abc\n"
    assert failure(write(tmp_path / "t.csv", "a,b\n" + "".join(rows))) == (
        5,
        "t.csv: row 60001 (line 60003), column 'b': 'abc' is not a number",
        "--na-values abc --na drop if it means missing, or --target COLUMN",
    )


@pytest.mark.parametrize("place", [0, 10, 150_000, 199_998])
@pytest.mark.parametrize(("row", "ignore"), [('"open,{0},{0}', "n"), ('{0},{0},"open', "m")])
def test_a_quote_that_never_closes_swallows_nothing_unseen(tmp_path, place, row, ignore):
    header = "n,a,b\n" if ignore == "n" else "a,b,m\n"
    plain = "t,{0},{0}\n" if ignore == "n" else "{0},{0},t\n"
    rows = [plain.format(number) for number in range(200_000)]
    rows[place] = row.format(place) + "\n"
    told = failure(write(tmp_path / "t.csv", header + "".join(rows)), ignore=(ignore,))
    assert told == (
        5,
        f"t.csv: row {place + 1} (line {place + 2}): a quote is opened and never closed",
        'within quotes write "" for a quote; without, quote the whole cell',
    )


def test_a_quote_within_a_cell_is_no_harm(tmp_path):
    rows = [f"t,{number},{number}\n" for number in range(200_000)]
    rows[150_000] = '5" pipe,150000,150000\n'
    loaded = load(write(tmp_path / "t.csv", "n,a,b\n" + "".join(rows)), ignore=("n",))
    assert loaded.values[:, 0].tolist() == list(range(200_000))


def test_two_passes_are_the_same(tmp_path):
    path = write(tmp_path / "t.csv", "a,b\n1,2\n,3\n3,4.5\n")
    with open_table([path], Spec(na=Missing.DROP)) as table:
        passes = [[batch.values.tolist() for batch in table.batches()] for _ in range(2)]
    assert passes == [[PLAIN], [PLAIN]]
    assert (table.rows, table.rows_dropped) == (2, 1)


def test_runs_of_blanks_are_named_where_single_ones_are_asked_for(tmp_path):
    hint = "--delimiter blanks if spaces or tabs, however many, separate the columns"
    for text in (" a   b  y\n1  2 3  \n  3 4   4.5\n", "a b y\n1 2 3\n3  4 4.5\n"):
        path = write(tmp_path / "t x.csv", text)
        assert failure(path, delimiter=" ")[2] == hint
        assert load(path, delimiter="blanks").values.tolist() == [[1, 2, 3], [3, 4, 4.5]]


@pytest.mark.parametrize("mark", [":", "^", "~", "|", ";", " "])
def test_the_delimiter_that_splits_the_only_column_is_named(tmp_path, mark):
    path = write(tmp_path / "t.csv", "a,b\n1,2\n3,4.5\n".replace(",", mark))
    wrong = "," if mark in "|; " else None
    hint = failure(path, delimiter=wrong)[2]
    named = "blanks" if mark == " " else mark
    assert hint == f"if cells are split wrongly, name the delimiter: --delimiter {shlex.quote(named)}"
    assert load(path, delimiter=named).values.tolist() == PLAIN


def test_one_column_alone_says_that_two_are_needed(tmp_path):
    assert failure(write(tmp_path / "t.csv", "y\n1\n2\n"))[2] == (
        "a fit takes two columns or more: the target, and what explains it"
    )


@pytest.mark.parametrize("order", [1, -1])
def test_pieces_of_a_table_of_which_one_has_the_header(tmp_path, monkeypatch, order):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", "u,v\n1.5,2\n3,4.5\n")
    write(tmp_path / "b.csv", "5.5,6\n7,8.5\n")
    code, message, hint = failure(*["a.csv", "b.csv"][::order])
    assert code == 5
    assert (
        message
        == (
            "b.csv: its first line is data, and that of a.csv is a header",
            "a.csv: its first line is a header, and that of b.csv is data",
        )[order < 0]
    )
    assert hint.endswith(": cat a.csv b.csv > whole.csv, and read whole.csv")
    whole = write(tmp_path / "whole.csv", (tmp_path / "a.csv").read_text() + (tmp_path / "b.csv").read_text())
    assert load(whole).rows == 4


@pytest.mark.parametrize("cell", ["-1.#IND00", "1.#QNAN0", "1.#SNAN0", "-nan(ind)", "+NaN"])
def test_what_c_prints_for_nan_is_missing(tmp_path, cell):
    path = write(tmp_path / "t.csv", f"a,b\n1,2\n{cell},3\n3,4.5\n")
    assert failure(path)[1] == "t.csv: row 2 (line 3), column 'a': the cell is missing"
    assert load(path, na=Missing.DROP).values.tolist() == PLAIN


@pytest.mark.parametrize(
    ("content", "doubted"),
    [
        ("x;y\n25;3\n1.299;4\n31;8\n", "1.299"),
        ("x;y\n3;-2.500\n4;31\n8;900\n", "-2.500"),
        ("25;3\n1.299;4\n31;8\n", "1.299"),
        ("x;y\n1.299;3\n2.500;4\n", None),
        ("x;y\n1.299;3\n1500;4\n", None),
        ("x;y\n1.299;3\n25;4\n31;0.5\n", None),
        ("x;y\n1.299;3\n25;4\n" + "31;5\n" * 200 + "2.25;1\n", None),
        ("x,y\n1.299,3\n25,4\n", None),
        ("x\ty\n1.299\t3\n25\t4\n", None),
    ],
)
def test_points_that_may_group_thousands_between_semicolons_are_in_doubt(tmp_path, caplog, content, doubted):
    path = write(tmp_path / "t.csv", content)
    with caplog.at_level(logging.WARNING, "gdsolve"):
        load(path)
    told = [record.getMessage().removeprefix(f"{tmp_path}/") for record in caplog.records]
    assert told == (
        []
        if doubted is None
        else [
            f"t.csv: {doubted} is read as a number with decimals, and may mean {doubted.replace('.', '')}; "
            "--decimal . reads it so without this warning, --decimal , says how to read the other"
        ]
    )
    caplog.clear()
    load(path, decimal=".")
    assert not caplog.records
    if doubted is not None:
        message, hint = failure(path, decimal=",")[1:]
        assert repr(doubted) in message
        assert hint == f"--decimal . if it means {doubted}; --thousands . if it means {doubted.replace('.', '')}"
