"""docs/guide/scan.md: every command that it shows runs, in the order in which it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from places import DOCS

from gdsolve.cli.main import run

TEXT = (DOCS / "guide" / "scan.md").read_text(encoding="utf-8")
DAYS = ("mon", "tue", "wed")


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_every_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(2)
    for day in DAYS:
        rooms, area, age = draw.integers(1, 8, 40), draw.normal(90, 30, 40), draw.integers(0, 99, 40)
        cells = [rooms, area, age, draw.integers(1, 5, 40), 3 * area - age + draw.normal(0, 9, 40)]
        lines = [",".join(map(str, row)) for row in zip(*cells, strict=True)]
        Path(f"{day}.csv").write_text("rooms,area,age,sold,price\n" + "\n".join(lines) + "\n")
    header, *rows = Path("mon.csv").read_text().splitlines()
    cities = ["city", *(("Rome", "Oslo", "Lima")[place % 3] for place in range(len(rows)))]
    Path("houses.csv").write_text("".join(f"{c},{line}\n" for c, line in zip(cities, [header, *rows], strict=True)))
    told = {}
    for line in commands():
        words = shlex.split(line)
        assert words[0] == "gdsolve"
        assert run(words[1:]) == 0, line
        told[line] = capsys.readouterr().out
    assert len(told) == 12
    assert "week.tri: 120 rows" in _fit("week.tri", capsys)
    assert told["gdsolve fit mon.tri tue.tri"].startswith("data            mon.tri, tue.tri: 80 rows\n")


def _fit(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["fit", name]) == 0
    return capsys.readouterr().out
