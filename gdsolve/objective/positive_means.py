"""The losses of `gdsolve.objective.positive` for curves that are the mean of the target: the link is the identity.

Outside of what a mean can be the loss is infinite, so that descent does not step there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from gdsolve.objective.positive import Gamma, NegativeBinomial, Tweedie


class _OfMean:
    """What is alike of losses of a mean μ > 0: the value of another one at z = log μ, and its slopes by the chain."""

    curvature_at_zero: ClassVar[float | None] = None

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """l(log μ, y) and l′/μ with μ = z; infinite where z is no mean of y."""
        inside, mean = z > 0.0, torch.where(z > 0.0, z, 1.0)
        losses, slopes = super().loss_and_slope(mean.log(), y)  # type: ignore[misc]
        return torch.where(inside, losses, math.inf), slopes / mean

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """(l″ − l′)/μ²."""
        mean = torch.where(z > 0.0, z, 1.0)
        log = mean.log()
        slopes: Tensor = super().loss_and_slope(log, y)[1]  # type: ignore[misc]
        curvature: Tensor = super().curvature(log, y)  # type: ignore[misc]
        return (curvature - slopes) / mean.square()

    def information(self, z: Tensor) -> Tensor:
        """1/V(μ)."""
        variance: Tensor = self.variance(torch.where(z > 0.0, z, 1.0))  # type: ignore[attr-defined]
        return 1.0 / variance

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """The deviance at log μ."""
        found: tuple[Tensor, ...] = super().score(torch.where(z > 0.0, z, 1.0).log(), y)  # type: ignore[misc]
        return found


@dataclass(frozen=True, slots=True)
class GammaMean(_OfMean, Gamma):
    """log μ + y/μ for y > 0, half of the deviance less what depends on y; infinite for μ ≤ 0.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 8.2.
    """

    curvature_course: ClassVar[str] = "grows where means near 0 are fitted"


@dataclass(frozen=True, slots=True)
class TweedieMean(_OfMean, Tweedie):
    """μ^(2 − p)/(2 − p) + y·μ^(1 − p)/(p − 1) for y ≥ 0, 1 < p < 2; infinite for μ ≤ 0.

    Source: Dunn and Smyth, Generalized Linear Models With Examples in R, chapter 12.
    """

    curvature_course: ClassVar[str] = "grows where means near 0 are fitted"


@dataclass(frozen=True, slots=True)
class NegativeBinomialMean(_OfMean, NegativeBinomial):
    """(y + 1/α)·log(1 + αμ) − y·log μ for counts y; infinite for μ ≤ 0.

    Source: Cameron and Trivedi, Regression Analysis of Count Data, 2nd ed., section 3.3.
    """

    curvature_course: ClassVar[str] = "grows where means near 0 are fitted to counts"
