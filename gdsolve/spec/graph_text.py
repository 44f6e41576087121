"""Text such as `t = 1; y = t**2; y.backward()` as statements of a graph: PyTorch's own, and Python runs none of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gdsolve.spec.graph_calls import Words, as_value, assigned, called, refused
from gdsolve.spec.graph_statements import (
    FormulaNode,
    InPlace,
    Leaf,
    PartialDerivative,
    Statement,
    ZeroGrad,
)
from gdsolve.spec.numbers import parse_number, shown
from gdsolve.spec.parameter import Value
from gdsolve.spec.parameters import NAME_HINT, is_name
from gdsolve.status import GdsolveError

_WITH = re.compile(r"with\s+(?:torch\s*\.\s*)?no_grad(?:\s*\(\s*\))?\s*:")
_SKIPPED = re.compile(r"(?:import|from)\s|print\s*\(|pass$")
_NO_GRAD = re.compile(r"(\w+)\s*\.\s*grad\s*=\s*None")
_IN_PLACE = re.compile(r"(\w+)\s*(\*\*|[-+*/])=(.*)", re.DOTALL)
_ASSIGNED = re.compile(r"([^=<>!()\[\]{}]*?)\s*=(?!=)(.*)", re.DOTALL)
_WORD = re.compile(r"(for|while|if|def|class|with|return|del|assert|try)\b")
_FORMS = (
    "write t = 1, y = t**2, y += 1, y.backward(), y.retain_grad(), y.register_hook(lambda g: 2*g), t.grad.zero_(), "
    "d = y.detach(), g = grad(y, t, create_graph=True) or with no_grad: z = y**2"
)
MOST_STATEMENTS = 1000


def read_text(path: str, text: str, first: int = 1) -> tuple[Statement, ...]:
    """The statements of a text, in which a new line or ; ends one and # begins a comment; it begins on line `first`.

    Raises:
        GdsolveError: what is no statement of a graph.
    """
    found: list[Statement] = []
    for one in _written(path, text, first):
        if len(found) == MOST_STATEMENTS:
            raise refused(path, one.line, f"more than {MOST_STATEMENTS} statements", "trace a smaller graph")
        if not _SKIPPED.match(one.text):
            found.append(_statement(one))
    return tuple(found)


def _written(path: str, text: str, first: int) -> Iterator[Words]:
    """The statements one by one; those after `with no_grad:` on its line, or indented below it, are under it."""
    below: int | None = None
    for line, indent, parts in _lines(path, text, first):
        if below is not None and indent <= below:
            below = None
        for place, part in enumerate(parts):
            head = _WITH.match(part)
            if head is None:
                yield Words(path, part, line, below is not None)
                continue
            below = indent
            if rest := part[head.end() :].strip():
                yield from (Words(path, one, line, True) for one in (rest, *parts[place + 1 :]))
                below = None
                break


def _lines(path: str, text: str, first: int) -> Iterator[tuple[int, int, list[str]]]:
    """Line, indent and statements of every line that has any; brackets that are open join lines."""
    held, depth, begun = "", 0, first
    lines = text.expandtabs(4).splitlines()
    for line, raw in enumerate(lines, first):
        bare = raw.split("#", 1)[0].rstrip()
        if not held:
            begun = line
        held = f"{held} {bare.strip()}" if held else bare
        depth = sum(held.count(mark) for mark in "([{") - sum(held.count(mark) for mark in ")]}")
        if depth > 0 and line < first + len(lines) - 1:
            continue
        if depth > 0:
            raise refused(path, begun, "a bracket without its second", "close it")
        if parts := [part.strip() for part in held.split(";") if part.strip()]:
            yield begun, len(held) - len(held.lstrip()), parts
        held = ""


def _statement(one: Words) -> Statement:
    if word := _WORD.match(one.text):
        raise refused(
            one.path, one.line, f"{word[1]} has no place in the text of a graph", "write its statements one by one"
        )
    if dropped := _NO_GRAD.fullmatch(one.text):
        return ZeroGrad(dropped[1], True, one.text, one.line)
    if changed := _IN_PLACE.fullmatch(one.text):
        return InPlace(changed[1], changed[2], changed[3].strip(), one.shown, one.no_grad, one.line)
    if (call := called(one)) is not None:
        return call
    if given := _ASSIGNED.fullmatch(one.text):
        return _node(one, given[1].strip(), given[2].strip())
    raise refused(one.path, one.line, f"{shown(one.text)} is no statement of a graph", _FORMS)


def _node(words: Words, target: str, right: str) -> Leaf | FormulaNode | PartialDerivative:
    """What `target = right` makes."""
    name = target.strip("() ").removesuffix(",").strip()
    if not is_name(name):
        raise refused(words.path, words.line, f"{shown(target)} is no name", NAME_HINT)
    if not right:
        raise refused(words.path, words.line, f"{name} = and nothing after it", f"write {name} = 1, or a formula")
    if (value := literal(words, name, right)) is not None:
        return Leaf(name, value, not words.no_grad, words.line)
    return assigned(words, name, right) or FormulaNode(name, right, no_grad=words.no_grad, line=words.line)


def literal(words: Words, name: str, text: str) -> Value | None:
    """A number, or numbers in brackets; None for any other text.

    Raises:
        GdsolveError: rows of different lengths, or what is no number in brackets.
    """
    try:
        return parse_number(text, name)
    except GdsolveError:
        pass
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        return as_value(ast.literal_eval(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        hint = f"write {name} = [1, 2], or {name} = [[1, 2], [3, 4]] with rows of one length"
        raise refused(words.path, words.line, f"{name}: {shown(text)} is no vector or matrix", hint) from None
