"""What a person reads as a number, row names, and files of other makes: read, or told with a command that works."""

from __future__ import annotations

import gzip
import logging
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from data_files import load, write, zstd
from depth import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdsolve.data import describe, open_table
from gdsolve.spec import Categorical, Missing, Spec
from gdsolve.spec.file import build_spec
from gdsolve.status import DataError

ROWS = "a{0}b\n1{0}2\n2{0}3.5\n3{0}{1}\n4{0}5\n5{0}6\n6{0}7\n"
COMMAND = re.compile(r"(?:^|: )((?:sed|awk|gzip|zstd|iconv|tr|tail) .*) \| gdsolve fit -(.*?)(?:$|; )")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(*words):
    """Read a table as `gdsolve fit` does with these words."""
    sources, given_, words = [], {}, list(words)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            sources.append(word)
            continue
        name, stated, value = word[2:].partition("=")
        given_[name.replace("-", "_")] = value if stated else words.pop(0)
    spec = build_spec(sources, given_, "fit")
    return load(*sources, **{name: getattr(spec, name) for name in given_})


def refused(*words):
    with pytest.raises(DataError) as fault:
        read(*words)
    return fault.value


def followed(hint, choice=0, name="t.csv"):
    """What is read where the command of a hint is run, as it is written, or its option is given beside the file."""
    if option := re.search(r"--thousands (?:\"'\"|' '|\S)", hint):
        return read(name, *shlex.split(option[0]))
    command, options = [(found[1], found[2]) for found in COMMAND.finditer(hint)][choice]
    done = subprocess.run(command, shell=True, capture_output=True, check=True)
    assert not done.stderr
    return read(write(Path("piped.csv"), done.stdout), *shlex.split(options))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.299,99", 1299.99),
        ("1.234.567", 1234567.0),
        ("1.234.567.890.123", 1234567890123.0),
        ("1.299.100,5", 1299100.5),
        ("1,299.99", 1299.99),
        ("1,234,567", 1234567.0),
        ("$1.20", 1.2),
        ("$ 1,299.99", 1299.99),
        ("-$5", -5.0),
        ("€5", 5.0),
        ("5,20 €", 5.2),
        ("£1,000", 1000.0),
        ("12%", 12.0),
        ("12,5 %", 12.5),
        ("1 200", 1200.0),
        ("1 200 300", 1200300.0),
        ("1\u00a0200", 1200.0),
        ("1\u202f200,5", 1200.5),
        ("1\u2009200", 1200.0),
        ("1'200'300", 1200300.0),
        ("1\u2019200", 1200.0),
        ("1_000", 1000.0),
        ("\u22125", -5.0),
        ("(1.20)", -1.2),
        ("12 kg", 12.0),
        ("2,5", 2.5),
    ],
)
def test_the_command_of_a_hint_makes_a_number(here, cell, value, delimiter):
    written = f'"{cell}"' if delimiter == "," and "," in cell else cell
    write(here / "t.csv", ROWS.format(delimiter, written))
    fault = refused("t.csv")
    assert fault.message == f"t.csv: row 3 (line 4), column 'b': {cell!r} is not a number"
    values = followed(fault.hint).values
    # Where another decimal mark stands beside it, the others are as they were.
    assert values.tolist() == [[1, 2], [2, 3.5], [3, value], [4, 5], [5, 6], [6, 7]]


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        ("$1.20|$2.30|$4.10", [1.2, 2.3, 4.1]),
        ("12%|20%|4.1%", [12, 20, 4.1]),
        ("1 200|2 300|400", [1200, 2300, 400]),
        ("1 200,5|2 300,25|400", [1200.5, 2300.25, 400]),
        ("€ 1.200,50|€ 2.300,25|€ 400,00", [1200.5, 2300.25, 400]),
        ("$1,299.99|$2,000.00|$15.10", [1299.99, 2000, 15.1]),
        ("2.000,5|4.000,25|1.000,125", [2000.5, 4000.25, 1000.125]),
        ("5 kg|6 kg|7.5 kg", [5, 6, 7.5]),
    ],
)
def test_a_column_of_such_cells_is_text_with_the_same_hint(here, rows, values):
    lines = [f"{place};{cell}\n" for place, cell in enumerate(rows.split("|"))]
    write(here / "t.csv", "a;b\n" + "".join(lines))
    fault = refused("t.csv")
    assert " is text" in fault.message
    assert followed(fault.hint).values[:, 1].tolist() == values


