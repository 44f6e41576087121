"""In how many directions a pointwise loss curves at a point, beside those that its rows tell apart."""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.objective.base import Objective
from gdsolve.objective.hinge import SquaredHinge
from gdsolve.objective.offset import plain
from gdsolve.objective.pointwise import Huber, LogCosh
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.rank import EPSILON
from gdsolve.objective.row_space import row_space
from gdsolve.objective.softmax import SoftmaxRows
from gdsolve.objective.spectrum import Spectrum

# Beyond so many roundings of p columns the Hessian itself shows that it curves in every direction.
CLEAR = 1e4


def curvature_at(objective: Objective, w: Tensor, hessian: Tensor, free: Tensor | None = None) -> tuple[Spectrum, bool]:
    """The spectrum of the Hessian, (p, p), at a minimum w, (p, 1), and whether the minimum is the only one.

    A strictly convex loss curves in all directions that its rows, and those of its penalty, tell apart: how little does
    not matter, so that their rank decides, on columns of equal length. Where the losses of rows have no curvature (far
    residuals of huber, rows with their margin), or none that float64 can tell, only the other rows count. Where some
    weights alone are `free`, (p,), it is theirs, the others staying as they are.
    """
    if free is None:
        free = torch.ones(len(w), dtype=torch.bool, device=w.device)
    own = getattr(objective, "own", objective)
    if isinstance(own, SoftmaxRows):
        return class_curvature_at(objective, own, hessian)
    matrix = hessian[free][:, free].to(torch.float64)
    assert isinstance(own, PointwiseRows)
    epsilon, p = torch.finfo(own.design.dtype).eps, len(matrix)
    if not p:
        return Spectrum(0.0, 0.0, 0), True
    eigenvalues = torch.linalg.eigvalsh(matrix)
    scale = matrix.diagonal().clamp(min=0.0).sqrt()[:, None]
    if bool((scale > 0.0).all()):
        alike = torch.linalg.eigvalsh(matrix / scale / scale.mT)
        if float(alike[0]) > CLEAR * p * epsilon and float(eigenvalues[0]) > CLEAR * p * epsilon * eigenvalues[-1]:
            return Spectrum(float(eigenvalues[-1]), float(eigenvalues[0]), p), True
    rows, curved = (factor[:, free.to(factor.device)] for factor in _factors(objective, own, w))
    rank = min(row_space(rows, epsilon).shape[1], p)
    squares = torch.linalg.svdvals(curved).square()
    smallest = float(squares[rank - 1]) if 0 < rank <= len(squares) else 0.0
    largest = float(squares[0]) if len(squares) else 0.0
    return Spectrum(largest, smallest if largest > 0.0 else 0.0, rank if largest > 0.0 else 0), rank == p


def class_curvature_at(objective: Objective, own: SoftmaxRows, hessian: Tensor) -> tuple[Spectrum, bool]:
    """The same of several classes: the minimum is the only one but for common shifts that nothing holds.

    π is positive, so that the loss curves in all directions that its rows, or a penalty, tell apart, of all classes
    less the shifts.
    """
    matrix = hessian.to(torch.float64)
    eigenvalues = torch.linalg.eigvalsh(matrix)
    design, penalty = own.design.to(torch.float64), own.penalty.rows.to(torch.float64)
    weight = 1.0 if own.weight is None else own.weight.to(torch.float64).sqrt()
    parts = [(_factor(design * weight), penalty)]
    if own is not objective:
        parts = objective.ranks.gather((parts[0][0].cpu(), penalty.cpu()))  # type: ignore[attr-defined]
    rows, penalty = (torch.cat(list(one)) for one in zip(*parts, strict=True))
    epsilon = torch.finfo(own.design.dtype).eps
    alone = min(row_space(rows, epsilon).shape[1], rows.shape[1])
    whole = min(row_space(torch.cat([rows, penalty.to(rows)]), epsilon).shape[1], rows.shape[1])
    # What all classes share curves by the penalty alone.
    shared = 0 if not len(penalty) else row_space(penalty, epsilon).shape[1]
    rank = (own.loss.classes - 1) * (whole if len(penalty) else alone) + shared
    most = len(matrix) - len(own.shifts)
    largest = float(eigenvalues[-1])
    smallest = float(eigenvalues[len(matrix) - rank]) if 0 < rank <= len(matrix) else 0.0
    return Spectrum(largest, max(smallest, 0.0), rank), rank == most


def _factors(objective: Objective, own: PointwiseRows, w: Tensor) -> tuple[Tensor, Tensor]:
    """The rows that count, and [√(ωl″/M)·X; P/√M]: of both a matrix with the same inner products, of all ranks."""
    curvature = own.loss.curvature(own.design @ w, own.target).to(torch.float64)
    weight = torch.ones_like(curvature) if own.weight is None else own.weight.to(torch.float64)
    design, penalty = own.design.to(torch.float64), own.penalty.rows.to(torch.float64)
    # That of a residual at the kink of huber counts: on one side it is there.
    flat = isinstance(plain(own.loss), Huber | LogCosh | SquaredHinge)
    counts = curvature[:, 0] > EPSILON if flat else torch.ones_like(weight[:, 0]) > 0
    factors = (
        _factor(torch.cat([design[counts] * weight[counts].sqrt(), penalty])),
        _factor(torch.cat([design * (weight * curvature).sqrt(), penalty]) / own.total_weight**0.5),
    )
    if own is objective:
        return factors
    parts = objective.ranks.gather(tuple(one.cpu() for one in factors))  # type: ignore[attr-defined]
    rows, curved = (torch.cat(list(one)) for one in zip(*parts, strict=True))
    return rows, curved


def _factor(rows: Tensor) -> Tensor:
    return torch.linalg.qr(rows, mode="r").R if rows.shape[0] > rows.shape[1] else rows
