"""A parameter and a constant of a formula, and the numbers from which one may start."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

# A number, a vector as a tuple, or a matrix as a tuple of rows.
Value = float | tuple[Any, ...]
DOTS = ".."
"""Between the ends of a range."""


@dataclass(frozen=True, slots=True)
class StartRange:
    """All numbers from `low` to `high`: where a parameter may start."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """A number between both."""
        return 0.5 * self.low + 0.5 * self.high

    @property
    def text(self) -> str:
        """The range as it is typed.

        >>> StartRange(0.0, 10.0).text
        '0..10'
        """
        return f"{self.low:.10g}..{self.high:.10g}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a formula: where it starts, its bounds, and whether it stays there.

    With a `span` it starts somewhere in it, and `start` only stands for that; so it does where it is `sought`, to be
    found from the data.
    """

    name: str
    start: Value
    lower: float = -math.inf
    upper: float = math.inf
    fixed: bool = False
    span: StartRange | None = None
    sought: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, vector or matrix that a formula uses by its name."""

    name: str
    value: Value
