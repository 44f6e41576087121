"""Robust errors: what residuals say of the errors of weights where rows have variances of their own, or depend."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.row_batch import RowBlock, from_numpy
from gdsolve.spec.errors import AskedErrors, ErrorKind

# Rows that are looked at together: as many as the cache holds of some dozen columns.
ROWS = 1 << 14
LEAST_LEFT = 1e-10
"""Of a row whose leverage leaves less, the residual is rounding."""
CORRECTED = {ErrorKind.HC2: 0.5, ErrorKind.HC3: 1.0}
"""The power of 1 − leverage by which residuals are divided."""


@dataclass(frozen=True, slots=True)
class RobustRoot:
    """A root of a robust covariance, (p, r), or why there is none; `size` is that of the scores of rows, √Σ‖v‖²."""

    root: Tensor
    size: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Sandwich:
    """Robust errors of one fit.

    `root` takes an inner root W, (p, rank), W·Wᵀ = (JᵀΩJ)⁻¹ in the coordinates of descent, or of the inverse Hessian of
    a likelihood, to one of the robust covariance W·M·Wᵀ there, (p, r), or says why there is none. `freedom` is that of
    Student's t by the rank, infinite for the normal distribution.
    """

    asked: AskedErrors
    root: Callable[[Tensor], RobustRoot]
    freedom: Callable[[int], float]
    clusters: int | None = None


@dataclass(slots=True)
class Middle:
    """M = Σ vᵢvᵢᵀ over rows, or Σ_c S_cS_cᵀ over clusters with S_c = Σ vᵢ of its rows: (rank, rank), float64.

    vᵢ = Wᵀ·sᵢ are the scores of rows in coordinates in which their classic covariance is a multiple of the identity, so
    that no digits are lost to columns that are nearly collinear. Of a linear model with u = Wᵀx, residual e, weight ω
    v = ω·e·u/(1 − h)^d with leverage h = ω·uᵀu and d = 0, 0, 1/2 and 1 for HC0 to HC3; where weights count rows,
    v = √ω·e·u/(1 − h)^d with h = uᵀu, and ω·e·u within clusters.
    Source: White (1980); MacKinnon and White (1985), section 2; Cameron and Miller (2015), section II.B.
    """

    asked: AskedErrors
    frequency: bool
    total: Tensor
    sums: Tensor = field(init=False)
    squares: Tensor = field(init=False)
    through: bool = False

    def __post_init__(self) -> None:
        self.sums = self.total[:0]
        self.squares = self.total.new_zeros(())

    @classmethod
    def empty(cls, asked: AskedErrors, rank: int, *, frequency: bool, device: torch.device) -> Middle:
        """That of no rows."""
        return cls(asked, frequency, torch.zeros(rank, rank, dtype=torch.float64, device=device))

    def add(self, u: Tensor, error: Tensor, weight: Tensor | None, codes: Tensor | None) -> None:
        """Add rows: u (h, rank), error and weight (h, 1), and the number of the cluster of each, (h,)."""
        one = u.new_ones(())
        power = CORRECTED.get(self.asked.kind)
        if power is not None:
            leverage = u.square().sum(dim=1, keepdim=True)
            left = 1.0 - (leverage if weight is None or self.frequency else weight * leverage)
            there = left > LEAST_LEFT
            # A row of weight 0 is no row, and passes through nothing.
            counted = ~there if weight is None else ~there & (weight > 0.0)
            self.through |= bool(counted.any())
            error = error / torch.where(there, left, one).pow(power)
        scores = error * u
        if weight is not None:
            scores = scores * (weight.sqrt() if self.frequency and codes is None else weight)
        if codes is None:
            self.total += scores.mT @ scores
            return
        self.squares += scores.square().sum()
        most = int(codes.max()) + 1 if len(codes) else 0
        if most > len(self.sums):
            # Twice as many: clusters come a few at a time.
            more = max(most, 2 * len(self.sums)) - len(self.sums)
            self.sums = torch.cat([self.sums, self.sums.new_zeros(more, self.sums.shape[1])])
        self.sums.index_add_(0, codes, scores)

    def root(self, inner: Tensor, factor: float, total: Tensor | None = None) -> RobustRoot:
        """W·M^½ times the root of a factor for small samples, (p, r); `total` is the M of all ranks.

        The root of clusters comes from their sums: what cancels within each of them is zero to rounding, and not to the
        root of that.
        """
        middle, through = self.total if total is None else total, through_reason(self.asked) if self.through else None
        if self.asked.kind is ErrorKind.CLUSTER:
            half, size = torch.linalg.qr(self.sums, mode="r").R.mT, self.squares
        else:
            values, vectors = torch.linalg.eigh(middle)
            half, size = vectors * values.clamp(min=0.0).sqrt(), middle.diagonal().sum()
        return RobustRoot(inner @ half * factor**0.5, float(size * factor) ** 0.5, through)


def correction(asked: AskedErrors, observations: float, rank: int, clusters: int | None) -> float:
    """The factor for small samples, as statsmodels and Stata have it: HC1 N/(N − p), clusters G/(G−1)·(N−1)/(N−p)."""
    if asked.kind not in (ErrorKind.HC1, ErrorKind.CLUSTER) or observations <= rank:
        return 1.0
    if asked.kind is ErrorKind.HC1:
        return observations / (observations - rank)
    groups = float(clusters or 2)
    return groups / (groups - 1.0) * (observations - 1.0) / (observations - rank)


def freedom_of(asked: AskedErrors, observations: float, clusters: int | None) -> Callable[[int], float]:
    """The degrees of freedom of t for least squares: N − p, or one less than there are clusters."""
    if asked.kind is ErrorKind.CLUSTER:
        return lambda rank: float((clusters or 1) - 1)
    return lambda rank: observations - rank


def normal(rank: int) -> float:
    """The degrees of freedom of a likelihood: those of the normal distribution."""
    return math.inf


def through_reason(asked: AskedErrors) -> str:
    """Why the corrections by leverage do not exist."""
    return (
        f"{asked.kind} divides by 1 − leverage, and a row has the leverage 1: the fit goes through it whatever its "
        "target is; --se hc1 does without"
    )


@dataclass(frozen=True, slots=True)
class LinearRows:
    """Rows of a table as least squares sees them: u = Wᵀx and residuals, in `coordinates`.

    Shapes: `inner` W is (p, rank) and `weights` (p, 1), in `coordinates`, the intercept last.
    """

    coordinates: Coordinates
    inner: Tensor
    weights: Tensor
    dtype: torch.dtype

    def add_to(self, middle: Middle, batch: RowBlock, codes: Tensor | None) -> None:
        """Add the rows of a batch, some at a time."""
        values = from_numpy(batch.values)
        weight = None if batch.weight is None else from_numpy(batch.weight).to(torch.float64)[:, None]
        for start in range(0, len(values), ROWS):
            place = slice(start, start + ROWS)
            # As descent in float32 sees the cells.
            rows = values[place].to(self.dtype).to(torch.float64)
            part = None if weight is None else weight[place]
            middle.add(*self._seen(rows), part, None if codes is None else codes[place])

    def _seen(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """u, (h, rank), and residuals, (h, 1), of rows (h, n + 1)."""
        found = self.coordinates
        design = (rows[:, : found.n] - found.centre) / found.scale
        u, fitted = design @ self.inner[: found.n], design @ self.weights[: found.n]
        if found.intercept:
            u, fitted = u + self.inner[found.n :], fitted + self.weights[found.n :]
        return u, (rows[:, -1:] - found.target_centre) / found.target_scale - fitted
