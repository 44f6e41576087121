"""Weighted means of the cells that are there, which `--na mean` fills in where one is missing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gdsolve.status import DataError

Sums = tuple[np.ndarray, np.ndarray]
"""Σωx over the cells that are there, and Σω of the same cells, column by column: (n,) each, or (G, n)."""


def weighted_sums(values: np.ndarray, weight: np.ndarray | None) -> Sums:
    """Give Σωx and Σω of every column over the cells that are there; without weights ω is 1.

    `values` is (rows, n), NaN where a cell is missing; `weight` is (rows,). A row of weight 0 adds nothing.
    """
    products, weights = weighted_cells(values, weight)
    return products.sum(axis=0), weights.sum(axis=0)


def weighted_cells(values: np.ndarray, weight: np.ndarray | None) -> Sums:
    """Give ωx and ω of every cell, (rows, n), 0 where one is missing or its row has no usable weight."""
    there = np.isfinite(values)
    if weight is None:
        return np.where(there, values, 0.0), there.astype(np.float64)
    # A weight that cannot be used is told where its row is read.
    usable = np.isfinite(weight) & (weight > 0.0)
    weights = np.where(there & usable[:, None], weight[:, None], 0.0)
    return np.where(there, values, 0.0) * weights, weights


def means_of(shares: Sequence[Sums]) -> np.ndarray:
    """Give the means, (n,), from the sums of all parts of a table; NaN where no cell has a weight above 0."""
    sums, weights = (np.sum(parts, axis=0) for parts in zip(*shares, strict=True))
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / weights)


def no_mean_error(table: str, name: str, weight: str | None, remedy: str) -> DataError:
    """Explain that a column has no mean to fill in."""
    reason = (
        "all its cells are missing" if weight is None else f"its cells are missing, or have no weight in {weight!r}"
    )
    return DataError(f"{table}: column {name!r} has no mean to fill in: {reason}", remedy)