AMBIGUOUS = {
    "utf16.tsv": (
        "Id\tA\tB\n1\t537\t2,288\n2\t325\t1,047\n3\t98\t194\n4\t77\t150\n".encode("utf-16"),
        [2288, 1047, 194, 150],
    ),
    "semi.csv": ("x;y\n10;1,000\n19;2,000\n31;3,000\n40;4,000\n", [1000, 2000, 3000, 4000]),
    "pipe.csv": ("Id|A|B\n1|537|2,288\n2|325|1,047\n3|98|1,194\n4|77|2,150\n", [2288, 1047, 1194, 2150]),
    "pipe.csv.gz": (gzip.compress(b"A|B\n537|2,288\n325|1,047\n98|1,194\n77|2\n"), [2288, 1047, 1194, 2]),
    "unnamed": (zstd(b"A|B\n537|2,288\n325|1,047\n98|1,194\n77|2\n"), [2288, 1047, 1194, 2]),
    "quoted.csv": ('a,b\n1,"2,288"\n2,"1,047"\n3,194\n4,2\n', [2288, 1047, 194, 2]),
    "millions.tsv": ("a\tb\n1\t2,288\n2\t1,047\n3\t1,234,567\n4\t150\n", [2288, 1047, 1234567, 150]),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_commas_that_may_group_thousands_are_asked_about(here, name):
    content, values = AMBIGUOUS[name]
    write(here / name, content)
    fault = refused(name)
    last = fault.message.split("'")[1]
    assert f"column '{last}'" in fault.message
    first = f"{values[0]:,}"
    assert f"{first!r} is" in fault.message
    assert fault.hint.startswith(f"--decimal , if it means {first.replace(',', '.')}; --thousands , if it means")
    assert followed(fault.hint, name=name).values[:, -1].tolist() == values
    if name != "millions.tsv":
        assert read(name, "--decimal", ",").values[0, -1] == values[0] / 1000


@pytest.mark.parametrize(
    "content",
    [
        "a;b\n1;1,125\n2;0,250\n",
        "a;b\n1;1,125\n2;2,25\n",
        "a\tb\n1\t1,125\n2\t,5\n",
        "a|b\n1|1,125\n2|1234,567\n",
        "a;b\n1;1,125\n2;-0,125\n",
        "a;b\n1,5;1,125\n2;2\n",
        "a;b\n1;1,125\n2;1.234,5\n3;2,25\n",
        "a;b\n1;1,125\n2;1.234\n3;2,25\n",
        "a;b\n" + "1;1,125\n" * 200 + "2;2,5\n",
    ],
)
def test_commas_that_are_decimal_beyond_doubt_are_read(here, content):
    write(here / "t.csv", content)
    with open_table(["t.csv"], Spec()) as table:
        assert table.marks.decimal == ","
    if "." not in content:
        assert load("t.csv").values[0, 1] == 1.125
    else:
        assert "1.234" in refused("t.csv").message


@pytest.mark.parametrize(
    "content", ["a;b\n1.5;1,500\n2.5;2,000\n", "a;b\n1;1,500\n2;2,000\n3;10\n", "a;b\n1;2\n3;4.5\n", "a,b\n1,2\n"]
)
def test_else_the_point_is_the_decimal_mark(here, content):
    write(here / "t.csv", content)
    with open_table(["t.csv"], Spec(categorical=Categorical.ONEHOT, target="a")) as table:
        assert table.marks.decimal == "."


GROUPS = st.sampled_from([",", ".", " ", "'", "\u00a0", "\u202f"])


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1000, 10**9), st.sampled_from(["", "05", "5", "875"]), GROUPS, st.sampled_from([",", ";", "\t"]))
def test_any_grouped_number_is_read_as_the_hint_says(here, whole, decimals, group, delimiter):
    mark = "," if group == "." else "."
    cell = f"{whole:,}".replace(",", group) + (f"{mark}{decimals}" if decimals else "")
    written = f'"{cell}"' if delimiter == "," and "," in cell else cell
    write(here / "t.csv", f"a{delimiter}b\n" + f"1{delimiter}{written}\n2{delimiter}7\n" * 2)
    if group == "." and not decimals and cell.count(".") == 1:
        assert load("t.csv").values[0, 1] == whole / 1000
        return
    fault = refused("t.csv")
    assert followed(fault.hint, -1).values[0, 1] == float(f"{whole}.{decimals or 0}")


