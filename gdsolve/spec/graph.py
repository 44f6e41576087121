"""What `trace` is asked: leaves, then nodes computed from them in order, read from YAML."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from gdsolve.bundled import nearest_name
from gdsolve.paths import is_there
from gdsolve.spec.condition import Asked
from gdsolve.spec.document import LARGEST_FILE, Items, Keys, Node, Scalar, read_entries
from gdsolve.spec.file import from_flag, is_yaml, read_value, relative
from gdsolve.spec.graph_checks import check_statements, near
from gdsolve.spec.graph_statements import FormulaNode, Leaf, Statement
from gdsolve.spec.graph_text import read_text
from gdsolve.spec.numbers import shown
from gdsolve.spec.offers import check_format, options_of
from gdsolve.spec.parameters import NAME_HINT, is_name
from gdsolve.spec.plots import check_plot
from gdsolve.spec.require_company import require_company
from gdsolve.spec.spec import Spec
from gdsolve.spec.trace_spec import NodeComparison, TraceSpec
from gdsolve.spec.values import convert, is_list
from gdsolve.status import GdsolveError, Place

SECTIONS = ("leaves", "nodes", "text", "compare")
LEAF_KEYS = ("value", "requires_grad")
NODE_KEYS = ("expression", "retain_grad", "detach", "no_grad")
COMPARE_KEYS = ("formula", "leaf")
MOST_NODES = 500
INLINE, STDIN = "inline text", "standard input"
LEAVES_HINT = "add leaves: and a line such as t: 1.0 under it"


def build_trace_spec(sources: Sequence[str], given: Mapping[str, Any]) -> TraceSpec:
    """The spec of one trace from a YAML file, text or standard input, and the options that were given, which win.

    Raises:
        GdsolveError: no single source, an unknown key or name, or a value out of its type or range.
    """
    if len(sources) == 1 and sources[0] == "-":
        return read_trace_text(_read_standard_input(), given, STDIN)
    if len(sources) == 1 and "=" in sources[0] and not is_there(sources[0]):
        return read_trace_text(sources[0], given, INLINE)
    if len(sources) != 1 or not is_yaml(sources[0]):
        raise _no_spec(sources)
    return _from_yaml(sources[0], None, given)


def _read_standard_input() -> str:
    text = sys.stdin.read(LARGEST_FILE + 1)
    if len(text) > LARGEST_FILE:
        raise GdsolveError(
            f"{STDIN}: is larger than {LARGEST_FILE >> 20} MiB", "give the statements of a graph, or its spec"
        )
    return text


def read_trace_text(text: str, given: Mapping[str, Any], path: str = INLINE) -> TraceSpec:
    """The spec of one trace from text: statements, or YAML.

    Raises:
        GdsolveError: as `build_trace_spec`.
    """
    if _is_yaml(text):
        return _from_yaml(path, text, given)
    statements = read_text(path, text)
    return _finished(path, statements, None, given, text.strip())


def _is_yaml(text: str) -> bool:
    """True where the first line that says something is a key of a spec."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#") and line != "---"), "")
    key = first.split(":", 1)[0].strip("{ \"'").replace("-", "_")
    return ":" in first and key in (*SECTIONS, *options_of("trace"))


def _from_yaml(path: str, text: str | None, given: Mapping[str, Any]) -> TraceSpec:
    found: dict[str, Node] = {}
    lines: dict[str, int] = {}
    values: dict[str, Any] = {}
    known = list(options_of("trace"))
    for entry in read_entries(path, flat=known, text=text):
        name = entry.key.replace("-", "_")
        _expect(path, entry.key, entry.line, name, (*SECTIONS, *known))
        _once(path, entry.key, entry.line, lines)
        if name in SECTIONS:
            found[name] = entry.value
        else:
            values[name] = relative(path, name, _option(path, name, entry.value))
    seen: dict[str, int] = {}
    statements: list[Statement] = [_leaf(path, name, node) for name, node in _named(path, "leaves", found, seen)]
    statements += [_formula(path, name, node) for name, node in _named(path, "nodes", found, seen)]
    if (node := found.get("text")) is not None:
        written = _text(path, "text", node)
        # A block begins on the line below its key.
        statements += read_text(path, written, node.line + ("\n" in written))
    comparison = _comparison(path, found.get("compare"))
    return _finished(path, tuple(statements), comparison, given, None, values)


def _finished(
    path: str,
    statements: tuple[Statement, ...],
    comparison: NodeComparison | None,
    given: Mapping[str, Any],
    text: str | None,
    values: dict[str, Any] | None = None,
) -> TraceSpec:
    values = (values or {}) | {name: from_flag(name, value, "trace") for name, value in given.items()}
    values["retain_grad"] = tuple(name for text in values.get("retain_grad", ()) for name in text.split(","))
    try:
        options = Spec(**values)
        check_format(options.format, "trace")
        check_plot(options, "trace")
        require_company(Asked(options, "trace"))
    except GdsolveError as fault:
        raise fault.but(place=Place(path)) from None
    if not any(isinstance(one, Leaf) for one in statements):
        hint = "begin with one, as in t = 1; y = t**2" if text is not None else LEAVES_HINT
        raise GdsolveError("no leaves", hint, place=Place(path))
    asked = not values.keys().isdisjoint(("backward_from", "repeat"))
    spec = TraceSpec(path, statements, comparison, options, asked, text)
    check_statements(spec, values)
    return spec


