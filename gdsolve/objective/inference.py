"""How well a fit determines its parameters: standard errors, tests, confidence intervals and correlations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gdsolve.model import MOST_KEPT
from gdsolve.objective.covariance import Covariance
from gdsolve.objective.rank import CERTAIN, EPSILON
from gdsolve.objective.singular import Singular
from gdsolve.objective.spread import EstimateSpread, or_one, restrict, spread_of, square

if TYPE_CHECKING:
    from gdsolve.objective.goodness import Goodness
    from gdsolve.objective.sandwich import Sandwich
    from gdsolve.spec.errors import AskedErrors

FAR = 0.01
CANCELLED = 1e-12

FIXED = "held fixed"
AT_BOUND = "at its bound, so that it cannot move in both directions; the others are estimated with it held there"
SHRUNK = "an l1 penalty sets weights to zero and shrinks the others, so that they have no standard errors"
PENALISED = "the ridge penalty biases the weights, so that the usual standard errors do not hold"
EXACT = "the fit is exact up to rounding: no residuals are left to estimate an error from"
NO_MINIMUM = "the Hessian is not positive definite here: the fit is not at a minimum"
NO_SCATTER = "its scores cancel within every cluster: clusters say nothing of its error"
NOT_FINITE = "the fit ended at numbers that are not finite"


class Weighting(Enum):
    """What row weights ω say of the errors, and with that how many observations N there are."""

    NONE = auto()
    """The rows are alike: N = m."""
    PRECISION = auto()
    """The variance of a row is σ²/ω, and σ² is estimated: N counts the rows with ω > 0."""
    FREQUENCY = auto()
    """The row was observed ω times: N = Σω."""
    KNOWN = auto()
    """As `PRECISION`, and the variance of a row is 1/ω itself: σ² = 1."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One parameter; all figures but `value` are None where there is no error bar, and `reason` says why."""

    name: str
    value: float
    standard_error: float | None = None
    statistic: float | None = None
    p_value: float | None = None
    lower: float | None = None
    upper: float | None = None
    reason: str | None = None
    vif: float | None = None
    vif_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Robust:
    """Robust errors: what was asked for, how many clusters there are, and a root of the covariance, (p, r).

    `freedom` are the degrees of freedom of their t, None where they go with the normal distribution.
    """

    asked: AskedErrors
    clusters: int | None
    freedom: float | None
    root: Tensor


@dataclass(frozen=True, slots=True)
class Contrasts:
    """The estimates of several classes less those of a `reference` class, for all classes but that one."""

    reference: str
    estimates: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True)
class Inference:
    """The estimates with their errors, in the order of the parameters.

    `statistic` is "t" (`degrees_of_freedom` of Student's t) or "z" (of a likelihood: the normal distribution, with
    neither residual standard deviation nor degrees of freedom; or of known variances, with both). `correlation` is
    (p, p), None where it does not exist. Without `confidence` there are standard errors and statistics alone, which
    need no distribution. `robust` says which errors these are where they are not the classic ones; `rank` how many
    parameters the data determine; `goodness` how good the fit is, where a report is asked for. `covariance`, that of
    the classic errors, is None where it does not exist, or is of more than `MOST_KEPT` weights. `dispersion` is φ where
    a likelihood has one that is estimated: t then, as for least squares.
    """

    residual_standard_deviation: float | None
    degrees_of_freedom: float | None
    confidence: float | None
    statistic: str
    estimates: tuple[Estimate, ...]
    correlation: tuple[tuple[float | None, ...], ...] | None
    robust: Robust | None = None
    rank: int | None = None
    goodness: Goodness | None = None
    covariance: Covariance | None = field(default=None, compare=False, repr=False)
    dispersion: float | None = None
    contrasts: Contrasts | None = None

    def without_covariance(self, contrasts: Contrasts | None) -> Inference:
        """The same for several classes, with their contrasts, if they are asked for; no interval is made of it."""
        return replace(self, covariance=None, contrasts=contrasts)


