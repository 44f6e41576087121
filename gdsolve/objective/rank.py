"""How many directions of columns are told from the rounding of their cells."""

from __future__ import annotations

import torch
from torch import Tensor

EPSILON = torch.finfo(torch.float64).eps
# How many times its rounding something has to be, to count.
CERTAIN = 4.0


def numerical_rank(
    singular: Tensor, right: Tensor, errors: Tensor | None = None, arithmetic: float | None = None
) -> Tensor:
    """The rank, (…), of columns of about equal length from their singular values, the largest first.

    σᵢ counts above 4·(a·σ_max + Σⱼ|vⱼᵢ|·eⱼ), and so do those before the last that counts: what the relative error a of
    `arithmetic` (p·ε, unless given) and the `errors` e of the columns, relative to their lengths (0, unless given),
    leave of a direction that is zero. A column that varies little beside its mean so makes doubtful what it is part of,
    and nothing else.
    Shapes: `singular` is (…, q), `right` (…, p, q), `errors` (…, p).
    Source: Weyl's inequality; Golub and Van Loan, Matrix Computations, 4th ed., section 5.5.8.
    """
    p, q = right.shape[-2:]
    noise = (p * EPSILON if arithmetic is None else arithmetic) * singular[..., :1]
    if errors is not None:
        noise = noise + (errors[..., None, :] @ right.abs())[..., 0, :]
    places = torch.arange(1, q + 1, device=singular.device)
    rank: Tensor = torch.where(singular > CERTAIN * noise, places, 0).amax(dim=-1)
    return rank


def stored_errors(means: Tensor, spreads: Tensor) -> Tensor:
    """The error that storing cells as float64 leaves in centred columns, relative to their spread; 0 where it is 0."""
    ratio = torch.where(spreads > 0.0, means.abs() / torch.where(spreads > 0.0, spreads, 1.0), 0.0)
    return EPSILON * (1.0 + ratio)


def without_jitter(factor: Tensor, means: Tensor, total_weight: Tensor) -> Tensor:
    """The factor of a triangle in which features that are constant to rounding vary no more.

    What varies in them is no data: brought to unit spread, it would seem to be.
    Shapes: `factor` is (…, r, n + 2), the intercept first and the target last, `means` (…, n + 1), `total_weight` (…).
    """
    spreads = factor[..., 1:, 1:-1].norm(dim=-2) / total_weight[..., None].sqrt()
    settled = factor.clone()
    settled[..., 1:, 1:-1] *= ~is_constant(means[..., :-1], spreads)[..., None, :]
    return settled


def units_of(means: Tensor, spreads: Tensor) -> Tensor:
    """What to measure centred columns in: their spread, or the size of a constant, whatever is left of its cells.

    So a weight of a constant that is zero but for rounding moves the intercept by no more than rounding.
    """
    sizes = torch.where(means == 0.0, 1.0, means.abs())
    return torch.where(is_constant(means, spreads), sizes, spreads)


def is_constant(means: Tensor, spreads: Tensor) -> Tensor:
    """Where the spread of a column is no more than storing its cells leaves of a constant: 0.1 + 0.2 beside 0.3."""
    return spreads <= CERTAIN * EPSILON * means.abs()
