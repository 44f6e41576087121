"""The deviance of a row, for scores of saved models: twice what its likelihood lacks of the best there is."""

from __future__ import annotations

import numpy as np

from gdsolve.spec.losses import Loss, Mean


def deviance_of(
    loss: Loss, mean: Mean, parameter: float, y: np.ndarray, z: np.ndarray, predicted: np.ndarray
) -> np.ndarray:
    """The deviance of y, (rows,), at the mean μ that is `predicted`; from z where μ = eᶻ, which keeps its digits.

    Counts: 2·(y·log(y/μ) − y + μ), with 0·log 0 = 0; with the dispersion α, 2·(y·log(y/μ) − (y + 1/α)·log((1 + αy)/
    (1 + αμ))). Gamma: 2·((y − μ)/μ − log(y/μ)). Tweedie: 2·(y^(2 − p)/((1 − p)(2 − p)) − y·μ^(1 − p)/(1 − p) +
    μ^(2 − p)/(2 − p)). `parameter` is α or p. Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section
    2.3; Dunn and Smyth, Generalized Linear Models With Examples in R, sections 10.5.2 and 12.2.
    """
    log = z if mean is Mean.EXP else np.log(predicted)
    if loss is Loss.GAMMA:
        return np.asarray(2.0 * (y * np.exp(-log) - 1.0 - (np.log(y) - log)))
    if loss is Loss.TWEEDIE:
        above, below = 2.0 - parameter, 1.0 - parameter
        best = y**above / (below * above)
        return np.asarray(2.0 * (best - y * np.exp(below * log) / below + np.exp(above * log) / above))
    own = np.where(y > 0.0, y * (np.log(np.where(y > 0.0, y, 1.0)) - np.where(y > 0.0, log, 0.0)), 0.0)
    if loss is Loss.NEGATIVE_BINOMIAL:
        inverse = 1.0 / parameter
        return np.asarray(2.0 * (own - (y + inverse) * (np.log1p(parameter * y) - np.log1p(parameter * predicted))))
    return np.asarray(2.0 * (own - y + predicted))


def variance_of(loss: Loss, parameter: float, mean: np.ndarray) -> np.ndarray:
    """The variance of the target over scale² where its mean is μ, (rows,): 1 of numbers that are no likelihood's.

    Classes μ(1 − μ), counts μ or μ + α·μ², gamma μ², Tweedie μᵖ. Source: McCullagh and Nelder, Generalized Linear
    Models, 2nd ed., table 2.1.
    """
    if loss is Loss.LOGISTIC:
        return mean * (1.0 - mean)
    if loss is Loss.POISSON:
        return mean
    if loss is Loss.GAMMA:
        return mean**2
    if loss is Loss.TWEEDIE:
        return np.asarray(mean**parameter)
    if loss is Loss.NEGATIVE_BINOMIAL:
        return mean + parameter * mean**2
    return np.ones_like(mean)


def parameter_of(loss: Loss, descent: object) -> float:
    """The parameter of a loss in the key `descent` of a saved model; 0 where there is none."""
    own = loss.info.parameter
    found = descent.get(own.name) if own is not None and isinstance(descent, dict) else None
    if own is not None and isinstance(descent, dict) and own.name in descent and found is None:
        # Groups have one each, and no figure of all of them together.
        return float("nan")
    return float(found) if isinstance(found, int | float) else 0.0
