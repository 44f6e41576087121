"""How good a fit is: log-likelihood, information criteria, and tests against the model without columns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class ModelTest:
    """A test of all columns together: F on two degrees of freedom, or χ² on the first alone."""

    statistic: float
    freedom: int
    residual_freedom: float | None
    p_value: float


@dataclass(frozen=True, slots=True)
class Goodness:
    """Figures of a fit as a whole; None where one does not exist.

    AIC = 2q − 2·ℓ and BIC = q·log N − 2·ℓ, with q = `parameters`: the rank, and the variance of the errors where that
    is estimated, as R counts; statsmodels leaves it out, so that its AIC is less by 2 and its BIC by log N.
    Source: Akaike (1974), IEEE Transactions on Automatic Control 19(6); Schwarz (1978), Annals of Statistics 6(2).
    """

    observations: float
    parameters: int | None = None
    log_likelihood: float | None = None
    adjusted_r2: float | None = None
    f: ModelTest | None = None
    deviance: float | None = None
    null_deviance: float | None = None
    pseudo_r2: float | None = None
    likelihood_ratio: ModelTest | None = None

    @property
    def aic(self) -> float | None:
        """Akaike's criterion."""
        if self.log_likelihood is None or self.parameters is None:
            return None
        return 2.0 * self.parameters - 2.0 * self.log_likelihood

    @property
    def bic(self) -> float | None:
        """Schwarz's criterion."""
        if self.log_likelihood is None or self.parameters is None or self.observations <= 0.0:
            return None
        return self.parameters * math.log(self.observations) - 2.0 * self.log_likelihood


def gaussian_log_likelihood(sse: float, observations: float, log_weight: float) -> float | None:
    """−N/2·(log(2π·SSE/N) + 1) + 1/2·Σ log ω: of normal errors of variance σ²/ω, σ² at its most likely; None at SSE 0.

    Source: Seber and Lee, Linear Regression Analysis, 2nd ed., section 3.5; as statsmodels' WLS and R's lm have it.
    """
    if sse <= 0.0 or observations <= 0.0:
        return None
    return -0.5 * observations * (math.log(2.0 * math.pi * sse / observations) + 1.0) + 0.5 * log_weight


def known_log_likelihood(sse: float, observations: float, log_weight: float) -> float:
    """−N/2·log 2π − SSE/2 + 1/2·Σ log ω: of normal errors whose variances 1/ω are known."""
    return -0.5 * (observations * math.log(2.0 * math.pi) + sse - log_weight)


def f_test(explained: float, freedom: int, sse: float, residual_freedom: float) -> ModelTest | None:
    """F = (explained/q)/(SSE/(N − p)) of q columns; None where nothing is left to compare.

    Source: Seber and Lee, section 4.3.
    """
    if freedom < 1 or residual_freedom <= 0.0 or sse <= 0.0:
        return None
    return _f((explained / freedom) / (sse / residual_freedom), freedom, residual_freedom)


def wald_test(estimates: Tensor, root: Tensor, residual_freedom: float) -> ModelTest | None:
    """F = wᵀV⁻¹w/q with V = root·rootᵀ; None where V has not the rank q.

    Shapes: `estimates` is (q,), `root` (q, r).
    Source: Wooldridge, Econometric Analysis of Cross Section and Panel Data, 2nd ed., section 4.2.3.
    """
    q = len(estimates)
    lengths = torch.linalg.vector_norm(root, dim=1)
    if not q or residual_freedom <= 0.0 or not bool((lengths > 0.0).all()):
        return None
    left, values, _ = torch.linalg.svd(root / lengths[:, None], full_matrices=False)
    # What a middle is rounded by shows in its root as the root of that.
    if len(values) < q or float(values[-1]) <= 1e-7 * float(values[0]):
        return None
    parts = (left.mT @ (estimates / lengths)) / values
    return _f(float(parts.square().sum()) / q, q, residual_freedom)


def chi_square_test(statistic: float, freedom: int) -> ModelTest | None:
    """A likelihood ratio, 2·(ℓ − ℓ₀), against χ² on `freedom` degrees; None for a model without columns.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., appendix A.
    """
    from scipy.special import chdtrc

    if freedom < 1:
        return None
    statistic = max(statistic, 0.0)
    return ModelTest(statistic, freedom, None, float(chdtrc(freedom, statistic)))


def _f(ratio: float, freedom: int, residual_freedom: float) -> ModelTest:
    from scipy.special import fdtrc

    ratio = max(ratio, 0.0)
    return ModelTest(ratio, freedom, residual_freedom, float(fdtrc(freedom, residual_freedom, ratio)))


def inflation(design: Tensor, root: Tensor) -> list[float]:
    """The variance inflation factor of every column: ‖x_j‖²·[(XᵀX)⁻¹]_jj = 1/(1 − R_j²).

    Shapes: `design` (r, n) is a factor of the columns, centred where there is an intercept, and `root` (n, rank) one of
    the inverse of designᵀ·design, both in the same units. Source: Belsley, Kuh and Welsch, Regression Diagnostics,
    section 3.2.
    """
    lengths = torch.linalg.vector_norm(design, dim=0) * torch.linalg.vector_norm(root, dim=1)
    return [max(1.0, value) for value in lengths.square().tolist()]
