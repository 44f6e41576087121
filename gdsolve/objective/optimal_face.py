"""All minimisers of a loss with corners: whether there is more than one, and between which values their weights lie."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch

from gdsolve.objective.rank import EPSILON
from gdsolve.objective.row_space import null_space, row_space

Array = np.ndarray

# A multiplier is at its bound, and a residual is zero, within these shares of their sizes.
AT_BOUND = 1e-9
ZERO = 1e-9
# Directions along which rows move by less do not move them.
STILL = 1e-10
GAIN = 1e-8
MOST_NUMBERS = 200_000
MOST_WEIGHTS = 60


@dataclass(frozen=True, slots=True)
class Program:
    """min Σ (c⁺·max(r, 0) + c⁻·max(−r, 0)) + 1/2·‖Pw − q‖² with r = y − Xw.

    Shapes: `design` X is (m, p), `target` y, `above` c⁺ and `below` c⁻ (m,), `penalty` P (k, p), `aim` q (k,).
    """

    design: Array
    target: Array
    above: Array
    below: Array
    penalty: Array
    aim: Array

    def value(self, w: Array) -> float:
        """The loss at w, (p,)."""
        residual = self.target - self.design @ w
        losses = np.where(residual > 0.0, self.above * residual, -self.below * residual)
        return float(losses.sum() + 0.5 * np.square(self.penalty @ w - self.aim).sum())

    def noise(self, w: Array) -> Array:
        """What a residual that is zero may be by rounding, (m,)."""
        noise: Array = ZERO * (np.abs(self.target) + np.abs(self.design) @ np.abs(w))
        return noise


@dataclass(frozen=True, slots=True)
class Corner:
    """A minimiser w, (p,), with multipliers a of the residuals, −c⁻ ≤ a ≤ c⁺, (m,), and Xᵀa = Pᵀ(Pw − q)."""

    w: Array
    dual: Array

    def inside(self, program: Program) -> Array:
        """Rows whose multiplier is strictly between its bounds: their residual is zero at every minimum."""
        width = AT_BOUND * (program.above + program.below)
        inside: Array = (self.dual > width - program.below) & (self.dual < program.above - width)
        return inside

    def settled(self, program: Program) -> Corner:
        """The same with zero residuals where they must be, to the last digit, if that is no worse."""
        inside = self.inside(program)
        if not inside.any() or len(program.penalty):
            return self
        excess = program.target[inside] - program.design[inside] @ self.w
        moved = self.w + np.linalg.lstsq(program.design[inside], excess, rcond=None)[0]
        return replace(self, w=moved) if program.value(moved) <= program.value(self.w) else self

    def nearest(self, program: Program, w: Array) -> Array:
        """The minimiser next to w, (p,), if w is on the right side of all rows that have a side; else this one."""
        inside = self.inside(program)
        rows = np.concatenate([program.design[inside], program.penalty])
        excess = np.concatenate([program.target[inside], program.penalty @ self.w]) - rows @ w
        moved: Array = w + np.linalg.lstsq(rows, excess, rcond=None)[0] if len(rows) else w
        size = float((program.above + program.below) @ np.abs(program.target))
        return moved if program.value(moved) <= program.value(self.w) + EPSILON * size else self.w


@dataclass(frozen=True, slots=True)
class Face:
    """The minimisers w + `directions`·c, c ≥ such that no row in `limits`·c ≤ `room` changes its side; or w alone.

    Shapes: `directions` is (p, q), `limits` (m, q), `room` (m,); `free` (p, p − r) are directions that move no row.
    """

    w: Array
    unique: bool
    directions: Array
    limits: Array
    room: Array
    free: Array

    def ranges(self, to_user: Array, offset: Array) -> Array | None:
        """The least and largest value of every weight of the user's, (p, 2); None where it would take too long."""
        if self.limits.size > MOST_NUMBERS or len(self.w) > MOST_WEIGHTS:
            return None
        at = to_user @ self.w + offset
        ways, free = to_user @ self.directions, to_user @ self.free
        found = np.empty((len(at), 2))
        for j, way in enumerate(ways):
            if np.abs(free[j]).max(initial=0.0) > GAIN * max(np.abs(free).max(initial=0.0), 0.0):
                found[j] = (-np.inf, np.inf)
                continue
            found[j] = at[j] + self._least(way), at[j] - self._least(-way)
        return np.array([_rounded(pair) for pair in found])

    def _least(self, way: Array) -> float:
        """min wayᵀc."""
        if np.abs(way).max(initial=0.0) <= GAIN * np.abs(self.directions).max(initial=0.0):
            return 0.0
        from scipy.optimize import linprog

        found = linprog(way, A_ub=self.limits, b_ub=np.maximum(self.room, 0.0), bounds=(None, None), method="highs")
        # Unbounded, as far as the solver can tell.
        return float(found.fun) if found.status == 0 else -np.inf


