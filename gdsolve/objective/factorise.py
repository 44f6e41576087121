"""The upper factor R of a block of rows, and of several factors one below the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor

# A matrix of few columns is factorised in pieces that stay in the fastest cache.
PIECE_COLUMNS = 64
PIECE_ROWS = 1024
# Columns of one panel of factors, and of one of a large block; factors of no more than that are not worth panels.
PANEL = 128
PANEL_LARGE = 256
# Columns that one task moves by the reflectors of a panel.
SLICE = 256

# Calls a function with each of some numbers, in any order, perhaps on several threads.
Each = Callable[[Callable[[int], None], Iterable[int]], None]


def one_by_one(task: Callable[[int], None], places: Iterable[int]) -> None:
    """Call `task` with each of the places in their order."""
    for place in places:
        task(place)


def factor_of(block: Tensor) -> Tensor:
    """R, (min(h, p), p), with RᵀR = BᵀB of a block B, (h, p).

    Of few columns pieces of the block are factorised first, and then their factors.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.2; Demmel et al. (2012), TSQR.
    """
    rows, columns = block.shape
    pieces = rows // PIECE_ROWS if columns <= PIECE_COLUMNS else 0
    if pieces < 2:
        return _upper(torch.geqrf(block)[0])
    cut = pieces * PIECE_ROWS
    reflectors, _ = torch.geqrf(block[:cut].view(pieces, PIECE_ROWS, columns))
    stacked = torch.cat([reflectors[:, :columns].triu().flatten(0, 1), block[cut:]])
    return _upper(torch.geqrf(stacked)[0])


def factor_in_panels(block: Tensor, each: Each) -> Tensor:
    """The same of a block of very many columns, whose slices `each` may share among threads; the block is lost.

    Panels and slices depend on the shape of the block alone, and so do all bits of R.
    """
    rows = len(block)
    _reduce(block, PANEL_LARGE, lambda column: rows, each)
    return _upper(block)


def merged_factor(factors: Sequence[Tensor], each: Each) -> Tensor:
    """R, (min(h, p), p), of factors one below the other, (hᵢ, p) each, h rows in all.

    Of many columns their rows are taken in turn, so that those of a panel are the first ones: below them all is zero,
    and it is not worked on. For k square factors that is (2/3)·k·p³ operations instead of 2k·p³.
    """
    columns, count = factors[0].shape[1], len(factors)
    if count == 1:
        return factors[0]
    if columns <= PANEL_LARGE or any(len(factor) != columns for factor in factors):
        return factor_of(torch.cat(list(factors)))
    stacked = torch.stack([factor.mT for factor in factors], dim=2).flatten(1, 2).mT
    _reduce(stacked, PANEL, lambda column: count * column, each)
    return _upper(stacked)


def _reduce(matrix: Tensor, panel: int, reach: Callable[[int], int], each: Each) -> None:
    """Make `matrix` upper triangular but for its reflectors; from row `reach(column)` on, all columns before are 0.

    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.2.3 (block Householder QR).
    """
    rows, columns = matrix.shape
    for start in range(0, min(rows, columns), panel):
        stop = min(start + panel, columns)
        here = slice(start, min(rows, reach(stop)))
        reflectors, scales = torch.geqrf(matrix[here, start:stop])
        if stop < columns:
            each(_moving(matrix[here, stop:], reflectors[:, : len(scales)], scales), range(0, columns - stop, SLICE))
        matrix[here, start:stop] = reflectors


def _moving(beside: Tensor, reflectors: Tensor, scales: Tensor) -> Callable[[int], None]:
    """What moves a slice of the columns beside a panel by its reflectors: Qᵀ = I − V·Tᵀ·Vᵀ.

    T⁻¹ is the upper part of VᵀV with 1/scale on its diagonal, found once for all slices.
    Source: Joffrain, Low, Quintana-Ortí, van de Geijn and Van Zee (2006), Accumulating Householder transformations,
    revisited.
    """
    # A reflector of scale 0 is none.
    real = scales != 0.0
    V = reflectors.tril(-1)
    V.diagonal().copy_(real)
    inverse = (V.mT @ V).mT
    inverse.diagonal().copy_(torch.where(real, scales, 1.0).reciprocal())

    def move(place: int) -> None:
        part = beside[:, place : place + SLICE]
        part.addmm_(V, torch.linalg.solve_triangular(inverse, V.mT @ part, upper=False), alpha=-1.0)

    return move


def _upper(reflectors: Tensor) -> Tensor:
    # Stored by columns, as the rows of several are then stacked three times as fast.
    return reflectors[: min(reflectors.shape)].mT.tril().mT
