"""Plain gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.descent.methods.base import Advance, Point
from gdsolve.descent.methods.blind import BlindRule, Factors
from gdsolve.descent.methods.bounds import taken
from gdsolve.descent.rates import Rate
from gdsolve.objective.base import Objective
from gdsolve.objective.shrinkage import Limits


@dataclass(frozen=True, slots=True)
class GradientDescent(BlindRule):
    """w ← P(w − α_k·∇L(w)), where P projects onto the bounds, or is the proximal map of an l1 penalty, if there is any.

    Sources: docs/design.md, section 2; with bounds, Bertsekas, Nonlinear Programming, 2nd ed., section 2.3; with a
    penalty it is ISTA, Beck and Teboulle (2009), section 3.
    """

    rate: Rate
    limits: Limits | None = None

    def begin(self, objective: Objective, start: Point) -> None:
        """Nothing is remembered."""

    def advance(self, objective: Objective, point: Point, memory: None, factors: Factors) -> Advance:
        """One step along the negative gradient."""
        w = taken(self.limits, point.w, point.now.gradient, factors[0])
        return Advance(Point.at(objective, w), None)
