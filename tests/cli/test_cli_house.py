"""The house rules of the command line, read from its source: what Typer offers in public, and verbs in one table."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import gdsolve.cli
from gdsolve.cli.completion import script_of
from gdsolve.cli.main import run
from gdsolve.cli.request import Request
from gdsolve.cli.shells import SHELLS
from gdsolve.ranks import Ranks
from gdsolve.spec import VERBS, Verb
from gdsolve.spec.verbs import CHOOSING, DESCENDING, FITTED, FITTING, READING, TABULATED

FOLDER = Path(gdsolve.cli.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
LIBRARIES = ("typer", "click")


def trees() -> Iterator[tuple[str, ast.AST]]:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield f"{path.name}: {ast.unparse(node)[:80]}" if isinstance(node, ast.expr | ast.stmt) else path.name, node


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_typer_is_used_as_it_is_offered() -> None:
    """No module and no name of it that begins with _; nothing private of any object but one's own."""
    for where, node in trees():
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in LIBRARIES:
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            assert not [name for name in names if is_private(name)], where
        if isinstance(node, ast.Import):
            assert not [name for alias in node.names for name in alias.name.split(".") if is_private(name)], where
        if isinstance(node, ast.Attribute) and is_private(node.attr) and node.attr not in ("_exit", "_getframe"):
            assert isinstance(node.value, ast.Name), where
            assert node.value.id in ("self", "cls"), where


def test_nothing_is_faked_and_no_check_is_switched_off() -> None:
    """`noqa` stands three times: for a pattern of files, a stream that stays open, and an import for its time."""
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"type: ignore|__signature__|setattr\(|__class__ =", text), path.name
        assert set(re.findall(r"noqa: (\w+)", text)) <= {"PTH207", "SIM115", "F401"}, path.name


def test_no_verb_is_asked_for_by_its_name() -> None:
    for where, node in trees():
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        sides += [node.value] if isinstance(node, ast.MatchValue) else []
        literals = {leaf.value for side in sides for leaf in ast.walk(side) if isinstance(leaf, ast.Constant)}
        assert not literals & set(VERBS), where


@pytest.mark.parametrize("verb", VERBS.values(), ids=list(VERBS))
def test_every_verb_has_the_module_of_its_name(verb: Verb) -> None:
    assert callable(importlib.import_module(verb.module).run)
    assert verb.examples
    assert all(example.startswith(f"gdsolve {verb.name}") for example in verb.examples)


def test_what_verbs_do_follows_from_the_table() -> None:
    others = ("path", "check", "certify", "scan", "predict", "score")
    assert ("fit", "compare-lr", "compare", *others, "report") == READING
    assert FITTING == ("fit", "compare-lr", "compare", "path", "check", "certify", "report")
    assert CHOOSING == ("fit", "compare-lr", "compare", "path", "check", "certify", "scan", "report")
    assert DESCENDING == ("fit", "compare-lr", "compare", "report")
    assert TABULATED == ("fit", "compare-lr", "compare", "path", "check", "certify")
    assert FITTED == ("fit", "report")


def test_a_verb_is_one_entry_and_one_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def greet(request: Request, ranks: Ranks) -> int:
        print(f"{request.verb.name} {request.given} {ranks.size}")
        return 7

    module = ModuleType("gdsolve.cli.greet_all")
    monkeypatch.setattr(module, "run", greet, raising=False)
    monkeypatch.setitem(sys.modules, "gdsolve.cli.greet_all", module)
    monkeypatch.setitem(VERBS, "greet-all", Verb("greet-all", "Greet everybody.", ("gdsolve greet-all",)))  # type: ignore[arg-type]
    assert run(["greet-all"]) == 7
    assert capsys.readouterr() == ("greet-all {} 1\n", "")
    assert run(["greet-all", "--help"]) == 0
    assert "Greet everybody." in capsys.readouterr().out
    assert run(["--help"]) == 0
    assert re.search(r"^  greet-all +Greet everybody\.$", capsys.readouterr().out, re.MULTILINE)
    assert run(["great-all"]) == 2
    assert capsys.readouterr().err.endswith("hint: did you mean gdsolve greet-all?\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script(shell: str) -> None:
    from gdsolve.cli.app import Root

    script = script_of(Root(), shell)
    assert script == script.strip()
    assert f"_GDSOLVE_COMPLETE{' = ' if shell in SHELLS[3:] else '='}" in script
    assert "%(" not in script


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fit", "a.csv", "--lr"], "Option '--lr' requires an argument\nhint: gdsolve fit --help\n"),
        (["report", "-o"], "Option '-o' requires an argument\nhint: gdsolve report --help\n"),
        (["fit", "a.csv", "-x"], "No such option: -x\nhint: gdsolve fit --help\n"),
        (["--nope"], "No such option: --nope\nhint: gdsolve --help\n"),
        (["--", "--nope"], "No such option: --nope\nhint: gdsolve --help\n"),
        (["xyzzy", "fit"], "No such command 'xyzzy'\nhint: gdsolve fit --help\n"),
    ],
)
def test_a_wrong_line_is_told_by_what_it_is(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 2
    assert capsys.readouterr().err == f"gdsolve: error: {said}"
