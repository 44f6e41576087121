"""Nothing depends on the wording of a message: what an error is about stands in its fields."""

from __future__ import annotations

import ast
import dataclasses
import pickle
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import gdsolve
from gdsolve.advice import Advice
from gdsolve.cli.main import run
from gdsolve.report.parts import ENDINGS
from gdsolve.spec import Spec
from gdsolve.spec.keywords import in_keywords
from gdsolve.status import DataError, GdsolveError, Place

PACKAGE = Path(gdsolve.__file__).parent
TOLD = ("message", "hint", "problem", "reason")
"""Attributes of errors and results, and keys of records, that are words for a person."""
TAKEN_APART = {
    *("startswith", "endswith", "partition", "rpartition", "split", "rsplit", "splitlines", "removeprefix"),
    *("removesuffix", "replace", "find", "rfind", "index", "rindex", "count", "strip", "lstrip", "rstrip"),
    *("lower", "upper", "casefold", "translate", "match", "fullmatch", "search", "sub", "findall", "finditer"),
}
RENDERED: dict[str, str] = {
    "report/parts.py::after_word": "the word of the status, which the message of such a run begins with, is made bold",
    "report/check_table.py::findings_beside": "what stands above already is not said twice",
    "report/check_table.py::_together": "columns of which the same is told share a line",
}
"""Where words are laid out."""
OF_OTHERS: dict[str, str] = {
    "cli/faults.py::_as_error": "torch tells that memory is full with a RuntimeError and nothing else",
    "cli/shortage.py::shortage_of": "so do polars, numpy and the system, and they say how much was asked for",
    "objective/operation.py::_unfit": "as above; and the first of torch's lines is shown",
    "data/formats/text.py::damage": "polars has one class for every text that it cannot read",
    "data/formats/arrow_cells.py::faults_told": "the first of polars' lines is shown",
    "data/scan.py::first_line": "the first of polars' lines is shown",
    "graph/go_back.py::reason_of": "the first of PyTorch's lines is shown",
}
"""Where an error of another library carries nothing but words, or its first line is shown."""
ARGUMENTS = {"names", "out", "case", "compare", "fixed", "gradients"}
"""What an error may be about besides a field of `Spec`: arguments of Python and keys within keys."""


@cache
def modules() -> dict[str, ast.Module]:
    """The source, read by those who test it alone."""
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py"))}


class _Readers(ast.NodeVisitor):
    """The functions of a module that look into the words of a message."""

    def __init__(self) -> None:
        self.stack: list[str] = []
        self.words: list[set[str]] = [set()]
        self.caught: list[str] = []
        self.found: set[str] = set()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.stack.append(node.name)
        self.words.append({one.arg for one in node.args.args if one.arg in ("message", "hint")})
        self.generic_visit(node)
        self.words.pop()
        self.stack.pop()

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.caught.append(node.name or "")
        self.generic_visit(node)
        self.caught.pop()

    def visit_Assign(self, node: ast.Assign) -> None:
        if self._told(node.value):
            self.words[-1] |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        if self._told(node.value):
            self.words[-1].add(node.target.id)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        wanted = (ast.Eq, ast.NotEq, ast.In, ast.NotIn)
        if any(isinstance(sign, wanted) for sign in node.ops) and any(map(self._told, [node.left, *node.comparators])):
            self.found.add(self.stack[-1])
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if self._told(node.value):
            self.found.add(self.stack[-1])
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        takes = isinstance(node.func, ast.Attribute) and node.func.attr in TAKEN_APART
        if takes and any(map(self._told, [node.func.value, *node.args])):
            self.found.add(self.stack[-1])
        self.generic_visit(node)

    def _told(self, node: ast.expr) -> bool:
        match node:
            case ast.Attribute(attr=name):
                # The sentence of a finding is written around the place of its cell.
                return name in TOLD and ast.unparse(node) != "draft.message"
            case ast.Subscript(slice=ast.Constant(value=str() as name)):
                return name in TOLD
            case ast.Call(func=ast.Name(id="str" | "repr"), args=[ast.Name(id=name)]):
                return name in self.caught or name in ("fault", "error")
            case ast.Call(func=ast.Attribute(value=inner)) | ast.NamedExpr(value=inner):
                return self._told(inner)
            case ast.Name(id=name):
                return name in self.words[-1]
        return False


