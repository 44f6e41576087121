"""An autograd graph as a diagram: leaves at the bottom, each node above all that it was computed from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.picture import Diagram, Edge, Node
from gdsolve.report.graph_values import tensor_text

LONGEST = 30


def graph_diagram(record: Mapping[str, Any]) -> Diagram:
    """`gdsolve.trace/1` as a diagram: boxes are leaves, dashed edges are those that autograd does not follow."""
    layers = layers_of(record)
    nodes = [
        Node(node["name"], _lines(node), layers[node["name"]], boxed=bool(node["is_leaf"])) for node in record["nodes"]
    ]
    edges = [
        Edge(one["from"], one["to"], one["operation"] or "", dashed=one["operation"] is None) for one in record["edges"]
    ]
    notes = ["Boxes are leaves, rounded nodes are computed; an edge leads to what a node was computed from."]
    if any(edge.dashed for edge in edges):
        notes.append("Autograd does not follow dashed edges.")
    notes += [f"backward from {one['from']}: {one['plain'] or one['status']}" for one in record["backward"]]
    return Diagram(f"The autograd graph of {record['source']}", tuple(nodes), tuple(edges), tuple(notes))


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
    lines = [_short(head), _short(tensor_text(node))]
    if node.get("grad") is not None:
        lines.append(_short(f"grad {_numbers(node['grad'])}"))
    lines.append(node["grad_fn"] or ("requires grad" if node["requires_grad"] else "no grad"))
    return tuple(lines)


def _numbers(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, int | float) else "[" + ", ".join(map(_numbers, value)) + "]"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
