"""Gradient descent that finds its rate by backtracking."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from gdsolve.descent.methods.arc import MOST_TRIALS, attempt, backtrack
from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.bounds import taken
from gdsolve.descent.methods.rounding import Faint, rounding, unresolved
from gdsolve.objective.base import Objective
from gdsolve.objective.shrinkage import Limits

LONGEST = 1e15
PATIENCE = 50
GROWTH = 1.25


@dataclass(frozen=True, slots=True)
class Rates:
    """The rate that the next search begins with, and the longest one that was ever taken.

    `faint` is the state of the steps whose promise α‖∇L‖² was below rounding, None before there are any.
    """

    next: float
    longest: float
    faint: Faint | None = None


@dataclass(frozen=True, slots=True)
class BacktrackingDescent:
    """w ← P(w − α·∇L(w)), α halved until the loss decreases enough; P as for plain descent.

    The first step begins at α = `first`, every other at twice the last α taken, at most 10¹⁵ times `first`, so that
    the rate follows the curvature. Once losses no longer resolve a step, the gradient judges it, by
    (∇L(w⁺) − ∇L(w))ᵀ(w⁺ − w) ≤ ‖w⁺ − w‖²/α, until fifty steps have not halved the least promise.

    Sources: Armijo (1966), Minimization of functions having Lipschitz continuous first partial derivatives; Nocedal and
    Wright, 2nd ed., section 3.1; with bounds, Bertsekas (1976), On the Goldstein-Levitin-Polyak gradient projection
    method, equation 6; the judgement by the gradient: Becker, Candès and Grant (2011), section 5.3.
    """

    first: float
    limits: Limits | None = None

    @property
    def blind(self) -> bool:
        """False: every trial is judged by its loss."""
        return False

    def begin(self, objective: Objective, start: Point) -> Rates:
        """The first rate."""
        return Rates(self.first, 0.0)

    def step(self, objective: Objective, point: Point, memory: Rates, k: int) -> Advance | Halt:
        """One step along the negative gradient, or why there is none."""
        if memory.faint is not None:
            return self._refine(objective, point, memory)
        found = backtrack(
            objective,
            point,
            lambda rate: self._from(point, rate),
            memory.next,
            longest=memory.longest,
        )
        if found is Halt.ROUNDING and memory.longest > 0.0:
            return self._refine(objective, point, replace(memory, faint=Faint()))
        if isinstance(found, Halt):
            return found
        following = min(2.0 * found.rate, LONGEST * self.first)
        return Advance(found.point, Rates(following, max(found.rate, memory.longest)), found.evaluations)

    def _from(self, point: Point, rate: float) -> Tensor:
        return taken(self.limits, point.w, point.now.gradient, rate)

    def _refine(self, objective: Objective, point: Point, memory: Rates) -> Advance | Halt:
        """A step that only the gradient can judge, as long as the loss stays about what it is."""
        rate = memory.next
        for trial in range(1, MOST_TRIALS + 1):
            tried = attempt(objective, point, self._from(point, rate), rate)
            promised, dtype = tried.trial.promised, point.w.dtype
            hidden = tried.moved and tried.trial.finite and unresolved(tried.trial.change, tried.before, dtype)
            # Of a step −α∇L, ‖w⁺ − w‖²/α is what it promises; clipped by a bound, it promises more.
            if hidden and 0.0 < promised <= rounding(tried.before, dtype) and tried.trial.turned <= 1.0:
                assert memory.faint is not None
                faint = memory.faint.after(promised)
                if faint.idle >= PATIENCE:
                    return Halt.ROUNDING
                return Advance(tried.point, Rates(GROWTH * rate, memory.longest, faint), trial)
            if not tried.moved:
                break
            rate *= 0.5
        return Halt.ROUNDING
