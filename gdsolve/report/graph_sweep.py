"""The two sweeps of a graph as text: values upwards, gradients downwards, with the local derivative on every edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from gdsolve.report.graph_picture import layers_of
from gdsolve.report.graph_tree import partial, total
from gdsolve.report.graph_values import tensor_text, value_text
from gdsolve.report.grid import Column, Grid, Segment
from gdsolve.report.page import page_for

FORWARD, BACK = "bold blue", "bold red"


def write_graph_sweeps(record: Mapping[str, Any], stream: TextIO) -> None:
    """The nodes from the root down; under each the edges to what it was computed from."""
    page, root = page_for(stream), record["root"]
    layers = layers_of(record)
    rows = []
    for node in sorted(record["nodes"], key=lambda node: -layers[node["name"]]):
        gradient = node["gradient"]
        back = "" if gradient is None else f"{total(root, node['name'])} = {value_text(gradient)}"
        formula = node["name"] if node["expression"] is None else f"{node['name']} = {node['expression']}"
        rows.append([Segment(formula, "bold"), Segment(tensor_text(node)), Segment(back)])
        rows += [_edge(one, root, gradient) for one in record["edges"] if one["from"] == node["name"]]
    heads = [
        Column("node", right=False, folds=True),
        Column("▲ values", right=False, folds=True, minimum=14),
        Column(f"▼ gradients of {root}", right=False, folds=True, minimum=18),
    ]
    page.table(Grid(heads, rows))
    stream.write("\n")
    page.write(stream)


def _edge(one: Mapping[str, Any], root: str, gradient: Any) -> list[Segment]:
    up = f"▲ {one['operation'] or 'not tracked'}"
    down = "" if one["operation"] is None or gradient is None else "▼"
    if down and one["derivative"] is not None:
        down = f"▼ times {partial(one['from'], one['to'])} = {value_text(one['derivative'])}"
    return [Segment(f"   {one['to']}", "dim"), Segment(up, FORWARD), Segment(down, BACK)]
