"""The minimum of a loss that is piecewise linear, by linear programming: what no second derivative can certify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.base import Objective
from gdsolve.objective.pointwise import PiecewiseLinear
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.shared import Shared

MOST_NUMBERS = 5_000_000


def piecewise_linear_minimum(objective: Objective) -> Tensor | None:
    """The w, (p, 1), of the least loss that is piecewise linear, as the absolute one is; None for another loss, with a
    ridge penalty, or where the table is too large.

    The dual: max yᵀa over 0 ≤ a ≤ ω with Xᵀa = (1 − τ)·Xᵀω; w are the multipliers of its equations. Of several ranks
    the first one solves it for all.
    Source: Koenker, Quantile Regression (2005), section 6.2; solved by HiGHS, as scipy has it.
    """
    if isinstance(objective, PointwiseRows):
        return _solve(objective)
    if not isinstance(objective, Shared) or objective.step_elements > MOST_NUMBERS:
        return None
    ranks, own = objective.ranks, objective.own
    if not isinstance(own, PointwiseRows) or not isinstance(own.loss, PiecewiseLinear):
        return None
    parts = ranks.gather((own.design.cpu(), own.target.cpu(), None if own.weight is None else own.weight.cpu()))
    # Only the first rank has the penalty, and so knows whether there is one.
    found = ranks.gather(_solve(_joined(own, parts)) if ranks.first else None)[0]
    return None if found is None else found.to(own.design)


def _joined(own: PointwiseRows, parts: Sequence[tuple[Tensor, Tensor, Tensor | None]]) -> PointwiseRows:
    """The rows of all ranks, on the host."""
    designs, targets, weights = zip(*parts, strict=True)
    there = [weight for weight in weights if weight is not None]
    return replace(
        own, design=torch.cat(designs), target=torch.cat(targets), weight=torch.cat(there) if there else None
    )


def _solve(objective: PointwiseRows) -> Tensor | None:
    loss = objective.loss
    if not isinstance(loss, PiecewiseLinear) or objective.penalty.counts:
        return None
    if objective.design.numel() > MOST_NUMBERS:
        return None
    from scipy.optimize import linprog

    design = objective.design.to("cpu", torch.float64).numpy()
    target = objective.target[:, 0].to("cpu", torch.float64).numpy()
    weight = np.ones(len(target)) if objective.weight is None else objective.weight[:, 0].to("cpu").double().numpy()
    bounds = np.column_stack([np.zeros_like(weight), weight])
    found = linprog(
        -target, A_eq=design.T, b_eq=(1.0 - loss.level) * (design.T @ weight), bounds=bounds, method="highs"
    )
    if not found.success:
        return None
    multipliers = torch.from_numpy(-np.asarray(found.eqlin.marginals))
    return multipliers[:, None].to(objective.design)
