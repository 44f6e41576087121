"""A parameter and a constant of a formula."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

# A number, a vector as a tuple, or a matrix as a tuple of rows.
Value = float | tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a formula: where it starts, its bounds, and whether it stays there."""

    name: str
    start: Value
    lower: float = -math.inf
    upper: float = math.inf
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, vector or matrix that a formula uses by its name."""

    name: str
    value: Value
