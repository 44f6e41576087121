"""Plain gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gdsolve.descent.methods.base import Advance, Point
from gdsolve.descent.rates import Rate
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box


@dataclass(frozen=True, slots=True)
class GradientDescent:
    """w ← P(w − α_k·∇L(w)), where P projects onto the bounds, if there are any.

    Source: docs/design.md, section 2; with bounds, Bertsekas, Nonlinear Programming, 2nd ed., section 2.3.
    """

    rate: Rate
    box: Box | None = None

    @property
    def blind(self) -> bool:
        """True: the rate is known beforehand."""
        return True

    def begin(self, objective: Objective, start: Point) -> None:
        """Nothing is remembered."""

    def step(self, objective: Objective, point: Point, memory: None, k: int) -> Advance:
        """One step along the negative gradient."""
        w = torch.sub(point.w, point.now.gradient, alpha=self.rate.at(k))
        return Advance(Point.at(objective, w if self.box is None else self.box.project(w)), None)
