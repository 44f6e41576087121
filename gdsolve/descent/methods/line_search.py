"""A line search for the strong conditions of Wolfe."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.descent.methods.base import Point
from gdsolve.descent.methods.rounding import rounding
from gdsolve.objective.base import Objective

SUFFICIENT = 1e-4
CURVATURE = 0.9
MOST_TRIALS = 60
WIDEST = 10.0
NEAREST = 0.1


@dataclass(frozen=True, slots=True)
class LineSample:
    """φ(t) = L(w + t·d) and its slope φ'(t) = ∇L(w + t·d)ᵀd at t: infinite or NaN outside of the domain."""

    t: float
    value: float
    slope: float
    point: Point

    @property
    def finite(self) -> bool:
        """True where loss and slope exist."""
        return math.isfinite(self.value) and math.isfinite(self.slope)


@dataclass(frozen=True, slots=True)
class _Line:
    objective: Objective
    origin: Point
    direction: Tensor
    start: LineSample
    floor: float

    def at(self, t: float) -> LineSample:
        point = Point.at(self.objective, torch.add(self.origin.w, self.direction, alpha=t))
        slope = torch.sum(point.now.gradient * self.direction)
        value, derivative = torch.stack([point.now.value, slope]).tolist()
        return LineSample(t, value, derivative, point)

    def too_far(self, sample: LineSample) -> bool:
        """No sufficient decrease: φ(t) > φ(0) + c₁tφ'(0), by more than rounding; or outside of the domain."""
        return not sample.finite or (
            sample.value > self.start.value + self.floor + SUFFICIENT * sample.t * self.start.slope
        )

    def flat(self, sample: LineSample) -> bool:
        """|φ'(t)| ≤ c₂|φ'(0)|."""
        return abs(sample.slope) <= -CURVATURE * self.start.slope


def strong_wolfe(
    objective: Objective, point: Point, direction: Tensor, here: tuple[float, float], first: float
) -> tuple[LineSample | None, int]:
    """A step t with φ(t) ≤ φ(0) + c₁tφ'(0) and |φ'(t)| ≤ c₂|φ'(0)|, c₁ = 10⁻⁴, c₂ = 0.9, and the evaluations made.

    `first` is tried first; `here` is φ(0) and φ'(0) < 0. A trial outside of the domain shrinks the bracket. The
    decrease may fall short by the rounding of the loss, so that near a minimum, where losses no longer differ, the
    slopes decide. None if 60 trials find no such t. Shapes: `direction` is (p, 1).
    Sources: Nocedal and Wright, Numerical Optimization, 2nd ed., algorithms 3.5 and 3.6, interpolation by equation
    3.59; the allowance for rounding: Hager and Zhang (2005), A new conjugate gradient method with guaranteed descent,
    equation 4.1.
    """
    value, slope = here
    start = LineSample(0.0, value, slope, point)
    line = _Line(objective, point, direction, start, rounding(value, direction.dtype))
    previous, t = start, first
    for trial in range(1, MOST_TRIALS + 1):
        sample = line.at(t)
        if line.too_far(sample) or (trial > 1 and sample.value >= previous.value + line.floor):
            return _zoom(line, previous, sample, trial)
        if line.flat(sample):
            return sample, trial
        if sample.slope >= 0.0:
            return _zoom(line, sample, previous, trial)
        wanted = _interpolate(previous, sample)
        t = min(max(wanted, 2.0 * sample.t), WIDEST * sample.t) if wanted > sample.t else WIDEST * sample.t
        previous = sample
    return (previous if previous.t > 0.0 else None), MOST_TRIALS


def _zoom(line: _Line, low: LineSample, high: LineSample, trials: int) -> tuple[LineSample | None, int]:
    for trial in range(trials + 1, MOST_TRIALS + 1):
        width = high.t - low.t
        wanted = _interpolate(low, high)
        share = (wanted - low.t) / width if math.isfinite(wanted) else 0.5
        t = low.t + min(max(share, NEAREST), 1.0 - NEAREST) * width
        if t in (low.t, high.t):
            break
        sample = line.at(t)
        if line.too_far(sample) or sample.value >= low.value + (line.floor if sample.slope * width < 0.0 else 0.0):
            high = sample
        else:
            if line.flat(sample):
                return sample, trial
            if sample.slope * width >= 0.0:
                high = low
            low = sample
        trials = trial
    return (low if low.t > 0.0 and low.value < line.start.value else None), trials


def _interpolate(one: LineSample, other: LineSample) -> float:
    """The minimiser of the cubic through both values and slopes; NaN where there is none."""
    if not (one.finite and other.finite):
        return math.nan
    first = one.slope + other.slope - 3.0 * (one.value - other.value) / (one.t - other.t)
    # Of a size that can be squared: only ratios of slopes matter.
    size = max(abs(first), abs(one.slope), abs(other.slope))
    if not 0.0 < size < math.inf:
        return math.nan
    first, before, after = first / size, one.slope / size, other.slope / size
    square = first * first - before * after
    if not square >= 0.0:
        return math.nan
    second = math.copysign(math.sqrt(square), other.t - one.t)
    span = after - before + 2.0 * second
    return other.t - (other.t - one.t) * (after + second - first) / span if span else math.nan
