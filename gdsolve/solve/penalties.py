"""Which strengths of its penalties a path goes through, in the user's units."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.objective.penalty_path import PenaltyPath, Strengths
from gdsolve.objective.triangle import Triangle

LONG, SHORT = 1e-4, 1e-2
"""How far a path goes down from λ_max, with more rows than columns and else: as glmnet."""
NEARLY = 1e3
"""Of ridge: a direction is all but shrunk away, or all but left alone, at so many times its s², or that part of it."""
DEEPEST = 1e-16
DIGITS = 6
"""A λ has so many digits, so that the one that is printed is the one that was used; what follows from it has more."""
MORE_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Mix:
    """λ₁ = `l1` + λ·`l1_share` and λ₂ = `ridge` + λ·`ridge_share`: what grows with λ, and what stays beside it."""

    l1_share: float
    ridge_share: float
    l1: float = 0.0
    ridge: float = 0.0

    @classmethod
    def of(cls, ratio: float) -> Mix:
        """λ₁ = λ·ratio and λ₂ = λ·(1 − ratio)."""
        return cls(ratio, _rounded(1.0 - ratio, 15))

    def at(self, strength: float) -> Strengths:
        """λ₁ and λ₂ at λ, in digits that can be typed."""
        l1 = _rounded(strength * self.l1_share, MORE_DIGITS) if self.l1_share else self.l1
        return l1, _rounded(strength * self.ridge_share, MORE_DIGITS) if self.ridge_share else self.ridge


@dataclass(frozen=True, slots=True)
class Span:
    """The λ of a path: from `largest` down to `least`; `largest` is None where there is nothing to penalise."""

    largest: float
    least: float

    def strengths(self, points: int) -> list[float]:
        """So many λ, evenly on a log scale, the largest first."""
        shares = [place / (points - 1) for place in range(points)]
        inner = [_rounded(self.largest ** (1.0 - share) * self.least**share, DIGITS) for share in shares[1:-1]]
        return [self.largest, *inner, _rounded(self.least, DIGITS)]


def span_of(path: PenaltyPath, triangle: Triangle, mix: Mix) -> Span | None:
    """Where a path goes; None where all that could be penalised is zero anyway.

    With an l1 share λ_max is the least λ that leaves all weights zero, rounded up to 6 digits, and the path goes down
    to λ_max/10⁴, or λ_max/100 with no more rows than columns. Of ridge alone no λ does: it goes from 1000·s_max² to
    s_min²/1000, s being the singular values other than zero of the columns less their means, that is from where every
    direction is shrunk to less than a thousandth of its length to where none is shrunk by more than a thousandth.
    """
    if mix.l1_share:
        largest = path.largest_l1()
        if largest <= path.noise():
            return None
        largest = _rounded_up(largest / mix.l1_share)
        return Span(largest, largest * (LONG if triangle.rows > triangle.n else SHORT))
    if not len(path.singular):
        return None
    largest = _rounded_up(NEARLY * float(path.singular[0]) ** 2)
    return Span(largest, max(float(path.singular[-1]) ** 2 / NEARLY, largest * DEEPEST))


def _rounded(number: float, digits: int) -> float:
    return float(f"{number:.{digits}g}")


def _rounded_up(number: float) -> float:
    near = _rounded(number, DIGITS)
    return near if near >= number else _rounded(near * (1.0 + 10.0 ** (1 - DIGITS)), DIGITS)
