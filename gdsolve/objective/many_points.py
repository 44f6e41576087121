"""An objective at many points at once: values, gradients and a model of the curvature, batched by torch.func.vmap.

Points are rows here: W is (N, p), one point a row, where descent elsewhere moves one column, (p, 1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.base import Objective
from gdsolve.objective.curve import Curve, CurveFunction, PointwiseCurve
from gdsolve.objective.formula import Formula

ROOM = 1 << 21
"""Numbers that are held at a time, about: 16 MB in float64, as more take no less time."""
ROOM_ON_CUDA = 1 << 26
FAINT = 1e-3
"""Of the curvature of a row: at least this share of what its slope alone says."""
EQUILIBRATIONS = 3


@dataclass(frozen=True, slots=True)
class LocalModels:
    """L(w + s) ≈ value + gᵀs + ½sᵀBs at N points, B positive semidefinite.

    Shapes: `value` (N,), `gradient` (N, p). `factor` F is (N, p, p) with B = FᵀF. `bent` is the smallest eigenvalue of
    the Hessian in units of the largest, (N,), where that was worked out and not its part of Gauss and Newton; else 1.
    """

    value: Tensor
    gradient: Tensor
    factor: Tensor
    bent: Tensor

    @property
    def finite(self) -> Tensor:
        """Where all of it is a number, (N,)."""
        sizes = self.gradient.abs().sum(1) + self.factor.abs().sum((1, 2))
        return torch.isfinite(self.value) & torch.isfinite(sizes)


def models_of(objective: Objective) -> Callable[[Tensor], LocalModels]:
    """What makes the models of a curve or a formula at the points of (N, p).

    Of squares B is the matrix of Gauss and Newton, c·JᵀΩJ; of another loss of a curve JᵀΩ diag(l'')J/M, with the weight
    of a reweighted square, l'/(z − y), where l'' is next to nothing; of a formula |H|, the Hessian with its eigenvalues
    made positive. Memory is bounded: the rows of a table are taken in blocks.
    Sources: Nocedal and Wright, Numerical Optimization, 2nd ed., sections 10.3 and 3.4; Holland and Welsch (1977),
    Robust regression using iteratively reweighted least-squares.

    Raises:
        TypeError: an objective of another kind.
    """
    return _many(objective)


def _many(objective: Objective) -> _OfCurve | _OfFormula:
    if isinstance(objective, Curve | PointwiseCurve):
        return _OfCurve(objective)
    if isinstance(objective, Formula):
        return _OfFormula(objective)
    raise TypeError(f"{type(objective).__name__} is neither a curve nor a formula")


def slopes_of(objective: Objective) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """What gives losses, (N,), and gradients, (N, p), at the points of (N, p), without a model of the curvature.

    Raises:
        TypeError: an objective of another kind.
    """
    return _many(objective).slopes


def values_of(objective: Objective, points: Tensor) -> Tensor:
    """The losses of a curve or a formula at the points of (N, p): (N,), in bounded memory and without derivatives.

    Raises:
        TypeError: an objective of another kind.
    """
    many, at_once = _many(objective), points_at_once(objective, points.shape[1], points.device)
    with torch.no_grad():
        found = [many.values(points[first : first + at_once]) for first in range(0, len(points), at_once)]
    return torch.cat(found) if found else points.new_zeros(0)


def _room(device: torch.device) -> int:
    return ROOM if device.type == "cpu" else ROOM_ON_CUDA


def points_at_once(objective: Objective, p: int, device: torch.device) -> int:
    """How many points may be looked at together, so that memory is bounded: at least 1."""
    rows = objective.model.rows if isinstance(objective, Curve | PointwiseCurve) and objective.model.joins else 1
    numbers = rows * (p + 4) + 12 * p * p
    if isinstance(objective, Formula):
        numbers += 4 * objective.step_elements
    return max(1, _room(device) // numbers)


@dataclass(frozen=True, slots=True)
class _OfCurve:
    curve: Curve | PointwiseCurve

    def __call__(self, points: Tensor) -> LocalModels:
        """The models at the points, block by block of the rows: the triangles of blocks are merged."""
        count, p = points.shape
        value = points.new_zeros(count)
        gradient, factor = torch.zeros_like(points), points.new_zeros(count, 0, p)
        for rows in self._blocks(count, p):
            part = self.curve.at_rows(rows)
            z, slopes = _values_and_slopes(part.model, points)
            losses, pull, curvature = _of_rows(part, z)
            value += losses
            gradient += (pull[:, None, :] @ slopes)[:, 0, :]
            weighed = curvature.sqrt()[:, :, None] * slopes
            weighed = torch.where(torch.isfinite(losses)[:, None, None], weighed, 0.0)
            factor = _triangle(torch.cat([factor, weighed], dim=1))
        return LocalModels(value, gradient, _square(factor), torch.ones_like(value))

    def values(self, points: Tensor) -> Tensor:
        """The losses at the points, (N,)."""
        value = points.new_zeros(len(points))
        for rows in self._blocks(*points.shape):
            part = self.curve.at_rows(rows)
            value += _of_rows(part, _each(lambda w, part=part: part.model.at(w[:, None])[:, 0], points))[0]
        return value

    def slopes(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The losses and their gradients, (N,) and (N, p)."""
        value, gradient = points.new_zeros(len(points)), torch.zeros_like(points)
        for rows in self._blocks(*points.shape):
            part, at = self.curve.at_rows(rows), points.detach().clone().requires_grad_()
            z = _each(lambda w, part=part: part.model.at(w[:, None])[:, 0], at)
            losses, pull, _ = _of_rows(part, z.detach())
            value += losses
            gradient += _slope((pull * z).sum(), at)
        return value, gradient

    def _blocks(self, count: int, p: int) -> Iterator[slice]:
        model = self.curve.model
        height = model.rows
        if not model.joins:
            height = max(1, _room(self.curve.target.device) // (count * (len(model.expression.steps) + 3 * p + 8)))
        yield from (slice(first, first + height) for first in range(0, max(1, model.rows), height))


@dataclass(frozen=True, slots=True)
class _OfFormula:
    formula: Formula

    def __call__(self, points: Tensor) -> LocalModels:
        """The models at the points, by a backward pass, and one more for every parameter."""
        at = points.detach().clone().requires_grad_()
        value = _each(lambda w: self.formula.value(w[:, None]), at)
        gradient = _slope(value.sum(), at, graph=True)
        rows = [_slope(one.sum(), at, keep=True) for one in gradient.unbind(1)]
        hessian = torch.stack(rows, dim=1)
        factor, bent = _absolute(0.5 * (hessian + hessian.mT))
        return LocalModels(value.detach(), gradient.detach(), factor, bent)

    def values(self, points: Tensor) -> Tensor:
        """The losses at the points, (N,)."""
        return _each(lambda w: self.formula.value(w[:, None]), points)

    def slopes(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The losses and their gradients."""
        at = points.detach().clone().requires_grad_()
        value = self.values(at)
        return value.detach(), _slope(value.sum(), at)


def _each(function: Callable[..., Tensor], *points: Tensor) -> Tensor:
    found: Tensor = torch.func.vmap(function)(*points)
    return found


def _slope(value: Tensor, at: Tensor, *, graph: bool = False, keep: bool = False) -> Tensor:
    """The gradient of a number; zeros where nothing depends on `at`."""
    if not value.requires_grad:
        return torch.zeros_like(at)
    (found,) = torch.autograd.grad(value, at, create_graph=graph, retain_graph=graph or keep, allow_unused=True)
    return torch.zeros_like(at) if found is None else found


def _values_and_slopes(model: CurveFunction, points: Tensor) -> tuple[Tensor, Tensor]:
    """z = f(x; w), (N, m), and ∂z/∂w, (N, m, p): where rows do not meet every one has parameters of its own."""
    if model.joins or not model.columns:
        return _by_parameters(model, points)
    own = points.detach()[:, None, :].repeat(1, model.rows, 1).requires_grad_()
    names = list(model.columns)

    def row(w: Tensor, *cells: Tensor) -> Tensor:
        return model.row(w[:, None], dict(zip(names, cells, strict=True)))

    over_rows = torch.func.vmap(row)
    dims = (0, *(None for _ in names))
    z = torch.func.vmap(over_rows, in_dims=dims)(own, *model.columns.values())
    return z.detach(), _slope(z.sum(), own)


def _by_parameters(model: CurveFunction, points: Tensor) -> tuple[Tensor, Tensor]:
    """The same where rows meet: slopes times u, which is linear in u, is differentiated by u for every parameter."""
    at = points.detach().clone().requires_grad_()
    z = _each(lambda w: model.at(w[:, None])[:, 0], at)
    weights = torch.zeros_like(z).requires_grad_()
    if not z.requires_grad:
        return z, points.new_zeros(*z.shape, points.shape[1])
    (along,) = torch.autograd.grad(z, at, grad_outputs=weights, create_graph=True)
    columns = [_slope(one.sum(), weights, keep=True) for one in along.unbind(1)]
    return z.detach(), torch.stack(columns, dim=2)


def _of_rows(curve: Curve | PointwiseCurve, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The loss, (N,), its slope in every z, (N, m), and a curvature in it that is above 0, (N, m)."""
    target = curve.target[:, 0]
    if isinstance(curve, Curve):
        c = curve.curvature_scale
        weight = c if curve.root_weight is None else c * curve.root_weight[:, 0].square()
        errors = z - target
        return 0.5 * (weight * errors.square()).sum(1), weight * errors, (weight * torch.ones_like(errors))
    # A loss of rows takes the predictions of many models as columns.
    losses, slope = (one.mT for one in curve.loss.loss_and_slope(z.mT, curve.target))
    curvature = curve.loss.curvature(z.mT, curve.target).mT
    errors = z - target
    alone = slope / torch.where(errors == 0.0, 1.0, errors) if curve.loss.of_residual else slope.square()
    if not curve.loss.differentiable:
        # |r| is taken as a square of the same slope: at 0 of the steepest there is.
        least = 1e-9 * errors.abs().median(dim=1, keepdim=True).values.clamp(min=torch.finfo(z.dtype).tiny)
        alone = slope.abs().clamp(min=FAINT) / torch.maximum(errors.abs(), least)
        curvature = alone
    curvature = torch.maximum(curvature, (FAINT * alone).clamp(min=torch.finfo(z.dtype).tiny))
    weight = torch.ones_like(target) if curve.weight is None else curve.weight[:, 0]
    share = weight / curve.total_weight
    real = weight > 0.0
    slope, curvature, losses = (torch.where(real, one, 0.0) for one in (slope, curvature, losses))
    return (share * losses).sum(1), share * slope, share * curvature


def _triangle(rows: Tensor) -> Tensor:
    """R of a QR of every matrix of (N, m, p)."""
    found: Tensor = torch.linalg.qr(torch.nan_to_num(rows, 0.0, 0.0, 0.0), mode="r").R
    return found


def _square(factor: Tensor) -> Tensor:
    """The same with rows of zeros below, up to (N, p, p)."""
    count, height, p = factor.shape
    return factor if height == p else torch.cat([factor, factor.new_zeros(count, p - height, p)], dim=1)


def _absolute(hessian: Tensor) -> tuple[Tensor, Tensor]:
    """A factor F of |H|, (N, p, p) each, and the smallest eigenvalue of the equilibrated H beside the largest, (N,).

    H is brought to rows of equal length from both sides, so that the units of the weights do not count.
    Source: Ruiz (2001), A scaling algorithm to equilibrate both rows and columns norms in matrices.
    """
    scale = torch.ones_like(hessian[:, :, 0])
    safe = torch.nan_to_num(hessian, 0.0, 0.0, 0.0)
    for _ in range(EQUILIBRATIONS):
        norms = (safe * scale[:, :, None] * scale[:, None, :]).norm(dim=2)
        scale = scale / torch.where(norms > 0.0, norms, 1.0).sqrt()
    eigenvalues, vectors = torch.linalg.eigh(torch.nan_to_num(safe * scale[:, :, None] * scale[:, None, :], 0.0))
    largest = eigenvalues.abs().amax(1)
    bent = eigenvalues[:, 0] / torch.where(largest > 0.0, largest, 1.0)
    factor = eigenvalues.abs().sqrt()[:, :, None] * vectors.mT / scale[:, None, :]
    odd = ~torch.isfinite(hessian.abs().sum((1, 2)))
    return torch.where(odd[:, None, None], torch.nan, factor), bent
