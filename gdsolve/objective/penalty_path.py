"""Least squares for many strengths of its penalties: all minimisers, each sought from the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.elastic_net import ElasticNet
from gdsolve.objective.rank import numerical_rank

Strengths = tuple[float, float]
"""λ₁ and λ₂."""


@dataclass(frozen=True, slots=True)
class PenaltyPath:
    """min ½‖Bw − b‖² + λ₁·Σ aⱼ|wⱼ| + λ₂/2·Σ dⱼwⱼ² for many λ₁ and λ₂.

    Shapes: `l1`, a, and `l2`, d, are (p,), 0 for what is never penalised; `singular` are those of the penalised columns
    over √d, largest first, less what is explained without penalty, `right` and `along` what belongs to them.
    Source: Friedman et al. (2010), Regularization paths for generalized linear models via coordinate descent, section
    2.5; of ridge alone Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 3.4.1.
    """

    net: ElasticNet
    l1: Tensor
    l2: Tensor
    singular: Tensor
    right: Tensor
    along: Tensor

    @classmethod
    def of(cls, design: Tensor, target: Tensor, l1: Tensor, l2: Tensor) -> PenaltyPath:
        """The path of `design` B, (r, p), and `target` b, (r, 1)."""
        l1, l2 = l1.cpu(), l2.cpu()
        net = ElasticNet.of(design, target, (l1 == 0.0) & (l2 == 0.0))
        roots = l2[net.penalised].sqrt()
        left, values, right = torch.linalg.svd(net.inner / roots, full_matrices=False)
        rank = int(numerical_rank(values, right.mT)) if len(values) else 0
        spread = right[:rank].mT / roots[:, None]
        return cls(net, l1, l2, values[:rank], spread, left[:, :rank].mT @ net.aim)

    def largest_l1(self) -> float:
        """λ_max: the least λ₁ that leaves all penalised weights zero."""
        return self.net.largest_l1(self.l1)

    def noise(self) -> float:
        """What `largest_l1` is of a target that is explained without penalty: rounding."""
        lengths = self.net.design[:, ~self.net.free].norm(dim=0)
        shares = self.l1[~self.net.free]
        most = float((lengths / shares).amax()) if len(shares) else 0.0
        return float(1e2 * torch.finfo(torch.float64).eps * len(self.net.design) * most * self.net.target.norm())

    def minimisers(self, strengths: Sequence[Strengths]) -> Tensor:
        """The minimisers, (p, q), in the order of `strengths`; with λ₁ = 0 throughout by the one SVD."""
        if not any(l1 for l1, _ in strengths):
            return self._of_ridge([l2 for _, l2 in strengths])
        found, near = [], None
        for l1, l2 in strengths:
            near = self.net.minimiser(l1 * self.l1, l2 * self.l2, near)
            found.append(near)
        return torch.cat(found, dim=1)

    def gaps(self, strengths: Sequence[Strengths], weights: Tensor) -> list[float]:
        """How far each of `weights`, (p, q), may be from the least value at most."""
        return [
            self.net.duality_gap(weights[:, place : place + 1], l1 * self.l1, l2 * self.l2)
            for place, (l1, l2) in enumerate(strengths)
        ]

    def freedom(self, ridge: float) -> float:
        """The effective degrees of freedom, Σ s²/(s² + λ₂), and those of the columns without penalty."""
        squares = self.singular.square()
        return float((squares / (squares + ridge)).sum()) + self.net.basis.shape[1]

    def _of_ridge(self, ridges: Sequence[float]) -> Tensor:
        penalty = self.singular.new_tensor(list(ridges))[None, :]
        values = self.singular[:, None]
        inner = self.right @ (values / (values.square() + penalty) * self.along)
        w = inner.new_zeros(len(self.l1), len(ridges))
        w[self.net.penalised] = inner
        w[self.net.free] = self.net.inverse @ (self.net.target - self.net.design @ w)
        return w
