"""A file format declares itself in one place: nothing outside of its package knows it, and texts follow from it."""

from __future__ import annotations

import ast
import functools
import itertools
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import gdsolve.data
from gdsolve.cli.main import run
from gdsolve.data.formats.registry import FORMATS, format_endings, format_names, format_of_bytes, format_of_text
from gdsolve.spec import company
from gdsolve.spec.source_name import ENGINES, SELECTING

PACKAGE = Path(gdsolve.data.__file__).parent.parent
# The marks of CSV are words of options and of messages as well.
OF_ALL = "gdsolve.data.formats.csv.marks"


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """What a module imports, anywhere in it: modules, and what may be modules or names in them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return frozenset(found)


def packages() -> list[Path]:
    return sorted(path.parent for path in (PACKAGE / "data" / "formats").glob("*/__init__.py"))


def test_every_package_is_in_the_registry_and_known_to_nothing_else():
    assert len(packages()) == len(FORMATS)
    for folder in packages():
        prefix = f"gdsolve.data.formats.{folder.name}."
        users = {
            path.relative_to(PACKAGE).as_posix()
            for path in PACKAGE.rglob("*.py")
            if folder not in path.parents
            and any(f"{one}.".startswith(prefix) and not one.startswith(OF_ALL) for one in imports(path))
        }
        assert users == {"data/formats/registry.py"}


def test_no_two_formats_share_an_ending_or_first_bytes():
    endings = format_endings()
    assert len(set(endings)) == len(endings)
    starts = [(start, one) for one in FORMATS for start in one.magic]
    starts += [(bytes(distance) + later, one) for one in FORMATS for distance, later in one.later]
    for (one, _), (other, _) in itertools.permutations(starts, 2):
        assert not one.startswith(other)
    assert all(format_of_bytes(start + b"rest") is one for start, one in starts)
    assert format_of_bytes(b"a,b\n1,2\n") is None


@pytest.mark.parametrize(
    ("ending", "head", "name"),
    [
        (".csv", "{", "CSV"),
        (".tsv", "a\tb", "CSV"),
        (".jsonl", "a,b", "NDJSON"),
        ("", ' {"a": 1}', "NDJSON"),
        ("", "a,b", "CSV"),
        (".txt", "a b", "CSV"),
        ("", "# made by hand\n+1 qid:3 2:0.5 7:-1e-3 # one\n-1 1:2\n3\n", "svmlight"),
        (".txt", "1 10:30 11:45\n2 10:31 11:50\n", "CSV"),
        ("", "1 2\n3 4\n", "CSV"),
    ],
)
def test_text_is_known_by_its_ending_and_else_by_its_beginning(ending, head, name):
    assert format_of_text(ending, head).name == name


def test_what_names_of_sources_say_is_what_some_format_takes():
    """The words stand in `spec`, which knows no format; a format that is new with words of its own adds them there."""
    assert {word for one in FORMATS for word in one.selects} == set(SELECTING)
    assert {one.engine for one in FORMATS if one.engine} == set(ENGINES)
    assert all(one.copy is not None for one in FORMATS if one.selects)


def test_options_for_some_formats_are_taken_by_one():
    assert all(any(condition in one.takes for one in FORMATS) for condition in (company.CSV, company.TEXT))


def test_texts_name_every_format(capsys):
    assert format_names() == "CSV, Parquet, NDJSON, Arrow, svmlight, Excel, SQLite or DuckDB"
    assert format_names(FORMATS[:1]) == "CSV"
    assert run(["fit", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"Tables ({' '.join(format_endings())}, also .gz and .zst)" in shown


def test_what_data_gives_is_there_and_no_module_has_its_name():
    for name in gdsolve.data.__all__:
        assert getattr(gdsolve.data, name) is not None
        assert find_spec(f"gdsolve.data.{name}") is None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gdsolve.data.nothing


def test_formats_are_known_without_polars():
    code = "import sys; from gdsolve.data.formats.registry import FORMATS; print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
