"""Is the first line a header? By the rows below it, and in doubt one warning; flags and names settle it."""

from __future__ import annotations

import logging

import pytest
from data_files import failure, load, write
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.data import open_table
from gdsolve.data.formats.csv.head import head_records
from gdsolve.data.formats.csv.header import HeaderGuess, judge
from gdsolve.spec import Categorical, Header, Loss, Missing, Spec
from gdsolve.spec.file import build_spec
from gdsolve.status import GdsolveError

WORDS = frozenset({"na", "nan", "inf"})
PANDAS = "0,1,2,3\n-1.1,-1.2,0.6,3.4\n-2.2,-0.1,-2.2,-4.3\n0.3,0.5,0.1,1.2\n"
IRIS = (
    "5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.4,0.2,Iris-setosa\n7.0,3.2,4.7,1.4,Iris-versicolor\n"
    "6.4,3.2,4.5,1.5,Iris-versicolor\n5.9,3.0,4.2,1.5,Iris-versicolor\n"
)


def verdict(text: str, delimiter: str = ",", decimal: str = ".") -> HeaderGuess:
    return judge(list(head_records(text, delimiter)), delimiter, decimal, WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "a,b,\n1,2,\n3,4.5,\n",
        "Na,K\n1,2\n2,3\n",
        "name,size\nann,1\nbob,2\n",
        '"a","b"\n1,2\n',
        "first,second\nx,y\nu,v\n",
        "NA,NA\nx,y\n",
        "a,b\n",
        "when,y\n2020-01-01,1\n2020-01-02,2\n",
        ",a,b\n0,1.5,2\n1,2.5,3\n",
    ],
)
def test_names_alone_are_a_header_beyond_doubt(text):
    assert verdict(text) == HeaderGuess(True)


