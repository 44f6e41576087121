"""Pointwise losses on all rows, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, Self, runtime_checkable

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation, Objective
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.offset import empty_target, plain
from gdsolve.objective.pointwise import PointwiseLoss, named_scores, tally
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.row_blocks import Block, empty_design, split_rows, sum_of_blocks
from gdsolve.objective.shared import Shared
from gdsolve.objective.shipment import bring_rows
from gdsolve.objective.softmax import SoftmaxRows
from gdsolve.objective.walks import walk_of
from gdsolve.objective.whole import RowWalk
from gdsolve.ranks import Ranks


@runtime_checkable
class Scored(Protocol):
    """An objective with figures of fit of its own, by the names that `gdsolve.solve.outcome.Figures` has for them."""

    def scores(self, w: Tensor) -> dict[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class PointwiseRows:
    """1/M·(Σ ωᵢ·l(xᵢᵀw, yᵢ) + 1/2·‖Pw − q‖²) over all rows, in descent's coordinates, with M = Σ ωᵢ.

    The gradient is 1/M·(Xᵀ(ω·∂l/∂z) + Pᵀ(Pw − q)); ridge is on the SSE scale, as for `half-mse`.
    Shapes: `design` X is (m, p), intercept last; `target` and `weight` are (m, 1), neither multiplied by √ω, and the
    target of an `OffsetLoss` is (m, 2); without weights ω = 1. `many` updates are to be taken, so that what they need
    may be compiled.
    Source: docs/design.md, section 2; Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed.,
    section 10.6.
    """

    design: Tensor
    target: Tensor
    weight: Tensor | None
    penalty: Penalty
    loss: PointwiseLoss
    total_weight: float
    many: bool = False
    _walk: RowWalk = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        target, offset = self.target[:, :1], self.target[:, 1:] if self.target.shape[1] > 1 else None
        columns = (target,) if self.weight is None else (target, self.weight)
        loss = plain(self.loss).loss_and_slope
        walk = walk_of(self.design, *columns, loss=loss, many=self.many, offset=offset)
        object.__setattr__(self, "_walk", walk)

    def hastened(self) -> Self:
        """The same for many updates: see `walk_of`."""
        return replace(self, many=True)

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation."""
        return self.design.numel() + 2 * self.penalty.elements

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1); where l has a kink, the subgradient with ∂l/∂z = 0."""
        total, gradient = self._walk.sums(w, self._visit)
        if self.penalty.counts:
            excess = self.penalty.excess(w)
            total += 0.5 * torch.sum(excess * excess)
            gradient += self.penalty.pulled(excess)
        return Evaluation(total / self.total_weight, gradient / self.total_weight)

    def _visit(self, block: Block, v: Tensor, z: Tensor) -> Tensor:
        """Σ ω·l of a block; the slopes are ω·∂l/∂z."""
        products = torch.mv(block.design, v, out=z)
        products = products if block.offset is None else products.add_(block.offset)
        losses, slopes = plain(self.loss).loss_and_slope(products, block.columns[0])
        if self.weight is not None:
            losses, slopes = losses * block.columns[1], slopes * block.columns[1]
        torch.sum(losses, dim=0, out=block.value)
        return slopes

    def sse(self, weights: Tensor) -> Tensor | None:
        """Σ ω(Xwᵢ − y)² for every column of `weights`, (p, q): a tensor (q,); None for classes and counts."""
        if not self.loss.of_residual:
            return None

        def squares(design: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
            errors = (design @ weights - target).square()
            return (errors if weight is None else errors * weight).sum(dim=0)

        return sum_of_blocks(self.blocks(weights.shape[1]), squares)

    def tally(self, w: Tensor) -> Tensor:
        """The sums over all rows of every s that the loss scores by, at `w`, (p, 1): float64, (s,)."""
        loss = self.loss
        total = torch.zeros(len(loss.means) + len(loss.sums) + len(loss.counts), dtype=torch.float64, device=w.device)
        for design, target, weight in self.blocks() if len(total) else ():
            total += tally(loss.score((design @ w).to(total), target.to(total)), weight, loss)
        return total

    def scores(self, w: Tensor) -> dict[str, Any]:
        """The figures of fit of the loss, by name, at `w`, (p, 1)."""
        return self.named(self.tally(w))

    def named(self, total: Tensor) -> dict[str, Any]:
        """The figures of fit, by name, of sums over all rows."""
        return named_scores(self.loss, total, self.total_weight)

    def curvature_bound(self) -> float | None:
        """The largest eigenvalue of 1/M·(sup l″·XᵀωX + PᵀP): no Hessian has a larger one; None where l″ has no bound.

        Descent with a rate of at most its inverse never raises the loss. Of a Gram matrix the largest eigenvalue keeps
        its digits, whatever becomes of the smallest.
        Source: Nesterov, Introductory Lectures on Convex Optimization, section 2.1.5.
        """
        if self.loss.largest_curvature is not None and len(self.design) < self.design.shape[1]:
            return largest_curvature(self, self.loss.largest_curvature)
        bounding = self.bounding_matrix()
        return None if bounding is None else float(torch.linalg.eigvalsh(bounding)[-1])

    def bounding_matrix(self) -> Tensor | None:
        """1/M·(sup l″·XᵀωX + PᵀP), (p, p), in float64; None where l″ has no bound."""
        largest = self.loss.largest_curvature
        if largest is None:
            return None

        def product(design: Tensor, _target: Tensor, weight: Tensor | None) -> Tensor:
            block = design.to(torch.float64)
            return block.mT @ (block if weight is None else block * weight)

        gram = sum_of_blocks(self.blocks(), product)
        return (largest * gram + self.penalty.to(torch.float64, gram.device).gram()) / self.total_weight

    def blocks(self, width: int = 1) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
        """Design (h, p), target and weight (h, 1) each, some rows at a time, for products with `width` columns."""
        if self.weight is None:
            blocks = split_rows(self.design, self.target, width=width)
            return ((design, target, None) for design, target in blocks)
        blocks = split_rows(self.design, self.target, self.weight, width=width)
        return ((design, target, weight) for design, target, weight in blocks)


@dataclass(frozen=True, slots=True)
class SmoothPointwiseRows(PointwiseRows):
    """The same for a loss that is differentiable everywhere, so that its second derivatives say where a minimum is."""

    def hessian(self, w: Tensor) -> Tensor:
        """1/M·(Xᵀ·diag(ω·∂²l/∂z²)·X + PᵀP), (p, p), at `w`, (p, 1)."""

        def product(design: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
            curvature = self.loss.curvature(design @ w, target)
            return design.mT @ (design * (curvature if weight is None else curvature * weight))

        return (sum_of_blocks(self.blocks(), product) + self.penalty.gram()) / self.total_weight


def largest_curvature(rows: PointwiseRows, curvature: float) -> float:
    """What 1/M·(l″·XᵀωX + PᵀP) has as its largest eigenvalue, or is below, from the products of rows, (m, m).

    The parts of P that are on one weight each add at most the square of the largest.
    """
    penalty = rows.penalty.to(torch.float64, rows.design.device)
    root = curvature**0.5 if rows.weight is None else (curvature * rows.weight.to(torch.float64)).sqrt()
    tied = torch.cat([rows.design.to(torch.float64) * root, penalty.coupled])
    most = float(penalty.diagonal.square().amax()) if len(penalty.diagonal) else 0.0
    return (float(torch.linalg.eigvalsh(tied @ tied.mT)[-1]) + most) / rows.total_weight


def coordinates_for(loss: PointwiseLoss, coordinates: Coordinates) -> Coordinates:
    """`coordinates` as this loss bears them: the target is moved and scaled only where residuals alone matter."""
    return coordinates if loss.of_residual else coordinates.without_target()


def gathered_rows(objective: Objective, most: float) -> tuple[Ranks | None, PointwiseRows | SoftmaxRows | None]:
    """The rows of an objective, those of all ranks on the host of the first one, and the ranks where there are several.

    None for the rows where they are another rank's, where there are more numbers than `most`, or where the objective
    has no such rows. Only the first rank has the penalty.
    """
    if not isinstance(objective, Shared):
        if isinstance(objective, PointwiseRows | SoftmaxRows) and objective.design.numel() <= most:
            return None, objective
        return None, None
    ranks, own = objective.ranks, objective.own
    if not isinstance(own, PointwiseRows | SoftmaxRows) or objective.step_elements > most:
        return ranks, None
    parts = ranks.gather((own.design.cpu(), own.target.cpu(), None if own.weight is None else own.weight.cpu()))
    if not ranks.first:
        return ranks, None
    designs, targets, weights = zip(*parts, strict=True)
    there = [weight for weight in weights if weight is not None]
    penalty = own.penalty.to(own.design.dtype, torch.device("cpu"))
    return ranks, replace(
        own,
        design=torch.cat(designs),
        target=torch.cat(targets),
        weight=torch.cat(there) if there else None,
        penalty=penalty,
    )


def collect_pointwise_rows(
    kept: KeptRows,
    coordinates: Coordinates,
    penalty: Penalty,
    loss: PointwiseLoss,
    device: torch.device,
) -> PointwiseRows:
    """The kept rows in `coordinates`, on `device`, as the objective of `loss`, which is given in the user's units.

    Its values are those in the user's units divided by `coordinates.target_scale`², as for the squared losses. It is
    `SmoothPointwiseRows` where the loss is differentiable. `kept` is empty thereafter.

    Raises:
        ValueError: `coordinates` move a target that has no units (see `coordinates_for`).
    """
    if not loss.of_residual and coordinates.target_centre != 0.0:
        raise ValueError("a target of classes or counts cannot be centred")
    m, dtype, weighted = kept.positive, kept.dtype, kept.weighted
    design = empty_design(m, coordinates.p, dtype=dtype, device=device)
    target = empty_target(m, loss, dtype=dtype, device=device)
    weights = torch.empty(m, 1, dtype=dtype, device=device) if weighted else None
    places = (design, target) if weights is None else (design, target, weights)
    total = kept.total_weight
    bring_rows(kept, coordinates, positive_rows, places)
    kind = SmoothPointwiseRows if loss.differentiable else PointwiseRows
    return kind(design, target, weights, penalty.to(dtype, device), loss.in_units_of(coordinates.target_scale), total)


def positive_rows(design: Tensor, target: Tensor, weight: Tensor | None) -> tuple[Tensor, ...]:
    """The rows of a weight above 0: were the loss of another one infinite, 0·∞ would be no number."""
    if weight is None:
        return design, target
    there = weight[:, 0] > 0.0
    return design[there], target[there], weight[there]
