"""A node of its formula."""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.graph.tape import Tape, evaluate, where
from gdsolve.spec.graph_statements import FormulaNode
from gdsolve.status import Place


def compute(
    tape: Tape, node: FormulaNode, values: dict[str, Tensor] | None = None
) -> tuple[Tensor, list[tuple[Tensor, str]]]:
    """The tensor of a node, and the parts of its formula that functions of autograd compute.

    Raises:
        GdsolveError: shapes that do not go together, or a gradient that is not there.
    """
    spec, expression, parts = tape.spec, tape.formula(node), list[tuple[Tensor, str]]()
    found = tape.values(expression, Place(spec.path, node.line)) if values is None else values
    with torch.set_grad_enabled(not node.no_grad):
        tensor = evaluate(spec, where(spec, node), expression, found, tape.watch(expression, parts))
    if node.detach:
        return tensor.detach(), parts
    # A node that only renames another is a node of its own, not the same tensor twice.
    same = any(tensor is one for one in found.values())
    return (tensor.view_as(tensor) if same else tensor), parts
