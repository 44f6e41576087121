"""The minimum of a loss with corners, by linear or quadratic programming: what no second derivative can certify."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.base import Objective
from gdsolve.objective.optimal_face import Array, Corner, Program, face_of
from gdsolve.objective.pointwise import PiecewiseLinear
from gdsolve.objective.pointwise_rows import PointwiseRows, gathered_rows
from gdsolve.objective.quadratic_program import solve_quadratic

MOST_NUMBERS = 5_000_000


@dataclass(frozen=True, slots=True)
class CornerMinimum:
    """A minimum w, (p, 1), whether it is the only one, and if not, the `ranges`, (p, 2), of the weights of all of them.

    Ranges are in the units of `to_user`: infinite where a weight may have any value, None where they were not found.
    """

    w: Tensor
    unique: bool
    ranges: Tensor | None


def corner_minimum(objective: Objective, near: Tensor, to_user: Tensor, offset: Tensor) -> CornerMinimum | None:
    """The least loss that is piecewise linear, as the absolute one is, with or without a ridge penalty.

    None for another loss, or where the table is too large. Of several minima one about as `near`, (p, 1), as there is.
    `to_user`, (p, p), and `offset`, (p, 1), lead from descent's
    weights to the user's. Without a penalty by the dual: max yᵀa over 0 ≤ a ≤ ω with Xᵀa = (1 − τ)·Xᵀω; w are the
    multipliers of its equations. Of several ranks the first one solves it for all.
    Source: Koenker, Quantile Regression (2005), section 6.2; solved by HiGHS, as scipy has it.
    """
    own = getattr(objective, "own", objective)
    if not isinstance(own, PointwiseRows) or not isinstance(own.loss, PiecewiseLinear):
        return None
    ranks, rows = gathered_rows(objective, MOST_NUMBERS)
    places = (one.to("cpu", torch.float64).numpy() for one in (near, to_user, offset))
    found = _solve(rows, *places) if isinstance(rows, PointwiseRows) else None
    found = found if ranks is None else ranks.gather(found)[0]
    if found is None:
        return None
    return CornerMinimum(found.w.to(own.design), found.unique, found.ranges)


def _solve(rows: PointwiseRows, near: Array, to_user: Array, offset: Array) -> CornerMinimum | None:
    program = _program(rows)
    corner = solve_quadratic(program) if len(program.penalty) else _solve_linear(program)
    if corner is None:
        return None
    face = face_of(program, corner)
    if face.unique:
        return CornerMinimum(torch.from_numpy(corner.w)[:, None], unique=True, ranges=None)
    ranges = face.ranges(to_user, offset[:, 0])
    w = torch.from_numpy(corner.nearest(program, near[:, 0]))[:, None]
    return CornerMinimum(w, unique=False, ranges=None if ranges is None else torch.from_numpy(ranges))


def _program(rows: PointwiseRows) -> Program:
    """The rows in float64 on the host; a loss costs c⁺ for what the target is above its prediction, c⁻ below."""
    loss = rows.loss
    assert isinstance(loss, PiecewiseLinear)
    design, penalty, aim = (
        one.to("cpu", torch.float64).numpy() for one in (rows.design, rows.penalty.rows, rows.penalty.target)
    )
    target = rows.target[:, 0].to("cpu", torch.float64)
    weight = torch.ones_like(target) if rows.weight is None else rows.weight[:, 0].to("cpu", torch.float64)
    zero = torch.zeros(1, 1, dtype=torch.float64, device="cpu")
    # What one unit costs: the absolute loss has twice the steepness of its quantile.
    above = float(loss.loss_and_slope(zero, zero + 1.0)[0])
    below = float(loss.loss_and_slope(zero, zero - 1.0)[0])
    return Program(design, target.numpy(), (above * weight).numpy(), (below * weight).numpy(), penalty, aim[:, 0])


def _solve_linear(program: Program) -> Corner | None:
    from scipy.optimize import linprog

    total = program.above + program.below
    scale = float(total.max(initial=0.0)) or 1.0
    found = linprog(
        -program.target,
        A_eq=program.design.T,
        b_eq=program.design.T @ (program.below / scale),
        bounds=np.column_stack([np.zeros_like(total), total / scale]),
        method="highs",
    )
    if not found.success:
        return None
    dual = np.clip(scale * np.asarray(found.x) - program.below, -program.below, program.above)
    return Corner(-np.asarray(found.eqlin.marginals), dual).settled(program)
