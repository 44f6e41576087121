"""Curves that are linear in some of their parameters: those are solved for, and only the others are left to search.

f(x; α, c) = φ₀(x; α) + Σ cⱼ·φⱼ(x; α). For given α the best c is a linear least-squares solution, and what is left is a
function of α alone. Source: Golub and Pereyra (1973), The differentiation of pseudo-inverses and nonlinear least
squares problems whose variables separate; Kaufman (1975), A variable projection method, for the slopes.

Points are rows here: many of them are looked at together, (N, p).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.degree import degree, meets
from gdsolve.objective.edges import evaluate_at_edges
from gdsolve.objective.expression import Expression

LEAST = 1e-10
"""The smallest singular value that counts, of columns of length 1 and beside the largest."""
REWEIGHTED = 6
"""How often rows are weighed anew for the loss of a quantile."""
NEAREST = 1e-3
"""Of the mean residual: those that are smaller weigh no more than this one."""
CLIPPED = 3
"""How often coefficients that bounds hold are taken out, and the others solved for anew."""


def linear_names(expression: Expression, names: Sequence[str]) -> tuple[str, ...]:
    """A largest set of `names` in which an expression is linear, all of them together, in their order.

    As the form of the expression shows it; of two that are multiplied by each other the first one counts.
    """
    alone = [name for name in names if degree(expression, (name,)) <= 1.0]
    rivals = {
        name: {other for other in alone if other != name and degree(expression, (name, other)) > 1.0} for name in alone
    }
    found: set[str] = set()
    # Those that exclude fewest others come first.
    for name in sorted(alone, key=lambda one: (len(rivals[one]), alone.index(one))):
        if not rivals[name] & found:
            found.add(name)
    return tuple(name for name in names if name in found)


@dataclass(frozen=True, slots=True)
class Projected:
    """Points whose linear parameters are the best ones.

    Shapes: `points` (N, p); `residuals` √v(f − y), (N, m), with the roots of weights, `root`, (N, m); `value` is what
    is to be small, (N,), infinite where it is no number; `basis` is orthonormal and spans the columns of the linear
    parameters times √v, (N, m, r), with zeros where their rank is less.
    """

    points: Tensor
    residuals: Tensor
    value: Tensor
    basis: Tensor
    root: Tensor

    def at(self, places: Tensor | slice) -> Projected:
        """Some of the points."""
        return Projected(*(one[places] for one in self.parts))

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """All of it, in the order of the fields."""
        return self.points, self.residuals, self.value, self.basis, self.root

    @staticmethod
    def joined(several: Sequence[Projected]) -> Projected:
        """The points of several, one after the other."""
        return Projected(*(torch.cat(parts) for parts in zip(*(one.parts for one in several), strict=True)))


def better_of(one: Projected, other: Projected) -> Projected:
    """Of every pair of points that of the smaller value."""
    take = other.value < one.value
    pairs = zip(one.parts, other.parts, strict=True)
    return Projected(*(torch.where(take.reshape(-1, *[1] * (a.dim() - 1)), b, a) for a, b in pairs))


@dataclass(frozen=True, slots=True)
class Separable:
    """A curve with its data, (m,) each, float64 on the host, whose parameters `names` are numbers.

    `linear` are the places of those that it is linear in, `others` the rest; `lower` and `upper` are bounds, (p,).
    `root_weight` is √ω. What is to be small is ‖√ω(f − y)‖², or with a `level` τ the loss of that quantile, which rows
    far off move less: Σω·max(τr, (τ − 1)r), r = y − f. `at_edges`: see `gdsolve.objective.edges`.
    """

    expression: Expression
    names: tuple[str, ...]
    linear: tuple[int, ...]
    others: tuple[int, ...]
    given: Mapping[str, Tensor]
    target: Tensor
    root_weight: Tensor
    lower: Tensor
    upper: Tensor
    level: float | None = None
    at_edges: bool = False

    @classmethod
    def of(
        cls,
        expression: Expression,
        names: Sequence[str],
        given: Mapping[str, Tensor],
        target: Tensor,
        root_weight: Tensor,
        bounds: tuple[Tensor, Tensor],
        *,
        level: float | None = None,
        at_edges: bool = False,
    ) -> Separable:
        """The same, whose linear parameters are found."""
        found = linear_names(expression, names)
        linear = tuple(place for place, name in enumerate(names) if name in found)
        others = tuple(place for place, name in enumerate(names) if name not in found)
        return cls(expression, tuple(names), linear, others, given, target, root_weight, *bounds, level, at_edges)

    @property
    def rows(self) -> int:
        """m."""
        return len(self.target)

    def curve(self, points: Tensor) -> Tensor:
        """f at all rows, (N, m), of points (N, p)."""
        columns = {name: points[:, place, None] for place, name in enumerate(self.names)}
        return self._evaluate(columns, points)

    def project(self, alpha: Tensor) -> Projected:
        """The points whose parameters that are not linear are `alpha`, (N, q), with the best linear ones."""
        count, k = len(alpha), len(self.linear)
        points = alpha.new_zeros(count, len(self.names))
        points[:, list(self.others)] = alpha
        if not k:
            fitted = self.curve(points)
            return self._measured(points, fitted, alpha.new_zeros(count, self.rows, 0), self._reweighted(fitted))
        still, *slopes = self._with_unit(points)
        columns = torch.stack(slopes, dim=1) - still[:, None, :]
        finite = torch.isfinite(columns).all(2).all(1) & torch.isfinite(still).all(1)
        columns, still = torch.where(finite[:, None, None], columns, 0.0), torch.where(finite[:, None], still, 0.0)
        aim = self.target - still
        root = self.root_weight.expand(count, -1)
        for _ in range(1 if self.level is None else REWEIGHTED):
            found, basis = self._solved(root[:, :, None] * columns.mT, root * aim)
            fitted = still + (columns.mT @ found[:, :, None])[:, :, 0]
            left, root = root, self._reweighted(fitted)
        points[:, list(self.linear)] = found
        # Such a point counts as one without a value.
        points[~finite] = torch.nan
        return self._measured(points, fitted, basis, left)

    def _reweighted(self, fitted: Tensor) -> Tensor:
        """The roots of the weights with which squares are as the loss of the quantile is, (N, m)."""
        if self.level is None:
            return self.root_weight.expand(len(fitted), -1)
        errors = fitted - self.target
        size = errors.abs()
        least = NEAREST * size.nan_to_num(0.0, 0.0, 0.0).mean(dim=1, keepdim=True) + torch.finfo(size.dtype).tiny
        share = torch.where(errors > 0.0, 1.0 - self.level, self.level)
        return self.root_weight * (share / torch.maximum(size, least)).sqrt()

    def _with_unit(self, points: Tensor) -> tuple[Tensor, ...]:
        """f at all rows, (N, m), where all linear parameters are 0, and where one after the other is 1."""
        k = len(self.linear)
        unit = torch.eye(k + 1, k, dtype=points.dtype, device=points.device).roll(1, dims=0)
        if self._joins:
            all_of_them = points[None].repeat(k + 1, 1, 1)
            all_of_them[:, :, list(self.linear)] = unit[:, None, :]
            return self.curve(all_of_them.flatten(0, 1)).reshape(k + 1, len(points), self.rows).unbind()
        # What has no linear parameter in it is worked out once.
        columns = {self.names[place]: points[:, place, None] for place in self.others}
        columns |= {self.names[place]: unit[:, number, None, None] for number, place in enumerate(self.linear)}
        return self._evaluate(columns, points).expand(k + 1, len(points), self.rows).unbind()

    def slopes(self, points: Tensor) -> Tensor:
        """∂f/∂w at points (N, p): (N, m, p), zeros where they are no numbers."""
        with torch.enable_grad():
            return self._slopes_by_parameter(points) if self._joins else self._slopes_by_row(points)

    def _slopes_by_row(self, points: Tensor) -> Tensor:
        """The same by one backward pass: every row has parameters of its own, equal in value."""
        own = points.detach()[:, None, :].repeat(1, self.rows, 1).requires_grad_()
        values = self._evaluate({name: own[:, :, place] for place, name in enumerate(self.names)}, points)
        (found,) = torch.autograd.grad(values.sum(), own)
        return torch.nan_to_num(found, 0.0, 0.0, 0.0)

    def _slopes_by_parameter(self, points: Tensor) -> Tensor:
        """The same where rows meet in the curve: ∂(f·u)/∂w is linear in u."""
        at = points.detach().clone().requires_grad_()
        z = self.curve(at)
        u = torch.zeros_like(z).requires_grad_()
        (along,) = torch.autograd.grad(z, at, grad_outputs=u, create_graph=True)
        columns = [torch.autograd.grad(one.sum(), u, retain_graph=True)[0] for one in along.unbind(1)]
        return torch.nan_to_num(torch.stack(columns, dim=2), 0.0, 0.0, 0.0)

    @property
    def _joins(self) -> bool:
        return meets(self.expression, self.names)

    def _evaluate(self, columns: Mapping[str, Tensor], points: Tensor) -> Tensor:
        if self._joins:
            # Entries meet in what a parameter moves: one point at a time, as far as the expression can see.
            found: Tensor = torch.func.vmap(self._of_one)(points)
            return found
        values = {**self.given, **columns}
        if self.at_edges:
            found = evaluate_at_edges(self.expression, values, self.names)
        else:
            found = self.expression.evaluate(values)
        found = found.to(points.dtype)
        return found.expand(*found.shape[:-2], len(points), self.rows)

    def _of_one(self, point: Tensor) -> Tensor:
        values = {**self.given, **dict(zip(self.names, point.unbind(), strict=True))}
        return self.expression.evaluate(values).to(point.dtype).expand(self.rows)

    def _solved(self, design: Tensor, aim: Tensor) -> tuple[Tensor, Tensor]:
        """Coefficients within their bounds, (N, k), and an orthonormal basis of the columns that are free."""
        lower, upper = (side[list(self.linear)] for side in (self.lower, self.upper))
        found, basis = _least_squares(design, aim)
        if not bool(torch.isfinite(lower).any() | torch.isfinite(upper).any()):
            return found, basis
        held = torch.zeros_like(found, dtype=torch.bool)
        for _ in range(CLIPPED):
            clipped = torch.clamp(found, lower, upper)
            held = held | (clipped != found)
            rest = torch.where(held, clipped, 0.0)
            free, basis = _least_squares(
                torch.where(held[:, None, :], 0.0, design), aim - (design @ rest[:, :, None])[:, :, 0]
            )
            found = torch.where(held, clipped, free)
        return torch.clamp(found, lower, upper), basis

    def _measured(self, points: Tensor, fitted: Tensor, basis: Tensor, root: Tensor) -> Projected:
        errors = fitted - self.target
        if self.level is None:
            value = (self.root_weight * errors).square().sum(1)
        else:
            rising = torch.where(errors > 0.0, 1.0 - self.level, self.level) * errors.abs()
            value = (self.root_weight.square() * rising).sum(1)
        finite = torch.isfinite(value) & torch.isfinite(points).all(1)
        residuals = torch.where(finite[:, None], root * errors, 0.0)
        return Projected(points, residuals, torch.where(finite, value, torch.inf), basis, root)


def _least_squares(design: Tensor, aim: Tensor) -> tuple[Tensor, Tensor]:
    """c of least ‖design·c − aim‖, (N, k), of least norm in columns of length 1, and a basis of them, (N, m, r)."""
    norms = design.norm(dim=1)
    scale = torch.where(norms > 0.0, norms, 1.0)
    q, r = torch.linalg.qr(design / scale[:, None, :])
    u, singular, v = torch.linalg.svd(r, full_matrices=False)
    counts = singular > LEAST * singular[:, :1].clamp(min=1e-300)
    basis = (q @ u) * counts[:, None, :]
    inverse = torch.where(counts, 1.0 / torch.where(counts, singular, 1.0), 0.0)
    found = (v.mT @ (inverse * (basis.mT @ aim[:, :, None])[:, :, 0])[:, :, None])[:, :, 0]
    return found / scale, basis
