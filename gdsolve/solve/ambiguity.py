"""That a loss with corners has more than one minimum, and where its weights may lie."""

from __future__ import annotations

import math

from gdsolve.solve.minimum import Minimum
from gdsolve.solve.outcome import parameter_names
from gdsolve.solve.problem import Problem
from gdsolve.spec.command import Advice

MOST_NAMED = 4


def ambiguity(problem: Problem, minimum: Minimum | None) -> list[Advice]:
    """One sentence where minima are many and have no spectrum to say so; none elsewhere."""
    if minimum is None or minimum.unique or minimum.spectrum is not None:
        return []
    told = "The minimum is not unique: other weights have the same loss"
    if minimum.ranges is None:
        return [Advice(f"{told}.")]
    names = parameter_names(problem.labels, intercept=problem.intercept)
    spans = [
        (name, _span(low, high))
        for name, (low, high) in zip(names, minimum.ranges.tolist(), strict=True)
        if low != high
    ]
    shown = ", ".join(f"{name} {span}" for name, span in spans[:MOST_NAMED])
    more = len(spans) - MOST_NAMED
    rest = f", and {more} more; --format json has all" if more > 0 else ""
    return [Advice(f"{told}, with {shown}{rest}.")]


def _span(low: float, high: float) -> str:
    """A range in words.

    >>> _span(1.0, 3.0), _span(-math.inf, 2.0), _span(-math.inf, math.inf)
    ('from 1 to 3', 'up to 2', 'of any value')
    """
    if math.isinf(low) and math.isinf(high):
        return "of any value"
    if math.isinf(low):
        return f"up to {high:.6g}"
    return f"from {low:.6g}" if math.isinf(high) else f"from {low:.6g} to {high:.6g}"
