"""The autograd graph of formulas: real tensors, a real backward, and what PyTorch keeps of it, node by node."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from gdsolve.objective.expression import Expression, parse
from gdsolve.spec.graph import FormulaNode, TraceSpec
from gdsolve.status import GdsolveError, Place


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node as PyTorch sees it; `grad_note` says why there is no gradient."""

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


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One function of the graph, below the one that it feeds; `repeated` marks one drawn before."""

    depth: int
    name: str | None
    operation: str | None
    repeated: bool


@dataclass(frozen=True, slots=True)
class Backward:
    """One backward: done, or refused with PyTorch's own reason and the same in plain words."""

    root: str
    status: str
    reason: str | None
    plain: str | None
    grads: dict[str, Any]


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

    spec: TraceSpec
    nodes: tuple[NodeState, ...]
    edges: tuple[tuple[str, str, str | None], ...]
    tree: tuple[TreeRow, ...]
    backward: tuple[Backward, ...]
    steps: tuple[Snapshot, ...]
    gradients: Gradients | None


@dataclass(slots=True)
class _Tape:
    """The tensors so far, and whether a backward went through."""

    spec: TraceSpec
    expressions: dict[str, Expression]
    tensors: dict[str, Tensor] = field(default_factory=dict)
    went_back: bool | None = None


def trace(spec: TraceSpec) -> Graph:
    """Build the graph, go backward as asked, and look at every node.

    Raises:
        GdsolveError: a formula that cannot be read or whose shapes do not go together.
    """
    tape = _Tape(spec, _read(spec))
    steps: list[Snapshot] = []
    for leaf in spec.leaves:
        tape.tensors[leaf.name] = _leaf_tensor(leaf.value, leaf.requires_grad)
        steps += _snapshot(tape, f"{leaf.name} = {_short(leaf.value)}")
    for node in spec.nodes:
        tape.tensors[node.name] = _compute(spec, node, tape.expressions[node.name], tape.tensors)
        if node.retain_grad or node.name in spec.options.retain_grad:
            _retain(tape.tensors[node.name])
        steps += _snapshot(tape, f"{node.name} = {node.expression}{_marks(node)}")
    # Drawn first: what a backward frees is gone from the graph afterwards.
    tree, edges = _tree(tape), _edges(tape)
    backward = tuple(_backward(tape) for _ in range(spec.options.repeat))
    return Graph(spec, _states(tape), edges, tree, backward, tuple(steps), _compare(tape))


def _read(spec: TraceSpec) -> dict[str, Expression]:
    names = [leaf.name for leaf in spec.leaves]
    own = {*names, *(node.name for node in spec.nodes)}
    read = {}
    for node in spec.nodes:
        read[node.name] = _parse(spec, f"nodes.{node.name}", node.expression, names, own)
        names.append(node.name)
    if spec.compare is not None:
        _parse(spec, "compare.formula", spec.compare.formula, names, own)
    return read


def _parse(spec: TraceSpec, where: str, text: str, names: list[str], own: Collection[str]) -> Expression:
    try:
        expression = parse(text, names, "write it under leaves:, as in {name}: 1.0, or under nodes: before it")
        if (call := expression.called(own)) is not None:
            raise GdsolveError(
                f"column {call.column}: {call.value} is a function here, and a name of the graph as well",
                f"for a product write {call.value}*(…), or call the name otherwise, as in {call.value}0",
                column=call.column,
            )
        return expression
    except GdsolveError as fault:
        raise fault.within(f"{where}: ").but(place=Place(spec.path)) from None


def _evaluate(spec: TraceSpec, where: str, expression: Expression, values: Mapping[str, Tensor]) -> Tensor:
    try:
        return expression.evaluate(values)
    except GdsolveError as fault:
        shapes = ", ".join(f"{name} {tuple(values[name].shape)}" for name in sorted(expression.names))
        hint = f"the shapes are {shapes}; transpose(…) turns a matrix, and @ multiplies matrices"
        raise fault.within(f"{where}: ").but(hint=hint, place=Place(spec.path)) from None


def _leaf_tensor(value: Any, requires_grad: bool) -> Tensor:
    return torch.tensor(value, dtype=torch.float64, device="cpu", requires_grad=requires_grad)


def _compute(spec: TraceSpec, node: FormulaNode, expression: Expression, values: Mapping[str, Tensor]) -> Tensor:
    with torch.set_grad_enabled(not node.no_grad):
        tensor = _evaluate(spec, f"nodes.{node.name}", expression, values)
    if node.detach:
        return tensor.detach()
    # A node that only renames another is a node of its own, not the same tensor twice.
    return tensor.view_as(tensor) if any(tensor is one for one in values.values()) else tensor


