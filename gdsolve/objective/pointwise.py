"""The losses that are a sum over rows of l(z, y), z = xᵀw, and no square: one class each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from gdsolve.objective.hinge import SquaredHinge
from gdsolve.objective.positive import Gamma, NegativeBinomial, Tweedie
from gdsolve.objective.unitless import refuse_units
from gdsolve.spec import Loss, Spec


class PointwiseLoss(Protocol):
    """A loss l(z, y) of one row, convex in the prediction z = xᵀw; z and y are (m, q) and (m, 1), or alike.

    `of_residual`: it depends on z − y alone, so that the target may be centred and scaled.
    `differentiable`: ∂l/∂z exists everywhere; where it does not, its slope is 0, the subgradient of `torch.abs` too.
    `largest_curvature`: the supremum of ∂²l/∂z²; None where it is unbounded, or l is not differentiable.
    `curvature_at_zero`: ∂²l/∂z² at z = 0 where that is the same for every y, else None. `curvature_course`: where
    ∂²l/∂z² is largest or how it grows, as a clause; empty where l is not differentiable.
    `means` and `sums` name the figures of fit that are a mean or a sum over rows of what `score` gives, `counts` those
    for which every row counts once, whatever it weighs; in this order.
    """

    of_residual: ClassVar[bool]
    differentiable: ClassVar[bool]
    largest_curvature: ClassVar[float | None]
    curvature_at_zero: ClassVar[float | None]
    curvature_course: ClassVar[str]
    means: ClassVar[tuple[str, ...]]
    sums: ClassVar[tuple[str, ...]]
    counts: ClassVar[tuple[str, ...]]

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The loss with the parameters that `spec` gives it."""
        ...

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """l(z, y) and ∂l/∂z, row by row: together, as they share their work."""
        ...

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """∂²l/∂z², row by row; 0 where it does not exist."""
        ...

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """What the figures of `means`, `sums` and `counts` add up, row by row."""
        ...

    def in_units_of(self, scale: float) -> Self:
        """The loss l' of a target in units of `scale`: l(s·z, s·y) = s²·l'(z, y), as for the squared losses.

        Raises:
            ValueError: the loss does not depend on z − y alone, and the scale is not 1.
        """
        ...


def tally(scores: tuple[Tensor, ...], weight: Tensor | None, loss: PointwiseLoss) -> Tensor:
    """Σ ω·s over rows, (s,), of every score, (m, 1), and Σ s of those that are counts; `weight` is (m, 1) or None."""
    weighed = len(scores) - len(loss.counts)
    parts = (one if weight is None or place >= weighed else weight * one for place, one in enumerate(scores))
    return torch.stack([one.sum() for one in parts])


def named_scores(loss: PointwiseLoss, total: Tensor, total_weight: float) -> dict[str, Any]:
    """The figures of fit of a loss, by name, from what `tally` gives for all rows, (s,)."""
    found = dict(zip((*loss.means, *loss.sums, *loss.counts), total.tolist(), strict=True))
    means = {name: found[name] / total_weight for name in loss.means}
    return found | means | {name: round(found[name]) for name in loss.counts}


@runtime_checkable
class PiecewiseLinear(Protocol):
    """A loss that is a multiple of max(τr, (τ − 1)r), r = y − z, so that linear programming finds its minimum."""

    @property
    def level(self) -> float:
        """τ, between 0 and 1."""
        ...


