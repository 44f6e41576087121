"""The partial derivatives of the loss at the iterates of a run, per unit of the user's weights."""

from __future__ import annotations

import torch

from gdsolve.descent.solution import Trace
from gdsolve.solve.problem import Problem


def gradient_of_user(problem: Problem, w: torch.Tensor, user: torch.Tensor) -> torch.Tensor:
    """∂L/∂w of the user's weights at `w`, (p, 1) in descent's coordinates, which are `user`, (p, 1), in their units.

    Jᵀg with the Jacobian J of the map from the user's weights to those of descent, in the units of the user's loss; at
    a bound, or where an l1 penalty has a kink, what is left of it once the limits are kept, as in the gradient norm.
    """
    gradient = problem.bounded.evaluate(w).gradient
    at = user.detach().to(gradient).requires_grad_()
    # By torch.func it would be a line less, and the import of it takes most of a second.
    with torch.enable_grad():
        mapped = problem.units.from_user(at)
    return torch.autograd.grad(mapped, at, gradient)[0] * problem.loss_unit


def gradients_of(problem: Problem, trace: Trace) -> torch.Tensor:
    """The same at every reported iterate of a trace in descent's coordinates, (p, R)."""
    weights = trace.weights.to(problem.start)
    user = problem.units.to_user(weights)
    columns = zip(torch.split(weights, 1, dim=1), torch.split(user, 1, dim=1), strict=True)
    return torch.cat([gradient_of_user(problem, w, at) for w, at in columns], dim=1)
