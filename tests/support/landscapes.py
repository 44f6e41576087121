"""Functions with known minima that the methods are tested on, as objectives by autograd."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.base import UpdateRule
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.objective.base import Evaluation, Objective

FLOAT = torch.float64


@dataclass
class Smooth:
    """f(w), w flat, with gradient and Hessian by autograd; `calls` counts what was evaluated."""

    function: Callable[[Tensor], Tensor]
    calls: int = 0
    step_elements: int = 1000

    def evaluate(self, w: Tensor) -> Evaluation:
        self.calls += 1
        inside = w.detach().clone().requires_grad_()
        value = self.function(inside[:, 0])
        (gradient,) = torch.autograd.grad(value, inside)
        return Evaluation(value.detach(), gradient)

    def hessian(self, w: Tensor) -> Tensor:
        self.calls += 1
        return torch.func.jacrev(torch.func.jacrev(self.function))(w[:, 0])

    def sse(self, weights: Tensor) -> Tensor | None:
        return None


@dataclass
class Squares(Smooth):
    """c/2·‖r(w)‖² with residuals and Jacobian by autograd."""

    function: Callable[[Tensor], Tensor] = field(init=False)
    residual: Callable[[Tensor], Tensor] = field(default=lambda w: w)
    curvature_scale: float = 2.0

    def __post_init__(self) -> None:
        self.function = lambda w: 0.5 * self.curvature_scale * self.residual(w).square().sum()

    def residuals(self, w: Tensor) -> Tensor:
        self.calls += 1
        return self.residual(w[:, 0])[:, None]

    def jacobian(self, w: Tensor) -> Tensor:
        self.calls += 1
        return torch.func.jacrev(self.residual)(w[:, 0])


def rosenbrock(w: Tensor) -> Tensor:
    """Minimum 0 at (1, 1)."""
    return torch.stack([10.0 * (w[1] - w[0] ** 2), 1.0 - w[0]])


def powell_singular(w: Tensor) -> Tensor:
    """Minimum 0 at 0, where the Jacobian has rank 2."""
    root = 5.0**0.5, 10.0**0.5
    return torch.stack(
        [
            w[0] + 10.0 * w[1],
            root[0] * (w[2] - w[3]),
            (w[1] - 2.0 * w[2]) ** 2,
            root[1] * (w[0] - w[3]) ** 2,
        ]
    )


def beale(w: Tensor) -> Tensor:
    """Minimum 0 at (3, 0.5)."""
    return torch.stack([1.5 - w[0] * (1 - w[1]), 2.25 - w[0] * (1 - w[1] ** 2), 2.625 - w[0] * (1 - w[1] ** 3)])


def column(*values: float, dtype: torch.dtype = FLOAT) -> Tensor:
    return torch.tensor(values, dtype=dtype)[:, None]


def descend(objective: Objective, start: Tensor, method: UpdateRule, max_iter: int = 10_000) -> Solution:
    """A run with no stopping rule at all: the method ends by itself, or at the limit."""
    return iterate(objective, start, method, (), max_iter=max_iter, schedule=Schedule("log"))
