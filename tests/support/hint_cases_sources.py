"""Cases of `hints`: workbooks, databases and svmlight."""

from __future__ import annotations

import sqlite3
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

from hints import Case
from source_tables import Rows, duckdb_file, sqlite_file, workbook

GOOD: Rows = [("x", "y"), (1, 2), (3, 4), (4, 6)]
SVM = "2 1:1\n4 1:3\n6 1:4\n"


def _database(**tables: Rows) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return sqlite_file(Path(folder) / "t.db", tables).read_bytes()


def _empty() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.db"
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 1")
        connection.close()
        return path.read_bytes()


def _duckdb(*statements: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return duckdb_file(Path(folder) / "t.duckdb", *statements).read_bytes()


def _swollen() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<x/>")
        archive.infolist()[0].file_size = 1 << 50
    return file.getvalue()


def _member() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", b"<x/>")
    return file.getvalue()


ONE, TWO = _database(t=GOOD), _database(t=GOOD, u=GOOD)
BOOK = workbook({"Data": GOOD, "Empty": []})
DUCK = _duckdb("CREATE TABLE t AS SELECT range AS x, range * range + 1 AS y FROM range(4)")
CSV = "x,y\n1,2\n3,4\n4,6\n"
SELECT = "fit 't.db?query=SELECT x, y FROM t'"

NAMED = [
    Case(
        "fit t.db --query 'SELECT 1' --sheet Data",
        {"t.db": ONE},
        {"give one of them": "fit t.db --query 'SELECT x, y FROM t'"},
    ),
    Case("fit 't.db?table=t' --query 'SELECT x FROM t'", {"t.db": ONE}),
    Case("fit 'sqlite:?query=SELECT 1'", {"t.db": ONE}, {"write sqlite:FILE": "fit sqlite:t.db"}),
    Case("fit duckdb:t.db", {"t.db": ONE}, {"leave duckdb: out": "fit t.db"}),
    Case("fit t.csv --query 'SELECT 1'", {"t.csv": CSV}, {"leave the query out": "fit t.csv"}),
    Case("fit t.db --header no", {"t.db": ONE}),
    Case("fit t.xlsx", {"t.xlsx": BOOK}, {"--sheet NAME": "fit t.xlsx --sheet Data"}, notice="the first of 2 sheets"),
]

QUERIES = [
    Case("fit 't.db?table=v'", {"t.db": ONE}, {"tables: t": "fit 't.db?table=t'"}),
    Case("fit 't.db?table=v'", {"t.db": _empty()}, {"no tables": {"t.db": _database(v=GOOD)}}),
    Case("fit t.db", {"t.db": _empty()}, {"with a table in it": {"t.db": ONE}}),
    Case("fit t.db", {"t.db": TWO}, {"name one": "fit 't.db?table=t'"}),
    Case("fit t.db", {"t.db": TWO}, {"or give --query": "fit t.db --query 'SELECT * FROM t'"}),
    Case("fit 't.db?query=SELECT z FROM t'", {"t.db": ONE}, {"check the query; tables: t": SELECT}),
    Case("fit t.db", {"t.db": ONE[:100] + b"\xff" * 2000}, {"check the file": {"t.db": ONE}}),
    *(
        Case(f"fit 't.db?query={query}'", {"t.db": ONE}, {"give one SELECT": SELECT})
        for query in ("", "DELETE FROM t", "SELECT 1; SELECT 2")
    ),
    *(
        Case(f"fit 't.duckdb?query={query}'", {"t.duckdb": DUCK}, {"give one SELECT": "fit t.duckdb"})
        for query in ("DELETE FROM t", "FROM t; FROM t")
    ),
    Case(
        "fit \"duckdb:?query=FROM 'u.csv'\"",
        {"t.csv": CSV},
        {"the file that it reads": "fit \"duckdb:?query=FROM 't.csv'\""},
    ),
]

SHEETS = [
    Case("fit 't.xlsx?sheet=data'", {"t.xlsx": BOOK}, {"sheets: Data": "fit 't.xlsx?sheet=Data'"}),
    Case("fit 't.xlsx?sheet=Empty'", {"t.xlsx": BOOK}, {"sheets: Data": "fit 't.xlsx?sheet=Data'"}),
    *(
        Case("fit t.xlsx --sheet Data", {"t.xlsx": content}, {words: {"t.xlsx": BOOK}})
        for content, words in (
            (BOOK[:2000], "save it again"),
            (_member(), "save it again"),
            (_swollen(), "delete the cells that are far off"),
        )
    ),
]

SPARSE = [
    Case("fit t.svm", {"t.svm": text}, {words: {"t.svm": SVM}})
    for text, words in (
        ("1\n2\n", "a row is LABEL INDEX:VALUE"),
        ("1 1:2\n2 2:1 1:3\n", "a row is LABEL INDEX:VALUE"),
        ("1,2 1:2\n", "a row has one label"),
        ("1 1:2\n2 4000000000:1\n", "number the features from 1 without gaps"),
    )
]

CASES = [*NAMED, *QUERIES, *SHEETS, *SPARSE]
