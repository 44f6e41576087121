"""A loss that is no square, of rows that are read anew for every evaluation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.pointwise import PointwiseLoss, named_scores, tally
from gdsolve.objective.pointwise_rows import PointwiseRows, SmoothPointwiseRows
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.streamed import Stream
from gdsolve.objective.triangle import Triangle


@dataclass(frozen=True, slots=True)
class StreamedPointwise:
    """1/M·(Σ ωᵢ·l(xᵢᵀw, yᵢ) + 1/2·‖Pw − q‖²), M = Σ ωᵢ, in descent's coordinates: an evaluation is a pass over a table.

    It has no second derivatives: to look for a minimum would take many passes. `triangle` is that of the same rows, of
    which there are `rows` of a weight above 0.
    """

    stream: Stream = field(compare=False)
    triangle: Triangle
    coordinates: Coordinates
    penalty: Penalty
    loss: PointwiseLoss
    total_weight: float
    rows: int
    dtype: torch.dtype
    device: torch.device

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation."""
        return self.rows * (self.coordinates.p + 1)

    def make(self, design: Tensor, target: Tensor, weight: Tensor | None) -> PointwiseRows:
        """The objective of some rows, its scale that of all of them."""
        kind = SmoothPointwiseRows if self.loss.differentiable else PointwiseRows
        own = (None if one is None else one.to(self.device, self.dtype) for one in (design, target, weight))
        X, y, omega = own
        assert X is not None and y is not None
        return kind(X, y, omega, self.penalty, self.loss, self.total_weight)

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        excess = self.penalty.excess(w)
        total, gradient = 0.5 * excess.square().sum(), self.penalty.pulled(excess)
        for design, target, weight in self.blocks():
            losses, slopes = self.loss.loss_and_slope(design @ w, target)
            total = total + (losses if weight is None else losses * weight).sum()
            gradient = gradient + design.mT @ (slopes if weight is None else slopes * weight)
        return Evaluation(total / self.total_weight, gradient / self.total_weight)

    def sse(self, weights: Tensor) -> Tensor | None:
        """Σ ω(Xwᵢ − y)² for every column of `weights`, (p, q), from the triangle; None for classes and counts."""
        if not self.loss.of_residual:
            return None
        design, target = self.triangle.in_coordinates(self.coordinates)
        return (design.to(weights) @ weights - target.to(weights)).square().sum(dim=0)

    def scores(self, w: Tensor) -> dict[str, Any]:
        """The figures of fit of the loss, by name, at `w`, (p, 1)."""
        loss = self.loss
        total = torch.zeros(len(loss.means) + len(loss.sums) + len(loss.counts), dtype=torch.float64, device=w.device)
        for design, target, weight in self.blocks() if len(total) else ():
            total += tally(loss.score((design @ w).to(total), target.to(total)), weight, loss)
        return named_scores(loss, total, self.total_weight)

    def curvature_bound(self) -> float | None:
        """The largest eigenvalue of 1/M·(sup l″·XᵀωX + PᵀP), from the triangle; None where l″ has no bound."""
        largest = self.loss.largest_curvature
        if largest is None:
            return None
        design, _ = self.triangle.in_coordinates(self.coordinates)
        bounding = largest * design.mT @ design + self.penalty.to(torch.float64, design.device).gram()
        return float(torch.linalg.eigvalsh(bounding / self.total_weight)[-1])

    def blocks(self) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
        """Design (h, p), target and weight (h, 1) each, in one pass over the table."""
        for design, target, weight in self.stream.parts(self.coordinates, self.dtype):
            omega = None if weight is None else weight.to(self.device, self.dtype)
            yield design.to(self.device, self.dtype), target.to(self.device, self.dtype), omega