@pytest.mark.parametrize(
    "text",
    [
        "1.5,2\n3,4\n",
        "5,7\n6,9\n8,8\n",
        "1,NA,3\n4,5,6\n",
        "?,2.5,1\n1,2,3\n2,3,5\n",
        "-,2,1\n1,2,3\n2,3,5\n",
        "1,?,1\n1,2,3\n2,3,5\n",
        "#DIV/0!,2,1\n1,2,3\n2,3,5\n",
        ",2.5,1\n3,2,3\n2,3,5\n",
        "3,2.5,\n3,2,3\n2,3,5\n",
        "1999,2003\n2001,2005\n2002,2007\n",
        "10,20,30\n15,22,38\n21,25,44\n",
        "10,20,30,40\n11,21,31,41\n12,22,32,42\n",
        "5,5,5,5\n7,41,2,19\n33,5,48,50\n",
        "0,0,0\n0,1,1\n1,0,1\n1,1,0\n",
        "-1,0,1\n2,3,4\n5,1,9\n",
        '"1.5","2"\n"3","4"\n',
        "1,2,\n3,4.5,\n",
    ],
)
def test_numbers_and_missing_cells_are_data_beyond_doubt(text):
    assert verdict(text) == HeaderGuess(False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (PANDAS, "its numbers run from 0 to 3"),
        ("0,1\n-1.5,2.5\n2.5,0.5\n", "its numbers run from 0 to 1"),
        ("1,2,3\n5,3,1\n7,1,9\n4,4,4\n", "its numbers run from 1 to 3"),
        ("A,1,2\nx,1,2\ny,2,3\n", "its numbers run from 1 to 2"),
        ('"1990","2000","2010"\n1,2,3\n2,3,5\n', "its numbers are in quotes, those below are not"),
        ('"5","7"\n5,7\n6,8\n', "its numbers are in quotes, those below are not"),
        ("1990,1992,2010\n1,2,3\n2,3,5\n", "its numbers may be years"),
        ("country,1990\nNorway,5.4\nSweden,5.9\n", "its numbers may be years"),
        ("id,2019,2020,2021\nA,1.5,2.5,3.5\nB,2,3,4\n", "its numbers are equally far apart"),
        ("id,2019,2020,2021\nA,1950,2025,2100\nB,2030,1990,2004\n", "its numbers are equally far apart"),
        ("1100.5,1101,1101.5\n0.1,0.2,0.3\n0.2,0.1,0.5\n0.2,0.5,0.1\n", "its numbers are equally far apart"),
        ("100,200\n1.5,2.5\n1.7,2.9\n1.1,2.0\n", "its numbers are whole, those below are not"),
        (",5,7\n0,1.5,2\n1,2.5,3\n2,3,3\n", "its first cell is empty, above an index"),
        ("x,10\n1,2\n2,3\n", "a name stands above a column of numbers"),
        ("1100,1102,y\n0.1,0.2,1\n0.2,0.1,2\n", "a name stands above a column of numbers"),
        ("A,5\nB,7\nC,9\n", "its numbers may be names"),
    ],
)
def test_numbers_that_are_names_are_a_header_in_doubt(text, reason):
    assert verdict(text) == HeaderGuess(True, f"for {reason}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (IRIS, "for its texts are of the same kind as those below"),
        ("M,0.455,15\nM,0.35,7\nF,0.53,9\n", "for its texts are of the same kind as those below"),
        ("2020-01-01,1,2\n2020-01-02,2,3\n", "for its texts are of the same kind as those below"),
        ("true,1,2\nfalse,2,3\n", "for its texts are of the same kind as those below"),
        ("M,?\nF,2\nM,3\n", "for its texts are of the same kind as those below"),
        ("I,0.455,15\nM,0.35,7\nF,0.53,9\n", "for its cells are like those below"),
        ("5.1,Iris-setosa\n4.9,Iris-virginica\n7,Iris-versicolor\n", "for its cells are like those below"),
        ("S-001,5\nS-002,7\nS-003,9\n", "for its cells are like those below"),
        ("low,15,15\nhigh,7,9\nmiddle,9,8\n", "for its cells are like those below"),
        ("p,x,s\ne,x,s\np,b,y\n", "for most of its texts come again below"),
        ("1,2\n2,4\n3,6\n", "though its numbers run from 1 to 2"),
        ("1,2\n2,3\n4,5\n", "though its numbers run from 1 to 2"),
        ("1,2,3\n4,5,6\n", "though its numbers run from 1 to 3"),
        ("0,1,2\n3,1,2\n0,1,2\n", "though its numbers run from 0 to 2"),
        ("3,5\n0.5,1.5\n7.5,9.5\n", "though its numbers are whole, those below are not"),
        ("10,25,70\n1,2,1\n2,1,2\n2,2,1\n", "though its numbers are far from those below"),
        ("10,20,30,40\n7,41,2,19\n33,5,48,50\n", "though its numbers are equally far apart"),
        ("0.1,0.2,0.3,0.4\n0.7,-0.1,0.2,0.9\n-0.3,0.5,0.4,0.1\n", "though its numbers are equally far apart"),
    ],
)
def test_a_row_that_may_be_a_header_is_data_in_doubt(text, reason):
    assert verdict(text) == HeaderGuess(False, reason)


def test_decimal_commas_and_other_delimiters_are_judged_alike():
    assert verdict("0;1;2\n1,5;2,5;1,5\n2,5;0,5;7,5\n", ";", ",").is_header
    assert verdict("1,5;2,5\n2,5;0,5\n", ";", ",") == HeaderGuess(False)


NUMBERS = st.floats(-100, 100).map(lambda number: f"{number:.3f}")
TABLES = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(NUMBERS, min_size=width, max_size=width), min_size=3, max_size=8)
)


def csv_of(rows):
    return "".join(",".join(row) + "\n" for row in rows)


@settings(max_examples=examples(40))
@given(TABLES, st.data())
def test_any_names_above_numbers_are_a_header_beyond_doubt(rows, data):
    names = st.from_regex(r"[a-zA-Z][a-z_0-9]{2,8}", fullmatch=True).filter(
        lambda name: name.lower() not in ("inf", "nan", "nil", "missing", "unknown")
    )
    header = data.draw(st.lists(names, min_size=len(rows[0]), max_size=len(rows[0])))
    assert verdict(csv_of([header, *rows])) == HeaderGuess(True)


