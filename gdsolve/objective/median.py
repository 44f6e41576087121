"""The weighted median of numbers of which each rank has some."""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.ranks import Ranks

DIGIT = 16
BINS = 1 << DIGIT
EQUAL = 1e-12


def median(values: Tensor, weight: Tensor | None, ranks: Ranks) -> float:
    """The weighted median of `values`, (m,) of float64 and not negative: of weights that count rows, of those rows.

    Where half of the weight is exactly below it, it is the mean of the two numbers in the middle, as is usual. The bits
    of a number that is not negative are in its own order: so the median is found 16 bits at a time, by sums alone.
    Shapes: `weight` is (m,), None where all weigh 1. Source: Knuth, The Art of Computer Programming, vol. 3, 2nd ed.,
    section 5.2.5, radix exchange, of which one branch is followed.
    """
    if weight is None and not ranks.several:
        return _middle(values)
    weight = torch.ones_like(values) if weight is None else weight.to(torch.float64)
    # A negative zero has a bit of its own.
    bits, weighing = values.abs().view(torch.int64), weight
    half, below, found, counts = (
        0.5 * float(ranks.total(weight.sum())),
        0.0,
        0,
        torch.zeros(BINS, dtype=torch.float64, device="cpu"),
    )
    for shift in range(64 - DIGIT, -1, -DIGIT):
        digits = (bits >> shift) & (BINS - 1)
        # Of no numbers torch counts in integers.
        counts = ranks.total(torch.bincount(digits, weights=weighing, minlength=BINS).to(torch.float64)).cpu()
        reached = below + counts.cumsum(0)
        # Rounding must not lead past the last of them.
        place = min(int((reached < half * (1.0 - EQUAL)).sum()), int(counts.nonzero().amax()))
        below = float(reached[place] - counts[place])
        found = (found << DIGIT) | place
        there = digits == place
        bits, weighing = bits[there], weighing[there]
    lower = float(torch.tensor(found, dtype=torch.int64, device="cpu").view(torch.float64))
    if below + float(counts[found & (BINS - 1)]) > half * (1.0 + EQUAL):
        return lower
    above = values[(values > lower) & (weight > 0.0)]
    upper = [one for one in ranks.gather(float(above.amin()) if len(above) else None) if one is not None]
    return 0.5 * (lower + min(upper)) if upper else lower


def _middle(values: Tensor) -> float:
    """The same of one process, where all weigh 1."""
    m = len(values)
    lower = float(values.kthvalue((m + 1) // 2).values)
    return lower if m % 2 else 0.5 * (lower + float(values.kthvalue(m // 2 + 1).values))