def from_factor(
    factor: Tensor,
    estimates: Tensor,
    sse: float,
    observations: float,
    *,
    names: Sequence[str],
    confidence: float | None = 0.95,
    held: Mapping[str, str] | None = None,
    to_user: Tensor | None = None,
    errors: Tensor | None = None,
    noise: float = 0.0,
    weighting: Weighting = Weighting.NONE,
    singular: Singular | None = None,
    sandwich: Sandwich | None = None,
) -> Inference:
    """The inference of least squares from a factor of JᵀΩJ: a triangle's design, or a curve's weighted Jacobian.

    Covariance s²·(JᵀΩJ)⁻¹, s² = SSE/(N − rank), t = ŵ/se with N − rank degrees of freedom, ŵ ± t₍₁₊c₎⸝₂·se; where the
    variances are known, (JᵀΩJ)⁻¹, z = ŵ/se and the normal distribution, however few rows there are.
    Shapes: `factor` is (r, p) with factorᵀ·factor = JᵀΩJ in the coordinates that `to_user`, (p, p), takes to those of
    `estimates`, (p,) (None: they are the same); `observations` is the N of `weighting`. `held`
    parameters, each with its reason, count as known. `errors`, (p,), are those of the columns beside their lengths,
    where they are more than rounding in arithmetic, and decide over the rank; a residual norm √SSE up to `noise` is
    rounding. `singular` are the singular values of the factor with its columns brought to equal length, where they are
    known and nothing is held. With a `sandwich` the covariance is that of its middle.
    Source: Seber and Lee, Linear Regression Analysis, 2nd ed., sections 3.2 to 3.4, 3.9 and 3.10, and chapter 5;
    for curves, where it is the usual linear approximation, Bates and Watts, Nonlinear Regression Analysis and Its
    Applications, section 2.3.
    """
    held = held or {}
    numbers = (factor, estimates, torch.tensor([sse], dtype=torch.float64, device="cpu"))
    if not all(bool(torch.isfinite(tensor).all()) for tensor in numbers):
        return without_bars(names, estimates, NOT_FINITE, confidence=confidence, held=held)
    free, into, out = restrict(factor, names, held, to_user)
    known = None if held else singular
    upper = square(factor.to(torch.float64) @ into) if known is None else factor.to(torch.float64)
    spread = spread_of(upper, out, free, names, held, errors=None if errors is None else errors[free], known=known)
    freedom = max(observations - spread.rank, 0.0)
    scatter = (sse / freedom) ** 0.5 if freedom > 0.0 else None
    robust, why = None, None
    if sandwich is not None and freedom > 0.0:
        spread, robust, why = _filled(spread, sandwich, into, to_user, names)
    correlation = _correlation(spread, names) if confidence else None
    if weighting is Weighting.KNOWN:
        found = _bars(names, estimates, spread, 1.0, freedom=math.inf, confidence=confidence)
        kept = _covariance(upper, out, names, free, spread, 1.0)
        return Inference(scatter, freedom, confidence, "z", found, correlation, rank=spread.rank, covariance=kept)
    reason = EXACT if sse**0.5 <= noise else None
    if scatter is None:
        reason = _no_freedom(observations, spread.rank, weighting)
    kept = _covariance(upper, out, names, free, spread, None if reason else scatter)
    reason = reason or why
    error, of_test = (scatter, freedom) if robust is None or robust.freedom is None else (1.0, robust.freedom)
    error = None if reason else error
    found = _bars(names, estimates, spread, error, freedom=of_test, confidence=confidence, reason=reason)
    return Inference(scatter, freedom, confidence, "t", found, correlation, robust, spread.rank, covariance=kept)


