"""What descent with momentum can be at most and at least over whole ranges of k."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.descent.recurrence import LinearRecurrence

ROUNDING = 1e-13
ULP = 2.0**-52


@dataclass(frozen=True, slots=True)
class Interval:
    """Real numbers between `least` and `most`, one interval an entry. Source: Moore (1966), Interval Analysis."""

    least: Tensor
    most: Tensor

    @classmethod
    def between(cls, one: Tensor, other: Tensor) -> Interval:
        """Those between two, in whichever order."""
        return cls(torch.minimum(one, other), torch.maximum(one, other))

    def times(self, other: Interval) -> Interval:
        """All products of a number of either."""
        low = Interval.between(self.least * other.least, self.least * other.most)
        high = Interval.between(self.most * other.least, self.most * other.most)
        return Interval(torch.minimum(low.least, high.least), torch.maximum(low.most, high.most))

    def scaled(self, factor: Tensor) -> Interval:
        """All of them times `factor`, of either sign."""
        return Interval.between(factor * self.least, factor * self.most)

    def widened(self, by: Tensor | float) -> Interval:
        """Wider by `by` at either end, and by what rounding may have lost."""
        by = by + ROUNDING * self.largest()
        return Interval(self.least - by, self.most + by)

    def smallest(self) -> Tensor:
        """The least absolute value."""
        return torch.maximum(self.least, -self.most).clamp(min=0.0)

    def largest(self) -> Tensor:
        """The greatest absolute value."""
        return torch.maximum(self.least.abs(), self.most.abs())


@dataclass(frozen=True, slots=True)
class Stretch:
    """All k of one parity in ranges [start, end], (n,) each, k ≥ 1, in all modes of one rate."""

    form: LinearRecurrence
    start: Tensor
    end: Tensor
    odd: bool

    def strides(self) -> Interval:
        """Bounds, (n, r), on α·g_0·U_k."""
        none = torch.zeros_like(self.form.gradient)
        return self._bounds(none, none + 1.0).scaled(self.form.rates * self.form.gradient)

    def gradients(self) -> Interval:
        """Bounds, (n, r), on g_k."""
        return self._bounds(self.form.turn, self.form.roots.lean).scaled(self.form.gradient)

    def decreases(self) -> Interval:
        """Bounds, (n, r), on what each mode adds to L_(k−1) − L_k."""
        middle = self._bounds(self.form.turn, 0.5 * self.form.roots.damping)
        return self.strides().times(middle.scaled(self.form.gradient))

    def _bounds(self, cosine: Tensor, sine: Tensor) -> Interval:
        """Bounds on σ^(k−1)·R^(k−1)·(`cosine`·K_k + `sine`·S_k): R^(k−1) is monotone in k."""
        roots = self.form.roots
        pair = roots.complex_pair
        bracket = self._turning(cosine, sine) if bool(pair.any()) else self._straight(cosine, sine)
        if bool(pair.any()) and not bool(pair.all()):
            real = self._straight(cosine, sine)
            bracket = Interval(torch.where(pair, bracket.least, real.least), torch.where(pair, bracket.most, real.most))
        envelope = Interval.between(self.form.envelope(self.start), self.form.envelope(self.end))
        bounds = envelope.times(bracket).widened(0.0)
        if self.odd:
            return bounds
        return Interval(
            torch.where(roots.negative, -bounds.most, bounds.least),
            torch.where(roots.negative, -bounds.least, bounds.most),
        )

    def _straight(self, cosine: Tensor, sine: Tensor) -> Interval:
        """Bounds on `cosine`·K_k + `sine`·S_k for real roots: linear in qᵏ, so monotone for either parity."""
        odd = torch.full_like(self.start, self.odd, dtype=torch.bool)
        ends = [cosine * k + sine * s for k, s in (self.form.straight(at, odd) for at in (self.start, self.end))]
        return Interval.between(ends[0], ends[1])

    def _turning(self, cosine: Tensor, sine: Tensor) -> Interval:
        """Bounds on `cosine`·cos kθ + `sine`·sin kθ/sin θ = A·cos(kθ − φ), with room for the rounding of the angle."""
        angle = self.form.roots.angle
        height = sine / torch.where(angle > 0.0, angle.sin(), 1.0)
        amplitude, lag = torch.hypot(cosine, height), torch.atan2(height, cosine)
        first, last = self.start[:, None] * angle, self.end[:, None] * angle
        wave = cosine_between(first - lag, last - lag)
        return Interval(amplitude * wave.least, amplitude * wave.most).widened(4.0 * ULP * amplitude * (4.0 + last))


def cosine_between(start: Tensor, end: Tensor) -> Interval:
    """Bounds on the cosine of all angles from `start` to `end`."""
    ends = Interval.between(start.cos(), end.cos())
    first, last = start / math.pi, end / math.pi
    top = 2.0 * torch.ceil(0.5 * first) <= last
    bottom = 2.0 * torch.ceil(0.5 * (first - 1.0)) + 1.0 <= last
    return Interval(torch.where(bottom, -1.0, ends.least), torch.where(top, 1.0, ends.most))
