"""Bounds on the weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation, Objective


@dataclass(frozen=True, slots=True)
class Box:
    """lower ≤ w ≤ upper, entry by entry, (p, 1) each; infinite where there is no bound."""

    lower: Tensor
    upper: Tensor

    def to(self, like: Tensor) -> Box:
        """The same in the precision and the place of a tensor."""
        return Box(self.lower.to(like), self.upper.to(like))

    def project(self, w: Tensor) -> Tensor:
        """P(w): the nearest point within the bounds."""
        return torch.clamp(w, self.lower, self.upper)

    def held(self, w: Tensor, gradient: Tensor) -> Tensor:
        """True, (p, 1), where w stands at a bound and descent would lead beyond it."""
        return ((w <= self.lower) & (gradient > 0)) | ((w >= self.upper) & (gradient < 0))


@dataclass(frozen=True, slots=True)
class Boxed:
    """An objective within bounds: its gradient is 0 along every weight that its bound holds.

    So that ‖∇L‖ = 0 is the condition of Karush, Kuhn and Tucker. Source: Bertsekas, Nonlinear Programming, 2nd ed.,
    section 2.3.
    """

    objective: Objective
    box: Box

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation."""
        return self.objective.step_elements

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and projected gradient at `w`, (p, 1)."""
        now = self.objective.evaluate(w)
        return Evaluation(now.value, torch.where(self.box.held(w, now.gradient), 0.0, now.gradient))

    def sse(self, weights: Tensor) -> Tensor | None:
        """The sum of squared errors for every column of `weights`, (p, q), where the objective has one."""
        return self.objective.sse(weights)
