"""Least squares with a ridge penalty as one quadratic, on all rows or on the triangle alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation
from gdsolve.objective.coordinates import Coordinates


@dataclass(frozen=True, slots=True)
class Penalty:
    """The ridge penalty λ·Σw_j² on the user's weights as rows ‖Pw − q‖², whatever the coordinates.

    With w_user = T·w + t its rows are √λ·T_j/s_y and −√λ·t_j/s_y, so that scaling never moves the minimiser. Rows of
    features have one number each, d_j in column j, and the target 0: `diagonal` has those alone, so that a penalty
    costs p numbers, not p². The `coupled` row of a penalised intercept has one in every column.
    Shapes: `diagonal` d is (n,) or (0,), `coupled` is (r, p), and `aim`, its targets, (r, 1), with r = 0 or 1.
    """

    diagonal: Tensor
    coupled: Tensor
    aim: Tensor

    @classmethod
    def ridge(
        cls, ridge: float, coordinates: Coordinates, spreads: Tensor | None = None, *, penalize_intercept: bool
    ) -> Penalty:
        """The penalty of strength `ridge`, on the SSE scale (docs/design.md, section 2).

        Where `spreads` of the columns are given, (n,), it is on the weights of columns that are divided by theirs.
        """
        if ridge == 0.0:
            return cls.none(coordinates.p, coordinates.scale)
        root = ridge**0.5 / coordinates.target_scale
        diagonal = root * (coordinates.target_scale / coordinates.scale)
        diagonal = diagonal if spreads is None else diagonal * spreads
        if not (penalize_intercept and coordinates.intercept):
            return replace(cls.none(coordinates.p, coordinates.scale), diagonal=diagonal)
        moved = -coordinates.centre * (coordinates.target_scale / coordinates.scale)
        whole = torch.cat([moved, moved.new_full((1,), coordinates.target_scale)])
        return cls(diagonal, root * whole[None], -root * moved.new_full((1, 1), coordinates.target_centre))

    @classmethod
    def none(cls, p: int, like: Tensor) -> Penalty:
        """No penalty on p weights, on the device and in the precision of `like`."""
        return cls(like.new_zeros(0), like.new_zeros(0, p), like.new_zeros(0, 1))

    @property
    def counts(self) -> bool:
        """True where there is a penalty."""
        return self.diagonal.shape[0] + self.coupled.shape[0] > 0

    @property
    def elements(self) -> int:
        """Numbers read to multiply by P."""
        return self.diagonal.numel() + self.coupled.numel()

    @property
    def rows(self) -> Tensor:
        """P, (r, p), with all its zeros: quadratic in the number of columns."""
        apart = self.coupled.new_zeros(len(self.diagonal), self.coupled.shape[1])
        apart.diagonal().copy_(self.diagonal)
        return torch.cat([apart, self.coupled])

    @property
    def target(self) -> Tensor:
        """q, (r, 1)."""
        return torch.cat([self.aim.new_zeros(len(self.diagonal), 1), self.aim])

    def image(self, weights: Tensor) -> Tensor:
        """P·wᵢ, (r, q), for every column of `weights`, (p, q)."""
        apart = self.diagonal[:, None] * weights[: len(self.diagonal)]
        return torch.cat([apart, self.coupled @ weights]) if len(self.coupled) else apart

    def excess(self, weights: Tensor) -> Tensor:
        """P·wᵢ − q, (r, q)."""
        found = self.image(weights)
        if len(self.coupled):
            found[len(self.diagonal) :] -= self.aim
        return found

    def pulled(self, excess: Tensor) -> Tensor:
        """Pᵀe, (p, q), of `excess`, (r, q)."""
        count = len(self.diagonal)
        found = excess.new_zeros(self.coupled.shape[1], excess.shape[1])
        found[:count] = self.diagonal[:, None] * excess[:count]
        return found + self.coupled.mT @ excess[count:] if len(self.coupled) else found

    def gram(self) -> Tensor:
        """PᵀP, (p, p)."""
        found = self.coupled.mT @ self.coupled
        found.diagonal()[: len(self.diagonal)] += self.diagonal.square()
        return found

    def gram_diagonal(self) -> Tensor:
        """The diagonal of PᵀP, (p,)."""
        found = self.coupled.square().sum(dim=0)
        found[: len(self.diagonal)] += self.diagonal.square()
        return found

    def to(self, dtype: torch.dtype, device: torch.device) -> Penalty:
        """The same penalty in another precision or place."""
        return Penalty(*(part.to(device, dtype) for part in (self.diagonal, self.coupled, self.aim)))


@dataclass(frozen=True, slots=True)
class Quadratic:
    """c/2·(‖Bw − b‖² + ‖Pw − q‖²), where B is the triangle's design factor.

    Gradient c·(Bᵀ(Bw − b) + Pᵀ(Pw − q)). As BᵀB = XᵀX, descent on it is descent on the rows, at a cost that does not
    depend on their number. Shapes: `design` B is (r, p), `target` b is (r, 1). Source: docs/design.md, section 2.
    """

    design: Tensor
    target: Tensor
    penalty: Penalty
    curvature_scale: float

    @property
    def p(self) -> int:
        """The number of weights."""
        return self.design.shape[1]

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation."""
        return 2 * (self.design.numel() + self.penalty.elements)

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        residual = torch.addmm(self.target, self.design, w, beta=-1)
        squares = torch.sum(residual * residual)
        gradient = self.curvature_scale * (self.design.mT @ residual)
        if self.penalty.counts:
            excess = self.penalty.excess(w)
            squares = squares + torch.sum(excess * excess)
            gradient = gradient + self.curvature_scale * self.penalty.pulled(excess)
        return Evaluation(0.5 * self.curvature_scale * squares, gradient)

    def sse(self, weights: Tensor) -> Tensor:
        """‖B wᵢ − b‖² for every column of `weights`, (p, q): a tensor (q,)."""
        return (self.design @ weights - self.target).square().sum(dim=0)

    def value(self, weights: Tensor) -> Tensor:
        """The objective at every column of `weights`, (p, q): a tensor (q,)."""
        excess = self.penalty.excess(weights).square().sum(dim=0)
        return 0.5 * self.curvature_scale * (self.sse(weights) + excess)

    def stacked(self) -> tuple[Tensor, Tensor]:
        """[B; P], (r, p), and [b; q], (r, 1): the penalty as rows of data, quadratic in the number of weights."""
        return torch.cat([self.design, self.penalty.rows]), self.aim()

    def aim(self) -> Tensor:
        """[b; q], (r, 1)."""
        return torch.cat([self.target, self.penalty.target])

    def image(self, weights: Tensor) -> Tensor:
        """[B; P]·wᵢ, (r, q), for every column of `weights`, (p, q)."""
        return torch.cat([self.design @ weights, self.penalty.image(weights)])

    def lengths(self) -> Tensor:
        """The lengths of the columns of [B; P], (p,)."""
        lengths: Tensor = torch.linalg.vector_norm(self.design, dim=0)
        if self.penalty.counts:
            n = len(self.penalty.diagonal)
            lengths = torch.hypot(lengths, torch.linalg.vector_norm(self.penalty.coupled, dim=0))
            lengths[:n] = torch.hypot(lengths[:n], self.penalty.diagonal)
        return lengths

    def residuals(self, w: Tensor) -> Tensor:
        """[B; P]w − [b; q], (r, 1)."""
        return torch.cat([self.design @ w - self.target, self.penalty.excess(w)])

    def jacobian(self, w: Tensor) -> Tensor:
        """[B; P], (r, p), wherever `w` is."""
        return self.stacked()[0]

    def hessian(self, w: Tensor) -> Tensor:
        """c·[B; P]ᵀ[B; P], (p, p), for Newton's method alone: descent itself never forms it."""
        return self.curvature_scale * (self.design.mT @ self.design + self.penalty.gram())

    def unpenalised(self) -> Quadratic:
        """The same without its penalty."""
        return replace(self, penalty=Penalty.none(self.p, self.design))

    def to(self, dtype: torch.dtype, device: torch.device) -> Quadratic:
        """The same quadratic in another precision or place."""
        design, target = self.design.to(device, dtype), self.target.to(device, dtype)
        return Quadratic(design, target, self.penalty.to(dtype, device), self.curvature_scale)
