"""The affine map between the user's weights of several classes and those that descent moves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gdsolve.objective.coordinates import Coordinates


@dataclass(frozen=True, slots=True)
class ClassCoordinates:
    """`own` coordinates for the weights of each class, (pC, q), class by class, an intercept the last of its class.

    The same number added to a weight in all classes changes no probability where no penalty holds it: at these places,
    `shifts`, the user is shown the weights that sum to zero over the classes, whichever of them descent has.
    """

    own: Coordinates
    classes: int
    shifts: tuple[int, ...]

    @property
    def scale(self) -> Tensor:
        """What the columns are divided by, (n,)."""
        return self.own.scale

    @property
    def centre(self) -> Tensor:
        """What the columns are moved by, (n,)."""
        return self.own.centre

    def penalised(self, *, intercepts: bool) -> ClassCoordinates:
        """The same where a penalty holds all weights, or all but the `intercepts`."""
        return replace(self, shifts=(self.own.n,) if intercepts and self.own.intercept else ())

    def to(self, device: torch.device) -> ClassCoordinates:
        """The same coordinates on another device."""
        return replace(self, own=self.own.to(device))

    def to_user(self, weights: Tensor) -> Tensor:
        """Weights (pC, q) of descent in the units of the file, summing to zero where nothing else holds them."""
        found = self._each(weights, self.own.to_user).clone()
        blocks = found.reshape(self.classes, self.own.p, -1)
        for place in self.shifts:
            blocks[:, place] -= blocks[:, place].mean(dim=0)
        return blocks.reshape(found.shape)

    def from_user(self, weights: Tensor) -> Tensor:
        """Weights (pC, q) in the units of the file as descent sees them."""
        return self._each(weights, self.own.from_user)

    def uncentred_map(self) -> Tensor:
        """The linear part of the map of the weights of all classes as they are, (pC, pC), without a common shift."""
        own = self.own.matrix()
        return torch.kron(torch.eye(self.classes, dtype=own.dtype, device=own.device), own)

    def _each(self, weights: Tensor, change: object) -> Tensor:
        p, q = self.own.p, weights.shape[1]
        aside = weights.reshape(self.classes, p, q).permute(1, 0, 2).reshape(p, self.classes * q)
        found: Tensor = change(aside)  # type: ignore[operator]
        return found.reshape(p, self.classes, q).permute(1, 0, 2).reshape(self.classes * p, q)
