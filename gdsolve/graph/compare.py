"""One gradient in three ways: by autograd, by a formula, and by central differences."""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.graph.compute import compute
from gdsolve.graph.states import Gradients
from gdsolve.graph.tape import Tape, evaluate
from gdsolve.objective.expression import parse
from gdsolve.status import GdsolveError, Place


def compare_gradients(tape: Tape) -> Gradients | None:
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
    formula = evaluate(spec, "compare.formula: ", expression, values, None)
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


def _only_leaf(tape: Tape) -> str:
    names = [leaf.name for leaf in tape.spec.leaves if leaf.requires_grad]
    if len(names) != 1:
        raise GdsolveError(
            f"{len(names)} leaves require a gradient",
            f"write which: compare: {{leaf: {names[0] if names else tape.spec.leaves[0].name}, …}}",
            place=Place(tape.spec.path),
            option="compare",
        )
    return names[0]


def _rebuild(tape: Tape, leaf: str, value: Tensor) -> dict[str, Tensor]:
    tensors = {one.name: tape.tensors[one.name].detach() for one in tape.spec.leaves} | {leaf: value}
    for node in tape.spec.nodes:
        tensors[node.name] = compute(tape, node, tensors)[0]
    return tensors


def _central_differences(tape: Tape, leaf: str, point: Tensor) -> Tensor:
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