def from_hessian(
    hessian: Tensor,
    estimates: Tensor,
    *,
    names: Sequence[str],
    confidence: float | None = 0.95,
    held: Mapping[str, str] | None = None,
    to_user: Tensor | None = None,
    sandwich: Sandwich | None = None,
    dispersed: tuple[float, float] | None = None,
) -> Inference:
    """The inference of maximum likelihood from the Hessian H, (p, p), of the summed negative log-likelihood.

    Covariance H⁻¹, z = ŵ/se, ŵ ± z₍₁₊c₎⸝₂·se: what holds of many rows. Shapes and `held` as for `from_factor`. Of a
    likelihood up to a factor, `dispersed` are Pearson's χ² and N: φ = χ²/(N − rank), covariance φ·H⁻¹, and t on N −
    rank degrees of freedom, as R's summary of a glm has it.
    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 4.4.4 and appendix A.
    """
    held = held or {}
    if not (bool(torch.isfinite(hessian).all()) and bool(torch.isfinite(estimates).all())):
        return without_bars(names, estimates, NOT_FINITE, confidence=confidence, held=held, statistic="z")
    free, into, out = restrict(hessian, names, held, to_user)
    inner = into.mT @ hessian.to(torch.float64) @ into
    lengths = or_one(inner.diagonal().clamp(min=0.0).sqrt())
    values, vectors = torch.linalg.eigh(inner / lengths / lengths[:, None])
    rounding = CERTAIN * max(len(free), 1) * EPSILON
    if len(free) and float(values[0]) < -rounding * max(1.0, float(values[-1])):
        return without_bars(names, estimates, NO_MINIMUM, confidence=confidence, held=held, statistic="z")
    factor = values.clamp(min=0.0).sqrt()[:, None] * vectors.mT * lengths
    # A Hessian carries the square of what a factor carries, and so the root of its rounding.
    spread = spread_of(factor, out, free, names, held, arithmetic=rounding**0.5 / CERTAIN)
    phi, freedom, lacking = _dispersion(dispersed, spread.rank)
    error = None if phi is None else phi**0.5
    kept = _covariance(factor, out, names, free, spread, error)
    robust, why = None, None
    if sandwich is not None:
        spread, robust, why = _filled(spread, sandwich, into, to_user, names)
        error, freedom, lacking = 1.0, math.inf, None
    found = _bars(names, estimates, spread, error, freedom=freedom, confidence=confidence, reason=lacking or why)
    correlation = _correlation(spread, names) if confidence else None
    statistic, own = ("t" if math.isfinite(freedom) else "z"), None if dispersed is None else phi
    counted = None if dispersed is None else max(dispersed[1] - spread.rank, 0.0)
    return Inference(
        None, counted, confidence, statistic, found, correlation, robust, spread.rank, covariance=kept, dispersion=own
    )


def _dispersion(dispersed: tuple[float, float] | None, rank: int) -> tuple[float | None, float, str | None]:
    """φ, its degrees of freedom, and why there is no φ: 1, infinite and None of a likelihood that has none."""
    if dispersed is None:
        return 1.0, math.inf, None
    squares, observations = dispersed
    freedom = max(observations - rank, 0.0)
    if freedom <= 0.0:
        return None, freedom, _no_freedom(observations, rank, Weighting.NONE)
    return (squares / freedom, freedom, None) if squares > 0.0 and math.isfinite(squares) else (None, freedom, EXACT)


def _filled(
    spread: EstimateSpread, sandwich: Sandwich, into: Tensor, to_user: Tensor | None, names: Sequence[str]
) -> tuple[EstimateSpread, Robust, str | None]:
    """The spread of robust errors in the place of that of classic ones; and why there are none, if there are none."""
    found = sandwich.root(into @ spread.inner)
    inner = found.root.to(spread.root)
    root = inner if to_user is None else to_user.to(inner) @ inner
    undetermined = (spread.root == 0.0).all(dim=1, keepdim=True)
    root = torch.where(undetermined, 0.0, root)
    least = CANCELLED * found.size * torch.linalg.vector_norm(spread.root, dim=1)
    cancelled = (torch.linalg.vector_norm(root, dim=1) <= least).tolist()
    names = [name for name, gone in zip(names, cancelled, strict=True) if gone and name not in spread.reasons]
    spread = replace(spread, reasons={**dict.fromkeys(names, NO_SCATTER), **spread.reasons})
    freedom = sandwich.freedom(spread.rank)
    robust = Robust(sandwich.asked, sandwich.clusters, freedom if math.isfinite(freedom) else None, root)
    return replace(spread, root=root), robust, found.reason


def without_bars(
    names: Sequence[str],
    estimates: Tensor,
    reason: str,
    *,
    confidence: float | None = 0.95,
    held: Mapping[str, str] | None = None,
    statistic: str = "t",
) -> Inference:
    """The estimates, (p,), of a fit that allows no error bars, and why; `held` parameters keep their own reason."""
    bare = tuple(
        Estimate(name, value, reason=(held or {}).get(name, reason))
        for name, value in zip(names, estimates.tolist(), strict=True)
    )
    return Inference(None, None, confidence, statistic, bare, None)


def withhold(inference: Inference, reasons: Mapping[str, str]) -> Inference:
    """The same inference without the error bars of the parameters in `reasons`, unless they lack them already."""
    estimates = tuple(
        Estimate(one.name, one.value, reason=reasons[one.name]) if one.reason is None and one.name in reasons else one
        for one in inference.estimates
    )
    barred = [one.name in reasons for one in inference.estimates]
    table = inference.correlation
    kept = table and tuple(
        tuple(None if barred[i] or barred[j] else value for j, value in enumerate(row)) for i, row in enumerate(table)
    )
    return replace(inference, estimates=estimates, correlation=None if all(barred) else kept)


