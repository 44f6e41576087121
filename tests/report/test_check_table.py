"""What `check` leaves out so that its answer fits one screen, and what it remarks of a column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest

from gdsolve.report import check_table
from gdsolve.report.check_table import CUTS, LEAST, SCREEN, _Cut, _fitting, _remark
from gdsolve.report.page import View, page_for


def height(record: dict[str, Any], cut: _Cut) -> int:
    """Lines of an answer with 5 of a hint, 3 of roles, 4 of notes, and one for each finding and column."""
    findings = min(record["findings"], record["findings"] if cut.findings is None else cut.findings)
    columns = len(record["columns"]) if cut.columns is None else cut.columns
    return record["rest"] + 5 * cut.hint + 3 * cut.roles + 4 * cut.notes + findings + columns


def cuts(count: int) -> Iterator[_Cut]:
    """All ways to leave something out, the least of it first."""
    yield from CUTS[:4] if count <= SCREEN else ()
    for cut in CUTS[:9]:
        yield from (replace(cut, columns=most) for most in range(min(count, SCREEN), min(count, LEAST) - 1, -1))
    yield from (replace(cut, columns=0) for cut in CUTS)


@pytest.mark.parametrize("count", [0, 1, LEAST, LEAST + 1, 12, SCREEN, SCREEN + 1, 500])
def test_as_little_is_left_out_as_can_be(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_table, "_lines", lambda page, record, view, cut: height(record, cut))
    page = page_for(StringIO())
    for rest in range(0, SCREEN + 3):
        for findings in (0, 7, 20):
            record = {"columns": [{}] * count, "rest": rest, "findings": findings}
            fits = [cut for cut in cuts(count) if height(record, cut) <= SCREEN]
            least = fits[0] if fits else replace(CUTS[-1], columns=0)
            assert _fitting(page, record, View()) == least, (rest, findings)


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        ({}, ""),
        ({"constant": True}, "constant"),
        ({"type": "text", "minimum": None, "levels": 1}, "1 level"),
        ({"type": "text", "minimum": None, "levels": 3, "missing": 2, "duplicate_of": "b"}, "same as b, 3 levels"),
        ({"type": "text", "minimum": None, "levels": 0, "missing": 2}, "empty, 0 levels"),
        ({"minimum": None, "missing": 5, "constant": True}, "empty"),
        ({"type": "boolean", "minimum": None, "missing": 5}, "empty"),
        ({"minimum": None}, ""),
        ({"minimum": 1.0, "missing": 5}, ""),
    ],
)
def test_what_stands_out_of_a_column(change: dict[str, Any], remark: str) -> None:
    column = {"minimum": 0.0, "type": "number", "missing": 0, "levels": None, "constant": False, "duplicate_of": None}
    assert _remark(column | change) == remark
