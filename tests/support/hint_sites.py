"""Every place of the source where an error with a hint is made, and which of them a run comes to."""

from __future__ import annotations

import ast
import contextlib
import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gdsolve
from gdsolve.spec import company
from gdsolve.spec.condition import Company
from gdsolve.status import GdsolveError

PACKAGE = Path(gdsolve.__file__).parent
ERRORS = ("GdsolveError", "DataError")


@dataclass(frozen=True)
class Site:
    """One place of the source where an error is made with a hint, by file, function and number within it."""

    file: str
    function: str
    number: int
    first: int
    last: int

    @property
    def name(self) -> str:
        return f"{self.file}::{self.function}#{self.number}"


class _Functions(ast.NodeVisitor):
    """The calls of a module, each with the functions that it stands in."""

    def __init__(self) -> None:
        self.stack: list[ast.FunctionDef | ast.ClassDef] = []
        self.calls: list[tuple[ast.Call, tuple[ast.FunctionDef | ast.ClassDef, ...]]] = []

    def _within(self, node: Any) -> None:
        self.stack.append(node)
        self.generic_visit(node)
        self.stack.pop()

    visit_FunctionDef = visit_ClassDef = _within

    def visit_Call(self, node: ast.Call) -> None:
        self.calls.append((node, tuple(self.stack)))
        self.generic_visit(node)


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _hint_of(call: ast.Call) -> ast.expr | None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "hint"]
    found = named[0] if named else call.args[1] if len(call.args) > 1 else None
    return None if isinstance(found, ast.Constant) and found.value is None else found


@functools.cache
def sites() -> tuple[tuple[Site, ...], frozenset[tuple[str, str]]]:
    """All sites, and the functions (by file and name) that make an error with a hint that they are given."""
    modules = {path: ast.parse(path.read_text()) for path in sorted(PACKAGE.rglob("*.py")) if path.name != "status.py"}
    read = {str(path.relative_to(PACKAGE)): (tree, *_made(tree)) for path, tree in modules.items()}
    makers = frozenset((name, function) for name, (_, _, own) in read.items() for function in own)
    found: list[Site] = []
    for name, (tree, wanted, own) in read.items():
        visitor = _Functions()
        visitor.visit(tree)
        callers = own | {one for file, one in makers if (file, one) in _imported(tree)}
        made = [*wanted, *((call, _path(stack)) for call, stack in visitor.calls if _called(call) in callers)]
        counts: dict[str, int] = {}
        for call, function in sorted(made, key=lambda one: (one[0].lineno, one[0].col_offset)):
            counts[function] = counts.get(function, 0) + 1
            found.append(Site(name, function, counts[function], call.lineno, call.end_lineno or call.lineno))
    return tuple(found), makers


def _made(tree: ast.Module) -> tuple[list[tuple[ast.Call, str]], set[str]]:
    """The errors with a hint that a module makes, and its functions that make one with a hint that they are given."""
    visitor = _Functions()
    visitor.visit(tree)
    wanted: list[tuple[ast.Call, str]] = []
    own: set[str] = set()
    for call, stack in visitor.calls:
        # The same error with another hint is one more.
        again = _called(call) == "but" and any(keyword.arg == "hint" for keyword in call.keywords)
        if (_called(call) not in ERRORS and not again) or (hint := _hint_of(call)) is None:
            continue
        function = stack[-1] if stack else None
        given = {one.arg for one in function.args.args} if isinstance(function, ast.FunctionDef) else set()
        if isinstance(hint, ast.Name) and hint.id in given and function is not None:
            own.add(function.name)
        else:
            wanted.append((call, _path(stack)))
    return wanted, own


def _path(stack: tuple[ast.FunctionDef | ast.ClassDef, ...]) -> str:
    return ".".join(one.name for one in stack)


def _imported(tree: ast.Module) -> set[tuple[str, str]]:
    """What a module imports from others of gdsolve, by file and name."""
    return {
        (f"{node.module.partition('.')[2].replace('.', '/')}.py", one.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for one in node.names
    }


@contextlib.contextmanager
def recorded(made: set[str]) -> Iterator[None]:
    """Note in `made` the sites at which errors are made."""
    known, makers = sites()
    by_file: dict[str, list[Site]] = {}
    for site in known:
        by_file.setdefault(site.file, []).append(site)
    make, change = GdsolveError.__init__, GdsolveError.but

    def noted(self: GdsolveError, *given: Any, **named: Any) -> None:
        make(self, *given, **named)
        note(sys._getframe(1))

    def noted_again(self: GdsolveError, **changes: Any) -> GdsolveError:
        if "hint" in changes:
            note(sys._getframe(1))
        return change(self, **changes)

    def note(frame: Any) -> None:
        while frame is not None:
            path = Path(frame.f_code.co_filename)
            file = str(path.relative_to(PACKAGE)) if path.is_relative_to(PACKAGE) else ""
            if file != "status.py" and (file, frame.f_code.co_name) not in makers:
                break
            frame = frame.f_back
        made.update(site.name for site in by_file.get(file, []) if site.first <= frame.f_lineno <= site.last)
        if isinstance(wanted := frame.f_locals.get("company"), Company):
            made.add(COMPANIES[wanted])

    GdsolveError.__init__, GdsolveError.but = noted, noted_again  # type: ignore[method-assign]
    try:
        yield
    finally:
        GdsolveError.__init__, GdsolveError.but = make, change  # type: ignore[method-assign]


COMPANIES: Mapping[Company, str] = {
    **{one: f"spec/require_company.py::{name}" for name, one in vars(company).items() if isinstance(one, Company)},
    **{one: f"spec/require_company.py::LOSSES.{name}" for name, one in company.LOSSES.items()},
}
"""Conditions that options depend on, each with a hint of its own, which all are told at one place."""
