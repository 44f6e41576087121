"""Rows dealt into batches: the gradient on some rows, an unbiased estimate of the gradient on all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from gdsolve.objective.base import Objective
from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.pointwise import PointwiseLoss
from gdsolve.objective.pointwise_rows import PointwiseRows, SmoothPointwiseRows
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.rows import Rows

# Numbers of rows that are gathered at a time.
GATHERED = 1 << 22
# Numbers of a batch from which on it is walked as a whole table is: its last bits are the same on any threads.
WALKED = 1 << 18

# The gradient on a batch, (p, 1), at w, (p, 1).
Gradient = Callable[[Tensor], Tensor]
KNOWN = {
    Rows: {"design", "target", "penalty", "curvature_scale", "many", "_walk"},
    PointwiseRows: {"design", "target", "weight", "penalty", "loss", "total_weight", "many", "_walk"},
}


class Batches(Protocol):
    """Rows that are dealt anew every epoch; `rows` of them, at most `size` a batch."""

    @property
    def rows(self) -> int: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102

    def epoch(self, number: int) -> Iterator[Gradient]:
        """The gradients of one epoch, in order, counted from 0."""
        ...


def updates_in_epoch(rows: int, size: int) -> int:
    """⌈m/B⌉.

    >>> updates_in_epoch(10, 4), updates_in_epoch(10, 99)
    (3, 1)
    """
    return -(-rows // size)


def sizes_of(rows: int, size: int) -> list[int]:
    """The sizes of the batches of an epoch, none above `size`, and alike but for one row: none is noisier than others.

    >>> sizes_of(10, 4)
    [3, 3, 4]
    """
    count = updates_in_epoch(rows, size)
    return [rows * (place + 1) // count - rows * place // count for place in range(count)]


def order_of(seed: int, epoch: int, rows: int, block: int = 0) -> Tensor:
    """The rows in the order of an epoch, (rows,): a permutation that seed, epoch and block alone decide.

    It is that of `numpy.random.RandomState([seed mod 2³², seed div 2³², epoch, block]).permutation`, a stream that
    numpy keeps as it is in every version.
    """
    stream = np.random.RandomState([seed & 0xFFFFFFFF, seed >> 32, epoch, block])
    return torch.from_numpy(stream.permutation(rows))


@dataclass(frozen=True, slots=True)
class RowBatches:
    """Batches of rows in memory, in an order of their own every epoch, or where there is no `seed` as they stand.

    With m rows and b of them in S the gradient is that of m/b·Σ_S ωᵢlᵢ + penalty in place of Σ ωᵢlᵢ + penalty: the mean
    over all orders is ∇L, whatever the rows weigh. A batch of all rows is L itself. Rows of weight 0 are none.
    Source: Bottou, Curtis and Nocedal (2018), Optimization methods for large-scale machine learning, section 3.
    """

    objective: Objective
    rows: int
    size: int
    seed: int | None
    places: Tensor | None = None

    @classmethod
    def of(cls, objective: Objective, size: int, seed: int | None) -> RowBatches:
        """The batches of an objective on rows."""
        weight = getattr(objective, "weight", getattr(objective, "root_weight", None))
        total = count_rows(objective)
        if weight is None or bool((weight > 0.0).all()):
            return cls(objective, total, min(size, total), seed)
        places = (weight[:, 0] > 0.0).nonzero()[:, 0].cpu()
        return cls(objective, len(places), min(size, len(places)), seed, places)

    def epoch(self, number: int) -> Iterator[Gradient]:
        """The gradients of one epoch, rows gathered some batches at a time."""
        if self.size == self.rows:
            yield partial(_whole, self.objective)
            return
        order = torch.arange(self.rows, device="cpu") if self.seed is None else order_of(self.seed, number, self.rows)
        order = order if self.places is None else self.places[order]
        sizes = sizes_of(self.rows, self.size)
        width = max(1, self.objective.step_elements // self.rows)
        together = max(1, GATHERED // (width * self.size))
        for first in range(0, len(sizes), together):
            few = sizes[first : first + together]
            here, order = order[: sum(few)], order[sum(few) :]
            yield from gradients_of(some_rows(self.objective, here), few, self.rows)


def _whole(objective: Objective, w: Tensor) -> Tensor:
    return objective.evaluate(w).gradient


def count_rows(objective: Objective) -> int:
    """The number of rows of an objective on rows, those of weight 0 among them."""
    target: Tensor = objective.target  # type: ignore[attr-defined]
    return len(target)


def some_rows(objective: Any, places: Tensor) -> Any:
    """The same objective of the rows at `places`, (r,), its scale and penalty untouched."""
    there = places.to(objective.target.device)
    if isinstance(objective, Curve | PointwiseCurve):
        model = objective.model
        columns = {name: column[there] for name, column in model.columns.items()}
        changed: dict[str, Any] = {"model": replace(model, columns=columns, rows=len(there))}
    else:
        changed = {}
    count = len(objective.target)
    for field in fields(objective):
        value = getattr(objective, field.name)
        if field.init and isinstance(value, Tensor) and value.dim() and len(value) == count:
            changed[field.name] = value.index_select(0, there)
    return replace(objective, **changed)


def gradients_of(part: Any, sizes: list[int], rows: int) -> Iterator[Gradient]:
    """The gradients of batches of `sizes` that the rows of `part` make, one after the other, of `rows` in all."""
    if isinstance(part, Curve | PointwiseCurve):
        first = 0
        for size in sizes:
            few = part.at_rows(slice(first, first + size))
            first += size
            yield partial(_whole, _for_all(few, rows))
        return
    if not _is_known(part) or part.design.shape[1] * max(sizes) > WALKED:
        for places in torch.split(torch.arange(len(part.target), device="cpu"), sizes):
            yield partial(_whole, _for_all(some_rows(part, places), rows))
        return
    squared = isinstance(part, Rows)
    unit = part.curvature_scale if squared else 1.0 / part.total_weight
    penalty = part.penalty if part.penalty.counts else None
    weight = None if squared else part.weight
    designs, targets = torch.split(part.design, sizes), torch.split(part.target, sizes)
    weights = [None] * len(designs) if weight is None else torch.split(weight, sizes)
    for design, target, own in zip(designs, targets, weights, strict=True):
        scale = _Scale(unit * (rows / len(target)), unit, penalty)
        if squared:
            yield partial(_of_squares, design, target, scale)
        else:
            yield partial(_of_losses, design, target, own, part.loss, scale)


class _Scale(NamedTuple):
    """What a sum over a batch counts for, and the penalty, as it is for all rows, with what it counts for."""

    factor: float
    unit: float
    penalty: Penalty | None

    def scaled(self, total: Tensor, w: Tensor) -> Tensor:
        """The gradient of a sum over a batch, in place, and of the penalty."""
        total.mul_(self.factor)
        if self.penalty is not None:
            total.add_(self.penalty.pulled(self.penalty.excess(w)), alpha=self.unit)
        return total


def _is_known(part: Any) -> bool:
    """True for rows of which nothing but what is known here has a part in the gradient."""
    known = KNOWN.get(PointwiseRows if type(part) is SmoothPointwiseRows else type(part))
    if known is None:
        return False
    return all(one.name in known or getattr(part, one.name, None) is None for one in fields(part))


def _for_all(few: Any, rows: int) -> Any:
    """The objective of some rows, scaled to stand for all `rows`: its penalty stays what it is for all of them."""
    share = len(few.target) / rows
    if hasattr(few, "curvature_scale"):
        changed = {"curvature_scale": few.curvature_scale / share}
    else:
        changed = {"total_weight": few.total_weight * share}
    penalty: Penalty | None = getattr(few, "penalty", None)
    if penalty is not None and penalty.counts:
        root = share**0.5
        changed["penalty"] = Penalty(root * penalty.diagonal, root * penalty.coupled, root * penalty.aim)
    return replace(few, **changed)


def _of_squares(design: Tensor, target: Tensor, scale: _Scale, w: Tensor) -> Tensor:
    """Xᵀ(Xw − y) of a batch, scaled, and the penalty."""
    return scale.scaled(torch.mm(design.mT, torch.addmm(target, design, w, beta=-1)), w)


def _of_losses(
    design: Tensor, target: Tensor, weight: Tensor | None, loss: PointwiseLoss, scale: _Scale, w: Tensor
) -> Tensor:
    """Xᵀ(ω·∂l/∂z) of a batch, scaled, and the penalty."""
    _, slopes = loss.loss_and_slope(torch.mm(design, w), target)
    return scale.scaled(torch.mm(design.mT, slopes if weight is None else slopes * weight), w)
