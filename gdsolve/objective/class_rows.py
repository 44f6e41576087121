"""Classes in rows that are kept: which there are, what they weigh, and rows that weigh as their class does."""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.objective.kept_rows import KeptRows

MOST_LABELS = 2000
"""Beyond so many different numbers nobody wants to know more of them."""


def labels(kept: KeptRows) -> list[float]:
    """The different numbers of the target, increasing; the least ones where there are too many to be classes."""
    found = torch.empty(0, dtype=torch.float64, device="cpu")
    for target, _ in kept.targets():
        met = torch.cat([found, target.to(torch.float64)])
        found = torch.unique(met)[:MOST_LABELS]
    return [float(value) for value in found.tolist()]


def weigh(kept: KeptRows, values: Tensor) -> Tensor:
    """Σω of the rows of each class, (C,), whose numbers in the target are `values`, (C,)."""
    total = torch.zeros(len(values), dtype=torch.float64, device="cpu")
    for target, weight in kept.targets():
        places = torch.searchsorted(values, target.to(torch.float64).contiguous())
        total += torch.bincount(places, weights=weight, minlength=len(values)).to(total)
    return total


def reweigh(kept: KeptRows, values: Tensor, weights: Tensor) -> None:
    """Multiply the weight of every row, 1 where it has none, by that of its class, of `weights`, (C,)."""

    def factor(target: Tensor) -> Tensor:
        return weights[torch.searchsorted(values, target.to(torch.float64).contiguous())]

    kept.reweigh(factor)
