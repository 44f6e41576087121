"""Least squares within bounds: the minimiser, from one set of held weights to the next."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.box import Box
from gdsolve.objective.rank import CERTAIN, EPSILON, numerical_rank

# Exchanges of several weights that may go by without fewer being wrong, before they are exchanged one at a time.
PATIENCE = 3
MOST_EXCHANGES = 20
# A slope this near to 0, relative to its size, may belong to a weight that could leave its bound.
EQUAL = 1e-9


@dataclass(frozen=True, slots=True)
class BoundedMinimiser:
    """argmin ½‖Bw − b‖² within bounds, (p, 1), the slope there, (p, 1), 0 where no bound holds a weight, and `unique`.

    A slope at a bound is the multiplier of Karush, Kuhn and Tucker: positive at a lower bound, negative at an upper.
    """

    w: Tensor
    slope: Tensor
    unique: bool


@dataclass(frozen=True, slots=True)
class _Columns:
    """B, (r, p), its columns brought to length 1, b, (r, 1), and the bounds for weights of such columns."""

    design: Tensor
    target: Tensor
    lengths: Tensor
    box: Box

    @property
    def noise(self) -> float:
        """What rounding makes of a slope."""
        return float(CERTAIN * EPSILON * len(self.design) ** 0.5 * self.target.norm())

    def settled(self, held: Tensor, side: Tensor) -> tuple[Tensor, Tensor]:
        """The least values beside the weights that are `held`, (p,), where `side` says, and the slopes there."""
        w = torch.where(held, side, 0.0)
        free = ~held
        if bool(free.any()):
            w[free] = _solve(self.design[:, free], self.target[:, 0] - self.design @ w)
        slope = self.design.mT @ (self.design @ w - self.target[:, 0])
        return w, torch.where(held, slope, 0.0)


def minimise_within(design: Tensor, target: Tensor, box: Box, near: Tensor | None = None) -> BoundedMinimiser:
    """argmin ½‖Bw − b‖² with lower ≤ w ≤ upper, to rounding; looked for from the bounds where `near`, (p, 1), stands.

    The weights that are held are guessed; the others are at their least beside them. Those that end beyond a bound are
    held there next, and those that their bound does not hold are let go, all of them at once; if that does not make
    fewer of them wrong for some rounds, scipy's active-set method, whose value never rises, goes on.
    Shapes: `design` B is (r, p), `target` b (r, 1), both float64 on the host, as are the bounds.
    Sources: Portugal, Júdice and Vicente (1994), A comparison of block pivoting and interior-point algorithms for
    linear least squares problems with nonnegative variables; Stark and Parker (1995), Bounded-variable least squares.
    """
    lengths = design.norm(dim=0)
    units = torch.where(lengths > 0.0, lengths, 1.0)
    columns = _Columns(design / units, target, units, Box(box.lower[:, 0] * units, box.upper[:, 0] * units))
    found = _exchanged(columns, None if near is None else near[:, 0] * units)
    w, slope = _by_active_sets(columns) if found is None else found
    unique = _is_unique(columns, w, slope)
    inside = box.project((w / units)[:, None])
    at = (w <= columns.box.lower), (w >= columns.box.upper)
    for stands, side in zip(at, (box.lower, box.upper), strict=True):
        inside = torch.where(stands[:, None], side, inside)
    return BoundedMinimiser(inside, (slope * units)[:, None], unique)


def _exchanged(columns: _Columns, near: Tensor | None) -> tuple[Tensor, Tensor] | None:
    """The minimiser and its slopes by exchanges of all weights that are wrong; None where that does not end."""
    lower, upper = columns.box.lower, columns.box.upper
    near = torch.zeros_like(lower) if near is None else near
    side = torch.where(near >= upper, upper, torch.where(near <= lower, lower, torch.nan))
    held = ~side.isnan()
    fewest, patience = len(lower) + 1, PATIENCE
    for _ in range(MOST_EXCHANGES):
        w, slope = columns.settled(held, side)
        below, above = (w < lower) & ~held, (w > upper) & ~held
        loose = held & (torch.where(side == lower, -slope, slope) > columns.noise) & (lower < upper)
        wrong = int((below | above | loose).sum())
        if not wrong:
            return w, slope
        if wrong < fewest:
            fewest, patience = wrong, PATIENCE
        elif (patience := patience - 1) < 0:
            return None
        side = torch.where(below, lower, torch.where(above, upper, side))
        held = (held | below | above) & ~loose
    return None


def _by_active_sets(columns: _Columns) -> tuple[Tensor, Tensor]:
    from scipy.optimize import lsq_linear

    bounds = columns.box.lower.numpy(), columns.box.upper.numpy()
    found = lsq_linear(
        columns.design.numpy(), columns.target[:, 0].numpy(), bounds, method="bvls", max_iter=100 * len(bounds[0])
    )
    at = torch.from_numpy(found.active_mask)
    side = torch.where(at < 0, columns.box.lower, torch.where(at > 0, columns.box.upper, torch.nan))
    return columns.settled(at != 0, side)


def _is_unique(columns: _Columns, w: Tensor, slope: Tensor) -> bool:
    """Whether the columns of the weights that could move, bounds with a slope of 0 among them, are independent."""
    sizes = columns.noise + EQUAL * float(columns.target.norm())
    held = ((w <= columns.box.lower) | (w >= columns.box.upper)) & (slope.abs() > sizes)
    free = columns.design[:, ~held]
    if not free.shape[1]:
        return True
    _, values, right = torch.linalg.svd(free, full_matrices=False)
    return int(numerical_rank(values, right.mT)) == free.shape[1]


def _solve(design: Tensor, target: Tensor) -> Tensor:
    """The least squares of columns of length 1, of minimum norm where they are dependent, (q,)."""
    left, values, right = torch.linalg.svd(design, full_matrices=False)
    rank = int(numerical_rank(values, right.mT))
    solved: Tensor = right[:rank].mT @ ((left[:, :rank].mT @ target) / values[:rank])
    return solved
