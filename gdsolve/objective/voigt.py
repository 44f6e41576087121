"""The Voigt profile: a normal distribution and a Cauchy distribution, convolved."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

TERMS = 40
"""With so many terms the Faddeeva function is right within 1e-15 on and above the real axis."""
_ROOT_OF_TWO_PI = math.sqrt(2.0 * math.pi)


def voigt(x: Tensor, sigma: Tensor, gamma: Tensor) -> Tensor:
    """∫ N(t; 0, σ²)·γ/(π((x − t)² + γ²)) dt = Re w((x + iγ)/(|σ|√2))/(|σ|√(2π)), of area 1.

    All three have one shape, dtype and device. The same as `scipy.special.voigt_profile`: N(x; 0, σ²) where γ = 0, and
    a Lorentzian where σ = 0. For γ < 0 it is continued analytically, so that it is smooth in γ at 0.
    """
    no_spread = sigma == 0.0
    spread = torch.where(no_spread, 1.0, sigma.abs())
    scale = math.sqrt(2.0) * spread
    profile = faddeeva_real(x / scale, gamma / scale) / (_ROOT_OF_TWO_PI * spread)
    # Where x and γ are 0 as well there is no value; what is not taken has a finite derivative.
    half_width = torch.where(no_spread, gamma, 1.0)
    return torch.where(no_spread, half_width / (math.pi * (x * x + half_width * half_width)), profile)


def faddeeva_real(x: Tensor, y: Tensor) -> Tensor:
    """Re w(x + iy), w(z) = exp(−z²)·erfc(−iz), with derivatives by autograd.

    Source: Weideman (1994), Computation of the complex error function, SIAM J. Numer. Anal. 31, equations I and II.
    """
    length, coefficients = _rational()
    # Not y.abs(), whose derivative at 0 is 0.
    height = torch.where(y < 0.0, -y, y)
    # L − iz and L + iz.
    below, above = torch.complex(length + height, -x), torch.complex(length - height, x)
    ratio = above / below
    polynomial = torch.full_like(ratio, coefficients[0])
    for coefficient in coefficients[1:]:
        polynomial = polynomial * ratio + coefficient
    upper = (2.0 * polynomial / below.square() + 1.0 / (math.sqrt(math.pi) * below)).real
    # w(z) = 2·exp(−z²) − w(−z); Re w is even in x.
    low = torch.where(y < 0.0, y, 0.0)
    mirrored = 2.0 * torch.exp(low * low - x * x) * torch.cos(2.0 * x * low) - upper
    return torch.where(y < 0.0, mirrored, upper)


@cache
def _rational() -> tuple[float, list[float]]:
    """L, and the coefficients of the polynomial in (L + iz)/(L − iz), the highest first."""
    length = math.sqrt(TERMS / math.sqrt(2.0))
    count = 4 * TERMS
    t = length * np.tan(np.arange(-count // 2 + 1, count // 2) * math.pi / count)
    sampled = np.concatenate([[0.0], np.exp(-(t**2)) * (length**2 + t**2)])
    found = np.fft.fft(np.fft.fftshift(sampled)).real / count
    return length, found[TERMS:0:-1].tolist()
