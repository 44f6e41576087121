"""How large the weights of a run have been: the measure of a step that changes nothing."""

from __future__ import annotations

import torch
from torch import Tensor

# Of a promise that is negligible: each less than this share of the last while Newton's method converges quadratically,
# and never near a minimum without curvature, where it shrinks by ((q − 2)/(q − 1))^q, q ≥ 4, a step.
QUADRATIC = 1.0 / 32.0


def widened(extent: Tensor, w: Tensor) -> Tensor:
    """The largest modulus that every weight, (p, 1), has had so far."""
    return torch.maximum(extent, w.abs())


def stands_still(step: Tensor, extent: Tensor) -> Tensor:
    """True, (), where a step, (p, 1), changes no weight by more than ε of its extent."""
    return (step.abs() <= torch.finfo(step.dtype).eps * extent).all()


def negligible(curvatures: Tensor, extent: Tensor) -> Tensor:
    """½ε²·Σ|hᵢ|sᵢ², (): what rounding weights of the extent s does to a loss with the curvatures h, (p, 1) both.

    A step that promises less is not seen in the loss, though the loss itself may be as small: near a minimum of 0
    rounding is relative to nothing, and a method that converges linearly there would go on until numbers end.
    """
    rounded = torch.finfo(extent.dtype).eps * extent
    return 0.5 * torch.sum(curvatures.abs() * rounded * rounded)


def norm(vectors: Tensor) -> Tensor:
    """The 2-norm of every column of (p, q), (q,): also where squares would leave the range of the numbers."""
    numbers = torch.finfo(vectors.dtype)
    largest = vectors.abs().amax(dim=0)
    safe = (largest < numbers.max**0.25) & (largest > numbers.tiny**0.25)
    scale = torch.where(safe | ~torch.isfinite(largest) | (largest == 0.0), 1.0, largest)
    lengths: Tensor = torch.linalg.vector_norm(vectors / scale, dim=0)
    return scale * lengths
