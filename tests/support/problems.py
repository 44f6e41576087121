"""Small problems that several tests descend on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.modes import Modes, decompose
from gdsolve.objective.optimum import find_minimisers
from gdsolve.objective.quadratic import Penalty, Quadratic
from gdsolve.objective.rows import Rows, collect_rows
from gdsolve.objective.triangle import Triangle, build_triangle

CPU = torch.device("cpu")
TWO_POINTS = np.array([[1.0, 2.0], [3.0, 4.0]])
ONE_WEIGHT = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])


@dataclass(frozen=True)
class Block:
    values: np.ndarray
    weight: np.ndarray | None = None


@dataclass(frozen=True)
class Posed:
    triangle: Triangle
    coordinates: Coordinates
    modes: Modes
    quadratic: Quadratic
    rows: Rows
    start: torch.Tensor


def pose(
    values: np.ndarray,
    c: float,
    *,
    weight: np.ndarray | None = None,
    intercept: bool = True,
    standard: bool = False,
    ridge: float = 0.0,
    penalize_intercept: bool = False,
    start: torch.Tensor | None = None,
    dtype: torch.dtype = torch.float64,
) -> Posed:
    """A least-squares problem with curvature scale `c`, on all three ways."""
    blocks = [Block(values, weight)]
    triangle = build_triangle(blocks, dtype)
    assert triangle is not None
    scaled = triangle.standardised(intercept=intercept)
    raw = Coordinates.raw(triangle.n, intercept=intercept, device=CPU)
    coordinates = scaled if standard else raw

    def quadratic(where: Coordinates) -> Quadratic:
        penalty = Penalty.ridge(ridge, where, penalize_intercept=penalize_intercept)
        return Quadratic(*triangle.in_coordinates(where), penalty, c)

    minimisers = find_minimisers(quadratic(scaled), scaled, triangle.errors(intercept=intercept))
    objective = quadratic(coordinates)
    w0 = torch.zeros(coordinates.p, 1, dtype=torch.float64) if start is None else start
    modes = decompose(objective, minimisers.nearest_to(w0, coordinates), minimisers.rank)
    rows = collect_rows(keep(blocks, dtype), coordinates, objective.penalty, c, CPU)
    return Posed(triangle, coordinates, modes, objective, rows, w0)


def keep(blocks: list[Block], dtype: torch.dtype = torch.float64) -> KeptRows:
    """The rows of `blocks`, as an engine that reads all of them keeps them."""
    kept = KeptRows(dtype)
    for block in blocks:
        kept.add(block)
    return kept


def random_table(seed: int, m: int, n: int, scale: float = 1.0) -> np.ndarray:
    """m rows of n features with means and spreads of their own, and a noisy target."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, n)) * rng.uniform(0.5, 2.0, size=n) * scale + rng.normal(size=n)
    y = X @ rng.normal(size=n) + 1.5 + 0.3 * rng.normal(size=m)
    return np.column_stack([X, y])