def too_far(inference: Inference, optimum: Tensor) -> dict[str, str]:
    """The parameters that stopped more than 1 % of a standard error away from `optimum`, (p,), with that as reason.

    What is left of the way must be small beside the error that the data leave. For a curve, a Gauss-Newton step from
    where it stopped leads near enough to the optimum. Source: Bates and Watts (1981), A relative offset orthogonality
    convergence criterion for nonlinear least squares, Technometrics 23(2).
    """
    found = {}
    for one, goal in zip(inference.estimates, optimum.tolist(), strict=True):
        if one.standard_error is not None and abs(one.value - goal) > FAR * one.standard_error:
            away = abs(one.value - goal) / one.standard_error
            found[one.name] = f"not converged: {away:.3g} standard errors away from the optimum"
    return found


def _covariance(
    factor: Tensor, out: Tensor, names: Sequence[str], free: Sequence[int], spread: EstimateSpread, scale: float | None
) -> Covariance | None:
    """The covariance of the free parameters, where all of them are determined and they are not too many to keep."""
    if not 0 < len(free) <= MOST_KEPT or spread.rank < len(free):
        return None
    return Covariance(factor, out, tuple(names[j] for j in free), scale)


def _no_freedom(observations: float, rank: int, weighting: Weighting) -> str:
    words = "1 row" if observations == 1 else f"{observations:.6g} rows"
    words += {Weighting.FREQUENCY: " (the sum of the row weights)", Weighting.PRECISION: " of a weight above 0"}.get(
        weighting, ""
    )
    count = "1 parameter" if rank == 1 else f"{rank} parameters"
    return f"no degrees of freedom: {words} for {count} leave no residuals to estimate an error from"


def _bars(
    names: Sequence[str],
    estimates: Tensor,
    spread: EstimateSpread,
    scatter: float | None,
    *,
    freedom: float,
    confidence: float | None,
    reason: str | None = None,
) -> tuple[Estimate, ...]:
    """The estimates with error bars, but for those of `spread.reasons`, and for all of them if there is a `reason`."""
    found = []
    lengths = torch.linalg.vector_norm(spread.root, dim=1).tolist()
    width = None if scatter is None or confidence is None else _quantile(freedom, confidence)
    for name, value, length in zip(names, estimates.tolist(), lengths, strict=True):
        why = spread.reasons.get(name, reason)
        error = 0.0 if scatter is None else scatter * length
        # A spread of 0 is one that float64 cannot hold.
        if why is not None or error == 0.0:
            found.append(Estimate(name, value, reason=why or EXACT))
            continue
        ratio = value / error
        if width is None:
            found.append(Estimate(name, value, error, ratio))
            continue
        bounds = (value - width * error, value + width * error)
        found.append(Estimate(name, value, error, ratio, _two_sided(ratio, freedom), *bounds))
    return tuple(found)


def _quantile(freedom: float, confidence: float) -> float:
    """q with P(|T| < q) = `confidence` for Student's t, or the normal distribution where `freedom` is infinite."""
    from scipy.special import ndtri, stdtrit

    tail = (1.0 - confidence) / 2.0
    return -float(ndtri(tail) if math.isinf(freedom) else stdtrit(freedom, tail))


def _two_sided(statistic: float, freedom: float) -> float:
    """P(|T| ≥ |statistic|)."""
    from scipy.special import ndtr, stdtr

    tail = -abs(statistic)
    return 2.0 * float(ndtr(tail) if math.isinf(freedom) else stdtr(freedom, tail))


def _correlation(spread: EstimateSpread, names: Sequence[str]) -> tuple[tuple[float | None, ...], ...] | None:
    """Correlations of the estimates, None for those that are held or not determined; None if there are no others."""
    known = [name not in spread.reasons for name in names]
    if not any(known):
        return None
    root = spread.root / or_one(torch.linalg.vector_norm(spread.root, dim=1))[:, None]
    table = (root @ root.mT).clamp(-1.0, 1.0).fill_diagonal_(1.0).tolist()
    return tuple(
        tuple(value if known[i] and known[j] else None for j, value in enumerate(row)) for i, row in enumerate(table)
    )
