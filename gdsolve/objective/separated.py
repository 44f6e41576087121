"""What separates the rows of a likelihood, so that it has no maximum."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Separation:
    """A direction, (p, 1) in descent's coordinates, along which the loss falls for ever.

    `complete` where every row gains by it. `column` is the one feature that separates by itself: the values of the rows
    that gain, in descent's coordinates, are `above` and `below` a threshold, each from the nearest to the furthest,
    None where there are none. `one_class` where the intercept alone does it, `saturated` where there are as many
    directions as rows. Of several classes `category` is the one that is separated from all others, if one is.
    """

    direction: Tensor
    complete: bool
    column: int | None = None
    above: tuple[float, float] | None = None
    below: tuple[float, float] | None = None
    one_class: bool = False
    saturated: bool = False
    category: int | None = None