def _retain(tensor: Tensor) -> None:
    if tensor.requires_grad:
        tensor.retain_grad()


def _backward(tape: _Tape) -> Backward:
    options, root = tape.spec.options, tape.spec.root
    if options.zero_grad:
        for tensor in tape.tensors.values():
            if _keeps_grad(tensor):
                tensor.grad = None
    try:
        torch.autograd.backward(tape.tensors[root], retain_graph=options.retain_graph)
    except RuntimeError as fault:
        tape.went_back = tape.went_back or False
        reason = str(fault).splitlines()[0]
        return Backward(root, "refused", reason, _plain(root, tape), _grads(tape))
    tape.went_back = True
    return Backward(root, "ok", None, None, _grads(tape))


def _plain(root: str, tape: _Tape) -> str:
    """Why PyTorch refuses to go backward, as the graph shows it."""
    tensor = tape.tensors[root]
    if not tensor.requires_grad:
        return (
            f"{root} has no grad_fn: it was detached, computed under no_grad, or has no leaf that requires a gradient,"
            " so there is no graph to go back through"
        )
    if tensor.numel() != 1:
        return f"{root} is not a single number; go backward from a sum or mean of it"
    if tape.went_back and not tape.spec.options.retain_graph:
        return (
            f"the backward before this one freed what the graph of {root} had saved;"
            " keep it with --retain-graph (retain_graph: true)"
        )
    return "PyTorch cannot go backward here"


def _keeps_grad(tensor: Tensor) -> bool:
    return tensor.is_leaf or tensor.retains_grad


def _grads(tape: _Tape) -> dict[str, Any]:
    return {
        name: tensor.grad.tolist()
        for name, tensor in tape.tensors.items()
        if _keeps_grad(tensor) and tensor.grad is not None
    }


def _states(tape: _Tape) -> tuple[NodeState, ...]:
    return tuple(_state(tape, name, tensor) for name, tensor in tape.tensors.items())


def _state(tape: _Tape, name: str, tensor: Tensor) -> NodeState:
    node = next((one for one in tape.spec.nodes if one.name == name), None)
    grad = tensor.grad if _keeps_grad(tensor) else None
    return NodeState(
        name,
        _kind(tape, name, node),
        None if node is None else node.expression + _marks(node),
        tensor.tolist(),
        tuple(tensor.shape),
        tensor.requires_grad,
        tensor.is_leaf,
        None if tensor.grad_fn is None else tensor.grad_fn.name(),
        None if grad is None else grad.tolist(),
        None if grad is not None else _why_no_grad(tape, tensor),
    )


def _kind(tape: _Tape, name: str, node: FormulaNode | None) -> str:
    if node is None or node.detach:
        return "leaf"
    used = any(name in tape.expressions[later].names for later in tape.tensors if later in tape.expressions)
    return "intermediate" if used else "output"


def _marks(node: FormulaNode) -> str:
    marks = [mark for mark, wanted in (("detached", node.detach), ("no_grad", node.no_grad)) if wanted]
    return f" ({', '.join(marks)})" if marks else ""


def _why_no_grad(tape: _Tape, tensor: Tensor) -> str:
    if not tensor.requires_grad:
        return "no gradient required"
    if tape.went_back is None:
        return "no backward yet"
    if not _keeps_grad(tensor):
        return "not a leaf and not retained"
    return "not reached by backward" if tape.went_back else "backward was refused"


def _names_of_functions(tape: _Tape) -> dict[Any, str]:
    return {tensor.grad_fn: name for name, tensor in tape.tensors.items() if tensor.grad_fn is not None}


def _name(tape: _Tape, function: Any, named: Mapping[Any, str]) -> str | None:
    variable = getattr(function, "variable", None)
    if variable is None:
        return named.get(function)
    return next((name for name, tensor in tape.tensors.items() if tensor is variable), None)


def _tree(tape: _Tape) -> tuple[TreeRow, ...]:
    """The graph from its root, then from every other tracked node that the root does not lead to, depth first."""
    named, drawn = _names_of_functions(tape), set[Any]()
    rows: list[TreeRow] = []
    order = list(reversed(tape.tensors))
    if tape.spec.root in tape.tensors:
        order.insert(0, tape.spec.root)
    shown: set[str] = set()
    for name in order:
        tensor = tape.tensors[name]
        if name in shown or (tensor.is_leaf and name not in order[:1]):
            continue
        if tensor.grad_fn is None:
            rows.append(TreeRow(0, name, None, False))
            shown.add(name)
            continue
        pending: list[tuple[int, Any]] = [(0, tensor.grad_fn)]
        while pending:
            depth, function = pending.pop()
            label, repeated = _name(tape, function, named), function in drawn
            leaf = hasattr(function, "variable")
            rows.append(TreeRow(depth, label, None if leaf else function.name(), repeated and not leaf))
            shown |= {label} if label else set()
            if function not in drawn:
                drawn.add(function)
                pending += [(depth + 1, one) for one, _ in reversed(function.next_functions) if one is not None]
    return tuple(rows)


