"""Statements that give no node, and derivatives: what each does, or why PyTorch refuses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gdsolve.graph.go_back import changed, go_back, look_ahead, reason_of, why
from gdsolve.graph.states import Happening
from gdsolve.graph.tape import Tape, evaluate, keeps_grad, statement_text
from gdsolve.objective.expression import Expression
from gdsolve.spec.graph_statements import (
    GoBackward,
    Hook,
    InPlace,
    PartialDerivative,
    RequireGrad,
    RetainGrad,
    Statement,
    ZeroGrad,
)
from gdsolve.status import Place

CHANGE: dict[str, Callable[[Tensor, Any], Tensor]] = {
    "+": Tensor.add_,
    "-": Tensor.sub_,
    "*": Tensor.mul_,
    "/": Tensor.div_,
    "**": Tensor.pow_,
}


def happen(tape: Tape, one: Statement) -> Happening:
    """Run one statement; what PyTorch refuses is a result.

    Raises:
        GdsolveError: a formula whose shapes do not go together.
    """
    text = statement_text(one)
    match one:
        case GoBackward():
            return go_back(tape, one.name, retain_graph=one.retain_graph, create_graph=one.create_graph, statement=text)
        case PartialDerivative():
            return _differentiate(tape, one, text)
        case InPlace():
            return _change(tape, one, text)
        case ZeroGrad():
            return _zero(tape, one, text)
    return _mark(tape, one, text)


def _mark(tape: Tape, one: Statement, text: str) -> Happening:
    """What changes how a tensor is treated, and not its value."""
    tensor = tape.tensors[one.name or ""]
    match one:
        case Hook():
            plain = f"{one.name} requires no gradient, so none comes to it"
            return _attempt(tape, text, lambda: _hook(tape, one), plain)
        case RetainGrad():
            return _attempt(
                tape, text, tensor.retain_grad, f"{one.name} requires no gradient, so there is none to keep"
            )
        case RequireGrad():
            plain = f"{one.name} is no leaf: its graph decides; {one.name}.detach() is a tensor without one"
            return _attempt(tape, text, lambda: tensor.requires_grad_(one.truth), plain)
    raise TypeError(type(one).__name__)


def _attempt(tape: Tape, text: str, act: Callable[[], object], plain: str) -> Happening:
    try:
        act()
    except (RuntimeError, AttributeError) as fault:
        return Happening(text, "refused", plain, reason_of(fault), tape.grads())
    return Happening(text, "ok", None, None, tape.grads())


def _differentiate(tape: Tape, one: PartialDerivative, text: str) -> Happening:
    of, by = tape.tensors[one.of], tape.tensors[one.by]
    tape.heard = []
    look_ahead(tape, one.of)
    keep = one.create_graph or one.retain_graph
    try:
        (found,) = torch.autograd.grad(of, by, create_graph=one.create_graph, retain_graph=keep)
    except RuntimeError as fault:
        return Happening(text, "refused", _why_no_derivative(tape, one), reason_of(fault), tape.grads())
    if not keep:
        tape.freed = text
    # The gradient of a sum is the tensor that came down to it, which has a name already.
    found = found.view_as(found) if any(found is other for other in tape.tensors.values()) else found
    if one.name in tape.spec.options.retain_grad and found.requires_grad:
        found.retain_grad()
    tape.keep(one, found, (one.of, one.by))
    # The graph of a derivative leads to what it is computed from, and not through the node that was differentiated.
    tape.uses[one.name] = tuple(dict.fromkeys([one.of, one.by, *tape.reached(one.name)]))
    return Happening(text, "ok", None, None, {}, tuple(tape.heard), {one.name: found.tolist()})


def _why_no_derivative(tape: Tape, one: PartialDerivative) -> str:
    if not tape.tensors[one.of].requires_grad or tape.tensors[one.of].numel() != 1:
        return why(tape, one.of)
    if not tape.tensors[one.by].requires_grad:
        return f"{one.by} requires no gradient"
    own = tape.book.note(tape.tensors[one.by])
    if own not in tape.book.gradients(tape.book.note(tape.tensors[one.of])) and tape.freed is None:
        return f"{one.of} was not computed from {one.by}: no path of the graph leads there"
    return why(tape, one.of)


def _change(tape: Tape, one: InPlace, text: str) -> Happening:
    expression, tensor = tape.formula(one), tape.tensors[one.name]
    parts: list[tuple[Tensor, str]] = []
    with torch.set_grad_enabled(not one.no_grad):
        values = tape.values(expression, Place(tape.spec.path, one.line))
        change = evaluate(tape.spec, f"{one.text}: ", expression, values, tape.watch(expression, parts))
        number = float(change) if not change.dim() and not change.requires_grad else change
        done = _attempt(tape, text, lambda: CHANGE[one.operator](tensor, number), _why_unchanged(tensor, change, one))
    if done.status != "ok":
        return done
    tape.label(parts)
    tape.changes[one.name] = text
    tape.uses[one.name] = tuple(dict.fromkeys([*tape.uses[one.name], *(one for one in tape.tensors if one in values)]))
    tape.name(one.name, text)
    return Happening(text, "ok", None, None, {}, (), {one.name: tensor.tolist()})


def _why_unchanged(tensor: Tensor, change: Tensor, one: InPlace) -> str:
    if tensor.is_leaf and tensor.requires_grad and not one.no_grad:
        return (
            f"{one.name} is a leaf that requires a gradient, and the graph would lose what it was; change it under"
            f" no_grad, as in with no_grad: {one.text}, or compute a new node"
        )
    if not _fits(change, tensor):
        return f"{one.name} has the shape {tuple(tensor.shape)}, and would need {tuple(change.shape)}"
    return f"PyTorch cannot change {one.name} in place here"


def _fits(small: Tensor, large: Tensor) -> bool:
    """True where a tensor can be spread over the shape of another."""
    sizes = zip(reversed(small.shape), reversed(large.shape), strict=False)
    return small.dim() <= large.dim() and all(one in (1, other) for one, other in sizes)


def _hook(tape: Tape, one: Hook) -> None:
    expression: Expression | None = None if one.expression is None else tape.formula(one)

    def hook(gradient: Tensor) -> Tensor | None:
        after = changed(gradient, [(one, expression)])
        tape.heard.append({"name": one.name, "before": gradient.tolist(), "after": after.tolist()})
        return None if expression is None else after

    tape.tensors[one.name].register_hook(hook)  # type: ignore[no-untyped-call]
    tape.hooks.setdefault(one.name, []).append((one, expression))


def _zero(tape: Tape, one: ZeroGrad, text: str) -> Happening:
    tensors = [tape.tensors[one.name]] if one.name is not None else list(tape.tensors.values())

    def act() -> None:
        for tensor in tensors:
            if one.dropped and keeps_grad(tensor):
                tensor.grad = None
            elif not one.dropped:
                gradient = tensor.grad if keeps_grad(tensor) else None
                # As PyTorch does for None: it has no such method.
                gradient.zero_()  # type: ignore[union-attr]

    return _attempt(tape, text, act, f"{one.name}.grad is None: no backward pass has filled it yet")
