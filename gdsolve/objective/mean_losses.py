"""The losses of means, for curves that are the mean of the target themselves: the link is the identity.

Outside of what a mean can be the loss is infinite, so that descent does not step there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from gdsolve.objective.pointwise import PointwiseLoss
from gdsolve.objective.positive_means import GammaMean, NegativeBinomialMean, TweedieMean
from gdsolve.objective.unitless import refuse_units
from gdsolve.spec import Loss, Spec


@dataclass(frozen=True, slots=True)
class PoissonMean:
    """μ − y·log μ for y ≥ 0, with 0·log 0 = 0: minus the logarithm of the likelihood of y with mean μ, less log y!.

    It is infinite for μ < 0, and for μ = 0 where y > 0.
    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., sections 2.3 and 6.2.
    """

    of_residual: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = None
    curvature_at_zero: ClassVar[float | None] = None
    curvature_course: ClassVar[str] = "grows where means near 0 are fitted to counts"
    means: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ("deviance",)
    counts: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The loss, which has no parameters."""
        return cls()

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With μ = z: μ − y·log μ and 1 − y/μ."""
        inside, mean = self._within(z, y)
        return torch.where(inside, z - y * mean.log(), math.inf), 1.0 - y / mean

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """y/μ²."""
        return y / self._within(z, y)[1].square()

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """2·(y·log(y/μ) − y + μ), with 0·log 0 = 0."""
        mean = self._within(z, y)[1]
        return (2.0 * (torch.special.xlogy(y, y / mean) - y + z),)

    def in_units_of(self, scale: float) -> Self:
        """The loss itself, as counts have no units.

        Raises:
            ValueError: a scale other than 1.
        """
        refuse_units(scale)
        return self

    def _within(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Where z can be a mean of y, and a number above 0 that is z where its logarithm counts, else 1."""
        counted = (z > 0.0) & (y > 0.0)
        return counted | ((z >= 0.0) & (y == 0.0)), torch.where(counted, z, 1.0)


@dataclass(frozen=True, slots=True)
class LogisticMean:
    """−y·log μ − (1 − y)·log(1 − μ) for y in {0, 1}: minus the logarithm of the likelihood of y, with P(y = 1) = μ.

    It is infinite outside of [0, 1], and where a row has the probability 0.
    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 4.4.
    """

    of_residual: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = None
    curvature_at_zero: ClassVar[float | None] = None
    curvature_course: ClassVar[str] = "grows where a row has a probability near 0"
    means: ClassVar[tuple[str, ...]] = ("accuracy", "log_loss")
    sums: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The loss, which has no parameters."""
        return cls()

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With μ = z: −log μ and −1/μ where y = 1, −log(1 − μ) and 1/(1 − μ) where y = 0."""
        inside, one, other = self._within(z, y)
        # 1 − μ has no digits of a small μ, and log(1 − μ) all of them.
        losses = torch.where(inside, -one.log() - (-other).log1p(), math.inf)
        return losses, torch.where(y > 0.5, -1.0 / one, 1.0 / (1.0 - other))

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """1/μ² where y = 1, 1/(1 − μ)² where y = 0."""
        return self.loss_and_slope(z, y)[1].square()

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """1 where the class of larger probability is that of the row, 0 where it is not or both are alike; the loss."""
        right = torch.where(y > 0.5, z > 0.5, z < 0.5)
        return right.to(z.dtype), self.loss_and_slope(z, y)[0]

    def in_units_of(self, scale: float) -> Self:
        """The loss itself, as classes have no units.

        Raises:
            ValueError: a scale other than 1.
        """
        refuse_units(scale)
        return self

    def _within(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Where z can be the probability of y; z where y is 1, else 1; z where y is 0, else 0: inside of it each."""
        first = (y > 0.5).expand_as(z)
        inside = torch.where(first, (z > 0.0) & (z <= 1.0), (z >= 0.0) & (z < 1.0))
        return inside, torch.where(inside & first, z, 1.0), torch.where(inside & ~first, z, 0.0)


OF_MEANS: Mapping[Loss, type[PointwiseLoss]] = {
    Loss.LOGISTIC: LogisticMean,
    Loss.POISSON: PoissonMean,
    Loss.GAMMA: GammaMean,
    Loss.TWEEDIE: TweedieMean,
    Loss.NEGATIVE_BINOMIAL: NegativeBinomialMean,
}
"""For a curve that is the mean."""
