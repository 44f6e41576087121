"""Some updates at a time, and what is to be read of them in one transfer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gdsolve.descent.methods.base import Advance, Halt, Point, UpdateRule
from gdsolve.descent.methods.blind import BlindRule, Factors
from gdsolve.descent.methods.extent import norm
from gdsolve.descent.stop import COUNTED
from gdsolve.objective.base import Objective

BLOCK = 64


@dataclass(frozen=True, slots=True)
class UpdateBlock:
    """What some updates led to: w after each, (p, 1), the evaluations of each, and where the run stands after all.

    `figures`, (f, q), are still on their device: a column an update with the value, ‖∇L‖₂ and max|Δw|, and the figures
    of `Sizes` where they are asked for; None where there was no update. `halt`: why there were fewer than asked for.
    `fleeting`: weights and figures stand only until the next block is taken.
    """

    weights: Sequence[Tensor]
    evaluations: Sequence[int]
    figures: Tensor | None
    point: Point
    memory: Any
    halt: Halt | None = None
    fleeting: bool = False


# Takes the updates of a range from a point with the method's memory.
Take = Callable[[Point, Any, range], UpdateBlock]


def stepping(objective: Objective, method: UpdateRule, unit: float | None) -> Take:
    """Updates one after the other, on the host or by a method that looks; with sizes where there is a `unit`."""

    def take(point: Point, memory: Any, updates: range) -> UpdateBlock:
        path: list[Advance] = []
        before = point.w
        for k in updates:
            advance = method.step(objective, point, memory, k)
            if isinstance(advance, Halt):
                return _block(before, path, point, memory, unit, advance)
            point, memory = advance.point, advance.memory
            path.append(advance)
        return _block(before, path, point, memory, unit)

    return take


def advancing(
    objective: Objective, method: BlindRule, unit: float | None, point: Point, memory: Any, factors: Sequence[Factors]
) -> UpdateBlock:
    """Blind updates with the factors given, one after the other."""
    path: list[Advance] = []
    before = point.w
    for some in factors:
        advance = method.advance(objective, point, memory, some)
        point, memory = advance.point, advance.memory
        path.append(advance)
    return _block(before, path, point, memory, unit)


def _block(
    before: Tensor, path: list[Advance], point: Point, memory: Any, unit: float | None, halt: Halt | None = None
) -> UpdateBlock:
    points = [advance.point for advance in path]
    figures = _figures(before, points, unit) if points else None
    evaluations = [advance.evaluations for advance in path]
    return UpdateBlock([one.w for one in points], evaluations, figures, point, memory, halt)


def _figures(before: Tensor, points: list[Point], unit: float | None) -> Tensor:
    weights = torch.cat([before, *(point.w for point in points)], dim=1)
    updates = weights.diff(dim=1).abs().amax(dim=0)
    gradients = torch.cat([point.now.gradient for point in points], dim=1)
    values = torch.stack([point.now.value for point in points])
    figures = [values, norm(gradients), updates]
    if unit is not None:
        figures += _sizes(weights[:, 1:], gradients, unit)
    return torch.stack(figures)


def _sizes(weights: Tensor, gradients: Tensor, unit: float) -> list[Tensor]:
    """The figures of `Sizes`, (q,) each, for weights and gradients (p, q)."""
    moduli = weights.abs()
    largest = moduli.amax(dim=0)
    counted = moduli > COUNTED * torch.clamp(largest, min=unit)
    least = torch.where(counted, moduli, torch.inf).amin(dim=0)
    return [(gradients * weights).abs().sum(dim=0), least, largest]
