"""Methods whose updates need no figure on the host: what of them depends on k alone is known beforehand."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from gdsolve.descent.methods.base import Advance, Halt, Point
from gdsolve.descent.rates import Rate
from gdsolve.objective.base import Objective

# Numbers on the host; where they are to be filled in later, tensors (), on the device.
Factors = tuple[float, ...] | tuple[Tensor, ...]


class BlindRule(ABC):
    """A method that takes update k + 1 with a few factors that depend on k alone, by default its rate α_k.

    Many updates can so be recorded once, and repeated with other factors.
    """

    __slots__ = ()

    rate: Rate

    @property
    def blind(self) -> bool:
        """True: every factor depends on k alone."""
        return True

    def factors(self, k: int) -> tuple[float, ...]:
        """What of update k + 1 depends on k."""
        return (self.rate.at(k),)

    def step(self, objective: Objective, point: Point, memory: Any, k: int) -> Advance | Halt:
        """Update number k + 1, from `point`, which is the state after k updates."""
        return self.advance(objective, point, memory, self.factors(k))

    @abstractmethod
    def begin(self, objective: Objective, start: Point) -> Any:
        """What the method remembers before its first step."""

    @abstractmethod
    def advance(self, objective: Objective, point: Point, memory: Any, factors: Factors) -> Advance:
        """One update from `point` with the factors given."""


def descended(w: Tensor, direction: Tensor, rate: float | Tensor, spread: Tensor | None = None) -> Tensor:
    """w − α·d, or w − α·d/s entry by entry, in one operation on d; all are (p, 1), and α may be a tensor ()."""
    if isinstance(rate, Tensor):
        return torch.addcmul(w, direction if spread is None else direction / spread, rate, value=-1.0)
    return torch.sub(w, direction, alpha=rate) if spread is None else torch.addcdiv(w, direction, spread, value=-rate)
