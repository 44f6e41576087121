"""An l1 penalty on the weights, and what descent needs of it: its proximal step and its slope of least length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation, Objective
from gdsolve.objective.box import Box
from gdsolve.objective.coordinates import Coordinates


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """Σ τⱼ|wⱼ|, with τ, `thresholds` (p, 1), 0 where nothing is penalised."""

    thresholds: Tensor

    @classmethod
    def of(
        cls, l1: float, unit: float, coordinates: Coordinates, spreads: Tensor | None, *, penalize_intercept: bool
    ) -> Shrinkage:
        """The penalty `unit`·λ₁·‖w‖₁ on the user's weights, in `coordinates`; on those times `spreads` (n,), if given.

        With w_user = s_y/s_j·w it is unit·λ₁·s_y/s_j·|w|, so that scaling never moves the minimiser. A penalised
        intercept takes coordinates that are not centred, in which it is a weight by itself.
        """
        thresholds = unit * l1 * coordinates.target_scale / coordinates.scale
        if spreads is not None:
            thresholds = thresholds * spreads
        if coordinates.intercept:
            own = unit * l1 * coordinates.target_scale if penalize_intercept else 0.0
            thresholds = torch.cat([thresholds, thresholds.new_full((1,), own)])
        return cls(thresholds[:, None])

    def to(self, like: Tensor) -> Shrinkage:
        """The same in the precision and the place of a tensor."""
        return Shrinkage(self.thresholds.to(like))

    def repeated(self, count: int) -> Shrinkage:
        """The same on the weights of so many classes, one after the other."""
        return self if count == 1 else Shrinkage(self.thresholds.repeat(count, 1))

    def penalty(self, weights: Tensor) -> Tensor:
        """Σ τ|wᵢ| for every column of `weights`, (p, q): a tensor (q,)."""
        return (self.thresholds * weights.abs()).sum(dim=0)

    def slope(self, w: Tensor, gradient: Tensor) -> Tensor:
        """The subgradient of least length of the loss with its penalty, (p, 1), for the `gradient` of the loss at `w`.

        ∇ⱼL + τⱼ·sign(wⱼ), and where wⱼ = 0 what of ∇ⱼL is beyond ±τⱼ: it is 0 at the minimum alone.
        Source: Nesterov, Introductory Lectures on Convex Optimization, section 3.1.5.
        """
        beyond = gradient - torch.clamp(gradient, -self.thresholds, self.thresholds)
        return torch.where(w == 0.0, beyond, torch.addcmul(gradient, self.thresholds, torch.sign(w)))

    def step(self, w: Tensor, slope: Tensor, rate: float | Tensor) -> Tensor:
        """argmin of the penalty + ‖v − (w − α∇L)‖²/(2α) over v, (p, 1), for the slope of least length at `w`.

        It is w − α∇L, each entry moved by ατⱼ towards 0, and 0 where that is further than it is: from `slope`, which
        has the penalty in it already, a weight goes on as far as its sign, rests at 0 for 2ατⱼ, and goes on beyond.
        Source: Parikh and Boyd (2014), Proximal algorithms, section 6.5.2.
        """
        moved = w - rate * slope
        sign = torch.sign(torch.where(w == 0.0, -slope, w))
        outward = moved * sign
        beyond = torch.clamp(outward + 2.0 * rate * self.thresholds, max=0.0)
        # No zero is negative.
        return torch.where(outward >= 0.0, moved, sign * beyond) + 0.0


Limits: TypeAlias = Box | Shrinkage
"""What a step is held to beside its gradient."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """An objective with an l1 penalty: its gradient is the subgradient of least length, 0 at the minimum alone."""

    objective: Objective
    shrinkage: Shrinkage

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation."""
        return self.objective.step_elements

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value, penalty included, and subgradient at `w`, (p, 1)."""
        now = self.objective.evaluate(w)
        value = now.value + torch.sum(self.shrinkage.thresholds * w.abs())
        return Evaluation(value, self.shrinkage.slope(w, now.gradient))

    def sse(self, weights: Tensor) -> Tensor | None:
        """The sum of squared errors for every column of `weights`, (p, q), where the objective has one."""
        return self.objective.sse(weights)
