"""`check --group-by`: how many groups there are, how many rows they have, and which have too few."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gdsolve
from gdsolve.cli.main import run

ROWS = "g,h,x,y\n" + "".join(f"a,{k % 2},{k},{k * k % 5}\n" for k in range(8)) + "b,0,1,2\nb,0,4,3\n,0,1,1\nc,0,?,2\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text(ROWS)


def test_groups_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "t.csv", "--group-by", "g,h"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "4 groups by g, h: 0 to 4 rows each, the median 3; fitted many at once, in closed form." in told
    assert "1 group has no more rows than the 2 weights (b, 0)." in told
    assert "1 cannot be fitted, for a cell of their own (c, 0)." in told
    assert "1 row has no group." in told
    assert "gdsolve fit t.csv --group-by g,h" in told


def test_a_loss_that_is_asked_about_says_how_groups_are_fitted(capsys: pytest.CaptureFixture[str]) -> None:
    found = gdsolve.check("t.csv", group_by=["g", "h"], loss="huber", delta=1.0).groups
    assert found is not None
    assert (found.keys, found.count, found.least, found.most) == (("g", "h"), 4, 0, 4)
    assert found.reason == "--loss huber has no closed form"
    assert run(["check", "t.csv", "--group-by", "g", "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["groups"]["few"] == ["b"]
    assert [one["role"] for one in record["columns"]] == ["group", "feature", "feature", "target"]
    assert run(["check", "t.csv", "--ignore", "g", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["groups"] is None
