"""What is predicted of the target at z = xᵀw, or at z = f(x) of a curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gdsolve.spec.losses import Mean


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1/(1 + e⁻ᶻ) from e^−|z|, which never overflows and keeps the digits of small probabilities."""
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z < 0.0, small, 1.0) / (1.0 + small))


def exp(z: np.ndarray) -> np.ndarray:
    """eᶻ, which may be inf."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(z))


def label(z: np.ndarray) -> np.ndarray:
    """1 where z > 0, 0 where it is not; NaN where it is not known."""
    return np.asarray(np.where(np.isnan(z), np.nan, (z > 0.0).astype(np.float64)))


def softmax(z: np.ndarray) -> np.ndarray:
    """e^z_c/Σ e^z_k, (rows, C), from z less the largest of its row, which never overflows."""
    shares = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


MEANS: Mapping[Mean, Callable[[np.ndarray], np.ndarray]] = {
    Mean.IDENTITY: np.asarray,
    Mean.SIGMOID: sigmoid,
    Mean.EXP: exp,
    Mean.LABEL: label,
    Mean.SOFTMAX: softmax,
}
"""By what a loss declares: from z to the prediction, element by element; of several classes row by row."""


def slope_of_mean(mean: Mean, z: np.ndarray) -> np.ndarray:
    """dμ/dz, (rows,)."""
    if mean is Mean.SIGMOID:
        return np.asarray(sigmoid(z) * sigmoid(-z))
    return exp(z) if mean is Mean.EXP else np.ones_like(z)
