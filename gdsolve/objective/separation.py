"""Separation: whether a likelihood of classes or counts has no maximum, as its weights run to infinity.

The logistic loss has no minimum where, and only where, some direction d has sᵢ·xᵢᵀd ≥ 0 in all rows, with sᵢ = 1 for
y = 1 and −1 for y = 0, and > 0 in some; the Poisson loss where xᵢᵀd = 0 in all rows with y > 0 and xᵢᵀd ≤ 0 in all with
y = 0, and < 0 in some. So do those of Tweedie and of the negative binomial: what a row of 0 costs falls with z, what
one above 0 costs grows both ways. The gamma loss has no rows of 0, and always a minimum. Sources: Albert and Anderson
(1984), On the existence of maximum likelihood estimates in logistic regression models, Biometrika 71(1); Konis (2007),
Linear programming algorithms for detecting separated data in binary logistic regression models; Santos Silva and
Tenreyro (2010), On the existence of the maximum likelihood estimates in Poisson regression, Economics Letters 107(2).
"""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.objective.base import Objective
from gdsolve.objective.binary_rows import (
    MOST_WORK,
    PROOF,
    BinaryRows,
    by_column,
    by_directions,
    by_intercept,
    fewest_columns,
)
from gdsolve.objective.box import Box
from gdsolve.objective.class_separation import find_class_separation, proves_class_overlap
from gdsolve.objective.offset import plain
from gdsolve.objective.pointwise import Logistic, Poisson
from gdsolve.objective.pointwise_rows import PointwiseRows, gathered_rows
from gdsolve.objective.positive import NegativeBinomial, Tweedie
from gdsolve.objective.separated import Separation
from gdsolve.objective.softmax import Softmax, SoftmaxRows

# Losses whose rows of 0 let z fall for ever; what a row above 0 costs grows both ways.
OF_COUNTS = (Poisson, Tweedie, NegativeBinomial)


def is_separable(objective: Objective) -> bool:
    """True for a loss that may have no minimum for want of overlap."""
    own = getattr(objective, "own", objective)
    return hasattr(own, "loss") and isinstance(plain(own.loss), (Logistic, Softmax, *OF_COUNTS))


def find_separation(
    objective: Objective,
    start: Tensor,
    *,
    intercept: bool,
    penalised: bool,
    whole: bool = False,
    box: Box | None = None,
) -> Separation | None:
    """What separates the rows; None where they overlap, or where that would take too long to find.

    `start`, (p, 1), is a point near which the minimum is looked for, if there is one. Under a penalty, `penalised`, the
    intercept alone is free, and nothing is where the `whole` of the weights is penalised. Within a `box` only weights
    that it leaves free on that side run away. Of several ranks the first one finds it for all.
    """
    own = getattr(objective, "own", objective)
    intercept = own.intercept if isinstance(own, SoftmaxRows) else intercept
    if not is_separable(objective) or (penalised and (whole or not intercept)):
        return None
    ranks, rows = gathered_rows(objective, MOST_WORK)
    if isinstance(rows, SoftmaxRows):
        found = find_class_separation(rows, start, intercept=intercept, penalised=penalised)
    else:
        found = None if rows is None else _find(rows, start, intercept=intercept, penalised=penalised, box=box)
    return found if ranks is None else ranks.gather(found)[0]


def proves_overlap(objective: Objective, w: Tensor, hessian: Tensor) -> bool:
    """True where a point near the minimum, (p, 1), proves that there is one, without a penalty.

    The residuals there, u > 0, nearly solve Xᵀ(s·u) = 0; corrected by a Newton step v they do, and stay positive where
    |xᵢᵀv| < 1: a positive solution excludes separation. Source: Stiemke (1915), Über positive Lösungen homogener
    linearer Gleichungen, Mathematische Annalen 76.
    """
    own = getattr(objective, "own", objective)
    if isinstance(own, SoftmaxRows):
        return proves_class_overlap(objective, own, w, hessian)
    if not isinstance(own, PointwiseRows):
        return False
    curved, gradient = hessian.to(torch.float64), objective.evaluate(w).gradient.to(torch.float64)
    scale = curved.diagonal().clamp(min=0.0).sqrt()[:, None]
    if not bool((scale > 0.0).all()) or not bool(torch.isfinite(curved).all() & torch.isfinite(gradient).all()):
        return False
    eigenvalues, vectors = torch.linalg.eigh(curved / scale / scale.mT)
    least, p = float(eigenvalues[0]), len(w)
    epsilon = torch.finfo(own.design.dtype).eps
    # Σωu of the loss is at most its sum of sizes: about 1 each row in units of its mean.
    lengths = (own.design.to(torch.float64) / scale.mT).abs().sum(dim=1)
    longest = float(lengths.amax()) if len(lengths) else 0.0
    slopes = own.loss.loss_and_slope((own.design @ w), own.target)[1].abs().to(torch.float64)
    weighed = slopes if own.weight is None else slopes * own.weight.to(torch.float64)
    rounding = epsilon * float(torch.sum(lengths[:, None] * weighed)) / own.total_weight
    if least <= 100.0 * p * epsilon:
        return False
    step = (vectors @ ((vectors.mT @ (gradient / scale)) / eigenvalues[:, None])) / scale
    moved = (own.design.to(torch.float64) @ step).abs()
    # Rows of positive counts may have any sign.
    moved = moved[own.target[:, :1] == 0.0] if isinstance(plain(own.loss), OF_COUNTS) else moved
    furthest = float(moved.amax()) if moved.numel() else 0.0
    parts = [(furthest, rounding, longest)]
    if own is not objective:
        parts = objective.ranks.gather(parts[0])  # type: ignore[attr-defined]
    furthest, longest = max(one[0] for one in parts), max(one[2] for one in parts)
    return furthest + 8.0 * sum(one[1] for one in parts) * longest / least <= PROOF


def _find(
    rows: PointwiseRows, start: Tensor, *, intercept: bool, penalised: bool, box: Box | None
) -> Separation | None:
    design, target = (one.to("cpu", torch.float64) for one in (rows.design, rows.target[:, 0]))
    weight = torch.ones_like(target) if rows.weight is None else rows.weight[:, 0].to("cpu", torch.float64)
    epsilon = float(torch.finfo(rows.design.dtype).eps)
    own = BinaryRows(design, target, weight, isinstance(plain(rows.loss), OF_COUNTS), intercept, epsilon)
    if box is not None:
        return None if penalised else fewest_columns(own, box.to(design))
    found = by_intercept(own)
    if found is not None or penalised or not len(design):
        return found
    found = by_column(own)
    if found is not None or design.numel() * min(design.shape) > MOST_WORK:
        return found
    return by_directions(own, start.to("cpu", torch.float64))