def _edges(tape: _Tape) -> tuple[tuple[str, str, str | None], ...]:
    """From every node to those in its formula, with its operation; None where autograd does not follow."""
    edges = []
    for node in tape.spec.nodes:
        function = tape.tensors[node.name].grad_fn
        for name in (one for one in tape.tensors if one in tape.expressions[node.name].names):
            tracked = function is not None and tape.tensors[name].requires_grad
            edges.append((node.name, name, function.name() if tracked and function is not None else None))
    return tuple(edges)


def _snapshot(tape: _Tape, statement: str) -> list[Snapshot]:
    return [Snapshot(statement, _states(tape), _tree(tape))] if tape.spec.options.steps else []


def _short(value: Any) -> str:
    text = (
        str([list(row) if isinstance(row, tuple) else row for row in value])
        if isinstance(value, tuple)
        else f"{value:g}"
    )
    return text if len(text) <= 60 else f"{text[:60]}…"


def _compare(tape: _Tape) -> Gradients | None:
    """The gradient at the root by autograd on a graph of its own, by the formula, and by central differences."""
    spec = tape.spec
    if spec.compare is None:
        return None
    leaf = spec.compare.leaf or _only_leaf(tape)
    point = tape.tensors[leaf].detach()
    start = point.clone().requires_grad_()
    root = _rebuild(tape, leaf, start)[spec.root]
    if root.dim() or not root.requires_grad:
        raise GdsolveError(
            f"{spec.root} is no tracked single number",
            "sum it, and go back from that: --backward-from NAME",
            place=Place(spec.path),
            option="compare",
        )
    (autograd,) = torch.autograd.grad(root, start, allow_unused=True)
    autograd = torch.zeros_like(point) if autograd is None else autograd
    expression = parse(spec.compare.formula, list(tape.tensors))
    values = {name: tensor.detach() for name, tensor in tape.tensors.items()}
    formula = _evaluate(spec, "compare.formula", expression, values)
    if formula.shape != point.shape:
        raise GdsolveError(
            f"compare.formula: shape {tuple(formula.shape)}, and {leaf} has {tuple(point.shape)}",
            "a gradient has the shape of its leaf",
            place=Place(spec.path),
        )
    differences = _central_differences(tape, leaf, point)
    ways = torch.stack([autograd, formula, differences])
    largest = float((ways.amax(0) - ways.amin(0)).max())
    return Gradients(leaf, spec.compare.formula, autograd.tolist(), formula.tolist(), differences.tolist(), largest)


def _only_leaf(tape: _Tape) -> str:
    names = [leaf.name for leaf in tape.spec.leaves if leaf.requires_grad]
    if len(names) != 1:
        raise GdsolveError(
            f"{len(names)} leaves require a gradient",
            f"write which: compare: {{leaf: {names[0] if names else tape.spec.leaves[0].name}, …}}",
            place=Place(tape.spec.path),
            option="compare",
        )
    return names[0]


def _rebuild(tape: _Tape, leaf: str, value: Tensor) -> dict[str, Tensor]:
    tensors = {one.name: tape.tensors[one.name].detach() for one in tape.spec.leaves} | {leaf: value}
    for node in tape.spec.nodes:
        tensors[node.name] = _compute(tape.spec, node, tape.expressions[node.name], tensors)
    return tensors


def _central_differences(tape: _Tape, leaf: str, point: Tensor) -> Tensor:
    """(f(w + h) − f(w − h)) / 2h, entry by entry; h = ∛ε·max(1, |w|) balances truncation and rounding."""
    slope = torch.zeros_like(point)
    for place in range(point.numel()):
        h = 6e-6 * max(1.0, abs(float(point.flatten()[place])))
        ends = []
        for shift in (h, -h):
            moved = point.clone()
            moved.view(-1)[place] += shift
            ends.append(float(_rebuild(tape, leaf, moved)[tape.spec.root]))
        slope.view(-1)[place] = (ends[0] - ends[1]) / (2 * h)
    return slope
