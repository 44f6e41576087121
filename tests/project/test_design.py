"""docs/design.md and CONTRIBUTING.md speak of what is there: files, folders in their order, losses, commits."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from house import HOUSE, ORDER
from places import ROOT

from gdsolve.spec import Loss
from gdsolve.spec.choices import Engine

DESIGN = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`\n]+)`")
OURS = ("gdsolve/", "tests/", "docs/", "configs/", "benchmarks/", ".ci/")
CITED = re.compile(r'docs/design\.md,\s+(?:section (\d)|"([^"]+)")(?:,\s+"([^"]+)")?')


def section(title: str) -> str:
    """What stands under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", DESIGN, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def rows(table: str) -> list[list[str]]:
    """The rows of the tables in a text, cell by cell, without heads and rules."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    heads = {place for place, line in enumerate(lines) if set(line) <= set("|-: ")}
    kept = [line for place, line in enumerate(lines) if place not in heads and place + 1 not in heads]
    return [[cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in kept]


def solve_files() -> list[str]:
    return re.findall(r"`(\w+\.py)`", section("The files of `solve/`"))


@pytest.mark.parametrize("text", [DESIGN, CONTRIBUTING], ids=["design", "contributing"])
def test_every_path_that_is_named_exists(text: str) -> None:
    named = {code for code in CODE.findall(text) if code.startswith(OURS) and "NAME" not in code}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []
    files = {path.name for path in (*HOUSE.rglob("*.py"), *ROOT.glob("*.py"))}
    bare = {code for code in CODE.findall(text) if re.fullmatch(r"\w+\.py", code)}
    assert sorted(bare - files) == []


def test_the_folders_stand_in_the_order_that_imports_keep() -> None:
    told = tuple(tuple(CODE.findall(first)) for first, _ in rows(section("The folders, in their order")))
    assert told == ORDER


def test_every_file_of_solve_has_one_place() -> None:
    there = sorted(path.name for path in (HOUSE / "solve").glob("*.py") if path.name != "__init__.py")
    assert sorted(solve_files()) == there


def test_what_is_said_to_come_before_torch_does() -> None:
    marked = re.findall(r"`(\w+)\.py`\*", section("The files of `solve/`"))
    folders = ("spec", "data", "report", "cli", "tour")
    modules = [f"gdsolve.{folder}.{path.stem}" for folder in folders for path in (HOUSE / folder).glob("*.py")]
    before = "".join(f"import {name}\n" for name in (*modules, *(f"gdsolve.solve.{name}" for name in marked)))
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{before}print('torch' in sys.modules)"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "False\n"
    others = set(solve_files()) - {f"{name}.py" for name in marked}
    assert {"plan.py", "descend.py", "certify.py"} <= others


def test_every_loss_stands_in_the_table_by_its_formula() -> None:
    told = {cells[0]: cells[1] for cells in rows(section("The table of losses"))}
    for loss in Loss:
        name = f"`{loss.value}`"
        assert told.get(name, told.get(f"{name} (default)")) == loss.info.formula, loss


def test_sections_are_numbered_as_they_are_cited() -> None:
    numbers = re.findall(r"^## (\d)\. ", DESIGN, re.MULTILINE)
    assert numbers == ["1", "2", "3", "4", "5"]
    titles = {
        number: set(re.findall(r"^### (.+)$", DESIGN.split(f"\n## {number}. ")[1].split("\n## ")[0], re.MULTILINE))
        for number in numbers
    }
    cited = 0
    texts = [path for folder in ("gdsolve", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
    for path in [*texts, ROOT / "CONTRIBUTING.md"]:
        if path.name == Path(__file__).name:
            continue
        for number, title, part in CITED.findall(path.read_text(encoding="utf-8")):
            cited += 1
            assert not number or number in numbers, path
            known = titles[number] if number else set().union(*titles.values())
            assert not (title or part) or (title or part) in known, path
    assert cited > 25


def test_the_commits_that_are_shown_are_those() -> None:
    shown = re.findall(r"`git log -p --grep='([^']+)'`\s+\(\"([^\"]+)\"\)", CONTRIBUTING)
    assert len(shown) == 6
    for words, subject in shown:
        told = subprocess.run(
            ["git", "-C", str(ROOT), "log", "--format=%s", "--grep", words],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        if not told.stdout:
            pytest.skip("no history of commits here, or not all of it")
        assert told.stdout.splitlines() == [" ".join(subject.split())]


def test_the_drawing_of_the_flow_has_what_is_there() -> None:
    assert "](data-flow.svg)" in section("The flow")
    drawn = ElementTree.parse(ROOT / "docs" / "data-flow.svg").getroot()
    texts = {kind: [one.text for one in drawn.iter() if one.get("class") == kind] for kind in ("N", "n", "w")}
    types = [cells[0].strip("`") for cells in rows(section("The flow"))]
    assert texts["N"] == [name for name in types if name != "rendering"]
    assert {engine.value for engine in Engine if engine is not Engine.AUTO} <= set(texts["n"])
    places = [part for text in texts["w"] for part in re.findall(r"[\w/]+(?:/|\.py)", text or "")]
    assert len(places) > 8
    assert [place for place in places if not (HOUSE / place).exists()] == []
