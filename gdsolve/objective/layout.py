"""Named parameters of any shape, and the one column of numbers that descent moves."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from gdsolve.objective.box import Box


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each parameter stands in w, (p, 1), which counts it in units of `scale`, (p, 1).

    `labels` names every number of w: `a`, or `w[0]`, `w[1]` for the entries of a vector. `bounds` are in the user's
    units, None where there are none.
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]
    scale: Tensor
    bounds: Box | None = None

    @property
    def box(self) -> Box | None:
        """The bounds as descent sees them."""
        if self.bounds is None:
            return None
        return Box(self.from_user(self.bounds.lower), self.from_user(self.bounds.upper))

    def unpack(self, w: Tensor) -> dict[str, Tensor]:
        """The parameters by name, in the user's units, tracked by autograd as w is."""
        parts = (w * self.scale)[:, 0].split_with_sizes([prod(shape) for shape in self.shapes])
        return {name: part.reshape(shape) for name, shape, part in zip(self.names, self.shapes, parts, strict=True)}

    def to_user(self, weights: Tensor) -> Tensor:
        """Weights (p, q) of descent in the user's units; those at a bound are that very number."""
        user = weights * self.scale
        if self.bounds is None or self.box is None:
            return user
        user = torch.where(weights == self.box.lower, self.bounds.lower, user)
        return torch.where(weights == self.box.upper, self.bounds.upper, user)

    def from_user(self, weights: Tensor) -> Tensor:
        """Weights (p, q) in the user's units as descent sees them."""
        return weights / self.scale
