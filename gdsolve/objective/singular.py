"""The singular values of a matrix, found once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gdsolve.objective.threads import threads_for

# Operations, about, for each number of a matrix and each of its columns or rows, whichever are fewer.
WORK = 20.0


@dataclass(frozen=True, slots=True)
class Singular:
    """`matrix` = `left`·diag(`values`)·`right`ᵀ, the largest value first.

    Shapes: `matrix` is (r, p), `values` (q,) with q = min(r, p), `left` (r, q), `right` (p, q).
    """

    matrix: Tensor
    left: Tensor
    values: Tensor
    right: Tensor

    @classmethod
    def of(cls, matrix: Tensor, known: Singular | None = None) -> Singular:
        """The singular values of `matrix`: `known`, if that is of the same matrix to the last bit."""
        if known is not None and torch.equal(known.matrix, matrix):
            return known
        # Of the host's threads alone: an accelerator has its own.
        with threads_for(WORK * matrix.numel() * min(matrix.shape)):
            left, values, right = torch.linalg.svd(matrix, full_matrices=False)
        return cls(matrix, left, values, right.mT)
