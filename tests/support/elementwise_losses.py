"""Every loss that is declared once for tensors."""

from __future__ import annotations

import torch

from gdsolve.objective.elementwise import Rowwise, squares
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.spec import Spec

SPEC = Spec(delta=1.3, quantile=0.3, power=1.3, dispersion=0.7)
LOSSES: dict[str, Rowwise] = {
    "squares": squares,
    **{loss.value: kind.of(SPEC).loss_and_slope for loss, kind in POINTWISE.items()},
    **{
        f"{loss.value} in other units": kind.of(SPEC).in_units_of(0.37).loss_and_slope
        for loss, kind in POINTWISE.items()
        if kind.of_residual
    },
}
DTYPES = (torch.float64, torch.float32)
