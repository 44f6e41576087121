"""What `trace` is asked: leaves, then nodes computed from them in order, read from YAML."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdsolve.bundled import nearest_name
from gdsolve.spec.condition import Asked
from gdsolve.spec.document import Items, Keys, Node, Scalar, read_entries
from gdsolve.spec.file import from_flag, is_yaml, read_value, relative
from gdsolve.spec.numbers import shown
from gdsolve.spec.offers import check_format, options_of
from gdsolve.spec.parameter import Value
from gdsolve.spec.parameters import NAME_HINT, is_name
from gdsolve.spec.plots import check_plot
from gdsolve.spec.require_company import require_company
from gdsolve.spec.spec import Spec
from gdsolve.spec.values import convert, is_list
from gdsolve.status import GdsolveError, Place

SECTIONS = ("leaves", "nodes", "compare")
LEAF_KEYS = ("value", "requires_grad")
NODE_KEYS = ("expression", "retain_grad", "detach", "no_grad")
COMPARE_KEYS = ("formula", "leaf")
MOST_NODES = 500


@dataclass(frozen=True, slots=True)
class Leaf:
    """A tensor that is given: a number, a vector, or a matrix as a tuple of rows."""

    name: str
    value: Value
    requires_grad: bool = True


@dataclass(frozen=True, slots=True)
class FormulaNode:
    """A node and the expression it is computed from; `detach` and `no_grad` cut it from the graph."""

    name: str
    expression: str
    retain_grad: bool = False
    detach: bool = False
    no_grad: bool = False


@dataclass(frozen=True, slots=True)
class NodeComparison:
    """A formula for the gradient by a leaf, None for the only leaf that has one."""

    formula: str
    leaf: str | None


@dataclass(frozen=True, slots=True)
class TraceSpec:
    """A graph, and in `options` what is done with it."""

    path: str
    leaves: tuple[Leaf, ...]
    nodes: tuple[FormulaNode, ...]
    compare: NodeComparison | None
    options: Spec

    @property
    def root(self) -> str:
        """The node that backward begins at."""
        return self.options.backward_from or (self.nodes[-1].name if self.nodes else self.leaves[-1].name)


def build_trace_spec(sources: Sequence[str], given: Mapping[str, Any]) -> TraceSpec:
    """The spec of one trace from a YAML file and the options that were given, which win.

    Raises:
        GdsolveError: no single YAML file, an unknown key or name, or a value out of its type or range.
    """
    if len(sources) != 1 or not is_yaml(sources[0]):
        raise _no_spec(sources)
    path = sources[0]
    found: dict[str, Node] = {}
    lines: dict[str, int] = {}
    values: dict[str, Any] = {}
    known = list(options_of("trace"))
    for entry in read_entries(path, flat=known):
        name = entry.key.replace("-", "_")
        _expect(path, entry.key, entry.line, name, (*SECTIONS, *known))
        _once(path, entry.key, entry.line, lines)
        if name in SECTIONS:
            found[name] = entry.value
        else:
            values[name] = relative(path, name, _option(path, name, entry.value))
    values |= {name: from_flag(name, value, "trace") for name, value in given.items()}
    values["retain_grad"] = tuple(name for text in values.get("retain_grad", ()) for name in text.split(","))
    try:
        options = Spec(**values)
        check_format(options.format, "trace")
        check_plot(options, "trace")
        require_company(Asked(options, "trace"))
    except GdsolveError as fault:
        raise fault.but(place=Place(path)) from None
    seen: dict[str, int] = {}
    leaves = tuple(_leaf(path, name, node) for name, node in _named(path, "leaves", found, seen))
    nodes = tuple(_formula(path, name, node) for name, node in _named(path, "nodes", found, seen))
    if not leaves:
        raise GdsolveError("no leaves", "add leaves: and a line such as t: 1.0 under it", place=Place(path))
    spec = TraceSpec(path, leaves, nodes, _comparison(path, found.get("compare")), options)
    _check_names(spec, seen)
    return spec


def _no_spec(sources: Sequence[str]) -> GdsolveError:
    """That the sources are no graph, with the name that was probably meant."""
    near = nearest_name(sources[0]) if len(sources) == 1 and not Path(sources[0]).exists() else None
    remedy = "gdsolve trace graph.yaml, with leaves: and nodes: in it, or a name such as A1"
    return GdsolveError("trace: one YAML spec is expected", remedy if near is None else f"did you mean {near}?")


def _check_names(spec: TraceSpec, seen: Mapping[str, int]) -> None:
    asked = [("retain_grad", name) for name in spec.options.retain_grad]
    if spec.options.backward_from is not None:
        asked.append(("backward_from", spec.options.backward_from))
    if spec.compare is not None and spec.compare.leaf is not None:
        asked.append(("compare: leaf", spec.compare.leaf))
    for key, name in asked:
        if name not in seen:
            raise GdsolveError(f"{key}: unknown name {shown(name)}", _near(name, tuple(seen)), place=Place(spec.path))


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
        return Leaf(name, read_value(path, name, node))
    parts = _parts(path, name, node, LEAF_KEYS)
    if "value" not in parts:
        raise GdsolveError("no value", "add value: and a number or a list", place=Place(path, node.line), option=name)
    requires_grad = _truth(path, name, "requires_grad", parts) if "requires_grad" in parts else True
    return Leaf(name, read_value(path, name, parts["value"]), requires_grad)


def _formula(path: str, name: str, node: Node) -> FormulaNode:
    if not isinstance(node, Keys):
        return FormulaNode(name, _text(path, name, node))
    parts = _parts(path, name, node, NODE_KEYS)
    if "expression" not in parts:
        raise GdsolveError("no expression", "add expression: and a formula", place=Place(path, node.line), option=name)
    marks = {key: _truth(path, name, key, parts) for key in NODE_KEYS[1:] if key in parts}
    return FormulaNode(name, _text(path, name, parts["expression"]), **marks)


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
        raise GdsolveError(f"{where}unknown key {shown(key)}", _near(name, allowed), place=Place(path, line))


def _once(path: str, name: str, line: int, seen: dict[str, int]) -> None:
    if name in seen:
        raise GdsolveError(
            f"given before, on line {seen[name]}", "keep one of them", place=Place(path, line), option=name
        )
    seen[name] = line


def _near(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(names)}"


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
