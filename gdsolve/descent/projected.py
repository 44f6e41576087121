"""Levenberg and Marquardt on what is left of a separable curve, from many points at once."""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.objective.separable import Projected, Separable, better_of

FIRST_DAMPING = 1e-2
TRIALS = (0.03, 1.0, 30.0)
"""Dampings that are tried together, in units of the last that was best."""
LEAST_DAMPING, LARGEST_DAMPING = 1e-12, 1e8


def refine(curve: Separable, start: Projected, steps: int, settled: float) -> Projected:
    """Every point moved downhill, by at most so many steps: until none lowers its value by the share `settled`.

    A step is that of least ‖P·J·d + r‖² + μ‖D·d‖², with J the slopes in the parameters that are not linear, P the
    projection on what the linear ones cannot reach, and D the lengths of the columns of P·J. Several μ are tried
    together. Source: Kaufman (1975), A variable projection method for solving separable nonlinear least squares
    problems; Marquardt (1963).
    """
    now, places = start, list(curve.others)
    damping = torch.full_like(now.value, FIRST_DAMPING)
    trials = torch.tensor(TRIALS, dtype=now.points.dtype, device=now.points.device)
    lower, upper = curve.lower[places], curve.upper[places]
    for _ in range(steps if places else 0):
        steep = now.root[:, :, None] * curve.slopes(now.points)[:, :, places]
        steep = steep - now.basis @ (now.basis.mT @ steep)
        tried = (damping[:, None] * trials).clamp(LEAST_DAMPING, LARGEST_DAMPING)
        moved = now.points[:, None, places] + _damped(steep, now.residuals, tried)
        moved = torch.clamp(moved, lower, upper)
        found = curve.project(moved.reshape(-1, len(places)))
        best = found.value.reshape(-1, len(TRIALS)).argmin(dim=1)
        rows = torch.arange(len(best), device=best.device)
        one = found.at(rows * len(TRIALS) + best)
        lowered = one.value < now.value
        gained = torch.where(lowered, 1.0 - one.value / now.value, 0.0)
        damping = torch.where(lowered, tried[rows, best], damping * TRIALS[-1])
        now = better_of(now, one)
        if bool(((gained <= settled) & (lowered | (damping > LARGEST_DAMPING))).all()):
            break
    return now


def _damped(steep: Tensor, residuals: Tensor, damping: Tensor) -> Tensor:
    """The steps, (N, t, q), for t dampings, (N, t), by the singular values of the slopes, (N, m, q)."""
    norms = steep.norm(dim=1)
    scale = torch.where(norms > 0.0, norms, 1.0)
    q, r = torch.linalg.qr(steep / scale[:, None, :])
    u, singular, v = torch.linalg.svd(r, full_matrices=False)
    along = u.mT @ (q.mT @ residuals[:, :, None])
    shrunk = singular[:, None, :] / (singular.square()[:, None, :] + damping[:, :, None])
    steps = -(v.mT[:, None, :, :] @ (shrunk[..., None] * along[:, None, :, :]))[..., 0]
    found: Tensor = steps / scale[:, None, :]
    return found