def readers() -> Iterator[str]:
    """Every function that looks into the words of a message, by file and name."""
    for name, module in modules().items():
        visitor = _Readers()
        visitor.visit(module)
        yield from sorted(f"{name}::{function}" for function in visitor.found)


def test_no_code_looks_into_the_words_of_a_message() -> None:
    known = RENDERED.keys() | OF_OTHERS.keys()
    assert set(readers()) - known == set(), "give the error a field, and ask that"
    assert known - set(readers()) == set(), "these look no more"


@pytest.mark.parametrize(
    "code",
    [
        "def f(fault):\n    return fault.message.startswith('lr')",
        "def f(fault):\n    return 'gdsolve ' in fault.hint",
        "def f(record):\n    said = record['message']\n    return said[:3]",
        "def f(fault):\n    return re.findall('--[a-z]+', fault.message)",
        "def f():\n    try:\n        g()\n    except E as e:\n        return str(e).lower()",
        "def f(fault):\n    return fault.message.strip().partition(':')",
        "def f(fault):\n    if (hint := fault.hint) and hint.split():\n        pass",
    ],
)
def test_such_code_is_seen(code: str) -> None:
    visitor = _Readers()
    visitor.visit(ast.parse(code))
    assert visitor.found == {"f"}


def _errors() -> Iterator[tuple[str, ast.Call]]:
    for name, module in modules().items():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in ("GdsolveError", "DataError"):
                yield name, node


def test_no_text_of_an_error_begins_with_the_name_of_an_option() -> None:
    options = {field.name for field in dataclasses.fields(Spec)}
    for file, call in _errors():
        if not call.args:
            continue
        first = call.args[0]
        head = first.values[0] if isinstance(first, ast.JoinedStr) else first
        begins = re.match(r"(?:--)?([a-z][A-Za-z_-]*): ", str(getattr(head, "value", "")))
        assert begins is None or begins[1].replace("-", "_") not in options, (file, call.lineno, "give it as option=")


@pytest.mark.parametrize(
    ("status", "options"),
    [
        ("converged", {}),
        ("converged", {"method": "lbfgs"}),
        ("max_iter", {"lr": 0.1, "max_iter": 3}),
        ("max_iter", {"lr": 0.1, "max_iter": 3, "method": "momentum"}),
        ("edge_of_stability", {"lr": 0.25}),
        ("diverged", {"lr": 1.0}),
        ("diverged", {"lr": 1.0, "engine": "rows"}),
        ("diverged", {"lr": 2.0, "method": "momentum"}),
    ],
)
def test_a_message_begins_with_the_word_of_its_status(status: str, options: dict[str, object]) -> None:
    # One weight, and a curvature of 8: rates below 1/4 are stable.
    fit = gdsolve.fit([[2.0], [2.0]], [1.0, 3.0], no_intercept=True, loss="mse", **options)
    assert (fit.status.value, fit.message.upper().startswith(ENDINGS[status].word)) == (status, ENDINGS[status].begins)


def test_a_message_begins_so_where_a_descent_fails() -> None:
    fit = gdsolve.fit(minimize="log(a) + 0*a", parameters={"a": 1.0}, lr=2.0)
    assert (fit.status.value, fit.message.startswith("Failed ")) == ("failed", ENDINGS["failed"].begins)


