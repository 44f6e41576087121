"""Points that fill ranges evenly, on a linear or a logarithmic scale: a scrambled Sobol sequence with a seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

WIDE = 100.0
"""The ratio of the ends of a range of one sign from which on it is filled on a logarithmic scale."""


class Spacing(StrEnum):
    """How a range is filled: evenly, evenly in the logarithm, or so on both sides of 0."""

    LINEAR = "linear"
    LOG = "log"
    SIGNED_LOG = "signed-log"


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers from `low` to `high`, finite.

    With `SIGNED_LOG` the numbers are of a size between `low` and `high`, 0 < low ≤ high, and half of them are negative.
    """

    low: float
    high: float
    spacing: Spacing = Spacing.LINEAR

    @classmethod
    def between(cls, low: float, high: float) -> Range:
        """A range with the spacing that suits its ends: logarithmic where one is a hundred times the other.

        >>> Range.between(1e-3, 1e3).spacing.value, Range.between(0.0, 1e3).spacing.value
        ('log', 'linear')
        """
        small, large = sorted((abs(low), abs(high)))
        wide = low * high > 0.0 and large >= WIDE * small
        return cls(low, high, Spacing.LOG if wide else Spacing.LINEAR)

    def at(self, share: Tensor) -> Tensor:
        """The numbers at `share`, (N,) from 0 to 1, of the way from `low` to `high`."""
        if self.spacing is Spacing.LINEAR:
            # No difference of the ends, which may be beyond the range of numbers.
            return (1.0 - share) * self.low + share * self.high
        if self.spacing is Spacing.LOG:
            sign, first, last = math.copysign(1.0, self.low), math.log(abs(self.low)), math.log(abs(self.high))
            return sign * torch.exp(first + share * (last - first))
        outwards = (2.0 * share - 1.0).abs()
        size = torch.exp(math.log(self.low) + outwards * (math.log(self.high) - math.log(self.low)))
        return torch.where(share < 0.5, -size, size)


def space_filling(ranges: Sequence[Range], count: int, seed: int) -> Tensor:
    """`count` points in the box of `ranges`, (count, p), float64 on the host: the same for one seed on every machine.

    A Sobol sequence, scrambled: any 2ᵏ first points are spread more evenly than random ones. It is that of torch, as
    importing scipy's takes longer than most fits. Source: Owen, Randomly permuted (t,m,s)-nets and (t,s)-sequences
    (1995); Joe and Kuo, Constructing Sobol sequences with better two-dimensional projections (2008).
    """
    if not ranges:
        return torch.zeros(count, 0, dtype=torch.float64, device="cpu")
    engine = torch.quasirandom.SobolEngine(len(ranges), scramble=True, seed=seed)  # type: ignore[no-untyped-call]
    shares = engine.draw(count, dtype=torch.float64)
    return torch.stack([one.at(share) for one, share in zip(ranges, shares.unbind(dim=1), strict=True)], dim=1)
