"""Records of CSV as long as they come, with line breaks in quotes: whatever csv.writer writes is read as it is."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest
from data_files import failure, load, write, zstd
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.data import files, open_table, pieces
from gdsolve.data.formats import text
from gdsolve.data.predict import predict_csv
from gdsolve.spec import Missing, Spec

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
TEXTS = st.text(alphabet='ab,;\t|" \né', max_size=12) | st.just('5" pipe\n') | st.just("x" * 70)


def small(stack: ExitStack, size: int) -> None:
    """Have files judged and cut by so few bytes that every seam is met."""
    stack.enter_context(patch.object(files, "HEAD", size))
    stack.enter_context(patch.object(pieces, "_BLOCK", size))
    stack.enter_context(patch.object(pieces, "_AHEAD", size))
    stack.enter_context(patch.object(text, "_SAMPLE", size))
    stack.enter_context(patch("gdsolve.data.first_rows.AT_HAND", size // 4))
    stack.enter_context(patch.object(text, "_LINES", 2))


@st.composite
def tables(draw):
    texts = draw(st.integers(1, 3))
    row = st.tuples(*[TEXTS] * texts, NUMBERS, NUMBERS)
    header = [f"t{place}" + draw(st.sampled_from(["", "\n", ' "q"', ",;"])) for place in range(texts)]
    return [*header, "x", "y"], draw(st.lists(row, min_size=1, max_size=8))


DIALECTS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from(",;\t|"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
    }
)


@settings(deadline=None, max_examples=examples(200))
@given(
    table=tables(),
    dialect=DIALECTS,
    encoding=st.sampled_from(["utf-8", "latin-1", "utf-16"]),
    pack=st.sampled_from([bytes, gzip.compress, zstd]),
    size=st.integers(1, 200),
)
def test_whatever_python_writes_is_read(table, dialect, encoding, pack, size):
    header, rows = table
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows([header, *rows])
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        small(stack, size)
        ending = {gzip.compress: ".gz", zstd: ".zst"}.get(pack, "")
        path = write(Path(folder) / f"t.csv{ending}", pack(text.getvalue().encode(encoding)))
        options = {
            "delimiter": dialect["delimiter"],
            "decimal": ".",
            "encoding": encoding,
            "target": "y",
            "features": ("x",),
        }
        loaded = load(path, **options)
        assert loaded.values.tolist() == [[x, y] for *_, x, y in rows]
        with open_table([path], Spec(**options)) as opened:
            assert list(opened.roles.ignored) == [name.strip() for name in header[:-2]]


NOTE = '{0},"line1 of {0},\nline ""2""\n\r\nend",{1}\n'


def notes(count: int, last: str = "") -> str:
    return "x,t,y\n" + "".join(NOTE.format(row, 2 * row) for row in range(count)) + last


@pytest.mark.parametrize("count", [5, 9_000, 200_000])
def test_line_breaks_in_quotes_at_any_size(tmp_path, count):
    loaded = load(write(tmp_path / "notes.csv", notes(count)), ignore=("t",))
    assert loaded.values[:, 1].tolist() == [2.0 * row for row in range(count)]
    assert loaded.rows == count


@pytest.mark.parametrize("count", [3, 9_000])
def test_the_row_of_an_odd_cell_below_line_breaks_is_named(tmp_path, count):
    path = write(tmp_path / "notes.csv", notes(count, "bad,t,1\n7,t,14\n"))
    told = f"notes.csv: row {count + 1} (line {4 * count + 2}), column 'x': 'bad' is not a number"
    assert failure(path, ignore=("t",))[:2] == (5, told)


@pytest.mark.parametrize(
    ("pack", "columns", "cell"), [(bytes, 4_000, "{}." + "0" * 70), (gzip.compress, 50, "{}"), (zstd, 50, "{}")]
)
def test_rows_longer_than_what_a_table_is_judged_by(tmp_path, pack, columns, cell):
    rows = [f"s{row}," + ",".join([cell.format(row)] * columns) + f",{3 * row}" for row in (1, 2, 3, 4)]
    text = ",".join(["sample", *(f"GENE{place:05}" for place in range(columns)), "y"]) + "\n" + "\n".join(rows)
    ending = {gzip.compress: ".gz", zstd: ".zst"}.get(pack, "")
    path = write(tmp_path / f"genes.csv{ending}", pack(text.encode()))
    with ExitStack() as stack:
        if columns < 100:
            small(stack, 10)
        assert load(path, features=("GENE00007",)).values.tolist() == [[row, 3 * row] for row in (1, 2, 3, 4)]
        told = f"genes.csv{ending}: row 1 (line 2), column 'sample': 's1' is text"
        assert failure(path, features=("sample",))[1] == told


@pytest.mark.parametrize("length", [300_000, 5_000_000])
@pytest.mark.parametrize("mark", ["", '"'])
def test_a_first_cell_longer_than_what_a_table_is_judged_by(tmp_path, length, mark):
    cell = mark + "POLYGON " + "1 2 " * (length // 4) + mark
    rows = f"{cell},0,0\nb,1,2\nc,2,4.1\n"
    assert load(write(tmp_path / "t.csv", f"t,x,y\n{rows}"), ignore=("t",)).values.tolist() == [
        [0, 0],
        [1, 2],
        [2, 4.1],
    ]
    told = failure(write(tmp_path / "u.csv", f"t,x,y\n{rows}d,e,1\n"), ignore=("t",))[1]
    assert told == "u.csv: row 4 (line 5), column 'x': 'e' is not a number"
    shown = failure(write(tmp_path / "t.csv", f"t,x,y\n{rows}"), features=("t",))[1]
    assert shown == "t.csv: row 1 (line 2), column 't': 'POLYGON 1 2 1 2 1 2 1 2 1 2 1 2 1 2 1 2 …' is text"


def test_a_long_first_cell_says_no_less_of_decimals(tmp_path):
    path = write(tmp_path / "t.csv", "t;x;y\n" + "a" * 300_000 + ";0,5;1\nb;1,5;3\n")
    assert load(path, ignore=("t",)).values.tolist() == [[0.5, 1], [1.5, 3]]


def test_a_long_header(tmp_path):
    names = [f'"a name\nof {place} ' + "x" * 1000 + '"' for place in range(3000)]
    text = ",".join([*names, "y"]) + "\n" + "\n".join(",".join([str(row)] * 3000 + [str(2 * row)]) for row in range(5))
    loaded = load(write(tmp_path / "t.csv", text), features=("a name\nof 7 " + "x" * 1000,))
    assert loaded.values.tolist() == [[row, 2 * row] for row in range(5)]
    short = write(tmp_path / "u.csv", 'a,"b\nc",y\n1,2,3\n4,5,x\n7,8,9\n')
    assert failure(short)[1] == "u.csv: row 2 (line 4), column 'y': 'x' is not a number"
    assert load(short, features=("b\nc",), na=Missing.DROP, na_values=("x",)).values.tolist() == [[2, 3], [8, 9]]


@pytest.mark.parametrize("name", ["t.csv", "-"])
def test_line_breaks_in_quotes_through_a_pipe(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "t.csv", notes(9_000))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((tmp_path / "t.csv").read_bytes())))
    loaded = load(name, ignore=("t",))
    assert (loaded.rows, loaded.values[-1].tolist()) == (9_000, [8999, 17998])


def test_line_feeds_in_cells_of_lines_that_end_with_returns(tmp_path):
    rows = "".join(f'{row},"a\nb",{2 * row}\r' for row in range(40_000))
    loaded = load(write(tmp_path / "t.csv", f"x,t,y\r{rows}"), ignore=("t",))
    assert loaded.values[:, 1].tolist() == [2.0 * row for row in range(40_000)]


def test_predictions_beside_line_breaks(tmp_path):
    path = write(tmp_path / "t.csv", notes(9_000))
    out = io.StringIO()
    counts = predict_csv([path], Spec(), {"data": {"features": ["x"]}, "weights": {"x": 2.0}, "intercept": 1.0}, out)
    written = list(csv.reader(io.StringIO(out.getvalue())))
    assert (counts.rows, len(written), {len(row) for row in written}) == (9_000, 9_001, {4})
    assert written[7][:2] == ["6", 'line1 of 6,\nline "2"\n\r\nend']
    assert [float(row[3]) for row in written[1:]] == [2.0 * row + 1 for row in range(9_000)]


def test_what_is_said_of_no_rows(tmp_path):
    assert failure(write(tmp_path / "t.csv", "a,y\n"))[1] == "t.csv: has a header but no rows"
    assert failure(write(tmp_path / "t.csv", "a,y\n\n  \n"))[1] == "t.csv: has no rows"
