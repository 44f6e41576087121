"""The eigenvalues of a Hessian that decide over rates."""

from __future__ import annotations

from dataclasses import dataclass

GRADED = 1e6


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The eigenvalues of the Hessian that decide over rates (docs/design.md, section 2).

    `largest` is L_max and `smallest` is μ, the smallest above rank tolerance; both 0 for a design of rank 0.
    """

    largest: float
    smallest: float
    rank: int

    @property
    def condition(self) -> float | None:
        """L_max/μ, the condition number of the Hessian."""
        return self.largest / self.smallest if self.smallest > 0.0 else None

    @property
    def largest_stable(self) -> float | None:
        """2/L_max: descent is stable below it."""
        return 2.0 / self.largest if self.rank else None

    @property
    def best(self) -> float:
        """2/(L_max + μ), the constant rate that contracts fastest; 1 where there is nothing to descend.

        Where μ is all but lost beside L_max it is kept 10⁻⁸ short of 2/L_max, lest rounding decide over stability.
        """
        return min(2.0 / (self.largest + self.smallest), (2.0 - 2e-8) / self.largest) if self.rank else 1.0

    def contraction(self, learning_rate: float) -> float | None:
        """max|1 − αλ| over the spectrum: the factor by which the error shrinks a step in the long run."""
        if not self.rank:
            return None
        return max(abs(1.0 - learning_rate * self.largest), abs(1.0 - learning_rate * self.smallest))
