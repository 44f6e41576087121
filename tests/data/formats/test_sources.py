"""Workbooks, databases and svmlight: the same table in each gives the same fit, and odd ones are told in one line."""

from __future__ import annotations

import datetime
import json
import sqlite3
import sys
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from in_process import completed
from source_tables import duckdb_file, sparse_lines, sqlite_file, workbook

import gdsolve
from gdsolve.status import DataError

NAMES = ("x1", "x2", "x3", "y")


def table(rows: int = 40) -> list[tuple[float, ...]]:
    """Rows of numbers that all forms write without rounding: multiples of 1/64, some of them 0."""
    rng = np.random.default_rng(7)
    x = np.round(rng.normal(size=(rows, 3)) * 64) / 64 * (rng.random((rows, 3)) < 0.7)
    y = np.round((x @ [1.5, -2.0, 0.25] + 3 + rng.normal(size=rows)) * 64) / 64
    return [tuple(row) for row in np.column_stack([x, y]).tolist()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same table in every form, and a second one for some."""
    made, rows = tmp_path_factory.mktemp("sources"), table()
    frame = pl.DataFrame(rows, schema=list(NAMES), orient="row")
    frame.write_csv(made / "t.csv")
    frame.write_parquet(made / "t.parquet")
    (made / "t.xlsx").write_bytes(workbook({"Data": [NAMES, *rows], "Notes": [["nothing"]]}))
    (made / "placed.xlsx").write_bytes(workbook({"Data": [NAMES, *rows]}, (3, 2)))
    sqlite_file(made / "t.db", {"t": [NAMES, *rows]}, "REAL")
    sqlite_file(made / "two.db", {"t": [NAMES, *rows], "u": [("p", "q"), (1, 2)]})
    duckdb_file(made / "t.duckdb", f"CREATE TABLE t AS SELECT * FROM '{made / 't.parquet'}'")
    (made / "t.svm").write_text(sparse_lines(rows))
    return made


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(folder)
    return folder


SAME = (
    "t.parquet",
    "t.xlsx",
    "t.xlsx?sheet=Data",
    "placed.xlsx",
    "t.db",
    "sqlite:t.db",
    "t.db?table=t",
    "two.db?query=SELECT * FROM t",
    "t.duckdb",
    "duckdb:t.duckdb?query=SELECT x1, x2, x3, y FROM t",
    "duckdb:?query=FROM 't.parquet'",
    "t.svm",
)


@pytest.mark.parametrize("source", SAME)
def test_the_same_table_gives_the_same_fit_to_the_bits(here: Path, source: str) -> None:
    for options in ({}, {"loss": "huber", "max_iter": 30}):
        plain, other = gdsolve.fit("t.csv", **options), gdsolve.fit(source, **options)
        assert other.weights == plain.weights
        assert (other.intercept, other.sse, other.iterations) == (plain.intercept, plain.sse, plain.iterations)


def test_every_verb_reads_them(here: Path) -> None:
    source = "two.db?query=SELECT * FROM t"
    assert completed("fit", "t.csv", "--save", "m.json", "--quiet").code == 0
    for words in (
        ("check", source),
        ("compare", source, "--methods", "gd,nesterov"),
        ("compare-lr", source, "--lr", "0.1,0.2"),
        ("path", source),
        ("scan", source, "-o", "s.tri"),
        ("report", source, "-o", "r.html"),
        ("certify", source, "--weights", "m.json"),
        ("predict", "m.json", source),
        ("score", "m.json", source),
        ("fit", source, "t.svm", "--each", "--format", "csv"),
        ("fit", "t.xlsx", "--group-by", "x2", "--na", "drop", "--format", "csv"),
    ):
        done = completed(*words)
        assert done.code in (0, 3, 5), (words, done)
        assert "fault" not in done.err and (done.code != 5 or "--group-by" in words), (words, done)
    predicted = [
        completed("predict", "m.json", name, "--only").out for name in ("t.csv", "t.svm", "t.xlsx", "t.duckdb")
    ]
    assert len(set(predicted)) == 1


def test_options_specs_and_records_say_what_is_read(here: Path) -> None:
    asked = completed("fit", "two.db", "--query", "SELECT x1, y FROM t", "--format", "json")
    record = json.loads(asked.out)
    assert record["data"]["source"] == ["two.db?query=SELECT x1, y FROM t"]
    (here / "specs").mkdir(exist_ok=True)
    (here / "specs" / "a.yaml").write_text("data: ../two.db\nquery: SELECT x1, y FROM t\n")
    (here / "specs" / "b.yaml").write_text("data: 'sqlite:../two.db?query=SELECT x1, y FROM t'\n")
    (here / "specs" / "c.yaml").write_text("data: ../t.xlsx\nsheet: Data\nfeatures: x1\n")
    for name in "abc":
        found = json.loads(completed("fit", f"specs/{name}.yaml", "--format", "json").out)
        assert found["weights"] == record["weights"]
    assert gdsolve.fit("two.db", query="SELECT x1, y FROM t").weights == record["weights"]
    assert gdsolve.fit("t.xlsx", sheet="Data", features="x1").weights == record["weights"]
    first = completed("fit", "t.xlsx", "--format", "csv")
    assert first.err == (
        "gdsolve: warning: t.xlsx?sheet=Data: the first of 2 sheets is read: Data, Notes; --sheet NAME takes another\n"
    )
    lines = completed("fit", "two.db", "--each", "--query", "SELECT x1, y FROM t", "--format", "json").out.splitlines()
    assert json.loads(lines[0])["data"]["source"] == ["two.db?query=SELECT x1, y FROM t"]


REFUSED = {
    "t.csv?query=SELECT 1": (2, "t.csv is CSV, and queries are for SQLite and DuckDB"),
    "t.db?sheet=x": (2, "t.db is SQLite, and a sheet is for Excel"),
    "duckdb:t.db": (5, "t.db: is SQLite, not DuckDB"),
    "sqlite:?query=SELECT 1": (5, "sqlite:?query=SELECT 1: names no file"),
    "duckdb:?table=t": (5, "duckdb:?table=t: names no file"),
    "nothing.db?table=t": (5, "nothing.db: no such file"),
    "two.db": (5, "two.db: has 2 tables: t, u"),
    "two.db?table=v": (5, "two.db?table=v: there is no table 'v'"),
    "t.db?query=SELECT nope FROM t": (2, "t.db?query=SELECT nope FROM t: no such column: nope"),
    "t.db?query=DELETE FROM t": (2, "t.db?query=DELETE FROM t: would change the database, or open another"),
    "t.db?query=ATTACH 'two.db' AS b": (
        2,
        "t.db?query=ATTACH 'two.db' AS b: would change the database, or open another",
    ),
    "t.db?query=SELECT 1; SELECT 2": (2, "t.db?query=SELECT 1; SELECT 2: is not one query"),
    "t.db?query=": (2, "t.db?query=: is no query that gives rows"),
    "t.db?query=SELECT x1, x'00' AS b, y FROM t": (
        5,
        "t.db?query=SELECT x1, x'00' AS b, y FROM t: column 'b' holds bytes, not numbers",
    ),
    "t.duckdb?query=DELETE FROM t": (2, "t.duckdb?query=DELETE FROM t: would change the database, or its settings"),
    "t.duckdb?query=COPY t TO 'copied.csv'": (
        2,
        "t.duckdb?query=COPY t TO 'copied.csv': would change the database, or its settings",
    ),
    "t.duckdb?query=FROM t; FROM t": (2, "t.duckdb?query=FROM t; FROM t: is not one query"),
    "t.duckdb?query=SELECT [x1] AS l, y FROM t": (
        5,
        "t.duckdb?query=SELECT [x1] AS l, y FROM t: column 'l' holds lists, not numbers",
    ),
    "duckdb:?query=FROM 'nothing.parquet'": (
        5,
        "duckdb:?query=FROM 'nothing.parquet': IO Error: No files found that match the pattern \"nothing.parquet\"",
    ),
    "t.xlsx?sheet=Nowhere": (5, "t.xlsx?sheet=Nowhere: there is no sheet 'Nowhere'"),
}


@pytest.mark.parametrize("source", REFUSED)
def test_what_cannot_be_read_is_told_in_one_line(here: Path, source: str) -> None:
    done = completed("fit", source)
    code, message = REFUSED[source]
    assert done.err.splitlines()[0] == f"gdsolve: error: {message}"
    assert (done.code, done.out, len(done.err.splitlines())) == (code, "", 2)
    assert not (here / "copied.csv").exists()


def test_an_address_is_refused_with_the_command_by_every_verb(here: Path) -> None:
    (here / "m.json").write_text(completed("fit", "t.csv", "--format", "json").out)
    for address in ("https://a.b/t.db?query=SELECT 1", "s3://a/t.xlsx"):
        for words in (
            *((verb, address) for verb in ("fit", "check", "compare", "compare-lr", "path")),
            ("scan", address, "-o", "u.tri"),
            ("report", address, "-o", "u.html"),
            ("certify", address, "--weights", "m.json"),
            ("predict", "m.json", address),
            ("score", "m.json", address),
            ("fit", f"sqlite:{address}"),
        ):
            done = completed(*words)
            assert done.code == 5, (words, done)
            assert "is an address, and gdsolve reads files" in done.err.splitlines()[0]
            assert ("curl -L" in done.err) == address.startswith("https")


# Cells ------------------------------------------------------------------------------------------------------------


def test_cells_of_a_sheet(tmp_path: Path) -> None:
    """Texts that are numbers, formulas by their values, blank rows and columns, and no digit lost beside texts."""
    rows = [
        ("x", None, "c", "y"),
        (0.1 + 0.2, None, "u", 1.5),
        ("7", None, "v", ("=1+1", 2.25)),
        (None, None, None, None),
        ("NA", None, "u", 4),
        (1e-300, None, "v", "3"),
        (True, None, "u", 5),
    ]
    path = tmp_path / "t.xlsx"
    path.write_bytes(workbook({"Data": rows}))
    (tmp_path / "t.csv").write_text("x,c,y\n0.30000000000000004,u,1.5\n7,v,2.25\nNA,u,4\n1e-300,v,3\ntrue,u,5\n")
    options = {"na": "drop", "categorical": "onehot"}
    found, plain = (gdsolve.fit(str(tmp_path / name), **options) for name in ("t.xlsx", "t.csv"))
    assert found.weights == plain.weights
    assert (found.data.rows, found.data.rows_dropped) == (4, 1)


def test_places_are_those_that_excel_shows(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    for cell, fault in (
        ("abc", "'abc' is not a number"),
        (None, "the cell is missing"),
        (("=1/0", "#DIV/0!"), "'#DIV/0!' is not a number"),
    ):
        path.write_bytes(workbook({"Data": [("x", "y"), (1, 2), (None, None), (2, cell), (4, 3), (5, 1)]}, (2, 1)))
        with pytest.raises(DataError) as caught:
            gdsolve.fit(str(path))
        assert caught.value.message == f"{path}: row 2 (cell C6), column 'y': {fault}"
        with pytest.raises(DataError) as caught:
            gdsolve.fit(str(path), where="x > 1")
        assert caught.value.message == f"{path}: row 2 (cell C6), column 'y': {fault}"


def test_a_sheet_of_numbers_has_no_header_and_dates_are_dates(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(workbook({"Data": [(1, 2), (2, 3), (3, 5)]}))
    assert list(gdsolve.fit(str(path)).weights) == ["x1"]
    path.write_bytes(workbook({"Data": [(2019, "2020"), (1, 2), (2, 3), (3, 5)]}))
    assert list(gdsolve.fit(str(path)).weights) == ["x1"]
    assert list(gdsolve.fit(str(path), header="yes").weights) == ["2019"]
    path.write_bytes(workbook({"Data": [("d", "y"), *((datetime.datetime(2020, 1, day), day) for day in (1, 2, 4))]}))
    with pytest.raises(DataError, match=r"row 1 \(cell A2\), column 'd': '2020-01-01 00:00:00' is a date"):
        gdsolve.fit(str(path))


def test_sheets_of_libreoffice(tmp_path: Path) -> None:
    def cell(value: object) -> str:
        number = f'"float" office:value="{value}"' if isinstance(value, float) else '"string"'
        return f"<table:table-cell office:value-type={number}><text:p>{value}</text:p></table:table-cell>"

    rows = [("x", "y"), (1.5, 2.25), (2.5, 3.0), (0.125, 7.0)]
    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    path = tmp_path / "t.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content{names}><office:body><office:spreadsheet><table:table table:name='Data'>{lines}"
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    (tmp_path / "t.csv").write_text("x,y\n1.5,2.25\n2.5,3\n0.125,7\n")
    found, plain = (gdsolve.fit(str(tmp_path / name)) for name in ("t.ods", "t.csv"))
    assert (found.weights, found.intercept) == (plain.weights, plain.intercept)


def test_cells_of_sqlite_tell_what_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `sqlite3 .import` writes them, all texts; NULL is missing; a column widens where later rows need it."""
    monkeypatch.setattr("gdsolve.data.formats.sqlite.database.ROWS", 2)
    rows = [
        ("x", "c", "y"),
        ("1", "u", 1),
        (2, "v", 2.5),
        (None, "u", 3),
        (4.5, "v", None),
        ("NA", "u", 3),
        (5, "v", 4),
    ]
    path = sqlite_file(tmp_path / "t.db", {"t": rows})
    (tmp_path / "t.csv").write_text("x,c,y\n1,u,1\n2,v,2.5\n,u,3\n4.5,v,\nNA,u,3\n5,v,4\n")
    options = {"na": "drop", "categorical": "onehot"}
    found, plain = (gdsolve.fit(str(tmp_path / name), **options) for name in ("t.db", "t.csv"))
    assert (found.weights, found.data.rows, found.data.rows_dropped) == (plain.weights, 3, 3)
    with pytest.raises(DataError) as caught:
        gdsolve.fit(f"{path}?query=SELECT CASE x WHEN 5 THEN 'odd' ELSE x END AS x, y FROM t WHERE y > 0", na="drop")
    assert caught.value.message.endswith(": row 5, column 'x': 'odd' is not a number")


def test_types_of_duckdb(tmp_path: Path) -> None:
    path = duckdb_file(
        tmp_path / "t.duckdb",
        "CREATE TABLE t AS SELECT range::HUGEINT AS h, (range * 0.25)::DECIMAL(10, 2) AS d, range % 2 = 0 AS b, "
        "CASE WHEN range = 3 THEN NULL ELSE range * range END AS y, DATE '2020-01-01' AS day FROM range(6)",
    )
    found = gdsolve.fit(str(path), features="h,b", na="drop")
    assert (list(found.weights), found.data.rows, found.data.rows_dropped) == (["h", "b"], 5, 1)
    assert gdsolve.fit(f"{path}?query=SELECT d, y FROM t", na="drop").weights["d"] == pytest.approx(
        4 * gdsolve.fit(f"{path}?query=SELECT h, y FROM t", na="drop").weights["h"]
    )
    with pytest.raises(DataError, match="row 1, column 'day': '2020-01-01' is a date"):
        gdsolve.fit(str(path), na="drop")


# svmlight ---------------------------------------------------------------------------------------------------------


def test_svmlight_is_read_as_scikit_learn_reads_it(tmp_path: Path) -> None:
    from sklearn.datasets import dump_svmlight_file, load_svmlight_file

    rng = np.random.default_rng(1)
    X = np.round(rng.normal(size=(30, 9)), 3) * (rng.random((30, 9)) < 0.4)
    X[:, 8] = 0.0
    X[4, 8] = 1.5
    for zero_based in (False, True):
        path = tmp_path / f"t{int(zero_based)}.svm"
        dump_svmlight_file(X, X @ np.arange(9.0), str(path), zero_based=zero_based, comment="made by a test")
        with path.open("rb") as file:
            known, y = load_svmlight_file(file, zero_based=zero_based)
        names = [f"x{place}" for place in range(0 if zero_based else 1, 9 if zero_based else 10)]
        found = gdsolve.fit(str(path))
        plain = gdsolve.fit(pl.DataFrame(known.toarray(), schema=names, orient="row"), y)
        assert found.weights == plain.weights
        assert found.intercept == plain.intercept


def test_signs_are_classes_and_rows_may_name_fewer_features(tmp_path: Path) -> None:
    rows = [(1, 0, 0, 1), (0, 1, 0, -1), (1, 1, 0, 1), (0, 0, 1, -1), (1, 0, 1, -1), (0, 1, 1, 1)]
    train, other = tmp_path / "t.svm", tmp_path / "new.svm"
    train.write_text(sparse_lines(rows))
    (tmp_path / "t.csv").write_text("x1,x2,x3,y\n" + "".join(f"{a},{b},{c},{max(y, 0)}\n" for a, b, c, y in rows))
    model, plain = (gdsolve.fit(str(tmp_path / name), loss="logistic", ridge=1) for name in ("t.svm", "t.csv"))
    assert model.weights == plain.weights
    other.write_text("-1 1:1\n+1 # none\n-1 2:1 9:4\n")
    expected = gdsolve.predict(plain, np.array([[1.0, 0, 0], [0, 0, 0], [0, 1, 0]]))
    assert np.array_equal(gdsolve.predict(model, str(other)), expected)
    other.write_text("-1 1:1\n+1 # none\n")
    assert np.array_equal(gdsolve.predict(model, str(other)), expected[:2])
    assert gdsolve.score(model, str(other)).rows == 2


ODD_LINES = {
    "1 1:2\n\n# none\n1,2 3:4\n": "row 2 (line 4): has several labels, 1,2",
    "1 1:2\n2 3:4 2:5\n": "row 2 (line 2): indices do not increase within a line: 2 3:4 2:5",
    "1 1:2\n2 3:4 x:5\n": "row 2 (line 2): a line is no label with pairs INDEX:VALUE: 2 3:4 x:5",
    "1 1:2\n2 3:4 5:abc\n": "row 2 (line 2): a label or a value is no number: 2 3:4 5:abc",
    "1 1:2\ntwo 3:4\n": "row 2 (line 2): a label or a value is no number: two 3:4",
    "1 1:2\n3:4 5:6\n": "row 2 (line 2): a line is no label with pairs INDEX:VALUE: 3:4 5:6",
    "1\n2\n": "no row has a feature",
}


@pytest.mark.parametrize("text", ODD_LINES)
def test_a_line_that_is_no_row_is_told_by_its_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.svm"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        gdsolve.fit(str(path))
    assert caught.value.message == f"{path}: {ODD_LINES[text]}"


def test_too_many_features_are_refused_before_they_take_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.svm"
    path.write_text("1 1:2\n2 4000000000:1\n")
    with pytest.raises(DataError, match=r"has 4,000,000,000 features, which take 32.8 TB as columns, and .* are free"):
        gdsolve.fit(str(path))


# Hostile files ----------------------------------------------------------------------------------------------------


def test_damaged_and_swollen_workbooks(tmp_path: Path) -> None:
    whole, path = workbook({"Data": [("x", "y"), *((place, place * 2.5) for place in range(99))]}), tmp_path / "t.xlsx"
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 0xFF
    for content, message in (
        (whole[: len(whole) // 2], "is a damaged workbook (it is cut off)"),
        (bytes(flipped), "is a damaged workbook (Bad CRC-32 for file"),
        (b"x,y\n1,2\n", "is not an Excel file"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError) as caught:
            gdsolve.fit(str(path))
        assert caught.value.message.startswith(f"{path}: {message}")
    # Two cells, a world apart.
    path.write_bytes(workbook({"Data": [("x",)]}))
    with zipfile.ZipFile(path) as archive:
        parts = {member: archive.read(member) for member in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(
        b"</row>", b'</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in parts.items():
            archive.writestr(member, content)
    with pytest.raises(DataError, match=r"takes 2.06 TB of memory to read, and .* are free"):
        gdsolve.fit(str(path))
    # A terabyte of blanks, as its directory says.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<x/>")
        archive.infolist()[0].file_size = 1 << 40
    with pytest.raises(DataError, match=r"takes 4.4 TB of memory to read, and .* are free"):
        gdsolve.fit(str(path))


def test_files_that_are_no_databases_and_ones_that_are_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdsolve.data.formats.sqlite.database.PATIENCE", 0.05)
    path = tmp_path / "t.db"
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)
    with pytest.raises(DataError, match="file is not a database"):
        gdsolve.fit(str(path))
    path.write_text("x,y\n1,2\n")
    with pytest.raises(DataError, match="is not a SQLite file"):
        gdsolve.fit(str(path))
    path.unlink()
    sqlite_file(path, {"t": [("x", "y"), (1, 2), (2, 3), (3, 5)]})
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataError, match="database is locked"):
        gdsolve.fit(str(path))
    holder.close()
    assert gdsolve.fit(str(path)).data.rows == 3
    wrong = tmp_path / "t.duckdb"
    wrong.write_bytes(bytes(8) + b"DUCK" + bytes(4096))
    with pytest.raises(DataError):
        gdsolve.fit(str(wrong))


def test_streams_and_packed_files(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip
    import io

    plain = gdsolve.fit("t.csv").weights
    for name in ("t.xlsx", "t.db", "t.duckdb", "t.svm"):
        content = Path(name).read_bytes()
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content, 1))
        assert gdsolve.fit(str(tmp_path / f"{name}.gz")).weights == plain, name
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert json.loads(completed("fit", "-", "--format", "json").out)["weights"] == plain, name