@pytest.mark.parametrize(
    "cell",
    [
        "-nan",
        "+nan",
        "nan(ind)",
        "-nan(ind)",
        "nan(snan)",
        "-1.#IND",
        "1.#QNAN",
        "1.#SNAN",
        "#NA",
        "#N/A",
        "<NA>",
        "n/a",
    ],
)
def test_every_way_to_write_missing_counts(here, cell):
    for name, row in (("t.csv", f"3,{cell}"), ("t.tsv", f"3\t{cell}")):
        write(here / name, f"a,b\n1,2\n2,3.5\n{row}\n4,5\n5,6\n".replace(",", row[1]))
        assert refused(name).message == f"{name}: row 3 (line 4), column 'b': the cell is missing"
        assert load(name, na=Missing.DROP).rows == 4
    write(here / "x.csv", f"a,b\n1,2\n{cell},3.5\n3,4\n4,5\n")
    assert load("x.csv", na=Missing.MEAN).values[1, 0] == pytest.approx(8 / 3)
    # Whoever names the cells that mean missing, and not this one, has it told.
    write(here / "u.csv", f"a,b\n1,2\n2,3.5\n3,{cell}\n4,5\n")
    assert {column.name: column.missing for column in describe(["u.csv"], Spec()).columns} == {"a": 0, "b": 1}


@pytest.mark.parametrize("cell", ["rotary", "-", "#DIV/0!", "#VALUE!", "1.#INF", "inf", "-inf", "1e999", "."])
def test_a_text_among_numbers_is_named_as_missing_first(here, cell):
    write(here / "t.csv", ROWS.format(",", cell))
    hint = refused("t.csv").hint
    flag = re.fullmatch(r"(--na-values.* --na drop) if it means missing, or --target COLUMN", hint)
    assert flag
    loaded = read("t.csv", *shlex.split(flag[1]))
    assert (loaded.rows, loaded.rows_dropped) == (5, 1)


def test_all_texts_of_a_column_are_named_at_once(here):
    write(here / "t.csv", "a,b\n1,rotary\n2,3\n3,-x\n4,7\n5,V 8\n6,8\n7,9\n8,rotary\n9,10\n")
    hint = refused("t.csv").hint
    assert hint == "--na-values 'rotary,-x,V 8' --na drop if they mean missing, or --target COLUMN"
    assert read("t.csv", "--na-values", "rotary,-x,V 8", "--na", "drop").rows == 5
    # One that was named before is named again.
    assert refused("t.csv", "--na-values", "rotary", "--na", "drop").hint.startswith("--na-values 'rotary,-x,V 8' ")


R = {
    "r.tsv": '"x"\t"z"\t"y"\n"1"\t1.5\t3\t4.1\n"2"\t2.5\t1\t5.2\n"3"\t3.5\t4\t7.9\n"4"\t4.5\t1\t8.8\n',
    "named.tsv": '"x"\t"z"\t"y"\n"a"\t1.5\t3\t4.1\n"b"\t2.5\t1\t5.2\n"c"\t3.5\t4\t7.9\n"d"\t4.5\t1\t8.8\n',
    "bare.tsv": "x\tz\ty\na\t1.5\t3\t4.1\nb\t2.5\t1\t5.2\nc\t3.5\t4\t7.9\nd\t4.5\t1\t8.8\n",
    "numbered.tsv": "x\tz\ty\n1\t1.5\t3\t4.1\n2\t2.5\t1\t5.2\n5\t3.5\t4\t7.9\n9\t4.5\t1\t8.8\n",
    "quoted.csv": '"x","z","y"\n"1",1.5,3,4.1\n"2",2.5,1,5.2\n"3",3.5,4,7.9\n"4",4.5,1,8.8\n',
    "bare.csv": "x,z,y\na,1.5,3,4.1\nb,2.5,1,5.2\nc,3.5,4,7.9\nd,4.5,1,8.8\n",
    "decimal.csv": "x;z;y\na;1,5;3;4,1\nb;2,5;1;5,2\nc;3,5;4;7,9\nd;4,5;1;8,8\n",
    "years.tsv": '"1990"\t"2000"\t"2010"\n"1"\t1.5\t3\t4.1\n"2"\t2.5\t1\t5.2\n"3"\t3.5\t4\t7.9\n"4"\t4.5\t1\t8.8\n',
}
VALUES = [[1.5, 3, 4.1], [2.5, 1, 5.2], [3.5, 4, 7.9], [4.5, 1, 8.8]]


