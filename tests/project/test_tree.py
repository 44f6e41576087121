"""The tree of the tests is that of the package, and the tests of each module can be found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from places import ROOT
from tests_of import covering

PACKAGE, TESTS = ROOT / "gdsolve", ROOT / "tests"
BESIDE = {"benchmarks", "docs", "project", "promises", "support"}


def folders(root: Path) -> set[str]:
    """The folders with Python in them, by their path."""
    return {str(path.parent.relative_to(root)) for path in root.rglob("*.py")} - {"."}


def test_every_folder_of_tests_is_one_of_the_package() -> None:
    assert {name for name in folders(TESTS) if name.split("/")[0] not in BESIDE} <= folders(PACKAGE)
    assert {name for name in folders(PACKAGE) if "/" not in name} - folders(TESTS) == set()


def test_the_names_of_files_are_unique() -> None:
    names = Counter(path.name for path in TESTS.rglob("*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_the_tests_of_every_module_are_found() -> None:
    assert [path for path in PACKAGE.rglob("*.py") if not covering(path)] == []
    assert covering(PACKAGE / "solve" / "plan.py")[0] == TESTS / "solve" / "test_plan.py"
    assert covering(PACKAGE / "objective" / "hinge.py")[0].parent == TESTS / "objective"
