"""docs/guide/prediction.md shows what its commands print today."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from places import ROOT
from shown import rounded

from gdsolve.cli.main import run

PAGE = ROOT / "docs" / "guide" / "prediction.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)


def shown() -> list[tuple[str, str]]:
    """Every command of the page, with what stands below it."""
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    return [(one.partition("\n")[0], one.partition("\n")[2]) for block in blocks for one in block.split("$ ")[1:]]


def printed(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a command prints; gdsolve runs in this process, and what follows a pipe in a shell."""
    words, _, after = command.partition(" | ")
    words, _, file = words.partition(" > ")
    assert run(words.split()[1:]) == 0, command
    text = capsys.readouterr().out
    if file:
        Path(file).write_text(text)
        return ""
    if not after:
        return text
    return subprocess.run(["bash", "-c", after], input=text, capture_output=True, text=True, check=True).stdout


def test_the_page_shows_what_its_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for table in (ROOT / "configs").glob("*.csv"):
        shutil.copy(table, tmp_path)
    commands = shown()
    assert len(commands) == 7
    for command, expected in commands:
        assert rounded(printed(command, capsys)) == rounded(expected), command
