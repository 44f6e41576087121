"""Separation of rows of two kinds, or of counts from zero: by the intercept, by one column, or by a direction.

Sources: those of `gdsolve.objective.separation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.box import Box
from gdsolve.objective.rank import EPSILON
from gdsolve.objective.row_space import null_space, row_space
from gdsolve.objective.separated import Separation

# More numbers than these no linear program looks at; more operations than these no decomposition takes.
MOST_NUMBERS = 2_000_000
MOST_WORK = 4e10
MOST_STEPS = 30
# A margin counts as zero within so many roundings, and as positive beyond so many more.
ROUNDINGS = 32.0
CLEAR = 8.0
# What a Newton step must stay within to prove an overlap, and what rounding may add to it.
PROOF = 0.5
# Columns whose part in a direction is smaller have none.
FAINT = 1e-7
FEASIBLE = 1e-10
MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class BinaryRows:
    """The rows in float64 on the host: X, (m, p), y and ω, (m,); `epsilon` is the relative error of their cells."""

    design: Tensor
    target: Tensor
    weight: Tensor
    counts: bool
    intercept: bool
    epsilon: float

    @property
    def sign(self) -> Tensor:
        """s: where the prediction may go, 1 up, −1 down; a count of zero down, and 0 for a row that holds it."""
        if self.counts:
            return -(self.target == 0.0).to(self.design)
        return 2.0 * self.target - 1.0

    @property
    def held(self) -> Tensor:
        """The rows whose prediction a direction must not move."""
        return self.target > 0.0 if self.counts else torch.zeros_like(self.target, dtype=torch.bool)


def by_intercept(rows: BinaryRows) -> Separation | None:
    """One class alone, or counts that are all 0."""
    sign = rows.sign
    if not rows.intercept or not len(sign) or bool((sign != sign[0]).any()) or bool(rows.held.any()):
        return None
    direction = torch.zeros_like(rows.design[:1].mT)
    direction[-1] = sign[0]
    return Separation(direction, complete=True, one_class=True)


def by_column(rows: BinaryRows) -> Separation | None:
    """The one feature that separates the most rows by itself: a threshold between them, or a value with one class."""
    features = rows.design[:, : rows.design.shape[1] - rows.intercept]
    found = [one for way in (1.0, -1.0) for one in _thresholds(rows, features * way, way)]
    return max(found, key=lambda one: one[0])[1] if found else None


def _thresholds(rows: BinaryRows, features: Tensor, way: float) -> Iterator[tuple[int, Separation]]:
    """The separations by one column that grow with it, (m, n), and how many rows gain by each."""
    sign, held, n = rows.sign, rows.held, features.shape[1]
    low = _extreme(features[(sign < 0) | held], -torch.inf, n)
    high = -_extreme(-features[(sign > 0) | held], -torch.inf, n)
    if not rows.intercept:
        # The intercept puts the threshold anywhere; without one it is at 0.
        low, high = low.clamp(min=0.0), high.clamp(max=0.0)
    for j in torch.nonzero(low <= high)[:, 0].tolist():
        threshold, values = 0.5 * (low[j] + high[j]), way * features[:, j]
        gained = ~held & (sign * (features[:, j] - threshold) > 0.0)
        if not bool(gained.any()):
            continue
        direction = torch.zeros_like(rows.design[:1].mT)
        direction[j] = way
        if rows.intercept:
            direction[-1] = -threshold
        above, below = values[gained & (values > way * threshold)], values[gained & (values < way * threshold)]
        yield (
            int(gained.sum()),
            Separation(
                direction,
                complete=bool(gained.all()),
                column=j,
                above=(float(above.amin()), float(above.amax())) if len(above) else None,
                below=(float(below.amax()), float(below.amin())) if len(below) else None,
            ),
        )


def _extreme(values: Tensor, least: float, n: int) -> Tensor:
    return values.amax(dim=0) if len(values) else values.new_full((n,), least)


def by_directions(rows: BinaryRows, start: Tensor) -> Separation | None:
    """A direction that separates the rows, unless a point near `start`, (p, 1), proves that they overlap."""
    basis = row_space(rows.design, rows.epsilon)
    if not basis.shape[1]:
        return None
    unit = rows.design @ basis
    # What whitening makes of the rounding of the cells.
    noise = ROUNDINGS * rows.epsilon * float((rows.design.norm(dim=0)[:, None] * basis).norm(dim=0).amax())
    if rows.counts:
        return _of_counts(rows, basis, unit, noise)
    if basis.shape[1] == len(unit):
        return _verified(rows, basis @ (unit.mT @ rows.sign[:, None]), saturated=True)
    if _overlapping(unit, rows, start):
        return None
    # Rows of one length each, so that none is too small to be seen.
    return _by_program(rows, basis, unit * rows.sign[:, None], noise)


def _of_counts(rows: BinaryRows, basis: Tensor, unit: Tensor, noise: float) -> Separation | None:
    held = rows.held
    left = null_space(unit[held], noise)
    if not left.shape[1]:
        return None
    return _by_program(rows, basis @ left, -(unit[~held] @ left), noise)


def _overlapping(unit: Tensor, rows: BinaryRows, start: Tensor) -> bool:
    """True where Newton's method on the whitened rows, (m, r), comes to where an overlap is proved."""
    share = rows.weight[:, None] / rows.weight.sum()
    sign = rows.sign[:, None]
    z = rows.design @ start
    w = unit.mT @ z
    if not bool(torch.isfinite(z).all()) or float(z.abs().amax()) > 30.0:
        w = torch.zeros_like(w)
    longest = float(unit.norm(dim=1).amax())
    value = torch.inf
    for _ in range(MOST_STEPS):
        z = sign * (unit @ w)
        residual = share * torch.sigmoid(-z)
        curvature = share * torch.sigmoid(z) * torch.sigmoid(-z)
        gradient = -(unit.mT @ (sign * residual))
        eigenvalues, vectors = torch.linalg.eigh(unit.mT @ (unit * curvature))
        least = float(eigenvalues[0])
        if least <= 100.0 * EPSILON * float(eigenvalues[-1]):
            return False
        step = vectors @ ((vectors.mT @ gradient) / eigenvalues[:, None])
        furthest = float((unit @ step).abs().amax())
        error = EPSILON * float(unit.norm(dim=1) @ residual[:, 0]) * longest / least
        if furthest + 8.0 * error <= PROOF:
            return True
        before, value = value, float(-(share * torch.nn.functional.logsigmoid(z)).sum())
        if value > before or 8.0 * error > PROOF:
            return False
        # Further than the exponent of a tail tells, a step is no more than a direction.
        w = w - step * min(1.0, 4.0 / furthest)
    return False


