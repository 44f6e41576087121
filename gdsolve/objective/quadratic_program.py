"""The minimum of a loss with corners and a ridge penalty: a quadratic program, by an interior point method."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from gdsolve.objective.optimal_face import Array, Corner, Program

MOST_STEPS = 100
# A share of the loss that is left between it and its bound from below.
CERTIFIED = 1e-9
SETTLED = 1e-15
ROUNDING = 1e-13
# What is positive stays so.
LEAST = 1e-40
# How far to the boundary a step may go.
SHORT = 0.9995


def solve_quadratic(program: Program) -> Corner | None:
    """The minimiser and its multipliers, their duality gap at most a billionth of the loss; None where none is found.

    Mehrotra's predictor and corrector on y − Xw = u − v with u, v ≥ 0, whose every step is a system of p equations,
    (PᵀP + XᵀDX)·Δw = …; then, where they fit, the equations of the residuals that are zero are solved to all digits.
    Sources: Nocedal and Wright, Numerical Optimization, 2nd ed., section 16.6; Portnoy and Koenker (1997), The Gaussian
    hare and the Laplacian tortoise, Statistical Science 12(4).
    """
    lengths = np.sqrt(np.square(program.design).sum(axis=0) + np.square(program.penalty).sum(axis=0))
    lengths = np.where(lengths > 0.0, lengths, 1.0)
    size = float(np.abs(program.target).max(initial=0.0)) or 1.0
    cost = float((program.above + program.below).max(initial=0.0)) or 1.0
    # In units of the columns, the target and the cost: the penalty is the one thing whose size then tells.
    root = (size / cost) ** 0.5
    scaled = Program(
        program.design / lengths,
        program.target / size,
        program.above / cost,
        program.below / cost,
        program.penalty / lengths * root,
        program.aim / size * root,
    )
    found = min((_settled(scaled, one) for one in _interior(scaled)), key=lambda one: _gap(scaled, one))
    corner = Corner(found.w * size / lengths, found.dual * cost)
    # What rounding leaves of a loss that is zero.
    least = ROUNDING * float((scaled.above + scaled.below).sum())
    return corner if _gap(scaled, found) <= max(CERTIFIED * scaled.value(found.w), least) else None


def _gap(program: Program, corner: Corner) -> float:
    """The loss less its bound from below: both have the same penalty, if the multipliers balance its slope."""
    residual = program.target - program.design @ corner.w
    losses = np.where(residual > 0.0, program.above * residual, -program.below * residual)
    slope = program.penalty.T @ (program.penalty @ corner.w - program.aim) - program.design.T @ corner.dual
    return float((losses - corner.dual * residual).sum() + np.abs(slope) @ (1.0 + np.abs(corner.w)))


@dataclass(frozen=True, slots=True)
class _Point:
    """w, (p,), the parts of the residuals u, v > 0 and their multipliers a, (m,), with the rooms z⁺ = c⁺ − a and
    z⁻ = c⁻ + a.
    """

    w: Array
    u: Array
    v: Array
    a: Array
    above: Array
    below: Array

    @property
    def gap(self) -> float:
        """The mean of what complementary slackness makes zero."""
        return float((self.u @ self.above + self.v @ self.below) / (2 * len(self.u)))

    @property
    def weight(self) -> Array:
        """D, (m,): what a residual counts for in the system of a step."""
        weight: Array = 1.0 / (self.u / self.above + self.v / self.below)
        return weight

    def moved(self, step: tuple[Array, Array, Array, Array], t: float) -> _Point:
        dw, du, dv, da = step
        pairs = ((self.u, du), (self.v, dv), (self.above, -da), (self.below, da))
        u, v, above, below = (np.maximum(one + t * change, LEAST) for one, change in pairs)
        return _Point(self.w + t * dw, u, v, self.a + t * da, above, below)

    def longest(self, step: tuple[Array, Array, Array, Array]) -> float:
        """The largest t ≤ 1 that keeps everything positive."""
        _, du, dv, da = step
        pairs = ((self.u, du), (self.v, dv), (self.above, -da), (self.below, da))
        return min([1.0, *(float((-x[d < 0] / d[d < 0]).min(initial=np.inf)) for x, d in pairs)])


def _interior(program: Program) -> tuple[Corner, Corner]:
    """The point that errs least, and the last one, which tells best what is zero."""
    x, square = program.design, program.penalty.T @ program.penalty
    linear = program.penalty.T @ program.aim
    residual = program.target
    spread = float(np.abs(residual).mean()) or 1.0
    middle = 0.5 * (program.above - program.below)
    half = 0.5 * (program.above + program.below)
    at = _Point(
        np.zeros(x.shape[1]),
        np.maximum(residual, 0.0) + spread,
        np.maximum(-residual, 0.0) + spread,
        middle,
        half.copy(),
        half.copy(),
    )
    best, least, off = at, np.inf, np.inf
    for _ in range(MOST_STEPS):
        dual = -(square @ at.w - linear - x.T @ at.a)
        primal = program.target - x @ at.w - at.u + at.v
        off = at.gap * len(at.u) + float(np.abs(dual).sum() + np.abs(primal) @ half)
        if off < least:
            best, least = at, off
        if not (np.isfinite(off) and at.gap > LEAST) or off <= SETTLED * program.value(at.w) or (off > 1e3 * least):
            break
        system = square + x.T @ (at.weight[:, None] * x)
        plus, minus = -at.u * at.above, -at.v * at.below
        step = _solved(system, x, at, (dual, primal), plus, minus)
        t = at.longest(step)
        ahead = at.moved(step, t).gap
        target = at.gap * (ahead / at.gap) ** 3
        _, du, dv, da = step
        step = _solved(system, x, at, (dual, primal), plus + target + du * da, minus + target - dv * da)
        at = at.moved(step, SHORT * at.longest(step) if at.longest(step) < 1.0 else 1.0)
    last = at if np.isfinite(off) else best
    near, sharp = (Corner(one.w, np.clip(one.a, -program.below, program.above)) for one in (best, last))
    return near, sharp


def _solved(
    system: Array, x: Array, at: _Point, off: tuple[Array, Array], plus: Array, minus: Array
) -> tuple[Array, Array, Array, Array]:
    """Δw, Δu, Δv and Δa of the linearised conditions."""
    dual, primal = off
    weight = at.weight
    rest = primal - plus / at.above + minus / at.below
    dw = _solve(system, dual + x.T @ (weight * rest))
    da = weight * (rest - x @ dw)
    return dw, (plus + at.u * da) / at.above, (minus - at.v * da) / at.below, da


def _solve(system: Array, right: Array) -> Array:
    scale = np.sqrt(np.maximum(np.diag(system), 0.0))
    scale = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(system / np.outer(scale, scale))
    known = values > 1e-15 * values[-1]
    along = vectors[:, known]
    solved: Array = along @ ((along.T @ (right / scale)) / values[known]) / scale
    return solved


def _settled(program: Program, corner: Corner) -> Corner:
    """The same, residuals that are about zero made so, if multipliers go with that."""
    residual = program.target - program.design @ corner.w
    width = program.above + program.below
    room = np.minimum(program.above - corner.dual, program.below + corner.dual) / width
    zero = np.abs(residual) < room
    side = np.where(residual > 0.0, program.above, -program.below)
    x, square = program.design[zero], program.penalty.T @ program.penalty
    p, count = len(corner.w), int(zero.sum())
    if count > 4 * p + 100:
        return corner
    system = np.block([[square, -x.T], [x, np.zeros((count, count))]])
    right = np.concatenate(
        [program.penalty.T @ program.aim + program.design[~zero].T @ side[~zero], program.target[zero]]
    )
    # From where the interior point ended, lest what the equations leave open moves.
    start = np.concatenate([corner.w, corner.dual[zero]])
    solved = start + np.linalg.lstsq(system, right - system @ start, rcond=1e-13)[0]
    dual = np.where(zero, 0.0, side)
    dual[zero] = solved[p:]
    found = replace(corner, w=solved[:p], dual=np.clip(dual, -program.below, program.above))
    return found if _gap(program, found) <= _gap(program, corner) else corner