def test_what_an_error_is_about_is_an_option() -> None:
    known = {field.name for field in dataclasses.fields(Spec)} | ARGUMENTS
    for file, call in _errors():
        for keyword in call.keywords:
            named = [keyword.value] if keyword.arg == "option" else getattr(keyword.value, "elts", [])
            if keyword.arg in ("option", "about"):
                names = [one.value for one in named if isinstance(one, ast.Constant)]
                assert set(names) <= known, (file, call.lineno, names)


def test_an_error_is_told_from_its_fields() -> None:
    fault = GdsolveError("5 rates, and fit takes one", "give one", option="lr")
    assert (str(fault), fault.option, fault.text) == ("lr: 5 rates, and fit takes one", "lr", fault.args[0])
    there = fault.but(place=Place("p.yaml", 3))
    assert (there.message, there.place) == ("p.yaml: line 3: lr: 5 rates, and fit takes one", Place("p.yaml", 3))
    assert fault.place is None
    assert fault.within("row 2: ").message == "lr: row 2: 5 rates, and fit takes one"
    assert GdsolveError("t has no column 'q'", option="group_by", as_flag=True).message.startswith("--group-by: t has")


def test_an_error_reaches_another_process_whole() -> None:
    # Ranks send each other theirs.
    fault = DataError("no rows", Advice("or", "gdsolve check t.csv", "or not"), about=("loss",), place=Place("t.csv"))
    there = pickle.loads(pickle.dumps(fault))
    assert (there.message, there.hint, there.exit_code) == ("t.csv: no rows", fault.hint, 5)
    assert (there.about, there.place, type(there)) == (("loss",), Place("t.csv"), DataError)
    assert (there.hint.text, there.hint.command, there.hint.rest) == ("or", "gdsolve check t.csv", "or not")


def test_a_hint_in_keywords_leaves_commands_alone() -> None:
    hint = Advice("leave --decimal out, or", "gdsolve fit - --decimal ,", "or --na drop")
    assert in_keywords(hint, "fit") == 'leave decimal out, or: gdsolve fit - --decimal ,; or na="drop"'
    assert in_keywords(Advice("leave --method out; gdsolve compare takes --methods"), "fit").startswith("leave method")
    said = Advice("`gdsolve fit --save FILE` writes one", verbatim=True)
    assert in_keywords(said, "fit") is said


@pytest.mark.parametrize(
    ("spec", "files", "message"),
    [
        # A parameter that is called as an option is, a cell that looks like a flag, and a file like an option.
        (
            "data: t.csv\ntol: 1e-8\nmodel: a*x + tol\nparameters:\n  a: 1\n  tol: {start: 5, upper: 3}\n",
            {"t.csv": "x,y\n1,2\n2,3\n3,5\n"},
            "tol: starts at 5, beyond its bounds -inf to 3",
        ),
        (
            "data: t.csv\ntol: 1e-8\n",
            {"t.csv": "x,y\n1,2\n--tol,3\n3,5\n"},
            "t.csv: row 2 (line 3), column 'x': '--tol' is not a number",
        ),
        ("tol: 1e-8\ndata: tol\n", {"tol": "x\n1\n"}, "tol: has only one column, 'x'; a fit needs a target and"),
        # What is about an option is told with its line.
        ("data: t.csv\ntarget: q\n", {"t.csv": "x,y\n1,2\n"}, "p.yaml: line 2: target: t.csv has no column 'q'"),
        (
            "data: t.csv\nloss: logistic\n",
            {"t.csv": "x,y\n1,a\n2,b\n3,c\n"},
            "p.yaml: line 2: loss: t.csv: column 'y', the target",
        ),
        ("data: t.csv\ndelimiter: ','\ndecimal: ','\n", {}, "p.yaml: line 2: delimiter and decimal are both ','"),
    ],
)
def test_an_option_is_told_with_its_line_and_nothing_else_is(
    spec: str,
    files: dict[str, str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in {"p.yaml": spec, **files}.items():
        Path(name).write_text(content)
    assert run(["fit", "p.yaml"]) in (2, 5)
    assert capsys.readouterr().err.startswith(f"gdsolve: error: {message}")
