"""The minimum at a kink, where the gradient jumps: searched from where a run ended, and shown by what is around it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.bfgs import BFGS
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.descent.stop import LeftDomain
from gdsolve.objective.base import Objective
from gdsolve.solve.minimum import Certificate, Minimum, NoMinimum
from gdsolve.solve.observer import observing
from gdsolve.solve.problem import Problem
from gdsolve.status import Status

MOST_STEPS = 1000
MOST_ELEMENTS = 5_000_000_000
SHAKES = (0.0, 1e-3, 1e-2, 1e-5)
SMALL = 1e-9
RADIUS = 1e-6
RADII = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
SAMPLES = 40
BALANCED = 1e-3
UNITS = 64.0
FAR = 1e-4


def find_corner(problem: Problem, solution: Solution) -> Certificate:
    """The minimum near the end of a run on a loss with kinks.

    It is shown where the gradients of points all around it, within a millionth of the weights' size, have a convex
    combination that all but vanishes, and no point around it, up to a hundredth, is lower.
    Source: Burke, Lewis and Overton (2005), A robust gradient sampling algorithm for nonsmooth, nonconvex optimization,
    SIAM Journal on Optimization 15(3); Clarke, Optimization and Nonsmooth Analysis, proposition 2.3.2.
    """
    start, samples = problem.start, SAMPLES + 4 * problem.p
    if problem.objective.step_elements * (MOST_STEPS + 6 * samples) > MOST_ELEMENTS:
        return Certificate(None, NoMinimum.TOO_LARGE)
    sizes = torch.maximum(solution.w.abs(), torch.where(start == 0.0, 1.0, start.abs()))
    w, value = solution.w, solution.value
    # At a kink itself the gradient leads nowhere: it is that of neither side.
    for shake in SHAKES:
        found = _search(problem, w + shake * sizes * _chance(w, 1), sizes)
        if found is None:
            return Certificate(None, NoMinimum.INTERRUPTED)
        w, value = found if found[1] <= value else (w, value)
        size = max(abs(value), solution.trace.values[0] - value)
        if not math.isfinite(size):
            return Certificate(None, NoMinimum.NONSMOOTH, arrived=False)
        around = _look_around(problem, w, value, sizes, samples)
        if around.lowest < value - SMALL * size:
            w, value = around.w, around.lowest
        elif _balanced(problem.bounded, w, sizes, samples):
            return Certificate(Minimum(w, value, None, None, unique=around.rises, is_global=problem.convex))
    return Certificate(None, NoMinimum.NONSMOOTH, arrived=solution.value - value <= FAR * size)


def _search(problem: Problem, w: Tensor, sizes: Tensor) -> tuple[Tensor, float] | None:
    """Where BFGS leads to from w, and the loss there; None where it was interrupted."""
    with observing("certifying", None, problem.loss_unit) as observer:
        found = iterate(
            problem.bounded,
            w,
            BFGS(sizes),
            (LeftDomain(),),
            max_iter=MOST_STEPS,
            schedule=Schedule("log"),
            observe=observer,
        )
    if found.status is Status.INTERRUPTED:
        return None
    inside = found.w if problem.box is None else problem.box.project(found.w)
    value = found.value if inside is found.w else float(problem.objective.evaluate(inside).value)
    return inside, value


def _chance(w: Tensor, count: int) -> Tensor:
    """Directions (p, q) whose largest entry is ±1, by chance and the same every time."""
    found = torch.from_numpy(np.random.default_rng(0).uniform(-1.0, 1.0, (len(w), count)))
    return (found / found.abs().amax(dim=0)).to(w)


def _around(w: Tensor, count: int) -> Tensor:
    """Directions (p, q): those of the weights, both ways, and as many others by chance."""
    identity = torch.eye(len(w), dtype=w.dtype, device=w.device)
    return torch.cat([identity, -identity, _chance(w, count)], dim=1)


@dataclass(frozen=True, slots=True)
class _Around:
    """The lowest point around w that was met, with its loss; `rises` is True where the loss rises in all directions."""

    w: Tensor
    lowest: float
    rises: bool


def _look_around(problem: Problem, w: Tensor, value: float, sizes: Tensor, count: int) -> _Around:
    rises, tolerance = True, UNITS * torch.finfo(w.dtype).eps * abs(value)
    best, lowest = w, value
    for direction in _around(w, count).mT[:, :, None]:
        change = 0.0
        for radius in RADII:
            moved = w + radius * sizes * direction
            moved = moved if problem.box is None else problem.box.project(moved)
            if torch.equal(moved, w):
                change = math.inf
                break
            change = float(problem.objective.evaluate(moved).value) - value
            change = change if math.isfinite(change) else math.inf
            if value + change < lowest:
                best, lowest = moved, value + change
            if change > tolerance:
                break
        rises &= change > tolerance
    return _Around(best, lowest, rises)


def _balanced(objective: Objective, w: Tensor, sizes: Tensor, count: int) -> bool:
    """True where gradients around w have a convex combination that all but vanishes, in units of the weights' sizes."""
    from scipy.optimize import nnls

    places = w + RADIUS * sizes * torch.cat([torch.zeros_like(w), _around(w, count)], dim=1)
    slopes = torch.cat([objective.evaluate(place[:, None]).gradient * sizes for place in places.mT], dim=1)
    slopes = slopes[:, torch.isfinite(slopes).all(dim=0)]
    steep = slopes.norm(dim=0).amax()
    if not float(steep) > 0.0:
        return True
    # The last row makes the shares add up to 1, and outweighs the others.
    weight = 1e3
    rows = torch.cat([slopes / steep, torch.full_like(slopes[:1], weight)]).to("cpu", torch.float64).numpy()
    target = torch.zeros(len(w) + 1, dtype=torch.float64, device="cpu").numpy()
    target[-1] = weight
    shares, _ = nnls(rows, target)
    combined = rows[:-1] @ (shares / shares.sum())
    return float((combined**2).sum() ** 0.5) <= BALANCED
