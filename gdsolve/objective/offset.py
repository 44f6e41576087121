"""A loss of rows that have an offset each: l(z + o, y), with o beside y in one target of two columns.

Whatever looks at rows through their loss, in blocks or as a whole, needs to know nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from gdsolve.objective.pointwise import POINTWISE, PointwiseLoss
from gdsolve.spec import Spec


@dataclass(frozen=True, slots=True)
class OffsetLoss:
    """The loss `own` at z + o; where that takes targets (m, 1), this takes [y, o], (m, 2).

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 6.2.2.
    """

    own: PointwiseLoss

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The loss that a spec names, at z + o."""
        return cls(POINTWISE[spec.loss].of(spec))

    @property
    def of_residual(self) -> bool:
        """False: an offset of residuals is subtracted from the target where the table is read."""
        return False

    @property
    def differentiable(self) -> bool:
        """That of the loss."""
        return self.own.differentiable

    @property
    def largest_curvature(self) -> float | None:
        """That of the loss, which holds at any z."""
        return self.own.largest_curvature

    @property
    def curvature_at_zero(self) -> float | None:
        """None: at z = 0 rows are where their offsets are."""
        return None

    @property
    def curvature_course(self) -> str:
        """That of the loss."""
        return self.own.curvature_course

    @property
    def means(self) -> tuple[str, ...]:
        """Those of the loss."""
        return self.own.means

    @property
    def sums(self) -> tuple[str, ...]:
        """Those of the loss."""
        return self.own.sums

    @property
    def counts(self) -> tuple[str, ...]:
        """Those of the loss."""
        return self.own.counts

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """l and ∂l/∂z at z + o, row by row."""
        return self.own.loss_and_slope(*moved(z, y))

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """∂²l/∂z² at z + o, row by row."""
        return self.own.curvature(*moved(z, y))

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """What the figures of fit add up, row by row."""
        return self.own.score(*moved(z, y))

    def in_units_of(self, scale: float) -> Self:
        """The loss in units of `scale`, which it must not have.

        Raises:
            ValueError: a scale other than 1.
        """
        return replace(self, own=self.own.in_units_of(scale))


def moved(z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """z + o and y, of y alone or with its offset beside it."""
    return (z, y) if y.shape[1] == 1 else (z + y[:, 1:], y[:, :1])


def with_offset(loss: PointwiseLoss) -> PointwiseLoss:
    """The loss of rows that have an offset each."""
    # What a protocol has as variables of a class is that of the loss within.
    return OffsetLoss(loss)  # type: ignore[return-value]


def plain(loss: PointwiseLoss) -> PointwiseLoss:
    """The loss without its offset."""
    return loss.own if isinstance(loss, OffsetLoss) else loss


def like(loss: PointwiseLoss, other: PointwiseLoss) -> PointwiseLoss:
    """`other`, of rows with offsets where those of `loss` have them."""
    return with_offset(other) if isinstance(loss, OffsetLoss) else other


def empty_target(rows: int, loss: PointwiseLoss, *, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A target to be filled, (rows, 1), or (rows, 2) with offsets: each column a run of memory."""
    return torch.empty(1 + isinstance(loss, OffsetLoss), rows, dtype=dtype, device=device).mT
