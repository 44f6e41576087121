"""Derivatives of a scalar function by autograd."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation

Function = Callable[[Tensor], Tensor]


def value_and_gradient(function: Function, w: Tensor) -> Evaluation:
    """L(w), (), and ∇L(w), (p, 1), by one backward pass."""
    point = w.detach().requires_grad_()
    value = function(point)
    (gradient,) = torch.autograd.grad(value, point)
    return Evaluation(value.detach(), gradient)


def hessian(function: Function, w: Tensor) -> Tensor:
    """∇²L(w), (p, p), by a backward pass through the gradient for every row."""
    point = w.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(function(point), point, create_graph=True)
    rows = torch.zeros(len(point), len(point), dtype=point.dtype, device=point.device)
    if not gradient.requires_grad:
        return rows
    for place, slope in enumerate(gradient[:, 0]):
        (row,) = torch.autograd.grad(slope, point, retain_graph=True, allow_unused=True)
        if row is not None:
            rows[place] = row[:, 0]
    return 0.5 * (rows + rows.mT)
