"""Columns of a triangle as a triangle of their own: what least squares needs of a part of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from gdsolve.objective.factorise import factor_of
from gdsolve.objective.triangle import Triangle


def reordered(triangle: Triangle, columns: Sequence[int]) -> Triangle:
    """The same rows with other columns, or in another order: places among the columns, the target, last, among them.

    Its factor need not be triangular: RᵀR is what it shall be.
    """
    place = torch.tensor([0, *(1 + column for column in columns)], device=triangle.factor.device)
    return replace(triangle, factor=triangle.factor[:, place], shift=triangle.shift[place[1:] - 1])


def select(triangle: Triangle, columns: Sequence[int]) -> Triangle:
    """The triangle of these columns, by their places: features in the order of the design, and the target last.

    With A = QR of all columns, a choice of columns A·S has (A·S)ᵀ(A·S) = (R·S)ᵀ(R·S), and so the factor qr(R·S): p×p
    work, however many rows there were. Householder's reflections change every column by a few roundings of its own
    length, so that nothing is lost that the table would have kept.
    Source: Golub and Van Loan, Matrix Computations, 4th ed., section 6.5 (deleting columns); Higham, Accuracy and
    Stability of Numerical Algorithms, 2nd ed., theorem 19.4.
    """
    if list(columns) == list(range(len(triangle.shift))):
        return triangle.settled()
    part = reordered(triangle, columns)
    return replace(part, factor=factor_of(part.factor)).settled()
