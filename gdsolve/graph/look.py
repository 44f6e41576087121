"""What is seen of a tape: the state of every node, the edges between them, and the tree of functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from gdsolve.graph.functions import FunctionBook
from gdsolve.graph.states import GraphEdge, NodeState, TreeRow
from gdsolve.graph.tape import Tape, keeps_grad, marks, statement_text
from gdsolve.spec.graph_statements import FormulaNode, GoBackward, PartialDerivative

MOST_ENTRIES = 1000
"""Larger tensors are told by their shape alone."""


def states_of(tape: Tape) -> tuple[NodeState, ...]:
    """Every node as PyTorch sees it now."""
    return tuple(_state(tape, name, tensor) for name, tensor in tape.tensors.items())


def _state(tape: Tape, name: str, tensor: Tensor) -> NodeState:
    node = tape.given[name]
    grad = tensor.grad if keeps_grad(tensor) else None
    expression = node.expression if isinstance(node, FormulaNode | PartialDerivative) else None
    if isinstance(node, FormulaNode):
        expression = node.expression + marks(node)
    if name in tape.changes:
        expression = "; ".join(part for part in (expression, tape.changes[name]) if part)
    own = tape.book.note(tensor)
    return NodeState(
        name,
        _kind(tape, name, node),
        expression,
        tensor.tolist(),
        tuple(tensor.shape),
        tensor.requires_grad,
        tensor.is_leaf,
        None if tensor.grad_fn is None else tensor.grad_fn.name(),
        None if grad is None else grad.tolist(),
        None if grad is not None else _why_no_grad(tape, tensor),
        listed(tape.gradients.get(own)),
    )


def _kind(tape: Tape, name: str, node: object) -> str:
    if not isinstance(node, FormulaNode | PartialDerivative) or (isinstance(node, FormulaNode) and node.detach):
        return "leaf"
    return "intermediate" if any(name in uses for other, uses in tape.uses.items() if other != name) else "output"


def _why_no_grad(tape: Tape, tensor: Tensor) -> str:
    if not tensor.requires_grad:
        return "no gradient required"
    if tape.went_back is None:
        asked = tape.spec.goes_back or any(isinstance(one, GoBackward) for one in tape.spec.statements)
        return "no backward yet" if asked else "no backward asked for"
    if not keeps_grad(tensor):
        return "not a leaf and not retained"
    return "not reached by backward" if tape.went_back else "backward was refused"


def tree_of(tape: Tape) -> tuple[TreeRow, ...]:
    """The graph from its root, then from every other tracked node that the root does not lead to, depth first."""
    order = list(reversed(tape.tensors))
    if tape.spec.root in tape.tensors:
        order.insert(0, tape.spec.root)
    names = {tape.book.note(tensor): name for name, tensor in tape.tensors.items() if tensor.is_leaf}

    texts = {name: statement_text(one) for name, one in tape.given.items()}
    return draw_tree(tape.book, tape.tensors, order, names, texts)


def draw_tree(
    book: FunctionBook,
    tensors: Mapping[str, Tensor],
    order: Sequence[str],
    leaves: Mapping[Any, str],
    texts: Mapping[str, str],
) -> tuple[TreeRow, ...]:
    """Rows from each of the nodes in `order` that none before leads to.

    `leaves` are the names of those that require a gradient, by their functions; `texts` what to say of a node.
    """
    drawn: set[Any] = set()
    rows: list[TreeRow] = []
    shown: set[str] = set()
    for name in order:
        tensor = tensors[name]
        if tensor.is_leaf and (name in shown or name not in order[:1]):
            continue
        function = None if tensor.grad_fn is None else book.note(tensor)
        if function in drawn:
            continue
        if function is None:
            rows.append(TreeRow(0, name, None, False, texts.get(name), tuple(tensor.shape)))
            shown.add(name)
            continue
        pending: list[tuple[int, Any, str | None, Tensor | None]] = [(0, function, None, None)]
        while pending:
            depth, function, of, derivative = pending.pop()
            note = book.notes[function]
            label = leaves.get(function) if note.operation is None else note.name
            text = texts.get(label or "") if note.operation is None else note.statement or note.text
            repeated = function in drawn
            rows.append(TreeRow(depth, label, note.operation, repeated, text, note.shape, of, listed(derivative)))
            shown |= {label} if label else set()
            if not repeated:
                drawn.add(function)
                children = list(zip(note.inputs, note.derivatives, strict=True))
                own = label or text
                pending += [(depth + 1, key[0], own, d) for key, d in reversed(children) if key is not None]
    return tuple(rows)


def listed(tensor: Tensor | None) -> Any:
    """A tensor as a number or lists of numbers; None for none, and for a large one."""
    return None if tensor is None or tensor.numel() > MOST_ENTRIES else tensor.detach().tolist()


def edges_of(tape: Tape) -> tuple[GraphEdge, ...]:
    """From every node to those it was computed from, with its operation; None where autograd does not follow."""
    edges = []
    for name, other in tape.parents():
        function = tape.tensors[name].grad_fn
        tracked = function is not None and tape.tensors[other].requires_grad
        if isinstance(tape.given[name], PartialDerivative):
            tracked = tracked and other in tape.reached(name)
        operation = function.name() if tracked and function is not None else None
        derivative = _between(tape, name, other) if tracked else None
        edges.append(GraphEdge(name, other, operation, listed(derivative)))
    return tuple(edges)


def _between(tape: Tape, name: str, other: str) -> Tensor | None:
    """The derivative of a node by one that its formula has: over all paths that lead through no other node."""
    start, end = tape.book.note(tape.tensors[name]), tape.book.note(tape.tensors[other])
    return tape.between.get((start, end))
