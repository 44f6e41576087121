"""What batches of rows do to descent on squares: how far above its minimum noise keeps the loss, which rates hold.

In the eigenvectors of H, with e = w − w*, an update is e ← (I − αH_S)e − αξ_S: H_S and ξ_S are means over the rows of a
batch of δᵢ + H, and of ξᵢ, the gradients of single rows at the minimum. C = mean of ξξᵀ, K: Σ ↦ mean of δΣδ.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.row_blocks import split_rows

# Modes up to which the fourth moments of rows are kept; beyond, they are those of a normal distribution of their size.
MOST_EXACT = 24
MOST_MODES = 400
# Rows that fourth moments are taken of: as many as tell them to a percent.
MOST_SAMPLED = 50_000
ROUNDS = 400
SETTLED = 1e-5
HALVINGS = 40
NEAR = 1e-3
MOST_COUNTED = 2000


@dataclass(frozen=True, slots=True)
class GradientNoise:
    """The noise of the gradients of single rows at a minimum, in the eigenvectors of the Hessian.

    Shapes: `eigenvalues` λ is (r,); `covariance` C is (r, r); `moments` (q, q), q = r(r + 1)/2, is the mean of
    svec(δ)svec(δ)ᵀ, None where it is too large: then `data` Ā, (r, r), is the Hessian without its penalty, and
    `kurtosis` how much heavier tails rows have than a normal distribution. `turning` is D, (r, r), Dⱼₖ the mean of
    δⱼₖξₖ. `rows` is m.
    """

    eigenvalues: Tensor
    covariance: Tensor
    moments: Tensor | None
    data: Tensor
    kurtosis: float
    turning: Tensor
    rows: int

    def spread_by(self, second: Tensor) -> Tensor:
        """K(Σ), the mean of δΣδ over rows, (r, r)."""
        if self.moments is not None:
            return _matrix(self.moments @ _vector(second), len(second))
        passed = self.data @ second @ self.data
        gaussian = 2.0 * passed + torch.sum(self.data * second) * self.data
        return self.kurtosis * gaussian - passed


def gradient_noise(
    parts: Iterable[tuple[Tensor, Tensor]],
    rows: int,
    modes: tuple[Tensor, Tensor],
    minimiser: Tensor,
    scale: float,
    rest: Tensor,
) -> GradientNoise:
    """The noise of `rows` √ωX, (m, p), and √ωy, (m, 1), in `parts`, of c/2·‖√ω(Xw − y)‖² + penalty, c its `scale`.

    `modes` are the eigenvalues of H, (r,), and its eigenvectors V, (p, r); `minimiser` is w*, (p, 1), and `rest` the
    gradient of the penalty there.
    """
    eigenvalues, v = (one.to(torch.float64).cpu() for one in modes)
    sums = _Sums(v, minimiser.to(v), rows * scale, (v.mT @ rest.to(v))[:, 0], eigenvalues)
    step = max(1, -(-rows // MOST_SAMPLED))
    for design, target in parts:
        for block, aim in split_rows(design, target, width=max(len(eigenvalues), design.shape[1])):
            sums.add(block.to(v), aim.to(v), step)
    return sums.noise(scale, rows)


class _Sums:
    """The sums over rows that tell the noise."""

    def __init__(self, v: Tensor, best: Tensor, unit: float, pull: Tensor, eigenvalues: Tensor) -> None:
        r = v.shape[1]
        self._v, self._best, self._unit, self._pull, self._eigenvalues = v, best, unit, pull, eigenvalues
        self._covariance, self._data, self._turning = (v.new_zeros(r, r) for _ in range(3))
        self._places = _places(r, v.device) if r <= MOST_EXACT else None
        q = r * (r + 1) // 2 if self._places is not None else 0
        self._moments, self._sampled, self._length, self._next = v.new_zeros(q, q), 0, 0.0, 0

    def add(self, block: Tensor, aim: Tensor, step: int) -> None:
        """Some rows, and every `step`-th row of all for the fourth moments."""
        along = block @ self._v
        slopes = self._unit * along * (block @ self._best - aim) + self._pull
        self._covariance += slopes.mT @ slopes
        self._data += along.mT @ along
        self._turning += along.mT @ (along * slopes)
        if self._places is None:
            self._length += float((along.square() @ (1.0 / self._eigenvalues)).square().sum())
            return
        first, second, factor = self._places
        chosen = along[self._next :: step]
        self._next = (self._next - len(along)) % step
        for some in torch.split(chosen, max(1, (1 << 20) // len(first))):
            pairs = some[:, first] * some[:, second] * factor
            self._moments += pairs.mT @ pairs
        self._sampled += len(chosen)

    def noise(self, scale: float, rows: int) -> GradientNoise:
        """What all rows come to."""
        data, inverse = self._data * scale, 1.0 / self._eigenvalues
        moments, kurtosis = None, 1.0
        if self._places is not None:
            moments = self._moments * (self._unit**2 / max(1, self._sampled)) - _passing(data)
        else:
            whitened = data * inverse
            normal = float(whitened.diagonal().sum()) ** 2 + 2.0 * float((whitened @ whitened).diagonal().sum())
            kurtosis = self._unit**2 / rows * self._length / normal if normal else 1.0
        return GradientNoise(
            self._eigenvalues, self._covariance / rows, moments, data, kurtosis, self._turning * scale, rows
        )


def _passing(data: Tensor) -> Tensor:
    """Σ ↦ ĀΣĀ as a matrix, (q, q), of symmetric matrices as columns."""
    first, second, factor = _places(len(data), data.device)
    left, right = data[first], data[second]
    # Of the matrix with 1 at (k, l) and (l, k): ½(aᵢₖaⱼₗ + aᵢₗaⱼₖ), times what svec gives both places.
    passed = 0.5 * (left[:, first] * right[:, second] + left[:, second] * right[:, first])
    return passed * factor[:, None] * factor[None]


def _places(r: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    first, second = torch.triu_indices(r, r, device=device)
    factor = torch.where(first == second, 1.0, math.sqrt(2.0)).to(torch.float64)
    return first, second, factor


def _vector(matrix: Tensor) -> Tensor:
    """svec: the upper triangle of a symmetric matrix as a column, so that products are those of matrices."""
    first, second, factor = _places(len(matrix), matrix.device)
    return (matrix[first, second] * factor)[:, None]


def _matrix(vector: Tensor, r: int) -> Tensor:
    first, second, factor = _places(r, vector.device)
    found = vector.new_zeros(r, r)
    found[first, second] = vector[:, 0] / factor
    found[second, first] = vector[:, 0] / factor
    return found


def share_of_noise(rows: int, batch: float) -> float:
    """f/B, f = (m − B)/(m − 1): the variance of a mean of B of m rows that are drawn without putting back.

    Source: Cochran, Sampling Techniques, 3rd ed., theorem 2.2.

    >>> share_of_noise(10, 10), share_of_noise(101, 1)
    (0.0, 1.0)
    """
    return 0.0 if rows <= 1 else (rows - batch) / (rows - 1) / batch


def _settled(noise: GradientNoise, rate: float, given: Tensor) -> Tensor:
    """Σ of HΣ + ΣH − αHΣH = α·given, mode by mode."""
    one = noise.eigenvalues
    both = one[:, None] + one[None] - rate * one[:, None] * one[None]
    return rate * given / both


def growth(noise: GradientNoise, rate: float, batch: float) -> float:
    """The spectral radius of Σ ↦ what the noise of H_S adds to it in the long run: below 1 descent holds its noise.

    Infinite at α ≥ 2/L_max. Source: Bach and Moulines (2013), Non-strongly-convex smooth stochastic approximation with
    convergence rate O(1/n), section 2; Défossez and Bach (2015), Averaged least-mean-squares, section 3.
    """
    if not len(noise.eigenvalues):
        return 0.0
    if rate * float(noise.eigenvalues.max()) >= 2.0:
        return math.inf
    one, share = noise.eigenvalues, share_of_noise(noise.rows, batch)
    factor = share * rate / (one[:, None] + one[None] - rate * one[:, None] * one[None])
    second, found = torch.eye(len(one), dtype=torch.float64, device=one.device), 0.0
    moments = noise.moments
    if moments is not None:
        # In coordinates in which the product is one with a matrix.
        second, factor = _vector(second), factor[*_places(len(one), one.device)[:2]][:, None]
    second = second / second.norm()
    for _ in range(ROUNDS):
        after = factor * (noise.spread_by(second) if moments is None else moments @ second)
        size = float(after.norm())
        if size == 0.0 or not math.isfinite(size):
            return 0.0 if size == 0.0 else math.inf
        before, found = found, size
        second = after / size
        if abs(found - before) <= SETTLED * found:
            break
    return found


def largest_held(noise: GradientNoise, batch: float) -> float | None:
    """The rate at which the mean square of the error begins to grow, at most 2/L_max; None where there is no mode."""
    if not len(noise.eigenvalues):
        return None
    low, high = 0.0, 2.0 / float(noise.eigenvalues.max())
    if growth(noise, high * (1.0 - 1e-9), batch) < 1.0:
        return high
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if growth(noise, middle, batch) < 1.0 else (low, middle)
        if high - low <= NEAR * high:
            break
    return low


@dataclass(frozen=True, slots=True)
class Hovering:
    """Where noise keeps descent: the excess of the loss in the long run, and what each mode has of it, (r,)."""

    excess: float
    modes: Tensor


def hovering(noise: GradientNoise, rate: float, batch: float, *, shuffled: bool) -> Hovering | None:
    """The mean of L − L* at the end of an epoch, after many of them; None where the mean square has no bound.

    With batches drawn anew for every update, Σ = E[eeᵀ] solves HΣ + ΣH − αHΣH − α·f/B·K(Σ) = α·f/B·C and the excess is
    ½·tr(HΣ), exactly. Rows that are `shuffled`, so that every one comes once an epoch, have batches that make up for
    each other: with a = 1 − αλ and T updates an epoch, noise alone leaves α²C/(m − 1)·[T·Σ(aⱼaₖ)ᵗ − Σaⱼᵗ·Σaₖᵗ] of an
    epoch, t = 0, …, T − 1. What K adds is taken in the same proportion as without shuffling; and the mean of e, which
    is not 0 as later batches are the rows that earlier ones were not, is taken to second order in the noise.
    Sources: Mandt, Hoffman and Blei (2017), Stochastic gradient descent as approximate Bayesian inference, JMLR 18,
    section 3; Dieuleveut, Durmus and Bach (2020), Bridging the gap between constant step size stochastic gradient
    descent and Markov chains, Annals of Statistics 48(3); the correlation of batches: Cochran, section 2.9.
    """
    if growth(noise, rate, batch) >= 1.0:
        return None
    share = share_of_noise(noise.rows, batch)
    alone = _settled(noise, rate, share * noise.covariance)
    second = _fixed(noise, rate, share, alone)
    if second is None:
        return None
    of_modes = second.diagonal()
    if shuffled and batch < noise.rows:
        of_modes = _shuffled(noise, rate, batch, of_modes, alone.diagonal())
    parts = 0.5 * noise.eigenvalues * of_modes
    return Hovering(float(parts.sum()), parts)


def _fixed(noise: GradientNoise, rate: float, share: float, alone: Tensor) -> Tensor | None:
    """Σ = alone + what K adds, by conjugate residuals as far as the series alone is slow."""
    r = len(alone)
    if noise.moments is not None:
        one = noise.eigenvalues
        both = one[:, None] + one[None] - rate * one[:, None] * one[None]
        first, second, _ = _places(r, alone.device)
        weight = (rate * share / both[first, second])[:, None]
        system = torch.eye(len(weight), dtype=torch.float64, device=alone.device) - weight * noise.moments
        return _matrix(torch.linalg.solve(system, _vector(alone)), r)
    found = alone
    for _ in range(ROUNDS):
        after = alone + _settled(noise, rate, share * noise.spread_by(found))
        if float((after - found).norm()) <= SETTLED * float(after.norm()):
            return after
        found = after
    return found


def _shuffled(noise: GradientNoise, rate: float, batch: float, second: Tensor, alone: Tensor) -> Tensor:
    """What is left of each mode at the end of an epoch of shuffled rows, (r,)."""
    m, lam = noise.rows, noise.eigenvalues
    updates = round(m / batch)
    kept = 1.0 - rate * lam
    noisy = rate**2 * noise.covariance.diagonal() * _apart(kept, m, updates)
    own = (noisy / (1.0 - kept.square() ** updates)).clamp(min=0.0)
    grown = torch.where(alone > 0.0, second / alone, torch.ones_like(alone))
    # Σ over s > t of aⱼ^(T−1−s)·aₖ^(s−1−t), for every pair of modes.
    steps = torch.arange(1, updates, dtype=torch.float64, device=lam.device)
    inner = _sum_of_powers(kept[:, None], steps[None])
    outer = kept[:, None] ** (updates - 1 - steps[None])
    mean = -(rate**2) / (m - 1) * ((outer @ inner.mT) * noise.turning).sum(dim=1)
    drift = mean / (1.0 - kept**updates)
    return own * grown + drift.square()


def _apart(kept: Tensor, rows: int, updates: int) -> Tensor:
    """m/(m − 1)·(Σ bₜcₜ² − (Σ bₜcₜ)²/m), cₜ = a^(T−1−t)/bₜ: how unlike the shares of rows in an epoch are, (r,).

    Of batches of one size it is [T·Σa²ᵗ − (Σaᵗ)²]/(m − 1); where there are few, one row more in some of them counts.
    """
    if updates > MOST_COUNTED:
        squares, sums = _sum_of_powers(kept.square(), updates), _sum_of_powers(kept, updates)
        return (updates * squares - sums.square()) / (rows - 1)
    places = torch.arange(updates + 1, dtype=torch.int64, device=kept.device)
    sizes = (rows * places // updates).diff().to(kept.dtype)
    powers = kept[:, None] ** (updates - 1 - places[:-1]).to(kept.dtype)
    mean = powers.sum(dim=1, keepdim=True) / rows
    return rows / (rows - 1) * (sizes * (powers / sizes - mean).square()).sum(dim=1)


def _sum_of_powers(base: Tensor, count: Tensor | int) -> Tensor:
    """Σ baseᵗ over t = 0, …, count − 1."""
    gap = 1.0 - base
    flat = gap.abs() < 1e-12
    return torch.where(
        flat,
        torch.as_tensor(count, dtype=base.dtype, device=base.device),
        (1.0 - base**count) / torch.where(flat, 1.0, gap),
    )
