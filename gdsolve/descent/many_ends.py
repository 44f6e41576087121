"""How descents from many starts end, and their states side by side: a tensor for each figure, a row for each start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Self

import torch
from torch import Tensor


class End(IntEnum):
    """How the descent from one start ended."""

    MOVING = 0
    ARRIVED = 1
    """No step lowers the loss any more, as far as the loss can tell."""
    NOT_FINITE = 2
    """The loss, or a derivative, is not finite at the start."""
    STUCK = 3
    """No step lowers the loss, and the gradient says that it is no minimum."""
    SADDLE = 4
    """Level, and curved downwards."""
    RUNAWAY = 5
    """The loss falls beyond all numbers, or levels out where a weight has no effect any more."""


@dataclass(frozen=True, slots=True)
class ManyEnds:
    """Where N starts ended: points (N, p), losses (N,), steps taken (N,) and `End`s (N,), int64."""

    points: Tensor
    values: Tensor
    steps: Tensor
    ends: Tensor

    @property
    def arrived(self) -> Tensor:
        """Where a start ended at a minimum, (N,)."""
        return self.ends == End.ARRIVED


def joined(parts: Sequence[ManyEnds]) -> ManyEnds:
    """The ends of all starts, of those of each part."""
    return ManyEnds(*(torch.cat([getattr(one, field.name) for one in parts]) for field in fields(ManyEnds)))


@dataclass(frozen=True, slots=True)
class StartRows:
    """Tensors with a row for each start; `place` is that of the start among all of them, (N,)."""

    place: Tensor

    def where(self, taken: Tensor, other: Self) -> Self:
        """The rows of this one where `taken`, (N,), else those of the other."""
        kept = {}
        for field in fields(self):
            here, there = getattr(self, field.name), getattr(other, field.name)
            kept[field.name] = torch.where(taken.reshape(-1, *(1,) * (here.dim() - 1)), here, there)
        return type(self)(**kept)

    def rows(self, places: Tensor) -> Self:
        """Some of the rows."""
        return type(self)(**{field.name: getattr(self, field.name)[places] for field in fields(self)})

    def filing(self, some: Self) -> Self:
        """All of the rows, those of `some` as they are there."""
        filed = {}
        for field in fields(self):
            whole = getattr(self, field.name).clone()
            whole[some.place] = getattr(some, field.name)
            filed[field.name] = whole
        return type(self)(**filed)
