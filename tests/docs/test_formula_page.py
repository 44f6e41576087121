"""docs/guide/formulas.md shows what its commands print today, names every function, and knows what is refused."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from in_process import completed
from places import ROOT
from shown import rounded

from gdsolve.spec.formula_functions import CONSTANTS, FUNCTIONS
from gdsolve.spec.formula_place import checked_formula
from gdsolve.status import GdsolveError

pytest.importorskip("formulaic")

PAGE = ROOT / "docs" / "guide" / "formulas.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
COLUMNS = ("y", "x", "z", "v", "n", "g", "id", "time (s)", "a", "b", "dead", "alive")


def printed(command: str) -> str:
    """What a command prints; gdsolve runs in this process, and what follows a pipe in a shell."""
    words, _, after = command.partition(" | ")
    done = completed(*shlex.split(words)[1:])
    assert done.code == (2 if "error" in done.err else 0), (command, done.err)
    text = done.out or done.err
    if not after:
        return text
    return subprocess.run(["bash", "-c", after], input=text, capture_output=True, text=True, check=True).stdout


def made_anew(text: str) -> str:
    """The page with what its commands print now."""

    def block(match: re.Match[str]) -> str:
        commands = [one.partition("\n")[0] for one in match[1].split("$ ")[1:]]
        return "```console\n" + "".join(f"$ {one}\n{printed(one)}" for one in commands) + "```"

    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for table in (ROOT / "configs").glob("*.csv"):
                shutil.copy(table, folder)
            return BLOCK.sub(block, text)
        finally:
            os.chdir(before)


def test_the_page_shows_what_its_commands_print() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert rounded(made_anew(text)) == rounded(text), "run this file, with PYTHONPATH=tests/support"


def test_the_page_names_every_function() -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = set(re.findall(r"[A-Za-z_]\w*", " ".join(re.findall(r"`([^`]*)`", text))))
    assert {*FUNCTIONS, *CONSTANTS} - told == set()


def rows(title: str) -> list[list[str]]:
    """The cells of the tables of a section, without their heads."""
    section = PAGE.read_text(encoding="utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def formulas(cell: str) -> list[str]:
    return [one.replace("\\|", "|") for one in re.findall(r"`` ?(.+?) ?``|`([^`]+)`", cell) for one in one if one]


def test_what_the_page_says_is_meant_can_be_meant() -> None:
    said = [one for row in rows("What a formula says") for one in formulas(row[0])]
    assert len(said) > 20
    for one in said:
        if not one.startswith("^"):
            term = f"C(g, {one})" if one.startswith("contr") else one
            checked_formula(term if "~" in term else f"y ~ {term}", COLUMNS)


def test_what_the_page_says_is_refused_is_refused() -> None:
    said = [one for row in rows("What is refused") for one in formulas(row[0])]
    assert len(said) > 15
    for one in said:
        formula = one.replace("…", "x") if "~" in one else f"y ~ x + {one}" if "x - z" not in one else f"y ~ {one}"
        with pytest.raises(GdsolveError):
            checked_formula(formula, COLUMNS)


if __name__ == "__main__":
    sys.stdout.write(f"{PAGE}\n")
    PAGE.write_text(made_anew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
