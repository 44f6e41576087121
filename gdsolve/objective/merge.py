"""Triangles of parts of a table, merged into the triangle of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

from gdsolve.objective.factor_tree import FactorThreads
from gdsolve.objective.factorise import merged_factor
from gdsolve.objective.threads import one_thread
from gdsolve.objective.triangle import Triangle
from gdsolve.ranks import Ranks


def merge(first: Triangle, second: Triangle) -> Triangle:
    """The triangle of the rows of both, relative to the shift of the first one.

    With δ = s₂ − s₁, X − s₁ = (X − s₂) + 1·δᵀ, so that R₂ moves by its own intercept column times δᵀ, and
    R = qr([R₁; R₂ moved]). Neither part is touched where the other one has no rows.
    Source: Demmel, Grigori, Hoemmen and Langou (2012), Communication-optimal parallel and sequential QR and LU
    factorizations, section 4 (TSQR).
    """
    if not first.rows or not second.rows:
        return first if first.rows else second
    moved = second.factor.clone()
    moved[:, 1:] += second.factor[:, :1] * (second.shift - first.shift)
    with FactorThreads(torch.get_num_threads()) as workers, one_thread():
        factor = merged_factor([first.factor, moved], workers.each).contiguous()
    weight = first.total_weight + second.total_weight
    return Triangle(factor, first.shift, first.rows + second.rows, weight).settled()


def merge_all(triangles: Sequence[Triangle]) -> Triangle:
    """The triangle of the rows of all, merged one after the other."""
    return reduce(merge, triangles)


def merge_ranks(built: Sequence[Triangle], kinds: int, columns: int, ranks: Ranks) -> tuple[Triangle, ...]:
    """What `build_triangles` gives of all rows, from what it gave of each rank's; none if no rank has a row.

    `kinds` is the number of triangles where there are rows, and `columns` that of the columns, n + 1. They are merged
    in the order of the ranks, and are the same to the last bit on every rank.
    """
    if not ranks.several:
        return tuple(built)

    def share() -> Tensor:
        if built:
            return torch.stack([_pack(triangle) for triangle in built])
        return torch.zeros(kinds, _length(columns), dtype=torch.float64, device="cpu")

    folded = ranks.fold(share, lambda one, other: _merge_packed(one, other, columns))
    merged = [_unpack(row, columns) for row in folded]
    return tuple(triangle for triangle in merged if triangle.rows)


def merge_each(built: Sequence[Triangle], columns: int, ranks: Ranks) -> list[Triangle]:
    """Each of some triangles with those of the other ranks in its place; one of no rows stands where there are none."""
    packed = ranks.fold(
        lambda: torch.stack([_pack(triangle) for triangle in built]),
        lambda one, other: _merge_packed(one, other, columns),
    )
    return [_unpack(row, columns) for row in packed]


def _merge_packed(first: Tensor, second: Tensor, columns: int) -> Tensor:
    pairs = zip(first, second, strict=True)
    return torch.stack([_pack(merge(_unpack(one, columns), _unpack(other, columns))) for one, other in pairs])


def _length(columns: int) -> int:
    return (columns + 1) ** 2 + columns + 2


def _pack(triangle: Triangle) -> Tensor:
    """Factor, with rows of zeros below, shift, rows and weight in one row of numbers."""
    width = triangle.factor.shape[1]
    square = torch.zeros(width, width, dtype=torch.float64, device="cpu")
    square[: triangle.factor.shape[0]] = triangle.factor
    counts = torch.tensor([triangle.rows, triangle.total_weight], dtype=torch.float64, device="cpu")
    return torch.cat([square.reshape(-1), triangle.shift, counts])


def _unpack(packed: Tensor, columns: int) -> Triangle:
    width = columns + 1
    rows, weight = packed[-2:].tolist()
    factor = packed[: width**2].reshape(width, width)[: min(int(rows), width)]
    return Triangle(factor.clone(), packed[width**2 : -2].clone(), int(rows), weight)