@pytest.mark.parametrize("name", R)
def test_row_names_without_a_name_are_left_out(here, caplog, name):
    write(here / name, R[name])
    loaded = load(name)
    assert loaded.values.tolist() == VALUES
    assert loaded.roles.ignored == ("row_names",)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        f"{name}: rows have one cell more than the header has names; the first cell is taken as a row name; "
        "--header yes reads it so without this warning"
    ]
    assert next((one.name, one.role) for one in describe([name], Spec()).columns) == ("row_names", "ignored")
    assert load(name, ignore=(loaded.roles.features[0],)).values.tolist() == [row[1:] for row in VALUES]


@pytest.mark.parametrize(
    "text",
    [
        R["r.tsv"].replace("\t", " "),
        R["named.tsv"].replace("\t", "   "),
        R["bare.tsv"].replace("\t", "  "),
        "".join(f"  {line}  \n" for line in R["numbered.tsv"].replace("\t", "   ").splitlines()),
        R["named.tsv"].replace("\t", " ").replace(" 3 ", "   3 "),
    ],
)
def test_row_names_between_blanks_are_read(here, text):
    write(here / "r.txt", text)
    assert read("r.txt").values.tolist() == VALUES
    assert read("r.txt", "--delimiter", "blanks").values.tolist() == VALUES


@pytest.mark.parametrize(
    "text", ["x,z,y\n1,1.5,3,4.1\n2,2.5,1,5.2\n", "\nx,z,y\na,1.5,3,4.1\na,2.5,1,5.2\n", "x;z;y\n1,5;1.5;3;4.1\n"]
)
def test_what_may_be_no_row_names_is_told_with_a_name_for_them(here, text):
    write(here / "r.csv", text)
    fault = refused("r.csv")
    line = 2 + text.startswith("\n")
    assert fault.message == f"r.csv: row 1 (line {line}): more fields than the header has (3)"
    loaded = followed(fault.hint.partition("; else ")[0])
    assert (loaded.values[0].tolist(), loaded.roles.ignored) == ([1.5, 3, 4.1], ("row_names",))


@pytest.mark.parametrize("text", ["x,z\n1,2,3,4\n5,6\n", "x,z\n5,6\n1,2,,4\n", "2.5,6\n1,2,,4\n"])
def test_rows_that_are_longer_by_several_cells_are_told(here, text):
    write(here / "t.csv", text)
    assert "more fields than the" in refused("t.csv").message


def test_empty_cells_beyond_the_header_are_no_harm(here):
    write(here / "t.csv", "x,z\n1,2,,,\n5,6,,\n")
    assert load("t.csv").values.tolist() == [[1, 2], [5, 6]]


ARFF = (
    "% a comment\n@RELATION iris\n\n@ATTRIBUTE 'sepal length' REAL\n@attribute \"b,c\" numeric\n@attribute y {1,2}\n"
    "\n@DATA\n5.1,3.5,1\n4.9,?,2\n% more\n6.9,3.5,1\n7.9,3,2\n"
)


@pytest.mark.parametrize("packed", [False, True])
def test_arff_is_made_csv_by_the_hint(here, packed):
    text = ARFF.replace("?", "3").encode()
    write(here / "i.arff", gzip.compress(text) if packed else text)
    fault = refused("i.arff")
    assert fault.message == "i.arff: is an ARFF file, and gdsolve reads CSV"
    loaded = followed(fault.hint)
    assert loaded.roles.features == ("sepal length", "b,c")
    assert loaded.values.tolist() == [[5.1, 3.5, 1], [4.9, 3, 2], [6.9, 3.5, 1], [7.9, 3, 2]]
    write(here / "q.arff", ARFF)
    assert refused("q.arff").hint.endswith(" q.arff | gdsolve fit - --na-values '?'")


def test_times_are_no_svmlight(here):
    write(here / "t.csv", "when y,b\n12:30 1,2\n13:30 2,3\n")
    assert "svmlight" not in refused("t.csv").message


def test_numbers_between_blanks_before_another_delimiter_are_read(here):
    row = '{}.5   8   307.0\t"chevrolet chevelle"\n'
    write(here / "auto.data", "".join(row.format(number) for number in (3, 5, 2, 9)))
    loaded = read("auto.data", "--ignore", "y", "--target", "x1")
    assert loaded.values.tolist() == [[8, 307, number + 0.5] for number in (3, 5, 2, 9)]
