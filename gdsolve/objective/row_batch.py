"""Rows of a table on their way into an objective."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor


class RowBlock(Protocol):
    """Rows of a table: `values` (rows, n + 1), the target last, and their weights (rows,), if any."""

    @property
    def values(self) -> np.ndarray: ...  # noqa: D102
    @property
    def weight(self) -> np.ndarray | None: ...  # noqa: D102


def from_numpy(array: np.ndarray) -> Tensor:
    """An array as a tensor of the host, sharing its memory where that may be written to."""
    # What polars lends without a copy is read-only, which torch does not know of.
    return torch.from_numpy(array if array.flags.writeable else array.copy())
