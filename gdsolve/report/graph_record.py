"""An autograd graph as a plain dict: the schema `gdsolve.trace/1`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.graph import Backward, Graph, NodeState, TreeRow

Record = dict[str, Any]


def graph_record(graph: Graph) -> Record:
    """`gdsolve.trace/1`: nodes in the order of the spec; the tree as rows, depth first, with their depth."""
    options = graph.spec.options
    return {
        "schema": "gdsolve.trace/1",
        "version": __version__,
        "exit_code": 0,
        "source": graph.spec.path,
        "root": graph.spec.root,
        "retain_graph": options.retain_graph,
        "zero_grad": options.zero_grad,
        "nodes": _nodes(graph.nodes),
        "edges": [{"from": one, "to": other, "operation": operation} for one, other, operation in graph.edges],
        "tree": _tree(graph.tree),
        "backward": [_backward(one) for one in graph.backward],
        "compare": None if graph.gradients is None else asdict(graph.gradients),
        "steps": [
            {"statement": step.statement, "nodes": _nodes(step.nodes), "tree": _tree(step.tree)} for step in graph.steps
        ],
    }


def _nodes(nodes: Iterable[NodeState]) -> list[Record]:
    return [asdict(node) | {"shape": list(node.shape)} for node in nodes]


def _tree(rows: Iterable[TreeRow]) -> list[Record]:
    return [asdict(row) for row in rows]


def _backward(one: Backward) -> Record:
    return {"from": one.root, "status": one.status, "reason": one.reason, "plain": one.plain, "grads": one.grads}
