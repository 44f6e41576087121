"""Learning rates that are known before the run, as functions of the number of updates taken."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


class Rate(Protocol):
    """A learning rate α_k > 0 for the update after k updates."""

    def at(self, k: int) -> float:
        """α_k."""
        ...


@dataclass(frozen=True, slots=True)
class ConstantRate:
    """α_k = α."""

    value: float

    def at(self, k: int) -> float:
        """α_k."""
        return self.value


@dataclass(frozen=True, slots=True)
class InverseScaling:
    """α_k = α/√(k + 1).

    Source: Robbins and Monro (1951); scikit-learn's `invscaling` with its power_t at 0.5.
    """

    value: float

    def at(self, k: int) -> float:
        """α_k."""
        return self.value / math.sqrt(k + 1.0)


@dataclass(frozen=True, slots=True)
class Cosine:
    """α_k = α·(1 + cos(πk/K))/2 for a run of K updates, so that the last step is the shortest.

    Source: Loshchilov and Hutter (2017), SGDR, equation 5, with a single period and η_min = 0.
    """

    value: float
    length: int

    def at(self, k: int) -> float:
        """α_k."""
        return 0.5 * self.value * (1.0 + math.cos(math.pi * min(k, self.length) / self.length))