def _rounded(pair: Array) -> Array:
    """Both ends to twelve digits of the larger: what the solver rounds is no part of a range."""
    size = np.abs(pair[np.isfinite(pair)]).max(initial=0.0)
    if size == 0.0:
        return pair
    rounded: Array = np.round(pair, 12 - math.ceil(math.log10(size)))
    return rounded


def face_of(program: Program, corner: Corner) -> Face:
    """All minimisers, from one of them and its multipliers: those that any optimal multipliers go with.

    A residual stays zero where a is between its bounds, ≥ 0 where a = c⁺ and ≤ 0 where a = −c⁻; the penalty keeps its
    value. Zero multipliers alone prove nothing where more residuals are zero than there are weights: whether a
    direction is left a linear program decides. Source: Mangasarian (1979), Uniqueness of solution in linear
    programming, Linear Algebra and its Applications 25.
    """
    w = corner.w
    inside = corner.inside(program)
    design, penalty = (torch.from_numpy(np.ascontiguousarray(one)) for one in (program.design, program.penalty))
    stacked = torch.cat([design, penalty])
    basis = row_space(stacked)
    unit = stacked @ basis
    lengths = unit.norm(dim=1, keepdim=True)
    unit = unit / torch.where(lengths > 0.0, lengths, 1.0)
    kept = torch.cat([torch.from_numpy(inside), torch.ones(len(penalty), dtype=torch.bool, device="cpu")])
    left = null_space(unit[kept], STILL)
    free = _free(basis, stacked.norm(dim=0))
    directions = (basis @ left).numpy()
    side = np.where(corner.dual > 0.5 * (program.above - program.below), 1.0, -1.0)[~inside]
    residual = side * (program.target - program.design @ w)[~inside]
    # A row that no direction moves limits none: what rounding leaves of it is taken for zero.
    moves = unit[: len(design)] @ left
    moves = torch.where(moves.norm(dim=1, keepdim=True) > STILL, moves, 0.0) * lengths[: len(design)]
    limits = side[:, None] * moves.numpy()[~inside]
    tied = residual <= program.noise(w)[~inside]
    unique = not free.shape[1] and not _is_open(limits[tied], directions.shape[1])
    return Face(w, unique, directions, limits, np.maximum(residual, 0.0), free)


def _free(basis: torch.Tensor, lengths: torch.Tensor) -> Array:
    """Directions, (p, p − r), that move no row, of columns of these lengths."""
    p, rank = basis.shape
    if rank == p:
        return np.zeros((p, 0))
    lengths = torch.where(lengths > 0.0, lengths, 1.0)[:, None]
    seen = basis * lengths
    free: Array = (null_space((seen / seen.norm(dim=0)).mT, 0.5) / lengths).numpy()
    return free


def _is_open(limits: Array, q: int) -> bool:
    """True where a direction c ≠ 0 has limits·c ≤ 0, (t, q): where a step along it changes no row's side."""
    if q == 0:
        return False
    lengths = np.linalg.norm(limits, axis=1)
    limits = limits[lengths > 0.0] / lengths[lengths > 0.0, None]
    if len(limits) < q or np.linalg.matrix_rank(limits, tol=STILL * max(1, len(limits)) ** 0.5) < q:
        return True
    from scipy.optimize import linprog

    limits = np.unique(limits, axis=0)
    found = linprog(limits.sum(axis=0), A_ub=limits, b_ub=np.zeros(len(limits)), bounds=(-1.0, 1.0), method="highs")
    return bool(found.status == 0 and found.fun < -GAIN - len(limits) * EPSILON)
