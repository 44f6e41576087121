"""An autograd graph as a plain dict: the schema `gdsolve.trace/1`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.graph import Backward, Graph, GraphEdge, NodeState, TreeRow

Record = dict[str, Any]


def graph_record(graph: Graph) -> Record:
    """`gdsolve.trace/1`: nodes in the order of the spec; the tree as rows, depth first, with their depth."""
    return {
        "schema": "gdsolve.trace/1",
        "version": __version__,
        "exit_code": 0,
        "source": graph.source,
        "root": graph.root,
        "retain_graph": graph.retain_graph,
        "zero_grad": graph.zero_grad,
        "nodes": _nodes(graph.nodes),
        "edges": [_edge(one) for one in graph.edges],
        "tree": _tree(graph.tree),
        "backward": [_backward(one) for one in graph.backward],
        "actions": [asdict(one) | {"hooks": list(one.hooks)} for one in graph.happenings],
        "symbols": [asdict(one) for one in graph.symbols],
        "compare": None if graph.gradients is None else asdict(graph.gradients),
        "steps": [
            {"statement": step.statement, "nodes": _nodes(step.nodes), "tree": _tree(step.tree)} for step in graph.steps
        ],
        "notes": list(graph.notes),
    }


def _nodes(nodes: Iterable[NodeState]) -> list[Record]:
    return [asdict(node) | {"shape": list(node.shape)} for node in nodes]


def _tree(rows: Iterable[TreeRow]) -> list[Record]:
    return [asdict(row) | {"shape": None if row.shape is None else list(row.shape)} for row in rows]


def _edge(one: GraphEdge) -> Record:
    return {"from": one.start, "to": one.end, "operation": one.operation, "derivative": one.derivative}


def _backward(one: Backward) -> Record:
    return {"from": one.root, "status": one.status, "reason": one.reason, "plain": one.plain, "grads": one.grads}