@dataclass(frozen=True, slots=True)
class Huber:
    """r²/2 for |r| ≤ δ, else δ·(|r| − δ/2), with r = z − y: squares for small residuals, absolute values for large.

    Source: Huber (1964), Robust Estimation of a Location Parameter, Annals of Mathematical Statistics 35(1).
    """

    of_residual: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = 1.0
    curvature_at_zero: ClassVar[float | None] = None
    curvature_course: ClassVar[str] = "is largest where all residuals are at most δ"
    means: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ("rows_beyond_delta", "rows_within_delta")

    delta: float

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """Huber's loss with δ = `spec.delta`, in units of the target.

        Raises:
            ValueError: there is no δ yet.
        """
        if spec.delta is None:
            raise ValueError("δ has not been found")
        return cls(spec.delta)

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With c = r clipped to ±δ: c·(r − c/2) and c."""
        residual = z - y
        clipped = residual.clamp(-self.delta, self.delta)
        return clipped * (residual - 0.5 * clipped), clipped

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """1 for |r| ≤ δ, else 0."""
        return ((z - y).abs() <= self.delta).to(z.dtype)

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """1 where |r| > δ; 1 where it is not."""
        beyond = ((z - y).abs() > self.delta).to(z.dtype)
        return beyond, 1.0 - beyond

    def in_units_of(self, scale: float) -> Self:
        """Huber's loss with δ/s."""
        return replace(self, delta=self.delta / scale)


@dataclass(frozen=True, slots=True)
class LogCosh:
    """log cosh(s·r)/s², with r = z − y: r²/2 for small residuals, |r| for large ones; s is `steepness`.

    Source: Saleh and Saleh (2022), Statistical properties of the log-cosh loss function used in machine learning.
    """

    of_residual: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = 1.0
    curvature_at_zero: ClassVar[float | None] = None
    curvature_course: ClassVar[str] = "is largest where all residuals are 0"
    means: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ()

    steepness: float = 1.0

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The log-cosh loss, which has no parameters."""
        return cls()

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With u = s·r: |u| + log(1 + e^−2|u|) − log 2, or near 0 half of log(1 + sinh²u), over s²; tanh(u)/s."""
        scaled = self.steepness * (z - y)
        size = scaled.abs()
        # Near 0 the first form subtracts numbers of the size of 1, far out the second one overflows.
        near = 0.5 * scaled.clamp(-1.0, 1.0).sinh().square().log1p()
        far = size + (-2.0 * size).exp().log1p() - math.log(2.0)
        return torch.where(size < 1.0, near, far) / self.steepness**2, scaled.tanh() / self.steepness

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """1 − tanh²u, which is 4e^−2|u|/(1 + e^−2|u|)²."""
        small = (-2.0 * (self.steepness * (z - y)).abs()).exp()
        return 4.0 * small / (1.0 + small).square()

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """Nothing: SSE, RMSE and R² say it."""
        return ()

    def in_units_of(self, scale: float) -> Self:
        """The log-cosh loss with steepness s times the scale."""
        return replace(self, steepness=self.steepness * scale)


@dataclass(frozen=True, slots=True)
class Logistic:
    """log(1 + eᶻ) − y·z for y in {0, 1}: minus the logarithm of the likelihood of y, with P(y = 1) = 1/(1 + e⁻ᶻ).

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 4.4.
    """

    of_residual: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = 0.25
    curvature_at_zero: ClassVar[float | None] = 0.25
    curvature_course: ClassVar[str] = "is largest at weights of zero"
    means: ClassVar[tuple[str, ...]] = ("accuracy", "log_loss")
    sums: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The logistic loss, which has no parameters."""
        return cls()

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With s = 1 − 2y and u = s·z: log(1 + eᵘ) and s·σ(u)."""
        # For y = 1 the formula as it stands subtracts numbers of the size of z; at −z nothing cancels.
        sign = 1.0 - 2.0 * y
        towards = sign * z
        return -torch.nn.functional.logsigmoid(-towards), sign * torch.sigmoid(towards)

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """σ(z)·σ(−z), whatever y is."""
        return torch.sigmoid(z) * torch.sigmoid(-z)

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """1 where the class of larger probability is that of the row, 0 where it is not or both are alike; the loss."""
        return (((z > 0) == (y > 0.5)).to(z.dtype), self.loss_and_slope(z, y)[0])

    def in_units_of(self, scale: float) -> Self:
        """The loss itself, as classes have no units.

        Raises:
            ValueError: a scale other than 1.
        """
        refuse_units(scale)
        return self


