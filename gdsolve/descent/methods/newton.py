"""Newton's method, modified where the loss is not convex."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.descent.methods.arc import Found, attempt, backtrack
from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.methods.bounds import held, project, twice_differentiable
from gdsolve.descent.methods.extent import QUADRATIC, negligible, stands_still, widened
from gdsolve.descent.methods.rounding import rounding, unresolved
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box
from gdsolve.objective.equilibrate import equilibrate

LEAST = 8.0
MOST_TRIALS = 60
SUFFICIENT = 1e-4
STRAIGHT = 0.75


@dataclass(frozen=True, slots=True)
class Course:
    """The last promise if it was below rounding, else None, and the extent of the weights, (p, 1), so far."""

    faint: float | None
    extent: Tensor


@dataclass(frozen=True, slots=True)
class _Model:
    """The direction d of a step, its promise −½∇Lᵀd, and the most negative curvature with the direction it has.

    L is straight along d where dᵀHd is nothing beside ∇Lᵀd. `negligible` is a promise that rounding the weights hides.
    """

    direction: Tensor
    promise: float
    straight: bool
    curvature: float
    downward: Tensor
    negligible: float


@dataclass(frozen=True, slots=True)
class Newton:
    """w ← P(w + t·d), d = −|H|⁻¹·∇L(w), t = 1, halved until the loss decreases enough.

    |H| has the eigenvectors of the Hessian, equilibrated, and the moduli of its eigenvalues, none below 8ε of the
    largest: d leads down and away from a saddle or maximum. Where the gradient promises less than rounding but
    curvature is negative, the step goes along the most negative curvature. Weights that a bound holds, or that a
    diagonal step would drive onto it, take that diagonal step instead. Where the Hessian knows no curvature along d,
    t = 1 means nothing: t is doubled as long as L falls by ¾ of what the gradient promises.

    Once losses no longer resolve a step, full steps go on while each promises at most half of the last, so that the
    weights have the digits of the gradient, not the half of them that the loss has. The Hessian counts as one
    evaluation. Where a step promises less than what rounding the weights does to the loss, steps go on only while each
    promises at most 1/32 of the last: at a minimum without curvature Newton's method converges linearly, and the loss
    would tell of digits that nobody asked for until numbers end.

    Sources: Nocedal and Wright, Numerical Optimization, 2nd ed., section 3.4 and algorithm 3.2; Ruiz (2001), A scaling
    algorithm to equilibrate both rows and columns norms in matrices; bounds: Bertsekas (1982), Projected Newton methods
    for optimization problems with simple constraints, equations 32 to 37.
    """

    box: Box | None = None

    @property
    def blind(self) -> bool:
        """False: every trial is judged by its loss."""
        return False

    def begin(self, objective: Objective, start: Point) -> Course:
        """No promise has been below rounding yet."""
        return Course(None, start.w.abs())

    def step(self, objective: Objective, point: Point, memory: Course, k: int) -> Advance | Halt:
        """One Newton step, or why there is none."""
        hessian = twice_differentiable(objective).hessian(point.w)
        known = torch.isfinite(hessian).all() & torch.isfinite(point.now.gradient).all()
        finite, value = torch.stack([known.to(point.w.dtype), point.now.value]).tolist()
        if not finite:
            return Halt.NO_STEP
        memory = replace(memory, extent=widened(memory.extent, point.w))
        model = self._model(point, hessian, memory.extent)
        floor = rounding(value, point.w.dtype)
        halt = Halt.ROUNDING
        if memory.faint is None and model.promise > max(floor, model.negligible):
            found = backtrack(objective, point, lambda t: self._along(point, model.direction, t), 1.0)
            if isinstance(found, Found):
                found = self._lengthened(objective, point, model, found) if model.straight else found
                return Advance(found.point, memory, found.evaluations + 1)
            halt = found
        if halt is Halt.ROUNDING and model.curvature < 0.0:
            return self._escape(objective, point, model, memory, floor)
        if halt is Halt.ROUNDING:
            return self._refine(objective, point, model, value, memory)
        return halt

    def _lengthened(self, objective: Objective, point: Point, model: _Model, found: Found) -> Found:
        """The longest of t, 2t, 4t, … that L still falls along about as steeply as it does at the start."""
        for _ in range(MOST_TRIALS):
            rate = 2.0 * found.rate
            reached = attempt(objective, point, self._along(point, model.direction, rate), rate)
            tried = reached.trial
            value, evaluations = reached.before + tried.change, found.evaluations + 1
            if not (tried.finite and value < found.value and tried.change <= -STRAIGHT * tried.promised):
                return replace(found, evaluations=evaluations)
            found = Found(reached.point, rate, value, evaluations)
        return found

    def _along(self, point: Point, direction: Tensor, t: float) -> Tensor:
        return project(self.box, torch.add(point.w, direction, alpha=t))

    def _model(self, point: Point, hessian: Tensor, extent: Tensor) -> _Model:
        scale = equilibrate(hessian)
        gradient = point.now.gradient / scale
        bound = self._bound(point, scale)
        free = ~bound
        identity = torch.eye(hessian.shape[0], dtype=hessian.dtype, device=hessian.device)
        scaled = torch.where(free & free.mT, hessian / scale / scale.mT, identity)
        eigenvalues, vectors = torch.linalg.eigh(0.5 * (scaled + scaled.mT))
        moduli = eigenvalues.abs()
        moduli = torch.maximum(moduli, LEAST * torch.finfo(moduli.dtype).eps * moduli.amax())
        moduli = torch.where(moduli > 0, moduli, 1.0)
        direction = -(vectors @ ((vectors.mT @ gradient) / moduli[:, None])) / scale
        # Rounding mixes equal eigenvalues, and would move weights that are held by a share of the others' steps.
        direction = torch.where(bound, -gradient / scale, direction)
        downward = vectors[:, :1] / scale
        downward = torch.where(torch.sum(downward * point.now.gradient) > 0, -downward, downward)
        step = self._along(point, direction, 1.0) - point.w
        slope, bent = torch.sum(step * point.now.gradient), torch.sum(step * (hessian @ step))
        hidden = negligible(torch.where(free, hessian.diagonal()[:, None], 0.0), extent)
        figures = torch.stack([-0.5 * slope, bent, eigenvalues[0], moduli.amax(), hidden])
        promise, curvature, lowest, largest, least = figures.tolist()
        nothing = math.sqrt(torch.finfo(moduli.dtype).eps)
        straight = abs(curvature) <= nothing * abs(promise)
        return _Model(direction, promise, straight, lowest if lowest < -nothing * largest else 0.0, downward, least)

    def _bound(self, point: Point, scale: Tensor) -> Tensor:
        stay = held(self.box, point.w, point.now.gradient)
        if self.box is None:
            return stay
        step = point.w - point.now.gradient / scale.square()
        return stay | (step <= self.box.lower) | (step >= self.box.upper)

    def _escape(
        self, objective: Objective, point: Point, model: _Model, memory: Course, floor: float
    ) -> Advance | Halt:
        """Along negative curvature: L must fall by c₁·½t²|λ|, and by more than rounding."""
        t = float((1.0 + point.w.norm()) / model.downward.norm())
        for trial in range(1, MOST_TRIALS + 1):
            reached = attempt(objective, point, self._along(point, model.downward, t), t)
            gain = -reached.trial.change
            if reached.moved and gain > max(floor, -0.5 * SUFFICIENT * t * t * model.curvature):
                return Advance(reached.point, replace(memory, faint=None), trial + 1)
            t *= 0.5
        return Halt.ROUNDING

    def _refine(
        self, objective: Objective, point: Point, model: _Model, value: float, memory: Course
    ) -> Advance | Halt:
        """A full step that only the gradient can judge, as long as the loss stays about what it is."""
        resolved = rounding(rounding(value, point.w.dtype), point.w.dtype)
        if model.promise <= resolved:
            return Halt.ROUNDING
        if memory.faint is not None:
            share = 0.5 if model.promise > model.negligible else QUADRATIC
            if model.promise > share * memory.faint or bool(stands_still(model.direction, memory.extent)):
                return Halt.ROUNDING
        reached = attempt(objective, point, self._along(point, model.direction, 1.0), 1.0)
        tried = reached.trial
        taken = reached.moved and tried.finite and unresolved(tried.change, value, point.w.dtype)
        return Advance(reached.point, replace(memory, faint=model.promise), 2) if taken else Halt.ROUNDING
