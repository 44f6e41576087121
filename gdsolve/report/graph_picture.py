"""An autograd graph as a diagram: leaves at the bottom, each node above all that it was computed from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.picture import Diagram, Edge, Node
from gdsolve.report.graph_tree import partial, total
from gdsolve.report.graph_values import tensor_text, value_text
from gdsolve.report.numbers import ABSENT

LONGEST = 30
UNSAID = ("inline text", "standard input", "live tensors", "spec")


def graph_diagram(record: Mapping[str, Any]) -> Diagram:
    """`gdsolve.trace/1` as a diagram: values run up, gradients down; boxes are leaves."""
    layers, gradients = layers_of(record), {node["name"]: node["gradient"] for node in record["nodes"]}
    root = record["root"]
    nodes = [
        Node(
            node["name"],
            _lines(node),
            layers[node["name"]],
            boxed=bool(node["is_leaf"]),
            back=_gradient(root, node),
        )
        for node in record["nodes"]
    ]
    edges = [_edge(one, gradients[one["from"]] is not None) for one in record["edges"]]
    backward = any(edge.back is not None for edge in edges)
    notes = ["Boxes are leaves, rounded nodes are computed. Arrows upwards: values."]
    if backward:
        notes.append(f"Arrows downwards: gradients of {root}, with the local derivative that each is multiplied by.")
    if any(edge.dashed for edge in edges):
        notes.append("Autograd does not follow dashed edges.")
    notes += [f"backward from {one['from']}: {one['plain']}" for one in record["backward"] if one["plain"]]
    notes += [f"{one['statement']}: {one['plain']}" for one in record["actions"] if one["plain"]]
    title = "The autograd graph" if record["source"] in UNSAID else f"The autograd graph of {record['source']}"
    return Diagram(title, tuple(nodes), tuple(edges), (*notes, *record["notes"]))


def _edge(one: Mapping[str, Any], reached: bool) -> Edge:
    back = None
    if reached and one["operation"] is not None:
        back = (
            "" if one["derivative"] is None else f"{partial(one['from'], one['to'])} = {value_text(one['derivative'])}"
        )
    return Edge(one["from"], one["to"], one["operation"] or "", dashed=one["operation"] is None, back=back)


def _gradient(root: str, node: Mapping[str, Any]) -> str:
    return "" if node["gradient"] is None else _short(f"{total(root, node['name'])} = {value_text(node['gradient'])}")


def layers_of(record: Mapping[str, Any]) -> dict[str, int]:
    """The layer of every node: above all that it comes from, and as near as can be to what is computed from it."""
    below: dict[str, list[str]] = {node["name"]: [] for node in record["nodes"]}
    above: dict[str, list[str]] = {name: [] for name in below}
    for edge in record["edges"]:
        below[edge["from"]].append(edge["to"])
        above[edge["to"]].append(edge["from"])
    layers: dict[str, int] = {}
    # Nodes stand in the order of the spec, in which none comes before what it is computed from.
    for name, sources in below.items():
        layers[name] = 1 + max((layers[source] for source in sources), default=-1)
    for name in reversed(below):
        layers[name] = min((layers[user] for user in above[name]), default=layers[name] + 1) - 1
    return layers


def _lines(node: Mapping[str, Any]) -> tuple[str, ...]:
    head = node["name"] if node["expression"] is None else f"{node['name']} = {node['expression']}"
    lines = [_short(head)]
    value = tensor_text(node)
    if value != ABSENT:
        lines.append(_short(value))
    if node["grad"] is not None:
        lines.append(_short(f"grad {value_text(node['grad'])}"))
    lines.append(node["grad_fn"] or ("requires grad" if node["requires_grad"] else "no grad"))
    return tuple(lines)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
