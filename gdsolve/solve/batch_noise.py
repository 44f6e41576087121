"""What is known of stochastic descent before its first step: where it hovers, and which rates it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import LeftDomain
from gdsolve.objective.base import TwiceDifferentiable
from gdsolve.objective.gradient_noise import (
    MOST_MODES,
    GradientNoise,
    Hovering,
    gradient_noise,
    hovering,
    largest_held,
)
from gdsolve.objective.minibatches import updates_in_epoch
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.rows import Rows
from gdsolve.solve.problem import Problem

# Of the plateau, what the start may still have at the end of as many epochs as are advised.
LEFT = 0.1
MOST_EPOCHS = 100_000
NEWTON_STEPS = 10
MOST_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class BatchOutlook:
    """The noise of batches of a size, and the error at the start, (r,), along the modes; `unit` is of losses."""

    noise: GradientNoise
    away: Tensor
    batch: int
    unit: float
    shuffled: bool

    @property
    def share(self) -> float:
        """The mean size of a batch: those of an epoch are alike."""
        return self.noise.rows / updates_in_epoch(self.noise.rows, self.batch)

    def stable_below(self) -> float | None:
        """The rate at which the mean square of the error begins to grow."""
        return largest_held(self.noise, self.share)

    def at(self, rate: float) -> Hover | None:
        """What is known of a rate; None where it does not hold the noise."""
        found = hovering(self.noise, rate, self.share, shuffled=self.shuffled)
        return None if found is None else Hover(self, rate, found)


@dataclass(frozen=True, slots=True)
class Hover:
    """What is known of one constant rate, in the user's units."""

    outlook: BatchOutlook
    rate: float
    found: Hovering

    @property
    def excess(self) -> float:
        """The mean excess of the loss at the end of an epoch, in the long run."""
        return self.found.excess * self.outlook.unit

    def after(self, epochs: int) -> float:
        """The mean excess after so many epochs: the noise that has come, and what is left of the start."""
        noise = self.outlook.noise
        updates = epochs * updates_in_epoch(noise.rows, self.outlook.batch)
        left = (1.0 - self.rate * noise.eigenvalues).square() ** updates
        start = 0.5 * noise.eigenvalues * self.outlook.away.square()
        return float((left * start + (1.0 - left) * self.found.modes).sum()) * self.outlook.unit

    def mean(self, first: int, last: int) -> float:
        """The mean excess at the ends of the epochs after `first`, up to `last`."""
        found = [self.after(epoch) for epoch in _spread(first + 1, last)]
        return sum(found) / len(found)

    def epochs(self) -> int | None:
        """The epochs after which next to nothing is left of the start; None for too many to wait for."""
        enough, low, high = (1.0 + LEFT) * self.excess, 0, 1
        while self.after(high) > enough:
            low, high = high, 2 * high
            if high > MOST_EPOCHS:
                return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.after(middle) <= enough else (middle, high)
        return high


def _spread(first: int, last: int) -> list[int]:
    """Some epochs from `first` to `last`, both of them among these."""
    count = min(MOST_LOOKED_AT, last - first + 1)
    return [first + (last - first) * place // max(1, count - 1) for place in range(max(1, count))]


def outlook_of_squares(
    problem: Problem, parts: Iterable[Rows], rows: int, batch: int, *, shuffled: bool
) -> BatchOutlook | None:
    """The outlook of least squares on a table, from the rows in `parts`, `rows` in all; None with too many modes."""
    modes, quadratic = problem.modes, problem.objective
    if modes is None or not isinstance(quadratic, Quadratic) or len(modes.eigenvalues) > MOST_MODES or rows < 2:
        return None
    if not len(modes.eigenvalues):
        return None
    penalty = quadratic.penalty
    rest = quadratic.curvature_scale * penalty.pulled(penalty.excess(modes.minimiser))
    noise = gradient_noise(
        ((part.design, part.target) for part in parts),
        rows,
        (modes.eigenvalues, modes.right),
        modes.minimiser,
        quadratic.curvature_scale,
        rest,
    )
    away = (modes.right.mT @ (problem.start.to(modes.minimiser) - modes.minimiser))[:, 0].cpu()
    return BatchOutlook(noise, away, batch, problem.loss_unit, shuffled)


def held_rate(objective: PointwiseRows, start: Tensor, batch: int) -> float | None:
    """The rate that descent on batches of a smooth loss holds, by its curvature: its bound, or the largest on the way.

    Where there is no bound some steps of Newton's method lead to about where the descent ends.
    """
    loss, design, m = objective.loss, objective.design, len(objective.design)
    if design.shape[1] > MOST_MODES or m < 2 or not loss.differentiable:
        return None
    z = design @ start
    if loss.largest_curvature is None:
        if not isinstance(objective, TwiceDifferentiable):
            return None
        rules, schedule = (LeftDomain(),), Schedule("none")
        end = iterate(objective, start, Newton(), rules, max_iter=NEWTON_STEPS, schedule=schedule).w
        curvature: Tensor | float = torch.maximum(*(loss.curvature(design @ w, objective.target) for w in (start, end)))
    else:
        curvature = loss.largest_curvature
    weight = torch.ones_like(z) if objective.weight is None else objective.weight
    root = (weight * curvature).sqrt().to(torch.float64)
    scaled = design.to(torch.float64) * root
    gram = (scaled.mT @ scaled + objective.penalty.to(torch.float64, design.device).gram()) / objective.total_weight
    values, vectors = torch.linalg.eigh(gram)
    there = values > 1e-12 * values[-1]
    if not bool(there.any()):
        return None
    nothing = torch.zeros(design.shape[1], 1, dtype=torch.float64, device=design.device)
    noise = gradient_noise(
        [(scaled, nothing.new_zeros(m, 1))],
        m,
        (values[there], vectors[:, there]),
        nothing,
        1.0 / objective.total_weight,
        nothing,
    )
    return largest_held(noise, m / updates_in_epoch(m, batch))
