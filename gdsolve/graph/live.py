"""The graph of tensors that a program has: only looked at, never gone through, and no tensor of it is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from gdsolve.graph.functions import FunctionBook, is_leaf, is_stale
from gdsolve.graph.look import draw_tree, listed
from gdsolve.graph.states import Graph, GraphEdge, NodeState
from gdsolve.graph.tape import keeps_grad
from gdsolve.status import GdsolveError

SOURCE = "live tensors"
FREED = "Some figures are missing: a backward pass has freed what their functions saved, or a tensor was changed."
HOOKS = "Hooks of tensors are not run: these gradients are those without them."


@dataclass(slots=True)
class _Live:
    """Functions with their names and, where they are at hand, their tensors."""

    book: FunctionBook
    tensors: dict[str, Tensor] = field(default_factory=dict)
    names: dict[Any, str] = field(default_factory=dict)
    gradients: dict[Any, Tensor] = field(default_factory=dict)


def trace_live(roots: Mapping[str, Tensor], names: Mapping[str, Tensor], *, gradients: bool = False) -> Graph:
    """What autograd keeps behind tensors, `roots`, with the names that are known of tensors.

    Values are those of leaves and of named tensors; of others autograd does not keep them. With `gradients` each
    function is asked for its local derivatives, and for the derivative of the first root by what it computed: no
    backward runs, no hook does, and no `.grad` changes.

    Raises:
        GdsolveError: gradients of what is not one number.
    """
    first = next(iter(roots))
    if gradients and roots[first].numel() != 1:
        raise GdsolveError(
            f"gradients are those of one number, and {first} has the shape {tuple(roots[first].shape)}",
            "trace the loss, or a sum such as x.sum()",
            option="gradients",
        )
    live = _Live(FunctionBook(local=gradients))
    for name, tensor in roots.items():
        if tensor.grad_fn is not None:
            live.book.note(tensor)
        _call(live, name, tensor)
    for name, tensor in names.items():
        _call(live, name, tensor)
    _call_rest(live)
    if gradients and roots[first].grad_fn is not None:
        live.gradients = live.book.gradients(roots[first].grad_fn)
    order = [name for name, tensor in live.tensors.items() if name in roots or tensor.grad_fn is None]
    leaves = {function: name for function, name in live.names.items() if is_leaf(function)}
    roots_first = [name for name in order if name in roots]
    notes = []
    if gradients and any(is_stale(function) for function in live.book.notes):
        notes.append(FREED)
    hooked = any(tensor._backward_hooks for tensor in live.tensors.values())
    return Graph(
        SOURCE,
        first,
        _states(live),
        _edges(live),
        draw_tree(live.book, live.tensors, roots_first, leaves, {}),
        notes=(*notes, *([HOOKS] if gradients and hooked else [])),
    )


def _call(live: _Live, name: str, tensor: Tensor) -> None:
    """Name a tensor that is in the graph and has no name yet; a root is in it by itself."""
    if name in live.tensors:
        return
    function = tensor.grad_fn
    if function is None:
        function = next((one for one in live.book.notes if is_leaf(one) and one.variable is tensor), None)
        if function is None and live.tensors:
            return
    elif function not in live.book.notes:
        return
    if function is not None:
        if function in live.names:
            return
        live.names[function] = name
        note = live.book.notes[function]
        # Of a function with several outputs one tensor does not tell.
        note.name = name if note.shape is not None else None
    live.tensors[name] = tensor


def _call_rest(live: _Live) -> None:
    """Names for leaves and functions that nobody named: leaf_1, mul_2, by the order in which they are met."""
    counts: dict[str, int] = {}
    taken = {*live.tensors, *live.names.values()}
    for function, note in live.book.notes.items():
        if function in live.names:
            continue
        word = "leaf" if note.operation is None else _word(note.operation)
        counts[word] = counts.get(word, 0) + 1
        name = f"{word}_{counts[word]}"
        while name in taken:
            counts[word] += 1
            name = f"{word}_{counts[word]}"
        live.names[function] = name
        if is_leaf(function):
            live.tensors[name] = function.variable


def _word(operation: str) -> str:
    """`mul` for MulBackward0."""
    return operation.split("Backward", 1)[0].rsplit("::", 1)[-1].lower() or "function"


def _states(live: _Live) -> tuple[NodeState, ...]:
    """Leaves and inner functions before what is computed of them, roots last."""
    states: list[NodeState] = []
    functions = list(live.names)
    used = {key[0] for note in live.book.notes.values() for key in note.inputs if key is not None}
    for function in _bottom_up(live, functions):
        name, note = live.names[function], live.book.notes[function]
        tensor = live.tensors.get(name)
        gradient = listed(live.gradients.get(function))
        kind = "leaf" if is_leaf(function) else "intermediate" if function in used else "output"
        if tensor is None:
            shape = () if note.shape is None else note.shape
            unnamed = "its tensor has no name here"
            states.append(
                NodeState(name, "unnamed", None, None, shape, True, False, note.operation, None, unnamed, gradient)
            )
        else:
            states.append(_state(name, kind, tensor, gradient))
    named = {*live.names.values()}
    alone = [name for name in live.tensors if name not in named]
    return (*states, *(_state(name, "leaf", live.tensors[name], None) for name in alone))


def _state(name: str, kind: str, tensor: Tensor, gradient: Any) -> NodeState:
    grad = tensor.grad if keeps_grad(tensor) else None
    why = "no gradient required" if not tensor.requires_grad else "not a leaf and not retained"
    if tensor.requires_grad and keeps_grad(tensor):
        why = "not filled"
    return NodeState(
        name,
        kind,
        None,
        listed(tensor),
        tuple(tensor.shape),
        tensor.requires_grad,
        tensor.is_leaf,
        None if tensor.grad_fn is None else tensor.grad_fn.name(),
        listed(grad),
        None if grad is not None else why,
        gradient,
    )


def _bottom_up(live: _Live, functions: Sequence[Any]) -> list[Any]:
    """Each function after all that it takes its inputs from."""
    done: dict[Any, None] = {}
    pending = [(function, False) for function in reversed(functions)]
    while pending:
        function, finished = pending.pop()
        if finished:
            done[function] = None
        elif function not in done:
            pending.append((function, True))
            inputs = [key[0] for key in live.book.notes[function].inputs if key is not None]
            pending += [(one, False) for one in reversed(inputs) if one not in done]
    return list(done)


def _edges(live: _Live) -> tuple[GraphEdge, ...]:
    edges = []
    for function in _bottom_up(live, list(live.names)):
        note = live.book.notes[function]
        for key, derivative in zip(note.inputs, note.derivatives, strict=True):
            if key is not None:
                edges.append(GraphEdge(live.names[function], live.names[key[0]], note.operation, listed(derivative)))
    return tuple(edges)
