"""The walk over all rows as machine code: each row is read once, and no thread waits for the interpreter.

numba compiles it for a loss, in about a second, at its first call.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numba import njit

from gdsolve.objective import elementary
from gdsolve.objective.elementwise import FUNCTIONS, PYTHON, Elementwise, Language

# Rows whose products wait in the nearest cache for the loss, where columns stand side by side, and where rows do.
COLUMN_HEIGHT = 128
ROW_HEIGHT = 64
# Sums may be taken in another order, that of vectors; what is not finite stays so.
compiled = njit(nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz", "arcp"})

COMPILED = {**PYTHON.templates, "sigmoid": "sigmoid({0})"}


@dataclass(frozen=True, slots=True)
class Kernels:
    """Walks over rows: of (X, apart, p, y, weight, w, constants, per, first, last, gradients, values).

    They write Σ ω·l to `values` and Xᵀ(ω·∂l/∂z) to `gradients`, (tasks, p), for the tasks from `first` to `last`, each
    of `per` rows. X is flat, and its columns, or its rows, are `apart`; y and ω are (m,), and ω may be None.
    """

    by_columns: Callable[..., None]
    by_rows: Callable[..., None]


def kernels_of(loss: Elementwise) -> tuple[Kernels, np.ndarray] | None:
    """The walks for a loss and its constants, (c,); None where it has an operation that Python lacks.

    Constants are data, so that a loss with another parameter is the same code.
    """
    constants: list[float] = []
    language = Language(COMPILED, lambda number: _constant(number, constants))
    lines = loss.lines(language)
    if lines is None:
        return None
    value, slope = loss.results
    source = "\n    ".join(["def loss(z, y, c):", *lines, f"return {value}, {slope}"])
    return _kernels(source), np.array(constants, dtype=np.float64)


def _constant(number: float, constants: list[float]) -> str:
    if number == round(number) and abs(number) <= 2.0:
        return repr(number)
    if number not in constants:
        constants.append(number)
    return f"c[{constants.index(number)}]"


@cache
def _kernels(source: str) -> Kernels:
    space: dict[str, Any] = {name: getattr(elementary, name, getattr(math, name)) for name in FUNCTIONS}
    space["sigmoid"] = elementary.sigmoid
    exec(source, space)
    return _walks(elementary.written(space["loss"]))


def _walks(loss: Callable[..., Any]) -> Kernels:
    """The walks for a `loss` that can be compiled, (z, y, constants) ↦ (l, ∂l/∂z)."""
    to_slopes = _visiting(loss)
    return Kernels(_by_columns(to_slopes), _by_rows(to_slopes))


def _visiting(loss: Callable[..., Any]) -> Callable[..., Any]:
    @compiled
    def to_slopes(z, y, weight, offset, c, start, count):  # noqa: PLR0917
        # Σ ω·l of some rows, whose products z become ω·∂l/∂z.
        total = 0.0
        for i in range(count):
            if offset is not None:
                z[i] += offset[start + i]
            value, slope = loss(z[i], y[start + i], c)
            if weight is not None:
                value *= weight[start + i]
                slope *= weight[start + i]
            total += value
            z[i] = slope
        return total

    return to_slopes


def _by_columns(to_slopes: Callable[..., Any]) -> Callable[..., None]:
    @compiled
    def by_columns(X, apart, p, y, weight, offset, w, c, per, first, last, gradients, values):  # noqa: PLR0917
        z = np.empty(COLUMN_HEIGHT, X.dtype)
        zero, whole = X.dtype.type(0), p // 8 * 8
        for task in range(first, last):
            g, total = gradients[task], 0.0
            g[:] = 0.0
            stop = min(len(y), (task + 1) * per)
            for start in range(task * per, stop, COLUMN_HEIGHT):
                count = min(COLUMN_HEIGHT, stop - start)
                z[:count] = zero
                for j in range(0, whole, 8):
                    at = start + j * apart
                    x0, x1 = X[at : at + count], X[at + apart : at + apart + count]
                    x2, x3 = X[at + 2 * apart : at + 2 * apart + count], X[at + 3 * apart : at + 3 * apart + count]
                    x4, x5 = X[at + 4 * apart : at + 4 * apart + count], X[at + 5 * apart : at + 5 * apart + count]
                    x6, x7 = X[at + 6 * apart : at + 6 * apart + count], X[at + 7 * apart : at + 7 * apart + count]
                    w0, w1, w2, w3, w4, w5, w6, w7 = (
                        w[j], w[j + 1], w[j + 2], w[j + 3], w[j + 4], w[j + 5], w[j + 6], w[j + 7],
                    )  # fmt: skip
                    for i in range(count):
                        z[i] += (x0[i] * w0 + x1[i] * w1 + x2[i] * w2 + x3[i] * w3) + (
                            x4[i] * w4 + x5[i] * w5 + x6[i] * w6 + x7[i] * w7
                        )
                for j in range(whole, p):
                    x, wj = X[start + j * apart : start + j * apart + count], w[j]
                    for i in range(count):
                        z[i] += x[i] * wj
                total += to_slopes(z, y, weight, offset, c, start, count)
                for j in range(0, whole, 8):
                    at = start + j * apart
                    x0, x1 = X[at : at + count], X[at + apart : at + apart + count]
                    x2, x3 = X[at + 2 * apart : at + 2 * apart + count], X[at + 3 * apart : at + 3 * apart + count]
                    x4, x5 = X[at + 4 * apart : at + 4 * apart + count], X[at + 5 * apart : at + 5 * apart + count]
                    x6, x7 = X[at + 6 * apart : at + 6 * apart + count], X[at + 7 * apart : at + 7 * apart + count]
                    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = zero
                    for i in range(count):
                        r = z[i]
                        s0 += x0[i] * r
                        s1 += x1[i] * r
                        s2 += x2[i] * r
                        s3 += x3[i] * r
                        s4 += x4[i] * r
                        s5 += x5[i] * r
                        s6 += x6[i] * r
                        s7 += x7[i] * r
                    g[j] += s0
                    g[j + 1] += s1
                    g[j + 2] += s2
                    g[j + 3] += s3
                    g[j + 4] += s4
                    g[j + 5] += s5
                    g[j + 6] += s6
                    g[j + 7] += s7
                for j in range(whole, p):
                    x, s0 = X[start + j * apart : start + j * apart + count], zero
                    for i in range(count):
                        s0 += x[i] * z[i]
                    g[j] += s0
            values[task] = total

    return by_columns


def _by_rows(to_slopes: Callable[..., Any]) -> Callable[..., None]:
    @compiled
    def by_rows(X, apart, p, y, weight, offset, w, c, per, first, last, gradients, values):  # noqa: PLR0917
        z = np.empty(ROW_HEIGHT, X.dtype)
        h = np.empty(p, X.dtype)
        zero = X.dtype.type(0)
        for task in range(first, last):
            g, total = gradients[task], 0.0
            g[:] = 0.0
            stop = min(len(y), (task + 1) * per)
            for start in range(task * per, stop, ROW_HEIGHT):
                count = min(ROW_HEIGHT, stop - start)
                whole = count // 4 * 4
                for i in range(0, whole, 4):
                    at = (start + i) * apart
                    x0, x1 = X[at : at + p], X[at + apart : at + apart + p]
                    x2, x3 = X[at + 2 * apart : at + 2 * apart + p], X[at + 3 * apart : at + 3 * apart + p]
                    s0 = s1 = s2 = s3 = zero
                    for j in range(p):
                        wj = w[j]
                        s0 += x0[j] * wj
                        s1 += x1[j] * wj
                        s2 += x2[j] * wj
                        s3 += x3[j] * wj
                    z[i], z[i + 1], z[i + 2], z[i + 3] = s0, s1, s2, s3
                for i in range(whole, count):
                    x0, s0 = X[(start + i) * apart : (start + i) * apart + p], zero
                    for j in range(p):
                        s0 += x0[j] * w[j]
                    z[i] = s0
                total += to_slopes(z, y, weight, offset, c, start, count)
                h[:] = zero
                for i in range(0, whole, 4):
                    at = (start + i) * apart
                    x0, x1 = X[at : at + p], X[at + apart : at + apart + p]
                    x2, x3 = X[at + 2 * apart : at + 2 * apart + p], X[at + 3 * apart : at + 3 * apart + p]
                    r0, r1, r2, r3 = z[i], z[i + 1], z[i + 2], z[i + 3]
                    for j in range(p):
                        h[j] += (x0[j] * r0 + x1[j] * r1) + (x2[j] * r2 + x3[j] * r3)
                for i in range(whole, count):
                    x0, r0 = X[(start + i) * apart : (start + i) * apart + p], z[i]
                    for j in range(p):
                        h[j] += x0[j] * r0
                for j in range(p):
                    g[j] += h[j]
            values[task] = total

    return by_rows
