"""Least squares with an l1 and a ridge penalty on a triangle: the minimiser, and how far any weights are from it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.active_set import Penalties, minimise_on_supports
from gdsolve.objective.rank import CERTAIN, EPSILON, numerical_rank
from gdsolve.objective.threads import one_thread

# A slope this near to its limit, relative to that, belongs to a weight that may be other than zero.
EQUAL = 1e-9
# A least singular value of columns of length 1 that no rounding has made.
CLEAR = 1e-8


@dataclass(frozen=True, slots=True)
class ElasticNet:
    """min ½‖Bw − b‖² + Σ λ₁ⱼ|wⱼ| + ½Σ λ₂ⱼwⱼ², without what the columns explain that nothing penalises.

    Those columns U are projected out of the others and of b, and their weights follow from the others' weights; so an
    intercept costs nothing, and many penalties share the work.
    Shapes: `design` B is (r, p) and `target` b (r, 1), float64 on the host; `free` (p,) tells the columns U; `basis` is
    orthonormal, (r, rank U), and `inverse`, (q, r), gives their weights; `inner` and `aim` are the rest of the other
    columns, which are at the places `penalised` and have `lengths`, and of b, in fewer rows.
    Source: Tibshirani (1996), section 1; Zou and Hastie (2005), section 3.
    """

    design: Tensor
    target: Tensor
    free: Tensor
    basis: Tensor
    inner: Tensor
    aim: Tensor
    lengths: Tensor
    penalised: Tensor
    inverse: Tensor

    @classmethod
    def of(cls, design: Tensor, target: Tensor, free: Tensor | None = None) -> ElasticNet:
        """The problem of `design` (r, p) and `target` (r, 1), with no penalty ever on the columns that are `free`."""
        design = design.detach().to("cpu", torch.float64)
        target = target.detach().to("cpu", torch.float64)
        if free is None:
            free = torch.zeros(design.shape[1], dtype=torch.bool, device=design.device)
        free = free.to("cpu")
        with one_thread():
            basis = _orthonormal(design[:, free])
            inner = _without(basis, design[:, ~free])
            # What rounding leaves of a column that U explains is no column.
            explained = inner.norm(dim=0) <= CERTAIN * len(design) * EPSILON * design[:, ~free].norm(dim=0)
            inner = torch.where(explained, 0.0, inner)
            aim = _without(basis, target)
            if len(inner) > inner.shape[1] + 1:
                upper = torch.linalg.qr(torch.cat([inner, aim], dim=1), mode="r").R
                inner, aim = upper[:, :-1].contiguous(), upper[:, -1:].contiguous()
        places = (~free).nonzero()[:, 0]
        return cls(design, target, free, basis, inner, aim, inner.norm(dim=0), places, _pseudo_inverse(design[:, free]))

    def largest_l1(self, shares: Tensor) -> float:
        """λ_max: the least λ at which l1 penalties λ·sⱼ, `shares` (p,) being s, leave all weights but those of U zero.

        max |Bⱼᵀr|/sⱼ with r = b less what U explains; no ridge penalty changes it. Infinite where a column has no share
        that is not explained.
        """
        slopes = (self.inner.mT @ self.aim)[:, 0].abs()
        inner = shares[~self.free].to(slopes)
        ratios = torch.where(slopes > 0.0, slopes / inner, 0.0)
        return float(ratios.amax()) if len(ratios) else 0.0

    def minimiser(self, l1: Tensor, l2: Tensor, near: Tensor | None = None) -> Tensor:
        """The exact minimiser, (p, 1), for penalties λ₁ and λ₂, (p,) each, looked for from the support of `near`.

        Weights that are zero are exactly zero. Where there are several minimisers, it is one of them; where nothing is
        penalised, that of minimum norm.
        """
        if bool((l1 == 0.0).all()) and bool((l2 == 0.0).all()):
            return _pseudo_inverse(self.design) @ self.target
        penalties = Penalties(l1[self.penalised].to(self.inner), l2[self.penalised].to(self.inner), self.lengths)
        start = None if near is None else near[self.penalised].to(self.inner)
        with one_thread():
            found = minimise_on_supports(self.inner, self.aim, penalties, start)
            return self.completed(found)

    def completed(self, inner: Tensor) -> Tensor:
        """All weights (p, 1), those of U the best beside the others, `inner`."""
        if not len(self.inverse):
            return inner
        w = self.design.new_zeros(self.design.shape[1], 1)
        w[self.penalised] = inner
        w[self.free] = self.inverse @ (self.target - self.design @ w)
        return w

    def value(self, w: Tensor, l1: Tensor, l2: Tensor) -> float:
        """½‖Bw − b‖² + Σ λ₁ⱼ|wⱼ| + ½Σ λ₂ⱼwⱼ² at `w`, (p, 1)."""
        squares = (self.design @ w - self.target).square().sum()
        return float(0.5 * squares + (l1[:, None] * w.abs()).sum() + 0.5 * (l2[:, None] * w.square()).sum())

    def duality_gap(self, w: Tensor, l1: Tensor, l2: Tensor, best: Tensor | None = None) -> float:
        """The value at `w`, (p, 1), less a bound from below on the least value: no weights are better by more.

        Any ν across U with |Bⱼᵀν| ≤ λ₁ⱼ where λ₂ⱼ = 0 gives the bound bᵀν − ½‖ν‖² − Σ (|Bⱼᵀν| − λ₁ⱼ)₊²/(2λ₂ⱼ). Taken
        is the best of some multiples of the residual at `w`, and of that at the minimiser, if it is given as `best`:
        with that one the gap is as small as the distance. It is a sum of terms that are never negative, so that none
        cancels: ½‖ν − r‖² + Σ λ₁|w| − w·c + ½λ₂(w − u)², with c = Bⱼᵀν cut to [−λ₁, λ₁] and u = (Bⱼᵀν − c)/λ₂.
        Source: Boyd and Vandenberghe, Convex Optimization, section 5.5.1; Kim et al. (2007), An interior-point method
        for large-scale l1-regularized least squares, section III.
        """
        residual = self.target - self.design @ w
        places = [residual] if best is None else [residual, self.target - self.design @ best]
        return min(self._least_gap(w, residual, place, l1, l2) for place in places)

    def _least_gap(self, w: Tensor, residual: Tensor, place: Tensor, l1: Tensor, l2: Tensor) -> float:
        """The least gap of `w` for the multiples of `place`, (r, 1), that are looked at."""
        across = _across(self.basis, place)
        slopes = (self.design.mT @ across)[:, 0]
        lasso, penalised = (l2 == 0.0) & ~self.free, ~self.free
        shares = (
            min(1.0, _most(slopes[lasso], l1[lasso])),
            _best(self.target, across, _most(slopes[penalised], l1[penalised])),
        )
        return min(self._gap(w[:, 0], residual, share * across, share * slopes, l1, l2) for share in shares)

    def _gap(self, w: Tensor, residual: Tensor, dual: Tensor, slopes: Tensor, l1: Tensor, l2: Tensor) -> float:
        cut = torch.where(self.free, 0.0, torch.clamp(slopes, -l1, l1))
        beyond = torch.where(l2 > 0.0, (slopes - cut) / torch.where(l2 > 0.0, l2, 1.0), 0.0)
        terms = l1 * w.abs() - w * cut + 0.5 * l2 * (w - beyond).square()
        return float(0.5 * (dual - residual).square().sum() + torch.clamp(terms, min=0.0).sum())

    def is_unique(self, w: Tensor, l1: Tensor, l2: Tensor) -> bool:
        """Whether the minimiser `w`, (p, 1), is the only one.

        It is where the columns whose slopes are at their limits, |Bⱼᵀr − λ₂ⱼwⱼ| = λ₁ⱼ, are independent, with their
        ridge penalty, and those of U too. Source: Tibshirani (2013), The lasso problem and uniqueness, lemma 2.
        """
        slopes = (self.design.mT @ (self.target - self.design @ w) - l2[:, None] * w)[:, 0]
        noise = CERTAIN * EPSILON * self.design.norm(dim=0) * self.target.norm()
        tight = self.free | (slopes.abs() >= l1 * (1.0 - EQUAL) - noise)
        columns = self.design[:, tight]
        if bool((l2 > 0.0).any()):
            columns = torch.cat([columns, l2[tight].sqrt().diag()])
        lengths = columns.norm(dim=0)
        if bool((lengths == 0.0).any()):
            return False
        return _are_independent(columns / lengths)


def _are_independent(columns: Tensor) -> bool:
    """Whether `columns` (r, q) of length 1 are independent; their singular values are asked only where that is near."""
    rows, count = columns.shape
    if rows < count or not count:
        return not count
    upper = torch.linalg.qr(columns, mode="r").R
    if bool((upper.diagonal() != 0.0).all()):
        inverse = torch.linalg.solve_triangular(upper, torch.eye(count, dtype=upper.dtype), upper=True)
        # The smallest singular value is at least the inverse of this.
        if float(inverse.norm()) < 1.0 / CLEAR:
            return True
    _, singular, right = torch.linalg.svd(upper, full_matrices=False)
    return int(numerical_rank(singular, right.mT)) == count


def _most(slopes: Tensor, limits: Tensor) -> float:
    """The largest multiple of `slopes` within ±`limits`, (q,) each."""
    ratios = torch.where(slopes == 0.0, torch.inf, limits / slopes.abs())
    return float(ratios.amin()) if len(ratios) else torch.inf


def _best(target: Tensor, dual: Tensor, most: float) -> float:
    """The multiple s of ν at which s·bᵀν − s²·½‖ν‖² is largest, |s| ≤ `most`."""
    square = float(dual.square().sum())
    return 0.0 if square == 0.0 else max(-most, min(most, float((target * dual).sum()) / square))


def _orthonormal(columns: Tensor) -> Tensor:
    """An orthonormal basis, (r, rank), of what `columns` (r, q) span, whatever their lengths."""
    lengths = columns.norm(dim=0)
    columns = columns[:, lengths > 0.0] / lengths[lengths > 0.0]
    if not columns.shape[1]:
        return columns
    left, values, right = torch.linalg.svd(columns, full_matrices=False)
    basis: Tensor = left[:, : int(numerical_rank(values, right.mT))]
    return basis


def _without(basis: Tensor, columns: Tensor) -> Tensor:
    """The `columns` (r, q) in an orthonormal basis of what is across `basis` (r, s): (r − s, q)."""
    if not basis.shape[1]:
        return columns
    rotation = torch.linalg.qr(basis, mode="complete").Q
    across: Tensor = (rotation.mT @ columns)[basis.shape[1] :]
    return across


def _across(basis: Tensor, column: Tensor) -> Tensor:
    """A `column` (r, 1) less its part in `basis`; taken off twice, as the first leaves its rounding."""
    for _ in range(2):
        column = column - basis @ (basis.mT @ column)
    return column


def _pseudo_inverse(columns: Tensor) -> Tensor:
    """A⁺, (q, r), of `columns` (r, q), brought to equal length where they have full rank, so that no units count."""
    lengths = columns.norm(dim=0)
    lengths = torch.where(lengths > 0.0, lengths, 1.0)
    left, values, right = torch.linalg.svd(columns / lengths, full_matrices=False)
    rank = int(numerical_rank(values, right.mT)) if columns.shape[1] else 0
    if rank < columns.shape[1]:
        lengths = torch.ones_like(lengths)
        left, values, right = torch.linalg.svd(columns, full_matrices=False)
    inverse: Tensor = right[:rank].mT @ (left[:, :rank] / values[:rank]).mT
    return inverse / lengths[:, None]
