"""The house: folders in one order, and no module that imports what imports it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from house import HOUSE, RANK


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(HOUSE.rglob("*.py")):
        parts = ("gdsolve", *path.relative_to(HOUSE).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imported_by(path: Path) -> Iterator[str]:
    """The modules of the house that one imports: at the top, in a function, or for the types alone."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith("gdsolve"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


@cache
def imports() -> dict[str, list[str]]:
    """What every module of the house imports of it, read by those who test it alone."""
    return {name: sorted(set(imported_by(path)) - {name}) for name, path in MODULES.items()}


def test_no_module_imports_what_imports_it() -> None:
    try:
        TopologicalSorter({name: others for name, others in imports().items() if name != "gdsolve"}).prepare()
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))


def test_folders_import_in_one_direction() -> None:
    wrong = []
    for name, others in imports().items():
        home = name.split(".")[1:2]
        for other in others:
            there = other.split(".")[1:2]
            if not home or home in (["__main__"], there) or not there:
                continue
            if RANK[there[0]] >= RANK[home[0]]:
                wrong.append(f"{name} imports {other}")
    assert not wrong


def test_every_folder_has_its_place() -> None:
    homes = {name.split(".")[1] for name in MODULES if "." in name} - {"__main__"}
    assert homes == set(RANK)


def test_no_class_name_stands_twice() -> None:
    found: dict[str, str] = {}
    twice = []
    for name, path in MODULES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                if node.name in found:
                    twice.append(f"{node.name}: {found[node.name]} and {name}")
                found[node.name] = name
    assert not twice
