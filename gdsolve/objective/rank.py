"""How many directions of columns are told from the rounding of their cells."""

from __future__ import annotations

import sys

from gdsolve.objective.namespace import Array, counted, namespace

EPSILON = sys.float_info.epsilon
# How many times its rounding something has to be, to count.
CERTAIN = 4.0
# Sums of squares between this and its inverse keep all digits, with room for what descent makes of them.
LEAST_SQUARE = 1e-300


def numerical_rank(
    singular: Array, right: Array, errors: Array | None = None, arithmetic: float | None = None
) -> Array:
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
        noise = noise + (errors[..., None, :] @ abs(right))[..., 0, :]
    xp = namespace(singular)
    return xp.amax(xp.where(singular > CERTAIN * noise, counted(q, singular) + 1, 0), axis=-1)


def stored_errors(means: Array, spreads: Array) -> Array:
    """The error that storing cells as float64 leaves in centred columns, relative to their spread; 0 where it is 0."""
    where = namespace(spreads).where
    ratio = where(spreads > 0.0, abs(means) / where(spreads > 0.0, spreads, 1.0), 0.0)
    return EPSILON * (1.0 + ratio)


def without_jitter(factor: Array, means: Array, total_weight: Array) -> Array:
    """The factor of a triangle in which features that are constant to rounding vary no more.

    What varies in them is no data: brought to unit spread, it would seem to be.
    Shapes: `factor` is (…, r, n + 2), the intercept first and the target last, `means` (…, n + 1), `total_weight` (…).
    """
    xp = namespace(factor)
    spreads = xp.linalg.norm(factor[..., 1:, 1:-1], axis=-2) / total_weight[..., None] ** 0.5
    constant = is_constant(means[..., :-1], spreads)
    if not constant.any():
        return factor
    settled = 1.0 * factor
    settled[..., 1:, 1:-1] *= ~constant[..., None, :]
    return settled


def units_of(means: Array, spreads: Array) -> Array:
    """What to measure centred columns in: their spread, or the size of a constant, whatever is left of its cells.

    So a weight of a constant that is zero but for rounding moves the intercept by no more than rounding.
    """
    where = namespace(spreads).where
    sizes = where(means == 0.0, 1.0, abs(means))
    return where(is_constant(means, spreads), sizes, spreads)


def is_constant(means: Array, spreads: Array) -> Array:
    """Where the spread of a column is no more than storing its cells leaves of a constant: 0.1 + 0.2 beside 0.3."""
    return spreads <= CERTAIN * EPSILON * abs(means)
