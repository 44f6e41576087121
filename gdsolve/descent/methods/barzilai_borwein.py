"""The spectral gradient method of Barzilai and Borwein, projected onto bounds."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.descent.methods.arc import backtrack
from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.bounds import project
from gdsolve.descent.methods.extent import stands_still, widened
from gdsolve.descent.methods.rounding import Faint, rounding
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box

WINDOW = 10
PATIENCE = 20
STILL = 10
WIDEST = 1e30


@dataclass(frozen=True, slots=True)
class History:
    """The spectral rate of the next step, the longest one so far, and the losses of the last ten iterates.

    `faint` is the state of the steps whose promise −∇Lᵀd was below rounding; `still` counts the last steps in a row
    that changed nothing, beside the `extent`, (p, 1), of the weights.
    """

    rate: float
    longest: float
    values: tuple[float, ...]
    faint: Faint
    extent: Tensor
    still: int = 0


@dataclass(frozen=True, slots=True)
class BarzilaiBorwein:
    """w ← w + t·d with d = P(w − α·∇L(w)) − w and α = sᵀs/sᵀy, s and y the last changes of w and ∇L.

    t = 1, halved until the loss is sufficiently below the largest of the last ten: the loss need not fall at every
    step, which is what makes the method fast. Where steps promise less than rounding, the loss may rise by that, until
    twenty of them have not halved the least promise. The run ends too where a step at the longest rate so far, or each
    of the last ten steps, changes no weight by more than ε of the largest that it has been. Where sᵀy ≤ 0 the rate is
    ten times the last; all are kept within 10⁻³⁰ and 10³⁰ times `first`, the rate of the first
    step. Sources: Barzilai and Borwein (1988), equation 5; Grippo, Lampariello and Lucidi (1986); Birgin, Martínez and
    Raydan (2000), Nonmonotone spectral projected gradient methods on convex sets, algorithm 2.2.
    """

    first: float
    box: Box | None = None

    @property
    def blind(self) -> bool:
        """False: every trial is judged by its loss."""
        return False

    def begin(self, objective: Objective, start: Point) -> History:
        """The first rate and the loss at the start."""
        return History(self.first, self.first, (float(start.now.value),), Faint(), start.w.abs())

    def step(self, objective: Objective, point: Point, memory: History, k: int) -> Advance | Halt:
        """One spectral step, or why there is none."""
        ahead = project(self.box, torch.sub(point.w, point.now.gradient, alpha=memory.rate))
        direction = ahead - point.w
        promise = -torch.sum(direction * point.now.gradient)
        stands = stands_still(memory.longest * point.now.gradient, memory.extent)
        promised, stuck = torch.stack([promise, stands.to(promise)]).tolist()
        if stuck or memory.still == STILL:
            return Halt.ROUNDING
        floor, faint, ceiling = rounding(memory.values[-1], point.w.dtype), memory.faint, max(memory.values)
        if promised <= floor:
            faint = faint.after(promised)
            ceiling = ceiling + floor if faint.idle < PATIENCE else memory.values[-1]

        def along(t: float) -> Tensor:
            if t > 1.0:
                return project(self.box, torch.sub(point.w, point.now.gradient, alpha=t * memory.rate))
            return ahead if t == 1.0 else project(self.box, torch.add(point.w, direction, alpha=t))

        found = backtrack(objective, point, along, 1.0, ceiling=ceiling, longest=memory.longest / memory.rate)
        if isinstance(found, Halt):
            return found
        if faint.idle >= PATIENCE or promised <= 0.0:
            return Halt.ROUNDING
        extent = widened(memory.extent, found.point.w)
        rate, stayed = self._rate(point, found.point, memory.rate, extent)
        values = (*memory.values, found.value)[-WINDOW:]
        still = memory.still + 1 if stayed else 0
        longest = max(rate, memory.longest)
        return Advance(found.point, History(rate, longest, values, faint, extent, still), found.evaluations)

    def _rate(self, before: Point, after: Point, last: float, extent: Tensor) -> tuple[float, bool]:
        """The next rate, and whether the step from `before` to `after` has changed no weight that matters."""
        moved, bent = after.w - before.w, after.now.gradient - before.now.gradient
        stands = stands_still(moved, extent).to(moved)
        figures = torch.stack([torch.sum(moved * moved), torch.sum(moved * bent), stands]).tolist()
        squares, curvature, still = figures
        rate = 10.0 * last if curvature <= 0.0 else squares / curvature
        return min(max(rate, self.first / WIDEST), WIDEST * self.first), bool(still)
