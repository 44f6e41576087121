"""Losses of classes, counts and means whose logarithm is linear: their target is in no other unit than it is given."""

from __future__ import annotations


def refuse_units(scale: float) -> None:
    """See that a target without units is given in none.

    Raises:
        ValueError: a scale other than 1.
    """
    if scale != 1.0:
        raise ValueError(f"a target of classes or counts has no units, and is given in units of {scale}")
