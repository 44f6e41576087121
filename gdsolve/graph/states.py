"""What is found of a graph, as plain data: nodes, the functions between them, and what backward did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node as PyTorch sees it; `grad_note` says why there is no gradient.

    `gradient` is the derivative of the root by it at the first backward pass, which PyTorch keeps for leaves alone.
    """

    name: str
    kind: str
    expression: str | None
    value: Any
    shape: tuple[int, ...]
    requires_grad: bool
    is_leaf: bool
    grad_fn: str | None
    grad: Any
    grad_note: str | None
    gradient: Any = None


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One function of the graph, below the one that it feeds; `repeated` marks one drawn before.

    `text` is the statement or the part of one that it computes, `of` the name of what it feeds, `derivative` the local
    derivative of that by it, None where it is no number or where there is none, and `symbol` the same in symbols.
    """

    depth: int
    name: str | None
    operation: str | None
    repeated: bool
    text: str | None = None
    shape: tuple[int, ...] | None = None
    of: str | None = None
    derivative: Any = None
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """From a node to one of those in its formula; no operation where autograd does not follow it.

    `derivative` is the local derivative, where the node is one number.
    """

    start: str
    end: str
    operation: str | None
    derivative: Any = None


@dataclass(frozen=True, slots=True)
class Backward:
    """One backward: done, or refused with PyTorch's own reason and the same in plain words."""

    root: str
    status: str
    reason: str | None
    plain: str | None
    grads: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Happening:
    """What one statement did; `values` are those of nodes that it made or changed.

    `hooks` are the gradients that hooks saw on the way, each with its name, `before` and `after`.
    """

    statement: str
    status: str
    plain: str | None
    reason: str | None
    grads: dict[str, Any]
    hooks: tuple[dict[str, Any], ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Symbolic:
    """The derivative of a root by a leaf in symbols: as products along paths, in several forms, and as a number.

    `reason` says why there are no forms.
    """

    of: str
    by: str
    chain: tuple[str, ...]
    forms: tuple[str, ...]
    value: Any
    reason: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The graph after one statement."""

    statement: str
    nodes: tuple[NodeState, ...]
    tree: tuple[TreeRow, ...]


@dataclass(frozen=True, slots=True)
class Gradients:
    """One gradient got in three ways, and the largest difference between any two entries."""

    leaf: str
    formula_text: str
    autograd: Any
    formula: Any
    differences: Any
    largest_difference: float


@dataclass(frozen=True, slots=True)
class Graph:
    """What `trace` found."""

    source: str
    root: str
    nodes: tuple[NodeState, ...]
    edges: tuple[GraphEdge, ...]
    tree: tuple[TreeRow, ...]
    backward: tuple[Backward, ...] = ()
    happenings: tuple[Happening, ...] = ()
    steps: tuple[Snapshot, ...] = ()
    gradients: Gradients | None = None
    retain_graph: bool = False
    zero_grad: bool = False
    symbols: tuple[Symbolic, ...] = ()
    notes: tuple[str, ...] = ()
