"""docs/guide/tables.md: every command of its sections on workbooks, databases and svmlight runs, in its order."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from in_process import completed
from places import DOCS
from source_tables import duckdb_file, sparse_lines, sqlite_file, workbook

TEXT = (DOCS / "guide" / "tables.md").read_text(encoding="utf-8")
SECTIONS = ("Sheets of Excel", "Queries of databases", "svmlight and libsvm")


def commands(section: str) -> list[str]:
    body = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    draw = np.random.default_rng(3)
    area, rooms, town = draw.integers(30, 150, 20), draw.integers(1, 6, 20), draw.integers(0, 3, 20)
    price = 3 * area + 10 * rooms + draw.integers(0, 20, 20)
    rows = [tuple(row) for row in np.column_stack([area, rooms, town, price]).tolist()]
    names = ("area", "rooms", "town", "price")
    pl.DataFrame(rows, schema=list(names), orient="row").write_parquet(tmp_path / "sold.parquet")
    (tmp_path / "houses.xlsx").write_bytes(workbook({"April": [names, *rows[:12]], "May": [names, *rows[12:]]}))
    sqlite_file(tmp_path / "houses.db", {"sold": [names, *rows]})
    duckdb_file(
        tmp_path / "houses.duckdb",
        f"CREATE TABLE sold AS SELECT * FROM '{tmp_path / 'sold.parquet'}'",
        "CREATE TABLE towns AS SELECT range AS town, 'name ' || range AS name FROM range(3)",
    )
    (tmp_path / "sold.svm").write_text(sparse_lines(rows))
    signs = [(*row[:3], 1 if place % 3 else -1) for place, row in enumerate(rows)]
    (tmp_path / "late.svm").write_text(sparse_lines(signs))
    (tmp_path / "new.svm").write_text("-1 1:40\n+1 2:3 9:1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("section", "count"), list(zip(SECTIONS, (4, 6, 3), strict=True)))
def test_every_command_runs(here: Path, section: str, count: int) -> None:
    shown = commands(section)
    assert len(shown) == count
    for line in shown:
        done = completed(*shlex.split(line)[1:])
        assert (done.code, "error" in done.err) == (0, False), (line, done)


def test_what_the_page_says_of_a_place_is_said(here: Path) -> None:
    rows = [("area", "price"), (50, 1), (60, 2), (70, 2), ("big", 3), (80, 4)]
    Path("houses.xlsx").write_bytes(workbook({"May": [(cells[1], cells[0]) for cells in rows]}))
    message = completed("fit", "houses.xlsx", "--target", "price").err.splitlines()[0].removeprefix("gdsolve: error: ")
    assert f"`{message}`" in TEXT
