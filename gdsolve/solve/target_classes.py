"""The classes of a target: their names, the numbers that stand for them in rows, and their weights."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Classes:
    """`names` of the classes in order, and the `values` of the target that stand for them in rows, increasing.

    `weights` of them multiply those of rows; None where no class weighs more than another. `total` is Σω with them.
    """

    names: tuple[str, ...]
    values: tuple[float, ...]
    weights: tuple[float, ...] | None = None
    total: float | None = None
