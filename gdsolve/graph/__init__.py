"""The autograd graph of formulas, and of live tensors: real tensors, and what PyTorch keeps of them, node by node."""

from gdsolve.graph.states import Backward, Gradients, Graph, GraphEdge, Happening, NodeState, Snapshot, TreeRow
from gdsolve.graph.trace import trace

__all__ = [
    "Backward",
    "Gradients",
    "Graph",
    "GraphEdge",
    "Happening",
    "NodeState",
    "Snapshot",
    "TreeRow",
    "trace",
]
