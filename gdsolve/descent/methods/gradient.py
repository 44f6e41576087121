"""Plain gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.descent.methods.base import Advance, Point
from gdsolve.descent.methods.blind import BlindRule, Factors, descended
from gdsolve.descent.methods.bounds import project
from gdsolve.descent.rates import Rate
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box


@dataclass(frozen=True, slots=True)
class GradientDescent(BlindRule):
    """w ← P(w − α_k·∇L(w)), where P projects onto the bounds, if there are any.

    Source: docs/design.md, section 2; with bounds, Bertsekas, Nonlinear Programming, 2nd ed., section 2.3.
    """

    rate: Rate
    box: Box | None = None

    def begin(self, objective: Objective, start: Point) -> None:
        """Nothing is remembered."""

    def advance(self, objective: Objective, point: Point, memory: None, factors: Factors) -> Advance:
        """One step along the negative gradient."""
        w = descended(point.w, point.now.gradient, factors[0])
        return Advance(Point.at(objective, project(self.box, w)), None)
