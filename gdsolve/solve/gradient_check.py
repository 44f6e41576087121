"""The gradient that descent goes by, held against central differences of the loss."""

from __future__ import annotations

import torch

from gdsolve.objective.base import Objective
from gdsolve.objective.differentiate import central_differences
from gdsolve.solve.outcome import GradientCheck

# Estimates of an error may fall short of it.
SAFETY = 10.0


def check_gradient(objective: Objective, w: torch.Tensor, iteration: int) -> GradientCheck:
    """Compare at `w`, (p, 1): where they differ most, measured by what the differences may err by.

    Source: `gdsolve.objective.differentiate.central_differences`.
    """
    gradient = objective.evaluate(w).gradient
    found = central_differences(lambda point: objective.evaluate(point).value, w)
    difference = (gradient - found.slopes).abs()
    rounding = torch.finfo(w.dtype).eps ** 0.5 * gradient.abs().amax()
    allowed = SAFETY * found.error + rounding
    return GradientCheck(
        iteration, float(difference.amax()), float(allowed.amax()), bool((difference <= allowed).all())
    )
