"""Elementary functions for numba in arithmetic alone, so that compilers make vectors of them.

numba calls the C library for every single number, ten times slower than a row is read; what makes vectors of its calls
comes with Intel's compilers alone. All are in float64, whatever they are given, and right to two units in the last
place. Source: Muller, Elementary Functions, 3rd ed., sections 4.3, 11.1 and 11.2; fdlibm for the choice of intervals.
"""

from __future__ import annotations

import math
from typing import Any

from numba import njit, types
from numba.extending import intrinsic

# Added to a number below 2⁵¹ it leaves the nearest whole one in the last bits.
NEAREST = 1.5 * 2.0**52
LOG2_UPPER, LOG2_LOWER = 6.93147180369123816490e-01, 1.90821492927058770002e-10
PER_LOG2 = 1.0 / math.log(2.0)
HALF_ROOT_BITS = 0x3FE6A09E667F3BCD
"""Those of √½."""
# 2ᵏ is a number of full precision within these: k is clamped to them, as results are 0 or infinite beyond.
SMALLEST, LARGEST = -708.0, 709.782712893384
C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13 = (1.0 / math.factorial(k) for k in range(2, 14))
A1, A2, A3, A4, A5, A6, A7, A8, A9, A10 = (2.0 / (2 * k + 1) for k in range(1, 11))


def _cast(source: Any, target: Any) -> Any:
    """A number of the type `source` as the one of `target` that has the same bits."""

    @intrinsic
    def same_bits(_typing, _number):
        def generate(context, builder, _signature, arguments):
            return builder.bitcast(arguments[0], context.get_value_type(target))

        return target(source), generate

    return same_bits


_bits, _of_bits = _cast(types.float64, types.int64), _cast(types.int64, types.float64)
# Products may be added without rounding between them; beyond that, the order is that which is written.
written = njit(error_model="numpy", fastmath={"contract"}, forceinline=True)


@written
def _reduced(x):
    """Of x = k·log 2 + r with |r| ≤ log 2 / 2: eʳ − 1 by its Taylor polynomial, and 2ᵏ⁻¹."""
    shifted = x * PER_LOG2 + NEAREST
    k = shifted - NEAREST
    r = (x - k * LOG2_UPPER) - k * LOG2_LOWER
    t = C7 + r * (C8 + r * (C9 + r * (C10 + r * (C11 + r * (C12 + r * C13)))))
    t = r + r * r * (C2 + r * (C3 + r * (C4 + r * (C5 + r * (C6 + r * t)))))
    return t, _of_bits((_bits(shifted) + 1022) << 52)


@written
def exp(x):
    """eˣ."""
    x = float(x)
    inside = LARGEST if x > LARGEST else (SMALLEST if x < SMALLEST else x)
    t, half = _reduced(inside)
    t = 2.0 * (half + half * t)
    t = math.inf if x > LARGEST else t
    return 0.0 if x < SMALLEST else t


@written
def expm1(x):
    """eˣ − 1."""
    x = float(x)
    inside = LARGEST if x > LARGEST else (-40.0 if x < -40.0 else x)
    t, half = _reduced(inside)
    t = 2.0 * ((half - 0.5) + half * t)
    return math.inf if x > LARGEST else t


@written
def log1p(x):
    """log(1 + x): 1 + x = 2ᵏ·(1 + f), √½ ≤ 1 + f < √2, and log(1 + f) = 2·artanh(f/(2 + f)) by its series."""
    x = float(x)
    u = 1.0 + x
    b = _bits(u)
    k = (b - HALF_ROOT_BITS) >> 52
    scaled = _of_bits(b - (k << 52)) - 1.0
    f = x if k == 0 else scaled
    lost = 0.0 if k == 0 else (x - (u - 1.0)) / u
    s = f / (2.0 + f)
    q = s * s
    t = A4 + q * (A5 + q * (A6 + q * (A7 + q * (A8 + q * (A9 + q * A10)))))
    t = s * (2.0 + q * (A1 + q * (A2 + q * (A3 + q * t))))
    t = k * LOG2_UPPER + (t + (k * LOG2_LOWER + lost))
    t = x if x == math.inf or math.isnan(x) else t
    t = -math.inf if x == -1.0 else t
    return math.nan if x < -1.0 else t


@written
def tanh(x):
    """The hyperbolic tangent."""
    x = float(x)
    t = expm1(-2.0 * abs(x))
    t = -t / (2.0 + t)
    return -t if x < 0.0 else t


@written
def sigmoid(x):
    """1/(1 + e⁻ˣ), by e^−|x|, which what stands beside it often needs as well."""
    x = float(x)
    t = exp(-abs(x))
    return (t if x < 0.0 else 1.0) / (1.0 + t)


@written
def sinh(x):
    """The hyperbolic sine; half of it is taken before e^|x| is beyond float64."""
    x = float(x)
    size = abs(x)
    t = expm1(size)
    near = 0.5 * (t + t / (t + 1.0))
    half = exp(0.5 * size)
    t = near if size < 700.0 else (0.5 * half) * half
    return -t if x < 0.0 else t
