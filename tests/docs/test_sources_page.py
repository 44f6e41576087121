"""docs/guide/tables.md is right about the place that a message names."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import completed
from places import GUIDE
from source_tables import workbook


def test_what_the_page_says_of_a_place_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [("area", "price"), (50, 1), (60, 2), (70, 2), ("big", 3), (80, 4)]
    Path("houses.xlsx").write_bytes(workbook({"May": [(cells[1], cells[0]) for cells in rows]}))
    message = completed("fit", "houses.xlsx", "--target", "price").err.splitlines()[0].removeprefix("gdsolve: error: ")
    assert f"`{message}`" in (GUIDE / "tables.md").read_text(encoding="utf-8")