@settings(max_examples=examples(40))
@given(TABLES, st.sampled_from([0, 1]))
def test_running_numbers_above_decimals_are_a_header_in_doubt(rows, start):
    found = verdict(csv_of([[str(start + place) for place in range(len(rows[0]))], *rows]))
    assert found.is_header
    assert found.doubt is not None


@settings(max_examples=examples(60))
@given(TABLES, st.lists(st.integers(0, 3000).map(str), min_size=5, max_size=5))
def test_a_header_with_numbers_is_never_taken_in_silence(rows, numbers):
    found = verdict(csv_of([numbers[: len(rows[0])], *rows]))
    assert not found.is_header or found.doubt is not None


@settings(max_examples=examples(40))
@given(TABLES, st.sampled_from(["a", "b", "Iris-setosa"]), st.integers(0, 4))
def test_rows_with_a_text_that_comes_again_are_data(rows, text, place):
    assert not verdict(csv_of([[*row[:place], text, *row[place:]] for row in rows])).is_header


@settings(max_examples=examples(25))
@given(TABLES, st.sampled_from(list(Header)), st.booleans())
def test_what_was_said_of_the_first_line_holds(tmp_path_factory, rows, header, running):
    first = [str(place) for place in range(len(rows[0]))] if running else ["a", "b", "c", "d", "e"][: len(rows[0])]
    path = write(tmp_path_factory.getbasetemp() / "t.csv", csv_of([first, *rows]))
    if header is Header.NO and not running:
        assert failure(path, header=header)[1] == "t.csv: row 1 (line 1), column 'x1': 'a' is not a number"
        return
    loaded = load(path, header=header)
    below = [[float(cell) for cell in row] for row in rows]
    if header is Header.NO:
        assert loaded.values.tolist() == [[float(cell) for cell in first], *below]
    else:
        assert [*loaded.roles.features, loaded.roles.target] == first
        assert loaded.values.tolist() == below


