"""Bounds on the weights of a linear model, as descent sees them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from gdsolve.objective.bounds import BoundedCoordinates
from gdsolve.objective.box import Box
from gdsolve.objective.coordinates import Coordinates
from gdsolve.spec import Spec
from gdsolve.spec.weight_bounds import bounds_of


def within(spec: Spec, coordinates: Coordinates, names: Sequence[str]) -> tuple[Coordinates, Box | None]:
    """The coordinates, held to the bounds of `spec` on the weights of the columns `names`, and those bounds in them.

    Raises:
        GdsolveError: a bound of a column that has no weight.
    """
    bounds = bounds_of(spec, names)
    if bounds is None:
        return coordinates, None
    device = coordinates.scale.device
    lower, upper = (
        torch.tensor(side, dtype=torch.float64, device=device)[:, None] for side in (bounds.lower, bounds.upper)
    )
    held = BoundedCoordinates.within(coordinates, Box(lower, upper))
    return held, held.box