def _by_program(rows: BinaryRows, basis: Tensor, toward: Tensor, noise: float) -> Separation | None:
    """max Σ aᵢᵀc over aᵢᵀc ≥ 0, −1 ≤ c ≤ 1; `toward` are the aᵢ, (m, q), `basis`, (p, q), leads back to the weights."""
    lengths = toward.norm(dim=1, keepdim=True)
    there = lengths[:, 0] > noise * toward.shape[1] ** 0.5
    scaled = np.unique((toward[there] / lengths[there]).numpy(), axis=0)
    if not len(scaled) or scaled.size > MOST_NUMBERS:
        return None
    from scipy.optimize import linprog

    options = {"primal_feasibility_tolerance": FEASIBLE, "dual_feasibility_tolerance": FEASIBLE}
    found = linprog(
        -scaled.sum(axis=0),
        A_ub=-scaled,
        b_ub=np.zeros(len(scaled)),
        bounds=(-1.0, 1.0),
        method="highs",
        options=options,
    )
    if found.x is None:
        return None
    dense = _verified(rows, basis @ torch.from_numpy(np.asarray(found.x))[:, None])
    return dense and (fewest_columns(rows) or dense)


def fewest_columns(rows: BinaryRows, box: Box | None = None) -> Separation | None:
    """A direction of few columns: that of the least Σ|dⱼ|·‖xⱼ‖ among those of one margin in all.

    Within a `box` no weight goes to where a bound is; one of the intercept is one of columns that are not centred.
    """
    p = rows.design.shape[1]
    if rows.design.numel() > MOST_NUMBERS // 4 or p > MOST_NAMED:
        return None
    from scipy.optimize import linprog

    features = p - rows.intercept
    centred = rows.intercept and (box is None or not bool(_is_held(box)[-1]))
    spread = rows.design.std(dim=0, correction=0) if centred else rows.design.square().mean(dim=0).sqrt()
    centre = rows.design.mean(dim=0) if centred else torch.zeros_like(spread)
    spread[features:], centre[features:] = 1.0, 0.0
    spread = torch.where(spread > 0.0, spread, 1.0)
    scaled = ((rows.design - centre) / spread).numpy()
    held, sign = rows.held.numpy(), rows.sign.numpy()[:, None]
    toward = np.unique((sign * scaled)[~held], axis=0)
    if not len(toward):
        return None
    still = np.unique(scaled[held], axis=0)
    cost = np.ones(2 * p)
    cost[features:p] = cost[p + features :] = 0.0
    found = linprog(
        cost,
        A_ub=np.hstack([-toward, toward]),
        b_ub=np.zeros(len(toward)),
        A_eq=np.vstack([np.hstack([still, -still]), np.hstack([one := toward.mean(axis=0), -one])[None]]),
        b_eq=np.append(np.zeros(len(still)), 1.0),
        bounds=None if box is None else _rooms(box),
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBLE},
    )
    if found.x is None:
        return None
    sparse = torch.from_numpy(found.x[:p] - found.x[p:])
    faint = sparse.abs() < FAINT * sparse[:features].abs().amax()
    sparse[:features] = torch.where(faint[:features], 0.0, sparse[:features])
    direction = (sparse / spread)[:, None]
    if rows.intercept:
        direction[-1] = sparse[-1] - (centre[:features] @ direction[:features, 0])
    return _verified(rows, direction)