def warnings_of(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_header_of_running_numbers_is_one_and_told(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pd.csv").write_text(PANDAS)
    assert load("pd.csv").roles.features == ("0", "1", "2")
    assert warnings_of(caplog) == [
        "pd.csv: the first line, 0,1,2,3, is taken as the header, for its numbers run from 0 to 3; "
        "--header no reads it as data, --header yes as the header without this warning"
    ]
    caplog.clear()
    assert load("pd.csv", header=Header.NO).rows == 4
    assert load("pd.csv", header=Header.YES).rows == 3
    assert warnings_of(caplog) == []


def test_a_first_row_with_a_text_is_data_and_told(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "iris.data").write_text(IRIS)
    loaded = load("iris.data", loss=Loss.LOGISTIC)
    assert (loaded.rows, loaded.roles.target_levels) == (5, ("Iris-setosa", "Iris-versicolor"))
    assert warnings_of(caplog) == [
        "iris.data: the first line, 5.1,3.5,1.4,0.2,Iris-setosa, is taken as data, for its texts are of the same kind "
        "as those below; --header yes reads it as the header, --header no as data without this warning"
    ]


def test_a_missing_mark_in_the_first_row_is_refused_as_in_any_other(tmp_path):
    path = write(tmp_path / "q.data", "?,2.5,1\n1,2,3\n2,3,5\n")
    assert failure(path) == (
        5,
        "q.data: row 1 (line 1), column 'x1': '?' is not a number",
        "--na-values '?' --na drop if it means missing, or --ignore x1",
    )
    assert load(path, na_values=("?",), na=Missing.DROP).rows == 2


@pytest.mark.parametrize(
    "options", [{"target": "5"}, {"features": ("3,5",)}, {"ignore": ("3",)}, {"weight": "7"}, {"features": ("3", "5")}]
)
def test_names_that_a_flag_gives_tell_the_header(tmp_path, caplog, options):
    path = write(tmp_path / "t.csv", "3,5,7\n2,6,8\n4,4,6\n5,1,2\n")
    assert load(path).rows == 4
    assert load(path, **options).rows == 3
    assert warnings_of(caplog) == []


def test_usual_names_that_a_flag_gives_tell_data_where_there_is_doubt(tmp_path, caplog):
    path = write(tmp_path / "t.csv", PANDAS)
    assert load(path, target="x2").rows == 4
    assert warnings_of(caplog) == []
    assert failure(write(tmp_path / "u.csv", "a,b\n1,2\n"), target="x1")[1] == "--target: u.csv has no column 'x1'"


def test_several_files_are_told_once_and_have_the_header_of_the_first(tmp_path, caplog):
    paths = [write(tmp_path / f"{place}.csv", PANDAS) for place in range(3)]
    assert load(*paths).rows == 9
    assert len(warnings_of(caplog)) == 1
    caplog.clear()
    # The second by itself is data.
    named = [write(tmp_path / "a.csv", "x,5,y\n1,2,3\n2,1,9\n"), write(tmp_path / "b.csv", "5,x,y\n4,4,6\n")]
    assert load(*named).values.tolist() == [[1, 2, 3], [2, 1, 9], [4, 4, 6]]
    assert len(warnings_of(caplog)) == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_trailing_delimiter_makes_no_column_of_a_file_without_a_header(tmp_path, ending):
    path = write(tmp_path / "t.csv", "1.5,2,\n3,4.5,\n5,7,\n".replace("\n", ending))
    assert load(path).values.tolist() == [[1.5, 2], [3, 4.5], [5, 7]]


@pytest.mark.parametrize(
    ("given_", "first"),
    [
        ({"header": "yes"}, Header.YES),
        ({"header": True}, Header.YES),
        ({"header": False}, Header.NO),
        ({"no_header": True}, Header.NO),
        ({"no_header": False}, Header.YES),
        ({"header": "auto"}, Header.AUTO),
        ({"header": "auto", "no_header": True}, Header.NO),
        ({"header": "no", "no_header": True}, Header.NO),
        ({}, Header.AUTO),
    ],
)
def test_two_names_say_the_same(given_, first):
    assert build_spec(["t.csv"], given_, "fit").first_line is first


@pytest.mark.parametrize("given_", [{"header": "yes", "no_header": True}, {"header": "no", "no_header": False}])
def test_two_names_that_contradict_are_refused(given_):
    with pytest.raises(GdsolveError) as fault:
        build_spec(["t.csv"], given_, "predict")
    assert int(fault.value.exit_code) == 2
    assert fault.value.message.startswith(f"header: {given_['header']}, and by no_header the first line is ")


@pytest.mark.parametrize(
    ("key", "flags", "first"),
    [
        ("header: yes", {}, Header.YES),
        ("header: false", {}, Header.NO),
        ("no_header: false", {}, Header.YES),
        ("header: yes", {"no_header": True}, Header.NO),
        ("no_header: true", {"header": "yes"}, Header.YES),
    ],
)
def test_a_flag_wins_over_a_key_by_either_name(tmp_path, key, flags, first):
    path = write(tmp_path / "p.yaml", f"data: t.csv\n{key}\n")
    assert build_spec([path], flags, "fit").first_line is first


def test_has_header_and_marks_of_a_table(tmp_path):
    for content, name, expected in (
        ("1,2.5\n2,1.5\n", "h.data", (False, ",", ".")),
        ("a;b\n1;2,5\n", "t.csv", (True, ";", ",")),
        ("a\tb\n1\t2.5\n", "t.tsv", (True, "\t", ".")),
        ('{"a": 1, "b": 2}\n', "t.ndjson", (True, None, None)),
    ):
        with open_table([write(tmp_path / name, content)], Spec(categorical=Categorical.IGNORE)) as table:
            assert (table.has_header, table.marks.delimiter, table.marks.decimal) == expected