@dataclass(frozen=True, slots=True)
class Poisson:
    """eᶻ − y·z for y ≥ 0: minus the logarithm of the likelihood of a count y of mean eᶻ, less log y!.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 6.2.
    """

    of_residual: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = None
    curvature_at_zero: ClassVar[float | None] = 1.0
    curvature_course: ClassVar[str] = "grows with the predicted counts"
    means: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ("deviance",)
    counts: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The Poisson loss, which has no parameters."""
        return cls()

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With μ = eᶻ: μ − y·z and μ − y."""
        mean = z.exp()
        return mean - y * z, mean - y

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """eᶻ, whatever y is."""
        return z.exp()

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """2·(y·log(y/μ) − y + μ), with 0·log 0 = 0."""
        return (2.0 * (torch.special.xlogy(y, y) - y * (z + 1.0) + z.exp()),)

    def in_units_of(self, scale: float) -> Self:
        """The loss itself, as counts have no units.

        Raises:
            ValueError: a scale other than 1.
        """
        refuse_units(scale)
        return self


@dataclass(frozen=True, slots=True)
class Quantile:
    """s·max(τr, (τ − 1)r) with r = y − z, whose minimiser is the conditional quantile of level τ; s is `steepness`.

    At r = 0 the subgradients are [−τ, 1 − τ]; the one that is given is 0.
    Source: Koenker and Bassett (1978), Regression Quantiles, Econometrica 46(1).
    """

    of_residual: ClassVar[bool] = True
    differentiable: ClassVar[bool] = False
    largest_curvature: ClassVar[float | None] = None
    curvature_at_zero: ClassVar[float | None] = None
    curvature_course: ClassVar[str] = ""
    means: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ()

    level: float
    steepness: float = 1.0

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The loss of level τ = `spec.quantile`."""
        return cls(spec.quantile)

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """−s·τ above the prediction, s·(1 − τ) below it, as the slope; minus the slope times r as the loss."""
        residual = y - z
        slope = (residual < 0).to(z.dtype) * (self.steepness * (1.0 - self.level))
        slope -= (residual > 0).to(z.dtype) * (self.steepness * self.level)
        return -slope * residual, slope

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """0 wherever it exists."""
        return torch.zeros_like(z - y)

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """Nothing: SSE, RMSE and R² say it."""
        return ()

    def in_units_of(self, scale: float) -> Self:
        """The same level, with steepness s divided by the scale."""
        return replace(self, steepness=self.steepness / scale)


@dataclass(frozen=True, slots=True)
class Absolute:
    """s·|z − y|, twice the quantile loss of level 1/2: its minimiser is the conditional median; s is `steepness`.

    Source: Koenker and Bassett (1978), Regression Quantiles, Econometrica 46(1); Boscovich (1757) before all others.
    """

    of_residual: ClassVar[bool] = True
    differentiable: ClassVar[bool] = False
    largest_curvature: ClassVar[float | None] = None
    curvature_at_zero: ClassVar[float | None] = None
    curvature_course: ClassVar[str] = ""
    means: ClassVar[tuple[str, ...]] = ()
    sums: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ()
    level: ClassVar[float] = 0.5

    steepness: float = 1.0

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The absolute loss, which has no parameters."""
        return cls()

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """s·|r| and s·sign(r), with r = z − y."""
        residual = z - y
        return self.steepness * residual.abs(), self.steepness * residual.sign()

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """0 wherever it exists."""
        return torch.zeros_like(z - y)

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """Nothing: SSE, RMSE and R² say it."""
        return ()

    def in_units_of(self, scale: float) -> Self:
        """The absolute loss with steepness s divided by the scale."""
        return replace(self, steepness=self.steepness / scale)


POINTWISE: Mapping[Loss, type[PointwiseLoss]] = {
    Loss.HUBER: Huber,
    Loss.LOGCOSH: LogCosh,
    Loss.LOGISTIC: Logistic,
    Loss.POISSON: Poisson,
    Loss.GAMMA: Gamma,
    Loss.TWEEDIE: Tweedie,
    Loss.NEGATIVE_BINOMIAL: NegativeBinomial,
    Loss.SQUARED_HINGE: SquaredHinge,
    Loss.QUANTILE: Quantile,
    Loss.ABSOLUTE: Absolute,
}
