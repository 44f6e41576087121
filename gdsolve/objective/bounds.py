"""Bounds on the weights of a linear model, in the user's units and in those of descent."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.objective.box import Box
from gdsolve.objective.coordinates import Coordinates


@dataclass(frozen=True, slots=True)
class BoundedCoordinates(Coordinates):
    """Coordinates that take a weight at its bound to that very number; `bounds`, (p, 1), are in the user's units.

    A bound of the intercept is one of a weight alone only where the columns are not centred.
    """

    bounds: Box | None = None

    @classmethod
    def within(cls, coordinates: Coordinates, bounds: Box) -> BoundedCoordinates:
        """The same coordinates, held to `bounds`."""
        scale, centre = coordinates.scale, coordinates.centre
        sizes = (coordinates.target_scale, coordinates.target_centre)
        return cls(scale, centre, *sizes, coordinates.intercept, coordinates.centred, bounds.to(scale))

    @property
    def box(self) -> Box:
        """The bounds as descent sees them: those of slopes by their scale alone, whatever the centres are."""
        assert self.bounds is not None
        units = (self.scale / self.target_scale)[:, None]
        # As `from_user` has them, so that a weight at its bound is there to the last digit.
        lower, upper = (
            torch.cat([side[: self.n] * units, side[self.n :] / self.target_scale])
            for side in (self.bounds.lower, self.bounds.upper)
        )
        return Box(lower, upper)

    def to(self, device: torch.device) -> BoundedCoordinates:
        """The same on another device."""
        assert self.bounds is not None
        here = self.scale.to(device)
        return replace(self, scale=here, centre=self.centre.to(device), bounds=self.bounds.to(here))

    def to_user(self, weights: Tensor) -> Tensor:
        """Weights (p, q) of descent in the units of the file; those at a bound are that very number."""
        user = Coordinates.to_user(self, weights)
        if self.bounds is None:
            return user
        box, bounds = self.box.to(weights), self.bounds.to(user)
        user = torch.where(weights == box.lower, bounds.lower, user)
        return torch.where(weights == box.upper, bounds.upper, user)
