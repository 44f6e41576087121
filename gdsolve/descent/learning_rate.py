"""What is known of a learning rate before the first step, and which one gdsolve takes when it drives."""

from __future__ import annotations

import math

import torch

from gdsolve.objective.modes import Modes

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-6}
SMALLEST_SHARE = 1e-9


def default_tolerance(modes: Modes, learning_rate: float, dtype: torch.dtype, *, drives: bool) -> float:
    """The tolerance on updates where none was given, the same for every way.

    1e-10 (float32: 1e-6) where the user drives. Where gdsolve chooses the rate, a small update must also mean a small
    error: an error e in the slowest mode makes updates of αμ·e, so that the tolerance is 1e-10·αμ·min|w*ᵢ| if that is
    less, and every weight has ten digits at the end (weights below 1e-9 of the largest are not waited for).
    """
    usual = TOLERANCE[dtype]
    if not drives or dtype is not torch.float64 or modes.spectrum.rank == 0:
        return usual
    sizes = modes.minimiser.abs()
    largest = float(sizes.amax())
    counted = sizes[sizes > SMALLEST_SHARE * largest]
    smallest = float(counted.amin()) if len(counted) else 1.0
    tightened = usual * learning_rate * modes.spectrum.smallest * smallest
    return min(usual, tightened) if tightened > 0.0 and math.isfinite(tightened) else usual
