"""Symmetric matrices brought to a form that does not depend on the units of the weights."""

from __future__ import annotations

import torch
from torch import Tensor

SWEEPS = 20


def equilibrate(matrix: Tensor) -> Tensor:
    """s, (p, 1), such that every row of M/(s·sᵀ), M symmetric, (p, p), has about 1 as its largest modulus.

    A row of zeros gets 1. A diagonal matrix becomes the identity, whatever the units of the weights.
    Source: Ruiz (2001), algorithm 1.
    """
    scale = torch.ones_like(matrix[:, :1])
    for _ in range(SWEEPS):
        largest = (matrix / scale / scale.mT).abs().amax(dim=1, keepdim=True)
        scale = scale * torch.where(largest > 0, largest.sqrt(), 1.0)
    return scale
