"""Gradient descent that finds its rate by backtracking."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gdsolve.descent.methods.arc import backtrack
from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.bounds import project
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box

LONGEST = 1e15


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate that the next search begins with, and the longest one that was ever taken."""

    next: float
    longest: float


@dataclass(frozen=True, slots=True)
class BacktrackingDescent:
    """w ← P(w − α·∇L(w)), α halved until the loss decreases enough.

    The first step begins at α = `first`, every other at twice the last α taken, at most 10¹⁵ times `first`, so that
    the rate follows the curvature. Sources: Armijo (1966), Minimization of functions having Lipschitz continuous first
    partial derivatives; Nocedal and Wright, 2nd ed., section 3.1; with bounds, Bertsekas (1976), On the
    Goldstein-Levitin-Polyak gradient projection method, equation 6.
    """

    first: float
    box: Box | None = None

    @property
    def blind(self) -> bool:
        """False: every trial is judged by its loss."""
        return False

    def begin(self, objective: Objective, start: Point) -> Rates:
        """The first rate."""
        return Rates(self.first, 0.0)

    def step(self, objective: Objective, point: Point, memory: Rates, k: int) -> Advance | Halt:
        """One step along the negative gradient, or why there is none."""
        found = backtrack(
            objective,
            point,
            lambda rate: project(self.box, torch.sub(point.w, point.now.gradient, alpha=rate)),
            memory.next,
            longest=memory.longest,
        )
        if isinstance(found, Halt):
            return found
        following = min(2.0 * found.rate, LONGEST * self.first)
        return Advance(found.point, Rates(following, max(found.rate, memory.longest)), found.evaluations)
