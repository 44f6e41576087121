"""What is told of a start that was found from the data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundStart:
    """Where a curve starts whose parameters were given no start, or not all of them.

    `start` has all parameters as --start takes them, and `found` those that were found. `solved` are the ones of these
    that the curve is linear in; the others were searched for, at `points` points, with the `seed`.
    """

    start: str
    found: dict[str, float]
    solved: tuple[str, ...]
    points: int
    seed: int
