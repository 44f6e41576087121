"""What is known of a learning rate before the first step, and which one gdsolve takes when it drives."""

from __future__ import annotations

import torch
from torch import Tensor

from gdsolve.objective.modes import Modes

TOLERANCE = {torch.float64: 1e-10, torch.float32: 1e-6}
SMALLEST_SHARE = 1e-9


def default_tolerance(modes: Modes, learning_rate: float, dtype: torch.dtype, *, drives: bool) -> float:
    """The tolerance on updates where none was given, the same for every way.

    1e-10 (float32: 1e-6) where the user drives. Where gdsolve chooses the rate, a small update must also mean a small
    error: an error e in the slowest mode makes updates of αμ·e, so that the tolerance is 1e-10·αμ·min|w*ᵢ| if that is
    less, and every weight has ten digits at the end (weights below 1e-9 of the largest are not waited for).
    """
    if not drives or dtype is not torch.float64 or modes.spectrum.rank == 0:
        return TOLERANCE[dtype]
    contraction = modes.eigenvalues.new_full((1,), learning_rate * modes.spectrum.smallest)
    return float(tightened_tolerances(modes.minimiser.mT, contraction)[0])


def tightened_tolerances(minimisers: Tensor, contractions: Tensor) -> Tensor:
    """The default tolerances, (q,), of runs that gdsolve drives, for their `minimisers`, (q, p), and αμ, (q,)."""
    usual = TOLERANCE[torch.float64]
    sizes = minimisers.abs()
    counted = torch.where(sizes > SMALLEST_SHARE * sizes.amax(dim=1, keepdim=True), sizes, torch.inf).amin(dim=1)
    tightened = usual * contractions * torch.where(counted.isfinite(), counted, 1.0)
    told = (tightened > 0.0) & tightened.isfinite()
    return torch.where(told, tightened.clamp(max=usual), usual)
