"""The directions that the rows of a table tell apart, in coordinates in which all of them count alike."""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.objective.rank import EPSILON, numerical_rank
from gdsolve.objective.threads import threads_for

# Operations, about, for each number of a matrix and each of its columns or rows, whichever are fewer.
WORK = 4.0


def row_space(matrix: Tensor, epsilon: float = EPSILON) -> Tensor:
    """T, (p, r), such that the columns of `matrix`·T, (m, r), are orthonormal and span those of `matrix`, (m, p).

    r is the numerical rank of the columns brought to equal length, whose cells have the relative error `epsilon`: it
    depends on no units. Source: Golub and Van Loan, Matrix Computations, 4th ed., section 5.4.
    """
    m, p = matrix.shape
    if m == 0 or p == 0:
        return matrix.new_zeros(p, 0)
    lengths = matrix.norm(dim=0)
    lengths = torch.where(lengths > 0.0, lengths, 1.0)
    scaled = matrix / lengths
    with threads_for(WORK * matrix.numel() * min(m, p)):
        factor = torch.linalg.qr(scaled, mode="r").R if m > 2 * p else scaled
        _, values, right = torch.linalg.svd(factor, full_matrices=False)
    rank = int(numerical_rank(values, right.mT, arithmetic=max(m, p) ** 0.5 * p**0.5 * epsilon))
    basis: Tensor = right[:rank].mT / values[:rank] / lengths[:, None]
    return basis


def null_space(matrix: Tensor, noise: float) -> Tensor:
    """An orthonormal basis, (p, q), of the directions that `matrix`, (m, p), moves by no more than `noise`."""
    m, p = matrix.shape
    if m == 0:
        return torch.eye(p, dtype=matrix.dtype, device=matrix.device)
    factor = torch.linalg.qr(matrix, mode="r").R if m > p else matrix
    _, values, right = torch.linalg.svd(factor)
    rank = int((values > noise).sum())
    basis: Tensor = right[rank:].mT
    return basis
