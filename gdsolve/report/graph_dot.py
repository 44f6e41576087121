"""An autograd graph for Graphviz: boxes are leaves, dashed edges are those that autograd does not follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from gdsolve.report.graph_values import tensor_text


def write_graph_dot(record: Mapping[str, Any], stream: TextIO) -> None:
    """The nodes and, from each to what it was computed from, the edges with their operation."""
    lines = ["digraph trace {", "  rankdir=BT;"]
    for node in record["nodes"]:
        formula = "" if node["expression"] is None else f" = {node['expression']}"
        label = f"{node['name']}{formula}\n{tensor_text(node)}"
        shape = "box" if node["is_leaf"] else "ellipse"
        lines.append(f"  {_quoted(node['name'])} [label={_quoted(label)}, shape={shape}];")
    for edge in record["edges"]:
        look = "style=dashed" if edge["operation"] is None else f"label={_quoted(edge['operation'])}"
        lines.append(f"  {_quoted(edge['from'])} -> {_quoted(edge['to'])} [{look}];")
    stream.write("\n".join([*lines, "}"]) + "\n")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
