"""Which files test a module, the nearest first: `python tests/support/tests_of.py gdsolve/solve/plan.py`."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a file imports, those of modules and those of what is in them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def importers() -> dict[str, frozenset[Path]]:
    """Every dotted name that a test imports, with the files that do, those through what tests share among them."""
    shared = {path.stem: set(imported(path)) for path in (TESTS / "support").glob("*.py")}
    found: dict[str, set[Path]] = {}
    for path in TESTS.rglob("test_*.py"):
        names = set(imported(path))
        for name in list(names):
            names |= shared.get(name, set())
        for name in names:
            found.setdefault(name, set()).add(path)
    return {name: frozenset(paths) for name, paths in found.items()}


def users(module: Path) -> list[Path]:
    """The modules of the package that import one."""
    name = dotted(module)
    return [path for path in (ROOT / "gdsolve").rglob("*.py") if name in imported(path)]


def dotted(module: Path) -> str:
    """The name by which a module is imported."""
    parts = module.resolve().relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def covering(module: Path) -> list[Path]:
    """The files that test a module: of its name, those that import it, and, where it has none, those of its users."""
    folder = TESTS / module.resolve().relative_to(ROOT / "gdsolve").parent
    named = [path for path in TESTS.rglob(f"test_*{module.stem.strip('_')}*.py") if module.stem != "__init__"]
    importing = sorted(importers().get(dotted(module), ()), key=lambda path: (path.parent != folder, path))
    own = list(dict.fromkeys([*sorted(named, key=lambda path: (path.parent != folder, path)), *importing]))
    if own:
        return own
    indirect = {path for user in users(module) for path in importers().get(dotted(user), ())}
    return sorted(indirect, key=lambda path: (path.parent != folder, path)) or sorted(folder.glob("test_*.py"))


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        for found in covering(Path(argument)):
            print(found.relative_to(ROOT))