def _no_spec(sources: Sequence[str]) -> GdsolveError:
    """That the sources are no graph, with the name that was probably meant."""
    meant = nearest_name(sources[0]) if len(sources) == 1 and not is_there(sources[0]) else None
    remedy = "gdsolve trace graph.yaml, with leaves: and nodes: in it, or gdsolve trace 't = 1; y = t**2'"
    return GdsolveError(
        "trace: one YAML spec or one text is expected", remedy if meant is None else f"did you mean {meant}?"
    )


def _named(path: str, section: str, found: Mapping[str, Node], seen: dict[str, int]) -> list[tuple[str, Node]]:
    node = found.get(section)
    if node is None:
        return []
    if not isinstance(node, Keys):
        raise GdsolveError(
            "names are expected",
            f"write a line for each under it, as in {section}: {{t: 1.0}}",
            place=Place(path, node.line),
            option=section,
        )
    if len(node.entries) > MOST_NODES:
        raise GdsolveError(
            f"more than {MOST_NODES}", "trace a smaller graph", place=Place(path, node.line), option=section
        )
    for entry in node.entries:
        name = entry.key
        if not is_name(name):
            raise GdsolveError(f"{shown(name)} is no name", NAME_HINT, place=Place(path, entry.line), option=section)
        _once(path, name, entry.line, seen)
    return [(entry.key, entry.value) for entry in node.entries]


def _leaf(path: str, name: str, node: Node) -> Leaf:
    if not isinstance(node, Keys):
        return Leaf(name, read_value(path, name, node), line=node.line)
    parts = _parts(path, name, node, LEAF_KEYS)
    if "value" not in parts:
        raise GdsolveError("no value", "add value: and a number or a list", place=Place(path, node.line), option=name)
    requires_grad = _truth(path, name, "requires_grad", parts) if "requires_grad" in parts else True
    return Leaf(name, read_value(path, name, parts["value"]), requires_grad, node.line)


def _formula(path: str, name: str, node: Node) -> FormulaNode:
    if not isinstance(node, Keys):
        return FormulaNode(name, _text(path, name, node), line=node.line)
    parts = _parts(path, name, node, NODE_KEYS)
    if "expression" not in parts:
        raise GdsolveError("no expression", "add expression: and a formula", place=Place(path, node.line), option=name)
    marks = {key: _truth(path, name, key, parts) for key in NODE_KEYS[1:] if key in parts}
    return FormulaNode(name, _text(path, name, parts["expression"]), **marks, line=node.line)


def _comparison(path: str, node: Node | None) -> NodeComparison | None:
    if node is None:
        return None
    if not isinstance(node, Keys):
        raise GdsolveError(
            "keys are expected", "write compare: {formula: 2*t}, say", place=Place(path, node.line), option="compare"
        )
    parts = _parts(path, "compare", node, COMPARE_KEYS)
    if "formula" not in parts:
        raise GdsolveError(
            "no formula", "add formula: and one for the gradient", place=Place(path, node.line), option="compare"
        )
    leaf = _text(path, "leaf", parts["leaf"]) if "leaf" in parts else None
    return NodeComparison(_text(path, "formula", parts["formula"]), leaf)


def _parts(path: str, name: str, node: Keys, allowed: tuple[str, ...]) -> dict[str, Node]:
    lines: dict[str, int] = {}
    for entry in node.entries:
        _expect(path, entry.key, entry.line, entry.key, allowed, f"{name}: ")
        _once(path, entry.key, entry.line, lines)
    return {entry.key: entry.value for entry in node.entries}


def _expect(path: str, key: str, line: int, name: str, allowed: tuple[str, ...], where: str = "") -> None:
    if name not in allowed:
        raise GdsolveError(f"{where}unknown key {shown(key)}", near(name, allowed), place=Place(path, line))


def _once(path: str, name: str, line: int, seen: dict[str, int]) -> None:
    if name in seen:
        raise GdsolveError(
            f"given before, on line {seen[name]}", "keep one of them", place=Place(path, line), option=name
        )
    seen[name] = line


def _text(path: str, name: str, node: Node) -> str:
    if not isinstance(node, Scalar) or node.null:
        raise GdsolveError(
            "one text is expected", f"write {name}: and a formula", place=Place(path, node.line), option=name
        )
    return node.text


def _truth(path: str, name: str, key: str, parts: Mapping[str, Node]) -> bool:
    node = parts[key]
    try:
        return bool(convert("steps", _text(path, key, node)))
    except GdsolveError:
        raise GdsolveError(
            f"{key} is neither true nor false", f"write {key}: true", place=Place(path, node.line), option=name
        ) from None


def _option(path: str, name: str, node: Node) -> Any:
    if isinstance(node, Items) and is_list(name):
        return convert(name, [_text(path, name, item) for item in node.items])
    try:
        return convert(name, _text(path, name, node), "trace")
    except GdsolveError as fault:
        raise (fault if fault.place is not None else fault.but(place=Place(path, node.line))) from None