def _is_held(box: Box) -> Tensor:
    """True, (p,), where a weight has a bound on either side."""
    return (torch.isfinite(box.lower) | torch.isfinite(box.upper))[:, 0]


def _rooms(box: Box) -> np.ndarray:
    """How far every weight may rise, and then fall, for ever: not at all where there is a bound, (2p, 2)."""
    free = torch.cat([box.upper, box.lower]).isinf()[:, 0].to(torch.float64)
    most = torch.where(free > 0.0, torch.inf, 0.0)
    return np.column_stack([np.zeros(len(most)), most.numpy()])


def _verified(rows: BinaryRows, direction: Tensor, *, saturated: bool = False) -> Separation | None:
    """The separation by a direction that no row contradicts by more than rounding; None for any other."""
    margins = rows.design @ direction
    # What is left of one column may be the rounding of another.
    lengths = rows.design.square().mean(dim=0).sqrt()[:, None]
    sizes = (direction.abs() * lengths).amax() / torch.where(lengths > 0.0, lengths, torch.inf)
    noise = ROUNDINGS * rows.epsilon * (rows.design.abs() @ torch.maximum(sizes, direction.abs()))
    held = rows.held[:, None]
    gains = torch.where(held, -margins.abs(), rows.sign[:, None] * margins)
    if not bool(torch.isfinite(gains).all()) or bool((gains < -noise).any()):
        return None
    clear = gains > CLEAR * noise
    if not bool(clear.any()):
        return None
    return Separation(direction, complete=bool(clear.all()), saturated=saturated)
