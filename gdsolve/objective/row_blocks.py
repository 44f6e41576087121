"""Rows on their way into an objective, and in blocks that stay in cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.triangle import RowBlock, tensors_of

CACHE_ELEMENTS = 32_768


def split_rows(design: Tensor, *columns: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Blocks of the rows of `design`, (m, p), and of `columns` beside it, (m, 1) each.

    A block stays in cache between Xw and Xᵀr, so that a step reads X from memory once, not twice.
    """
    # An accelerator has its own way of blocking, and pays for every launch.
    height = max(1, CACHE_ELEMENTS // design.shape[1]) if design.device.type == "cpu" else len(design)
    return zip(*(torch.split(tensor, height) for tensor in (design, *columns)), strict=True)


def rows_in(
    batches: Iterable[RowBlock], coordinates: Coordinates, dtype: torch.dtype
) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """Design (rows, p), target (rows, 1) and weight (rows, 1), if any, of every batch in `coordinates`, in float64.

    The cells are rounded to `dtype` first: what descent in it sees.
    """
    for batch in batches:
        values, weight = tensors_of(batch, dtype)
        values = values.to(coordinates.scale.device)
        design = (values[:, :-1] - coordinates.centre) / coordinates.scale
        target = (values[:, -1:] - coordinates.target_centre) / coordinates.target_scale
        if coordinates.intercept:
            design = torch.cat([design, torch.ones(len(values), 1, dtype=torch.float64, device=values.device)], dim=1)
        yield design, target, None if weight is None else weight.to(values.device)[:, None]


def stacked(blocks: Sequence[Tensor], columns: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The blocks below each other, (m, columns); m may be 0."""
    return torch.cat(list(blocks)) if blocks else torch.zeros(0, columns, dtype=dtype, device=device)
