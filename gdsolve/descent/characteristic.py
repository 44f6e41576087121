"""The characteristic roots of momentum with constant coefficients, and what they say before the first step."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from enum import StrEnum

import torch
from torch import Tensor

from gdsolve.descent.closed_form import EDGE
from gdsolve.objective.spectrum import Spectrum


class MomentumKind(StrEnum):
    """Where the gradient is taken: at the iterate, or ahead of it along the last update."""

    HEAVY_BALL = "heavy-ball"
    NESTEROV = "nesterov"


@dataclass(frozen=True, slots=True)
class ConstantMomentum:
    """Momentum whose coefficient β ∈ [0, 1) never changes, so that descent on a quadratic is a linear recurrence.

    Heavy ball: w_(k+1) = w_k − α·∇L(w_k) + β·(w_k − w_(k−1)), which is v ← βv + ∇L(w), w ← w − αv with v_0 = 0.
    Nesterov: y_k = w_k + β·(w_k − w_(k−1)), w_(k+1) = y_k − α·∇L(y_k). In both w_(−1) = w_0; β = 0 is plain descent.
    Sources: Polyak (1964), Some methods of speeding up the convergence of iteration methods; Nesterov (2004),
    Introductory Lectures on Convex Optimization, section 2.2.1, constant step scheme III.
    """

    kind: MomentumKind
    beta: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.beta < 1.0:
            raise ValueError(f"momentum {self.beta} is not in [0, 1)")

    @property
    def limit(self) -> float:
        """The αλ below which a mode is stable.

        A real quadratic r² − tr + c has both roots inside the unit circle iff P(1) > 0, P(−1) > 0 and |c| < 1. Here
        P(1) = αλ, and P(−1) > 0 decides: 2(1 + β) − αλ > 0 for the heavy ball, 1 + (1 + 2β)(1 − αλ) > 0 for Nesterov.
        Source: Polyak (1987), Introduction to Optimization, section 3.2.1, theorem 1, for the heavy ball.
        """
        two_sided = 2.0 * (1.0 + self.beta)
        return two_sided if self.kind is MomentumKind.HEAVY_BALL else two_sided / (1.0 + 2.0 * self.beta)


@dataclass(frozen=True, slots=True)
class Roots:
    """The roots of r² − t·r + c, one pair an entry, in a form from which their powers lose no digits.

    Heavy ball: t = 1 + β − αλ, c = β. Nesterov: t = (1 + β)(1 − αλ), c = β(1 − αλ). With a sign σ, that of t, the
    roots are σR and σRq when real, |q| ≤ 1, and σR·e^(±iθ) when complex, θ ≤ π/2. Nearness to the unit circle (log R)
    and to a double root (1 − |q|, θ) is worked out from differences in which nothing cancels.

    Shapes: all are of the shape of αλ. `negative`: σ = −1; `complex_pair`: the roots are complex; `opposite`: q < 0;
    `log_radius` is log R, `angle` θ, `log_ratio` log|q|, `apart` 1 − |q|; `lean` is t/2 − c and `damping` 1 − c.
    Source: Polyak (1987), section 3.2.1, for the roots; the formulas for their differences are elementary.
    """

    negative: Tensor
    complex_pair: Tensor
    opposite: Tensor
    log_radius: Tensor
    angle: Tensor
    log_ratio: Tensor
    apart: Tensor
    lean: Tensor
    damping: Tensor

    @classmethod
    def of(cls, method: ConstantMomentum, stretch: Tensor) -> Roots:
        """The roots for every αλ of `stretch`, of any shape."""
        c = _Coefficients.of(method, stretch)
        pair, negative, opposite = c.discriminant < 0.0, c.total < 0.0, c.product < 0.0
        root = c.discriminant.abs().sqrt()
        radius = 0.5 * (c.total.abs() + root)
        # (1 − r₁)(1 − r₂) is αλ and (1 + r₁)(1 + r₂) is P(−1): either gives the distance of R from 1 to its last digit.
        near = torch.where(
            negative, 2.0 * c.to_minus_one / (2.0 + c.total + root), 2.0 * stretch / (2.0 - c.total + root)
        )
        real = _log_beside_one(near, radius)
        # At the limit rounding must not decide between growth and decay: neither happens.
        real = torch.where(negative & ((stretch - method.limit).abs() <= EDGE), 0.0, real)
        log_radius = torch.where(pair, 0.5 * _log_beside_one(c.damping, c.product), real)
        difference = torch.where(opposite, c.total.abs(), root)
        apart = torch.where(radius > 0.0, difference / radius, 0.0).clamp(max=1.0)
        angle = torch.where(pair, torch.atan2(root, c.total.abs()), 0.0)
        return cls(negative, pair, opposite, log_radius, angle, torch.log1p(-apart), apart, c.lean, c.damping)

    def take(self, index: tuple[Tensor | slice, ...]) -> Roots:
        """Some of the entries."""
        return Roots(*(getattr(self, field.name)[index] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class _Coefficients:
    """t, c, t² − 4c in factors, P(−1) = 1 + t + c, t/2 − c and 1 − c, each without cancellation near αλ = 0."""

    total: Tensor
    product: Tensor
    discriminant: Tensor
    to_minus_one: Tensor
    lean: Tensor
    damping: Tensor

    @classmethod
    def of(cls, method: ConstantMomentum, stretch: Tensor) -> _Coefficients:
        beta, lost, limit = method.beta, 1.0 - method.beta, 2.0 * (1.0 + method.beta)
        if method.kind is MomentumKind.HEAVY_BALL:
            root = math.sqrt(beta)
            discriminant = ((lost / (1.0 + root)) ** 2 - stretch) * ((1.0 + root) ** 2 - stretch)
            total, product = (1.0 + beta) - stretch, torch.full_like(stretch, beta)
            lean, damping = 0.5 * (lost - stretch), torch.full_like(stretch, lost)
            return cls(total, product, discriminant, limit - stretch, lean, damping)
        rest = 1.0 - stretch
        discriminant = rest * (lost**2 - (1.0 + beta) ** 2 * stretch)
        to_minus_one = limit - (1.0 + 2.0 * beta) * stretch
        return cls(
            (1.0 + beta) * rest, beta * rest, discriminant, to_minus_one, 0.5 * lost * rest, lost + beta * stretch
        )


def _log_beside_one(short: Tensor, value: Tensor) -> Tensor:
    """The logarithm of `value` = 1 − `short`, from whichever of the two has the digits."""
    return torch.where(short.abs() < 0.5, torch.log1p(-short.clamp(max=0.5)), value.log())


def largest_stable_rate(method: ConstantMomentum, largest: float) -> float | None:
    """The rate below which descent by `method` is stable, from L_max: 2(1 + β)/L_max, Nesterov's over 1 + 2β.

    None where there is no curvature. Source: `ConstantMomentum.limit`.
    """
    return method.limit / largest if largest > 0.0 else None


def contraction(method: ConstantMomentum, learning_rate: float, spectrum: Spectrum) -> float | None:
    """The spectral radius: the factor by which the error shrinks a step in the long run; None without curvature.

    The radius falls with αλ, stays (heavy ball) or falls (Nesterov) while roots are complex, and rises where one is
    negative, so that its largest value is at an end of the spectrum. Source: Polyak (1987), section 3.2.1.
    """
    if not spectrum.rank:
        return None
    ends = torch.tensor([spectrum.smallest, spectrum.largest], dtype=torch.float64, device=torch.device("cpu"))
    return math.exp(float(Roots.of(method, learning_rate * ends).log_radius.max()))
