"""Formulas that are written once, for arrays of numpy and tensors of torch alike."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""An array of numpy, or a tensor of torch: formulas take either, and give what they were given."""


def namespace(one: Array) -> Any:
    """The library that an array is of: its functions have the same names in both, and `axis` for what torch calls dim.

    What numpy computes needs no torch, whose import takes longer than thousands of small fits.
    """
    return np if isinstance(one, np.ndarray | np.generic) else sys.modules["torch"]


def beside(numbers: Sequence[float], like: Array) -> Array:
    """Numbers as an array of the library, the dtype and the device of another one."""
    return np.array(numbers, dtype=like.dtype) if isinstance(like, np.ndarray) else like.new_tensor(numbers)


def places(mask: Array) -> Array:
    """Where a mask, (q,), is true, in order."""
    return namespace(mask).where(mask)[0]


def counted(count: int, like: Array) -> Array:
    """0, 1, …, count − 1, (count,), int64, of the library and on the device of another array."""
    return np.arange(count) if isinstance(like, np.ndarray) else namespace(like).arange(count, device=like.device)
