"""What is known of a learning rate before the first step, and how small an update must be at it."""

from __future__ import annotations

import torch

from gdsolve.descent.foreseen import rounding_of_step
from gdsolve.descent.leap import Form
from gdsolve.descent.recurrence import LinearRecurrence
from gdsolve.descent.tolerances import USUAL_TOLERANCE, tightened_tolerances
from gdsolve.objective.modes import Modes

TOLERANCE = {torch.float64: USUAL_TOLERANCE, torch.float32: 1e-6}


def default_tolerance(
    modes: Modes, learning_rate: float, dtype: torch.dtype, form: Form | None, *, size: float = 0.0
) -> float:
    """The tolerance on updates where none was given and gdsolve chooses the rate, the same for every engine.

    1e-10 (float32: 1e-6); in float64 a small update must also mean a small error. An error e in the slowest mode makes
    updates of at least κ·e, κ = αμ for plain descent and 1 − |r| with momentum, r the largest root, so that the
    tolerance is 1e-10·κ·min|w*ᵢ| if that is less, and every weight has ten digits at the end. Weights below 1e-9 of the
    largest, or of `size`, the largest at the start, are not waited for. A loop that no closed form watches (`form` is
    None) is not asked for what is below the rounding of its steps.
    """
    if dtype is not torch.float64 or modes.spectrum.rank == 0:
        return TOLERANCE[dtype]
    contraction = modes.eigenvalues.new_full((1,), learning_rate * modes.spectrum.smallest)
    if isinstance(form, LinearRecurrence):
        contraction = -torch.expm1(form.slowest())
    tightened = float(tightened_tolerances(modes.minimiser.mT, contraction, size)[0])
    return tightened if form is not None else min(TOLERANCE[dtype], max(tightened, rounding_of_step(modes, dtype)))
