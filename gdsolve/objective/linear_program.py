"""The minimum of a loss that is piecewise linear, by linear programming: what no second derivative can certify."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.pointwise import Absolute, Quantile
from gdsolve.objective.pointwise_rows import PointwiseRows

MOST_NUMBERS = 5_000_000


def piecewise_linear_minimum(objective: PointwiseRows) -> Tensor | None:
    """The w, (p, 1), of least quantile or absolute loss; None with a ridge penalty, or where the table is too large.

    The dual: max yᵀa over 0 ≤ a ≤ ω with Xᵀa = (1 − τ)·Xᵀω; w are the multipliers of its equations.
    Source: Koenker, Quantile Regression (2005), section 6.2; solved by HiGHS, as scipy has it.
    """
    loss = objective.loss
    if not isinstance(loss, Quantile | Absolute) or objective.penalty.rows.shape[0]:
        return None
    if objective.design.numel() > MOST_NUMBERS:
        return None
    from scipy.optimize import linprog

    level = loss.level if isinstance(loss, Quantile) else 0.5
    design = objective.design.to("cpu", torch.float64).numpy()
    target = objective.target[:, 0].to("cpu", torch.float64).numpy()
    weight = np.ones(len(target)) if objective.weight is None else objective.weight[:, 0].to("cpu").double().numpy()
    bounds = np.column_stack([np.zeros_like(weight), weight])
    found = linprog(-target, A_eq=design.T, b_eq=(1.0 - level) * (design.T @ weight), bounds=bounds, method="highs")
    if not found.success:
        return None
    multipliers = torch.from_numpy(-np.asarray(found.eqlin.marginals))
    return multipliers[:, None].to(objective.design)
