"""What is known of stochastic descent before its first step: where it hovers, and which rates it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.newton import Newton
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import LeftDomain
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
from gdsolve.objective.streamed_pointwise import StreamedPointwise
from gdsolve.solve.problem import Problem

# Of the plateau, what the start may still have at the end of as many epochs as are advised.
LEFT = 0.1
MOST_EPOCHS = 100_000
NEWTON_STEPS = 10
UNSEEN = 0.1
LEAST = 1e-12
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


def held_rate(objective: PointwiseRows | StreamedPointwise, start: Tensor, batch: int) -> float | None:
    """The rate that descent on batches of a smooth loss holds, by its curvature: its bound, or the largest on the way.

    Where there is no bound some steps of Newton's method lead to about where the descent ends; of rows that are not
    kept it is the curvature at the start, and a tenth of the rate.
    """
    loss, places, share = objective.loss, [start], 1.0
    if len(start) > MOST_MODES or not loss.differentiable:
        return None
    if loss.largest_curvature is None and isinstance(objective, StreamedPointwise):
        share = UNSEEN
    elif loss.largest_curvature is None:
        rules, schedule = (LeftDomain(),), Schedule("none")
        places.append(iterate(objective, start, Newton(), rules, max_iter=NEWTON_STEPS, schedule=schedule).w)
    gram, rows = objective.penalty.to(torch.float64, start.device).gram(), 0
    for scaled in _bent(objective, places):
        gram, rows = gram + scaled.mT @ scaled, rows + len(scaled)
    values, vectors = torch.linalg.eigh(gram / objective.total_weight)
    there = values > LEAST * values[-1]
    if rows < 2 or not bool(there.any()):
        return None
    nothing = torch.zeros(len(start), 1, dtype=torch.float64, device=start.device)
    noise = gradient_noise(
        ((scaled, scaled.new_zeros(len(scaled), 1)) for scaled in _bent(objective, places)),
        rows,
        (values[there], vectors[:, there]),
        nothing,
        1.0 / objective.total_weight,
        nothing,
    )
    held = largest_held(noise, rows / updates_in_epoch(rows, min(batch, rows)))
    return None if held is None else share * held


def _bent(objective: PointwiseRows | StreamedPointwise, places: list[Tensor]) -> Iterator[Tensor]:
    """Rows √(ωl″)·x, (h, p), with the bound of l″, or the largest at some `places`, (p, 1) each."""
    loss = objective.loss
    for design, target, weight in objective.blocks():
        root = torch.ones_like(target) if weight is None else weight
        if loss.largest_curvature is None:
            curved = torch.stack([loss.curvature(design @ w, target) for w in places]).amax(dim=0)
            root = root * curved
        else:
            root = root * loss.largest_curvature
        yield design.to(torch.float64) * root.to(torch.float64).sqrt()
