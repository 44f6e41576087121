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
    back = torch.func.vjp(problem.units.from_user, user.to(gradient))[1]
    (mapped,) = back(gradient)
    found: torch.Tensor = mapped * problem.loss_unit
    return found


def gradients_of(problem: Problem, trace: Trace) -> torch.Tensor:
    """The same at every reported iterate of a trace in descent's coordinates, (p, R)."""
    weights = trace.weights.to(problem.start)
    user = problem.units.to_user(weights)
    columns = zip(torch.split(weights, 1, dim=1), torch.split(user, 1, dim=1), strict=True)
    return torch.cat([gradient_of_user(problem, w, at) for w, at in columns], dim=1)
