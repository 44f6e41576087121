"""Derivatives of a scalar function by autograd, and by central differences to hold them against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Differences:
    """Slopes by central differences, (p, 1), and what they themselves may err by, (p, 1)."""

    slopes: Tensor
    error: Tensor


def central_differences(function: Function, w: Tensor) -> Differences:
    """d(h) = (L(w + hᵢ) − L(w − hᵢ))/2h, with h = ∛ε·max(1, |wᵢ|), which balances truncation against rounding.

    Its error is about |d(2h) − d(h)|/3 of truncation, and ε·|L|/h of rounding.
    Source: Nocedal and Wright, Numerical Optimization, 2nd ed., section 8.1; Richardson (1911).
    """
    epsilon = torch.finfo(w.dtype).eps
    slopes, error = torch.zeros_like(w), torch.zeros_like(w)
    for place in range(len(w)):
        h = epsilon ** (1.0 / 3.0) * max(1.0, float(w[place].abs()))
        slopes[place], size = _difference(function, w, place, h)
        wide, _ = _difference(function, w, place, 2.0 * h)
        error[place] = (wide - slopes[place]).abs() / 3.0 + epsilon * size / h
    return Differences(slopes, error)


def _difference(function: Function, w: Tensor, place: int, h: float) -> tuple[Tensor, Tensor]:
    """The difference quotient along one weight, and the size of the values that it is made of."""
    ahead, behind = w.detach().clone(), w.detach().clone()
    ahead[place] += h
    behind[place] -= h
    # What was added, after rounding.
    width = (ahead[place] - behind[place])[0]
    values = function(ahead).detach(), function(behind).detach()
    return (values[0] - values[1]) / width, torch.maximum(values[0].abs(), values[1].abs())
