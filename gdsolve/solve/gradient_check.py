"""The gradient that descent goes by, held against differences of the loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gdsolve.objective.base import Objective
from gdsolve.objective.differences import Along, Here, look_along
from gdsolve.solve.outcome import GradientCheck, Kink, parameter_names
from gdsolve.solve.problem import Problem

ULPS = (4.0, -4.0)
"""Spacings of floating-point numbers by which weights are moved, to see what rounding does."""


def check_gradient(problem: Problem, w: torch.Tensor, iteration: int) -> GradientCheck:
    """Compare at `w`, (p, 1) in descent's coordinates: where they differ most, measured by what differences may err by.

    A kink is no difference, as long as the gradient is between the slopes on both sides of it.
    Source: `gdsolve.objective.differences`.
    """
    names = parameter_names(problem.labels, intercept=problem.intercept)
    now = problem.objective.evaluate(w)
    if not (bool(torch.isfinite(now.value)) and bool(torch.isfinite(now.gradient).all())):
        return GradientCheck(iteration, None, None, agrees=None)
    noise, floors = _rounding(problem.objective, w)
    here = Here(w, float(now.value), noise, tuple(problem.start[:, 0].abs().tolist()))
    gradient = now.gradient[:, 0].tolist()
    found = [
        look_along(lambda point: problem.objective.evaluate(point).value, here, place, slope, floors[place])
        for place, slope in enumerate(gradient)
    ]
    kinks = tuple(
        Kink(names[place], *_in_units(problem, w, place, one.kink)) for place, one in enumerate(found) if one.kink
    )
    worst = _worst(found, gradient)
    if worst is None:
        agrees = None if not kinks else all(one.agrees for one in found)
        return GradientCheck(iteration, None, None, agrees, kinks=kinks)
    return GradientCheck(
        iteration,
        abs(gradient[worst] - (found[worst].slope or 0.0)),
        found[worst].allowed,
        all(one.agrees for one in found),
        names[worst],
        kinks,
    )


def _worst(found: Sequence[Along], gradient: Sequence[float]) -> int | None:
    """Where they differ most, among the weights along which there is no kink that explains it."""
    places = [place for place, one in enumerate(found) if one.slope is not None and not (one.kink and one.agrees)]

    def share(place: int) -> tuple[bool, float]:
        apart, allowed = abs(gradient[place] - (found[place].slope or 0.0)), found[place].allowed
        return not found[place].agrees, apart / allowed if allowed > 0.0 else apart

    return max(places, key=share, default=None)


def _rounding(objective: Objective, w: torch.Tensor) -> tuple[float, list[float]]:
    """What a change of weights by rounding does to the value, and to the gradient, (p,)."""
    now, epsilon = objective.evaluate(w), torch.finfo(w.dtype).eps
    signs = torch.where(torch.arange(len(w), device=w.device)[:, None] % 2 == 0, 1.0, -1.0).to(w)
    noise, floor = torch.zeros_like(now.value), torch.zeros_like(now.gradient)
    for ulps in ULPS:
        for sign in (torch.ones_like(w), signs):
            moved = objective.evaluate(w * (1.0 + ulps * epsilon * sign))
            noise = torch.maximum(noise, torch.nan_to_num((moved.value - now.value).abs()))
            floor = torch.maximum(floor, torch.nan_to_num((moved.gradient - now.gradient).abs()))
    return float(noise), floor[:, 0].tolist()


def _in_units(problem: Problem, w: torch.Tensor, place: int, slopes: tuple[float, float] | None) -> tuple[float, float]:
    """Slopes per unit of the user's weight, the smaller side of the weight first."""
    assert slopes is not None
    ahead = w.detach().clone()
    ahead[place] += 1.0
    user = problem.units.to_user(ahead)[place] - problem.units.to_user(w)[place]
    unit = problem.loss_unit / float(user)
    left, right = (slope * unit for slope in slopes)
    return (left, right) if unit > 0.0 else (right, left)
