"""What is predicted of the target at z = xᵀw, or at z = f(x) of a curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gdsolve.spec.losses import Loss, Mean, Target


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1/(1 + e⁻ᶻ) from e^−|z|, which never overflows and keeps the digits of small probabilities."""
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z < 0.0, small, 1.0) / (1.0 + small))


def exp(z: np.ndarray) -> np.ndarray:
    """eᶻ, which may be inf."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(z))


def softmax(z: np.ndarray) -> np.ndarray:
    """e^z_c/Σ e^z_k, (rows, C), from z less the largest of its row, which never overflows."""
    shares = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


MEANS: Mapping[Mean, Callable[[np.ndarray], np.ndarray]] = {
    Mean.IDENTITY: np.asarray,
    Mean.SIGMOID: sigmoid,
    Mean.EXP: exp,
    Mean.SOFTMAX: softmax,
}
"""By what a loss declares: from z to the prediction, element by element; of several classes row by row."""


def slope_of_mean(mean: Mean, z: np.ndarray) -> np.ndarray:
    """dμ/dz, (rows,)."""
    if mean is Mean.SIGMOID:
        return np.asarray(sigmoid(z) * sigmoid(-z))
    return exp(z) if mean is Mean.EXP else np.ones_like(z)


def variance_at(loss: Loss, mean: np.ndarray) -> np.ndarray:
    """The variance of the target over scale² where its mean is μ, (rows,): μ(1 − μ) of classes, μ of counts, else 1."""
    if loss.info.target is Target.TWO_CLASSES:
        return mean * (1.0 - mean)
    return mean if loss.info.target is Target.COUNTS else np.ones_like(mean)
