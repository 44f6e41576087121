"""What a loss does around a point: whether it rises in every direction, and where it does not, how far it falls."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from gdsolve.objective.base import Objective, TwiceDifferentiable
from gdsolve.objective.box import Box
from gdsolve.objective.equilibrate import equilibrate

UNITS = 8.0
PROMISES = 4.0
JITTERS = (-3.0, -1.0, 1.0, 3.0)
SHARES = tuple(10.0**power for power in range(-6, 1))
NEAR = 1e-2
STRONG = 1e-6
SETTLED = 1e-4
FAINT = 1e-3
DETERMINED = 1e-8
CORRECTIONS = 5
SPACING = 1e-7


class Trend(StrEnum):
    """How a loss goes on along one side of a direction: FALLS where a lower point was met before it rose."""

    RISES = "rises"
    FALLS = "falls"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a direction: its trend, the lowest change met, and the share of the weights' size where it rose."""

    trend: Trend
    lowest: float
    rose_at: float


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction d, (p, 1), that moves the weight which it moves most by its size, and both sides of it.

    `curvature` is the eigenvalue of the equilibrated Hessian that belongs to it, the largest of them being about 1;
    `tolerance` is what a change of the loss must exceed to mean anything.
    """

    vector: Tensor
    curvature: float
    tolerance: float
    ahead: Side
    behind: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        """Ahead and behind."""
        return self.ahead, self.behind

    @property
    def falls(self) -> bool:
        """True where the loss falls on one side."""
        return any(side.trend is Trend.FALLS for side in self.sides)

    @property
    def determined(self) -> bool:
        """True where the loss rises within a hundredth of the weights' size, on both sides."""
        return all(side.trend is Trend.RISES and side.rose_at <= NEAR for side in self.sides)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A point w, (p, 1), the loss there, and what second derivatives say of its surroundings.

    `gradient` is projected on the bounds, (p, 1); `free` is True for weights that no bound holds, (p,); `sizes` are
    those of the weights, (p, 1): of the start where that is larger, at least 1 where it is 0. `scale` equilibrates the
    Hessian of the free weights, whose eigenvalues and vectors then are `curvature`, (q,), rising, and `axes`, (p, q).
    `promise` is ½·∇Lᵀ|H|⁻¹∇L, what a Newton step would gain; `noise` what rounding makes of the loss.
    """

    objective: Objective
    box: Box | None
    w: Tensor
    value: float
    gradient: Tensor
    hessian: Tensor
    free: Tensor
    sizes: Tensor
    scale: Tensor
    curvature: Tensor
    axes: Tensor
    promise: float
    noise: float

    @classmethod
    def of(cls, objective: Objective, box: Box | None, w: Tensor, start: Tensor) -> Surroundings | None:
        """Look at w; None where loss, gradient or Hessian are not finite."""
        now = objective.evaluate(w)
        assert isinstance(objective, TwiceDifferentiable)
        hessian = objective.hessian(w).to(torch.float64)
        gradient = now.gradient.to(torch.float64)
        free = torch.ones_like(w[:, 0], dtype=torch.bool)
        if box is not None:
            free = ~box.held(w, now.gradient)[:, 0]
        gradient = torch.where(free[:, None], gradient, 0.0)
        inner = hessian[free][:, free]
        if not bool(torch.isfinite(now.value) & torch.isfinite(gradient).all() & torch.isfinite(inner).all()):
            return None
        # A weight that starts at 0 counts in units of 1, as in the coordinates of descent.
        sizes = torch.maximum(w.abs(), torch.where(start == 0.0, 1.0, start.abs())).to(torch.float64)
        scale = torch.ones_like(gradient)
        scale[free] = equilibrate(inner) if len(inner) else scale[free]
        scaled = inner / scale[free] / scale[free].mT
        if not bool(torch.isfinite(scaled).all()):
            return None
        curvature, vectors = torch.linalg.eigh(0.5 * (scaled + scaled.mT))
        axes = torch.zeros(len(w), len(inner), dtype=torch.float64, device=w.device)
        axes[free] = vectors
        promise = _promise(curvature, axes.mT @ (gradient / scale))
        value = float(now.value)
        noise = _noise(objective, w, value)
        return cls(objective, box, w, value, gradient, hessian, free, sizes, scale, curvature, axes, promise, noise)

    @property
    def tolerance(self) -> float:
        """What a change of the loss must exceed to mean anything here: rounding, and what a Newton step would gain."""
        return UNITS * self.noise + PROMISES * self.promise

    def directions(self, reference: float, *, every: bool = False) -> list[Direction]:
        """The directions that curvature alone does not settle, each walked along on both sides.

        Settled are those of clear curvature along which the loss rises by a thousandth of `reference`, a size of it,
        when the weights change by all of their size: by Taylor's theorem it has a minimum along them. `every` direction
        is walked along where slopes may jump.
        """
        found, epsilon = [], torch.finfo(self.w.dtype).eps
        for place, curvature in enumerate(self.curvature.tolist()):
            vector = self.vector(place)
            rise = 0.5 * float(vector.mT @ self.hessian @ vector)
            if not every and curvature > SETTLED and rise > FAINT * reference:
                continue
            tolerance = self.tolerance + UNITS * (self._noise_along(vector) + epsilon * epsilon * reference)
            sides = (self._walk(place, vector, sign, tolerance) for sign in (1.0, -1.0))
            found.append(Direction(vector, curvature, tolerance, *sides))
        return found

    def vector(self, place: int) -> Tensor:
        """The axis number `place` in descent's coordinates, (p, 1), as long as `Direction` has it."""
        bare = self.axes[:, place : place + 1] / self.scale
        return bare / (bare / self.sizes).abs().amax()

    def _walk(self, place: int, vector: Tensor, sign: float, tolerance: float) -> Side:
        lowest = 0.0
        for share in SHARES:
            change = self._change(self.w + sign * share * vector.to(self.w), place)
            if change is None or change > tolerance:
                return Side(Trend.FALLS if lowest < -tolerance else Trend.RISES, lowest, share)
            lowest = min(lowest, change)
        return Side(Trend.FALLS if lowest < -tolerance else Trend.FLAT, lowest, math.inf)

    def _change(self, moved: Tensor, place: int) -> float | None:
        """L − L(w) at a point, the other directions that the loss curves in brought to their minimum; None outside.

        A valley bends: what lies beside its floor must not count as a rise. The steps are Newton's with the curvature
        at w, as long as they lower the loss. A point that a bound keeps at w counts as outside.
        """
        point = moved if self.box is None else self.box.project(moved)
        if torch.equal(point, self.w):
            return None
        now = self.objective.evaluate(point)
        if not math.isfinite(float(now.value)):
            return None
        strong = self.curvature > STRONG * self.curvature.abs().amax()
        strong[place] = False
        for _ in range(CORRECTIONS):
            along = self.axes[:, strong].mT @ (now.gradient.to(torch.float64) / self.scale)
            step = -(self.axes[:, strong] @ (along / self.curvature[strong, None])) / self.scale
            ahead = point + step.to(point)
            ahead = ahead if self.box is None else self.box.project(ahead)
            then = self.objective.evaluate(ahead)
            if not float(then.value) < float(now.value):
                break
            point, now = ahead, then
        return float(now.value) - self.value

    def _noise_along(self, vector: Tensor) -> float:
        """The noise of the loss along a direction, from fourth differences, which a smooth loss all but loses.

        Source: Moré and Wild (2011), Estimating computational noise, SIAM Journal on Scientific Computing 33(3).
        """
        points = (self.w + place * SPACING * vector.to(self.w) for place in range(-3, 4))
        values = torch.stack([self.objective.evaluate(point).value for point in points]).to(torch.float64)
        differences = values.diff(n=4).abs().amax() / math.sqrt(math.comb(8, 4))
        return float(differences) if bool(torch.isfinite(differences)) else 0.0


def _promise(curvature: Tensor, along: Tensor) -> float:
    """½·Σ aᵢ²/|λᵢ|, no |λᵢ| below 10⁻⁸ of the largest."""
    if not len(curvature):
        return 0.0
    moduli = curvature.abs()
    moduli = torch.maximum(moduli, DETERMINED * moduli.amax())
    moduli = torch.where(moduli > 0.0, moduli, 1.0)
    return 0.5 * float((along[:, 0].square() / moduli).sum())


def _noise(objective: Objective, w: Tensor, value: float) -> float:
    """How far the loss moves where the weights move by roundings, and the rounding of the loss itself."""
    epsilon = torch.finfo(w.dtype).eps
    signs = torch.where(torch.arange(len(w), device=w.device) % 2 == 0, 1.0, -1.0)[:, None].to(w)
    changes = []
    for jitter in JITTERS:
        moved = w * (1.0 + jitter * epsilon * (signs if abs(jitter) > 1.0 else 1.0))
        changes.append(abs(float(objective.evaluate(moved).value) - value))
    return max(epsilon * abs(value), *(change for change in changes if math.isfinite(change)), 0.0)
