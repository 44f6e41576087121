"""What must be true of cells for any loss: squares within the range of float64; and what rounding has lost."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence

import torch

from gdsolve.objective.dependence import lost_in_rounding
from gdsolve.objective.rank import LEAST_SQUARE
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.data import DataInfo
from gdsolve.spec import DType, Loss, Spec
from gdsolve.status import DataError

logger = logging.getLogger("gdsolve")

# What `LEAST_SQUARE` is to float64.
LEAST_SQUARE_32 = 1e-36
UNRESOLVED = 512.0
"""Roundings of the target's spread, within which a loss must not bend."""


def tell_rounding(info: DataInfo, built: Sequence[Triangle], spec: Spec) -> None:
    """Warn of columns that rounding has changed for good; `built` ends with the cells as they are."""
    names, intercept = info.roles.design, not spec.no_intercept
    for lost in lost_in_rounding(built[0], built[-1], names, info.roles.target, intercept=intercept):
        logger.warning("%s: %s; --dtype float64 keeps it", info.source[0], lost)


def require_squares(info: DataInfo, triangle: Triangle, dtype: DType) -> None:
    """See that squares of columns and weights, of which coordinates are made, are within the range of float64."""
    if not LEAST_SQUARE < triangle.total_weight < 1.0 / LEAST_SQUARE:
        raise DataError(
            f"{info.source[0]}: column {info.roles.weight!r}: its weights sum to {triangle.total_weight:.3g}",
            "rescale them: only their ratios matter to the weights of the model",
        )
    lengths = triangle.lengths().tolist()
    # Cells that are rounded to infinity were beyond float32 alone.
    rounded = dtype is DType.FLOAT32 and not all(math.isfinite(length) for length in lengths)
    for name, length in zip([*info.roles.design, info.roles.target], lengths, strict=True):
        require_square(info, name, length, LEAST_SQUARE, DType.FLOAT32 if rounded else DType.FLOAT64)


def require_corner(spec: Spec, info: DataInfo, spread: float, dtype: torch.dtype) -> None:
    """See that a loss that is |r| but for residuals up to its width is told from |r| alone in this precision.

    `spread` is that of the target. Were it 10¹³ times the width, the curvature would be lost in rounding, and with it
    what tells where the minimum is.
    """
    width = {Loss.HUBER: spec.delta, Loss.LOGCOSH: 1.0}.get(spec.loss)
    if width is None or spread * torch.finfo(dtype).eps * UNRESOLVED < width:
        return
    precise = "" if dtype is torch.float64 else "--dtype float64, or "
    what = f"δ = {width:g}" if spec.loss is Loss.HUBER else "1, where --loss logcosh turns into |r|,"
    raise DataError(
        f"{info.source[0]}: column {info.roles.target!r}: {what} is too small beside its spread of {spread:.3g} for "
        f"{spec.dtype.value}",
        precise + ("leave --delta out" if spec.loss is Loss.HUBER else "give --loss huber|absolute, or rescale it"),
    )


def require_cells(info: DataInfo, names: Sequence[str], cells: Sequence[torch.Tensor]) -> None:
    """See that the squares of the columns of a formula, (m,) each, are not beyond the precision in which they are."""
    for name, column in zip(names, cells, strict=True):
        length = float(torch.linalg.vector_norm(column.to(torch.float64)))
        single = column.dtype is torch.float32
        least = LEAST_SQUARE_32 if single else LEAST_SQUARE
        if not length < least**-0.5:
            require_square(info, name, length, least, DType.FLOAT32 if single else DType.FLOAT64)


def require_square(info: DataInfo, name: str, length: float, least: float, dtype: DType) -> None:
    """See that the square of a column's `length` is between `least` and its inverse."""
    if length == 0.0 or least**0.5 < length < least**-0.5:
        return
    small = length < 1.0
    raise DataError(
        f"{info.source[0]}: column {name!r}: its squares {'vanish in' if small else 'are beyond'} {dtype.value}",
        ("--dtype float64, or " if dtype is DType.FLOAT32 else "")
        + f"rescale it: other units, {'larger' if small else 'smaller'} numbers",
    )
