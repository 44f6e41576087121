"""One backward pass: what it fills, or why PyTorch refuses it, in plain words first."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gdsolve.graph.functions import is_stale
from gdsolve.graph.states import Happening
from gdsolve.graph.tape import Tape
from gdsolve.objective.expression import Expression

NO_GRAPH = (
    "has no grad_fn: it was detached, computed under no_grad, or has no leaf that requires a gradient,"
    " so there is no graph to go back through"
)


def go_back(tape: Tape, root: str, *, retain_graph: bool, create_graph: bool, statement: str = "") -> Happening:
    """Go backward from a node; what PyTorch refuses is a result."""
    look_ahead(tape, root)
    tape.heard = []
    try:
        with warnings.catch_warnings():
            # It warns of memory that a cycle of tensors holds, which ends with the run.
            warnings.filterwarnings("ignore", message="Using backward\\(\\) with create_graph=True")
            torch.autograd.backward(
                tape.tensors[root], retain_graph=retain_graph or create_graph, create_graph=create_graph
            )
    except RuntimeError as fault:
        tape.went_back = tape.went_back or False
        return Happening(statement, "refused", why(tape, root), reason_of(fault), tape.grads())
    tape.went_back = True
    if not (retain_graph or create_graph):
        tape.freed = statement or root
    return Happening(statement, "ok", None, None, tape.grads(), tuple(tape.heard))


def reason_of(fault: Exception) -> str:
    """What PyTorch says, on its first line."""
    return str(fault).splitlines()[0]


def look_ahead(tape: Tape, root: str) -> None:
    """Note the gradients of the root at every function, once, before the first backward frees what they need."""
    if tape.gradients or root != tape.spec.root:
        return
    function = tape.book.note(tape.tensors[root])
    if function is None:
        return
    hooked: dict[Any, Callable[[Tensor], Tensor]] = {}
    for name, hooks in tape.hooks.items():
        own = tape.book.note(tape.tensors[name])
        if own is not None:
            hooked[own] = lambda gradient, hooks=hooks: changed(gradient, hooks)  # type: ignore[misc]
    tape.gradients = tape.book.gradients(function, hooked)


def changed(gradient: Tensor, hooks: list[tuple[Any, Expression | None]]) -> Tensor:
    """What hooks make of a gradient, one after the other."""
    for hook, expression in hooks:
        if expression is not None:
            gradient = expression.evaluate({hook.parameter: gradient}).to(gradient.dtype).expand(gradient.shape)
    return gradient


def why(tape: Tape, root: str) -> str:
    """Why PyTorch refuses to go backward from a node, as the graph shows it."""
    tensor = tape.tensors[root]
    if not tensor.requires_grad:
        return f"{root} {NO_GRAPH}"
    if tensor.numel() != 1:
        return f"{root} is not a single number; go backward from a sum or mean of it"
    if (found := _changed_in_place(tape)) is not None:
        return found
    if tape.freed is not None:
        keep = "--retain-graph (retain_graph: true)"
        if tape.spec.goes_back_itself:
            keep = f"retain_graph=True, as in {root}.backward(retain_graph=True)"
        return f"the backward before this one freed what the graph of {root} had saved; keep it with {keep}"
    return "PyTorch cannot go backward here"


def _changed_in_place(tape: Tape) -> str | None:
    """Which node had kept a value that was changed after it; None where none had."""
    for name, versions in tape.versions.items():
        for other, version in versions.items():
            tensor = tape.tensors[other]
            if tensor._version == version or other not in tape.changes:
                continue
            if any(is_stale(function) for function in _functions(tape, name)):
                return (
                    f"{tape.changes[other]} changed {other} in place, after {name} had kept its value for backward;"
                    f" compute a new node instead of changing {other}"
                )
    return None


def _functions(tape: Tape, name: str) -> list[Any]:
    """The functions of a node's formula, those of the nodes below it left out."""
    pending = [function for function, note in tape.book.notes.items() if note.name == name]
    seen: dict[Any, None] = {}
    while pending:
        function = pending.pop()
        if function in seen:
            continue
        seen[function] = None
        inputs = (key[0] for key in tape.book.notes[function].inputs if key is not None)
        pending += [one for one in inputs if tape.book.notes[one].name in (None, name)]
    return list(seen)
