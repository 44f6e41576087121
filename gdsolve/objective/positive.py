"""The losses of positive numbers and of counts that vary more than Poisson's: the logarithm of the mean is linear.

Each is minus the logarithm of a likelihood, less what does not depend on z, or that up to a factor: see `LossInfo`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from gdsolve.objective.unitless import refuse_units
from gdsolve.spec import Spec


@runtime_checkable
class Informed(Protocol):
    """A loss whose second derivative depends on y where its expectation does not, as errors of weights ask for it."""

    def information(self, z: Tensor) -> Tensor:
        """E[∂²l/∂z²] = (dμ/dz)²/V(μ), row by row."""
        ...

    def variance(self, mean: Tensor) -> Tensor:
        """V(μ): the variance of y over the dispersion φ, where its mean is μ."""
        ...


@dataclass(frozen=True, slots=True)
class Gamma:
    """y·e⁻ᶻ + z for y > 0, half of the deviance less what depends on y: a mean of eᶻ, a variance of φ·μ².

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 8.2.
    """

    of_residual: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = None
    curvature_at_zero: ClassVar[float | None] = None
    curvature_course: ClassVar[str] = "grows where predictions are far below the target"
    means: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ("deviance",)
    counts: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The gamma loss, whose dispersion bears on errors alone."""
        return cls()

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """y·e⁻ᶻ + z and 1 − y·e⁻ᶻ."""
        ratio = y * (-z).exp()
        return ratio + z, 1.0 - ratio

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """y·e⁻ᶻ."""
        return y * (-z).exp()

    def information(self, z: Tensor) -> Tensor:
        """1, whatever z is."""
        return torch.ones_like(z)

    def variance(self, mean: Tensor) -> Tensor:
        """μ²."""
        return mean.square()

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """2·((y − μ)/μ − log(y/μ))."""
        return (2.0 * (y * (-z).exp() - 1.0 - (y.log() - z)),)

    def in_units_of(self, scale: float) -> Self:
        """The loss itself: another unit moves z, and is no matter of the loss.

        Raises:
            ValueError: a scale other than 1.
        """
        refuse_units(scale)
        return self


@dataclass(frozen=True, slots=True)
class Tweedie:
    """e^((2 − p)z)/(2 − p) + y·e^((1 − p)z)/(p − 1) for y ≥ 0: a mean of eᶻ, a variance of φ·μᵖ, 1 < p < 2.

    It is half of the deviance less what depends on y: a Poisson number of gamma sums, so that y may be 0.
    Source: Jørgensen (1987), Exponential Dispersion Models, Journal of the Royal Statistical Society B 49(2);
    Dunn and Smyth, Generalized Linear Models With Examples in R, chapter 12.
    """

    of_residual: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = None
    curvature_at_zero: ClassVar[float | None] = None
    curvature_course: ClassVar[str] = "grows where predictions are large, or far below the target"
    means: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ("deviance",)
    counts: ClassVar[tuple[str, ...]] = ()

    power: float

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The loss of p = `spec.power`."""
        return cls(spec.power)

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With a = e^((2 − p)z) and b = y·e^((1 − p)z): a/(2 − p) + b/(p − 1) and a − b."""
        above, below = ((2.0 - self.power) * z).exp(), y * ((1.0 - self.power) * z).exp()
        return above * (1.0 / (2.0 - self.power)) + below * (1.0 / (self.power - 1.0)), above - below

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """(2 − p)·a + (p − 1)·b."""
        above, below = ((2.0 - self.power) * z).exp(), y * ((1.0 - self.power) * z).exp()
        return (2.0 - self.power) * above + (self.power - 1.0) * below

    def information(self, z: Tensor) -> Tensor:
        """μ^(2 − p)."""
        return ((2.0 - self.power) * z).exp()

    def variance(self, mean: Tensor) -> Tensor:
        """μᵖ."""
        return mean.pow(self.power)

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """2·(y^(2 − p)/((1 − p)(2 − p)) − y·μ^(1 − p)/(1 − p) + μ^(2 − p)/(2 − p))."""
        p = self.power
        return (2.0 * (Tweedie.loss_and_slope(self, z, y)[0] - y.pow(2.0 - p) / ((p - 1.0) * (2.0 - p))),)

    def in_units_of(self, scale: float) -> Self:
        """The loss itself: another unit moves z, and is no matter of the loss.

        Raises:
            ValueError: a scale other than 1.
        """
        refuse_units(scale)
        return self


@dataclass(frozen=True, slots=True)
class NegativeBinomial:
    """(y + 1/α)·log(1 + α·eᶻ) − y·z for counts y: a mean of μ = eᶻ, a variance of μ + α·μ², known as NB2.

    It is minus the logarithm of the likelihood, less what does not depend on z; convex in z whatever α > 0 is.
    Source: Cameron and Trivedi, Regression Analysis of Count Data, 2nd ed., section 3.3; Lawless (1987), Negative
    Binomial and Mixed Poisson Regression, The Canadian Journal of Statistics 15(3).
    """

    of_residual: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = None
    curvature_at_zero: ClassVar[float | None] = None
    curvature_course: ClassVar[str] = "grows with the counts"
    means: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ("deviance",)
    counts: ClassVar[tuple[str, ...]] = ()

    dispersion: float

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The loss with α = `spec.dispersion`.

        Raises:
            ValueError: there is no α yet.
        """
        if spec.dispersion is None:
            raise ValueError("α has not been found")
        return cls(spec.dispersion)

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With u = z + log α: (y + 1/α)·log(1 + eᵘ) − y·z and (y + 1/α)·σ(u) − y."""
        moved, weight = z + math.log(self.dispersion), y + 1.0 / self.dispersion
        losses = -weight * torch.nn.functional.logsigmoid(-moved) - y * z
        return losses, weight * torch.sigmoid(moved) - y

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """(y + 1/α)·σ(u)·σ(−u)."""
        moved = z + math.log(self.dispersion)
        return (y + 1.0 / self.dispersion) * torch.sigmoid(moved) * torch.sigmoid(-moved)

    def information(self, z: Tensor) -> Tensor:
        """μ/(1 + αμ), which is σ(u)/α."""
        return torch.sigmoid(z + math.log(self.dispersion)) / self.dispersion

    def variance(self, mean: Tensor) -> Tensor:
        """μ + α·μ²."""
        return mean + self.dispersion * mean.square()

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """2·(y·log(y/μ) − (y + 1/α)·log((1 + αy)/(1 + αμ))), with 0·log 0 = 0."""
        best = torch.special.xlogy(y, y) - (y + 1.0 / self.dispersion) * (self.dispersion * y).log1p()
        return (2.0 * (best + NegativeBinomial.loss_and_slope(self, z, y)[0]),)

    def in_units_of(self, scale: float) -> Self:
        """The loss itself, as counts have no units.

        Raises:
            ValueError: a scale other than 1.
        """
        refuse_units(scale)
        return self
