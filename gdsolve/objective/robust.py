"""Huber's δ in robust units: a multiple of the scale of the residuals that the fit with this very δ leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.median import median
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.threads import threads_for
from gdsolve.ranks import Ranks

TUNING = 1.345
"""δ in units of the scale: 95 % as efficient as least squares where errors are normal."""
NORMAL_QUARTILE = 0.6744897501960817
"""The median of |r| in units of the standard deviation, of a normal distribution."""
MOST_STEPS = 300
TOLERANCE = 1e-10
VANISHED = 1e-6


@dataclass(frozen=True, slots=True)
class RobustScale:
    """The scale s of the residuals, and that of least squares, in the units of the target.

    s is 0 where more than half of the rows are fitted exactly; `settled` is False where it goes on moving to and fro.
    Where that of least squares is 0 too, `of_squares` is the root mean square of its residuals.
    """

    scale: float
    of_squares: float
    settled: bool = True


def mad_scale(residuals: Tensor, weight: Tensor | None, ranks: Ranks) -> float:
    """median|r|/0.6745 of residuals, (m,), about 0: the standard deviation, were they normal.

    Source: Huber and Ronchetti, Robust Statistics, 2nd ed., section 5.1.
    """
    return median(residuals.abs(), weight, ranks) / NORMAL_QUARTILE


def huber_weights(residuals: Tensor, scale: float) -> Tensor:
    """min(1, δ/|r|) with δ = 1.345·s: least squares with these weights has the gradient of Huber's loss."""
    return (TUNING * scale / residuals.abs()).clamp(max=1.0)


def scale_of(
    step: Callable[[float], Tensor], first: Tensor, weight: Tensor | None, noise: float, ranks: Ranks
) -> RobustScale:
    """The scale at which it and the residuals, (m,), agree, from those of least squares, `first`, on.

    `step` gives the residuals of the least squares weighted by `huber_weights` of a scale; up to `noise` it is 0.
    Shapes: `weight` is (m,), None where all rows weigh 1.
    """
    scale = start = mad_scale(first, weight, ranks)
    if start <= noise:
        sums = torch.stack([_weighted(first.square(), weight).sum(), _weighted(torch.ones_like(first), weight).sum()])
        squares, count = ranks.total(sums).tolist()
        start = (squares / count) ** 0.5
        return RobustScale(0.0, start if start > noise else 0.0)
    moved = scale
    for _ in range(MOST_STEPS):
        before, scale = scale, mad_scale(step(scale), weight, ranks)
        if scale <= noise:
            return RobustScale(0.0, start)
        last, moved = moved, abs(scale - before)
        # One step that stands still by chance is not the end.
        if max(last, moved) <= TOLERANCE * scale:
            return RobustScale(scale, start)
    return RobustScale(0.0, start) if scale < VANISHED * start else RobustScale(scale, start, settled=False)


def robust_scale(rows: PointwiseRows, factor: Tensor, noise: float, ranks: Ranks) -> RobustScale:
    """The scale of a linear model by least squares, reweighted again and again, with the scale anew at every step.

    It is in units of the rows' target. `factor`, (r, p), is one of XᵀΩX of all rows. Steps are corrections, in
    coordinates in which the columns are orthonormal, so that rounding in their curvature leaves no trace in the end.
    Source: Huber and Ronchetti, Robust Statistics, 2nd ed., sections 7.8 and 7.9; statsmodels' RLM with HuberT and MAD
    takes the same steps.
    """
    basis, weight = _basis(factor).to(rows.design.device), None if rows.weight is None else rows.weight[:, 0]
    penalty = rows.penalty.rows.to(torch.float64) @ basis
    aim = rows.penalty.target.to(torch.float64)
    place = torch.zeros(basis.shape[1], 1, dtype=torch.float64, device=basis.device)
    here = torch.cat([target.to(torch.float64) for _, target, _ in rows.blocks()])[:, 0]

    def step(scale: float | None) -> Tensor:
        nonlocal place, here
        tuned = torch.ones_like(here) if scale is None else huber_weights(here, scale)
        tuned = tuned if weight is None else tuned * weight
        curvature, slope = penalty.mT @ penalty, penalty.mT @ (aim - penalty @ place)
        done = 0
        for design, _, _ in rows.blocks():
            block, part = design.to(torch.float64) @ basis, slice(done, done + len(design))
            weighted = block * tuned[part, None]
            curvature = curvature + weighted.mT @ block
            slope = slope + weighted.mT @ here[part, None]
            done += len(design)
        total = ranks.total(torch.cat([curvature, slope], dim=1))
        if len(total):
            place = place + torch.linalg.lstsq(total[:, :-1], total[:, -1:]).solution
        here = _residuals(rows, basis @ place)
        return here

    with threads_for(2.0 * rows.design.numel() * len(factor.mT)):
        step(None)
        # The second step takes away what rounding has left of the first.
        return scale_of(step, step(None), weight, noise, ranks)


def _residuals(rows: PointwiseRows, w: Tensor) -> Tensor:
    """y − Xw, (m,), in float64."""
    parts = [target.to(torch.float64) - design.to(torch.float64) @ w for design, target, _ in rows.blocks()]
    return torch.cat(parts)[:, 0]


def _weighted(values: Tensor, weight: Tensor | None) -> Tensor:
    return values if weight is None else values * weight.to(torch.float64)


def _basis(factor: Tensor) -> Tensor:
    """Directions, (p, r), along which the rows of the design are orthonormal; none where it has only rounding."""
    lengths = factor.norm(dim=0)
    lengths = torch.where(lengths > 0.0, lengths, 1.0)
    _, sizes, right = torch.linalg.svd(factor / lengths, full_matrices=False)
    kept = sizes > max(factor.shape) * torch.finfo(torch.float64).eps * sizes[0]
    basis: Tensor = right[kept].mT / sizes[kept] / lengths[:, None]
    return basis
