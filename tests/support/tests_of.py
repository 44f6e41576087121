"""Which files test a module, the nearest first: `python tests/support/tests_of.py gdsolve/solve/plan.py`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"


@cache
def imported(path: Path) -> frozenset[str]:
    """The dotted names that a file imports, those of modules and those of what is in them."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def files_of_tests() -> tuple[Path, ...]:
    """All files of tests."""
    return tuple(sorted(TESTS.rglob("test_*.py")))


@cache
def modules() -> tuple[Path, ...]:
    """All modules of the package."""
    return tuple(sorted((ROOT / "gdsolve").rglob("*.py")))


@cache
def importers() -> dict[str, frozenset[Path]]:
    """Every dotted name that a test imports, with the files that do, those through what tests share among them."""
    shared = {path.stem: set(imported(path)) for path in (TESTS / "support").glob("*.py")}
    found: dict[str, set[Path]] = {}
    for path in files_of_tests():
        names = set(imported(path))
        for name in list(names):
            names |= shared.get(name, set())
        for name in names:
            found.setdefault(name, set()).add(path)
    return {name: frozenset(paths) for name, paths in found.items()}


def users(module: Path) -> list[Path]:
    """The modules of the package that import one."""
    name = dotted(module)
    return [path for path in modules() if name in imported(path)]


def dotted(module: Path) -> str:
    """The name by which a module is imported."""
    parts = module.resolve().relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def covering(module: Path) -> list[Path]:
    """The files that test a module: of its name, those that import it, and, where it has none, those of its users."""
    folder = TESTS / module.resolve().relative_to(ROOT / "gdsolve").parent
    stem = module.stem.strip("_")
    named = [path for path in files_of_tests() if stem in path.stem and module.stem != "__init__"]
    importing = sorted(importers().get(dotted(module), ()), key=lambda path: (path.parent != folder, path))
    own = list(dict.fromkeys([*sorted(named, key=lambda path: (path.parent != folder, path)), *importing]))
    if own:
        return own
    indirect = {path for user in users(module) for path in importers().get(dotted(user), ())}
    if indirect:
        return sorted(indirect, key=lambda path: (path.parent != folder, path))
    above = next(one for one in (folder, *folder.parents) if any(one.glob("test_*.py")))
    return sorted(above.glob("test_*.py"))


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        for found in covering(Path(argument)):
            print(found.relative_to(ROOT))
