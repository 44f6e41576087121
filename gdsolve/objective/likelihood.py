"""Log-likelihoods of rows, with all that does not depend on the weights: what AIC and BIC ask for."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gdsolve.objective.dispersion import log_gammas
from gdsolve.objective.pointwise import Logistic, PointwiseLoss
from gdsolve.objective.positive import Gamma, NegativeBinomial, Tweedie


def log_likelihood_of(loss: PointwiseLoss, z: Tensor, y: Tensor, scale: Tensor) -> Tensor:
    """log f(y) row by row, (h, 1), where z predicts it; `scale` is φ, or φ/ω of weights that are precisions.

    Of classes and counts it is −l(z, y) and what depends on y; they have φ = 1. z is the logarithm of the mean of gamma
    and Tweedie losses. Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., sections 2.2.2 and 8.2; Dunn
    and Smyth (2005), Series evaluation of Tweedie exponential dispersion model densities, Statistics and Computing 15.
    """
    if isinstance(loss, Gamma):
        ratio = y * (-z).exp()
        return (ratio / scale).log() / scale - ratio / scale - torch.lgamma(1.0 / scale) - y.log()
    losses = loss.loss_and_slope(z, y)[0]
    if isinstance(loss, Tweedie):
        return -losses / scale + _of_positive(loss.power, y, scale)
    if isinstance(loss, Logistic):
        return -losses
    if isinstance(loss, NegativeBinomial):
        return log_gammas(y, loss.dispersion) - losses
    return -losses - torch.lgamma(y + 1.0)


def _of_positive(p: float, y: Tensor, scale: Tensor) -> Tensor:
    """log(W(x)/y) of the rows with y > 0, 0 of the others, with W Wright's generalised Bessel function."""
    from scipy.special import log_wright_bessel

    power = (2.0 - p) / (1.0 - p)
    there = y > 0.0
    above = torch.where(there, y, 1.0)
    x = power * (math.log(p - 1.0) + (scale / above).log()) - math.log(2.0 - p) - scale.log()
    wright = torch.from_numpy(log_wright_bessel(-power, 0.0, x.exp().cpu().numpy())).to(y)
    return torch.where(there, wright - above.log(), 0.0)
