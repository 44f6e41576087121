"""Named parameters of any shape, and the one column of numbers that descent moves."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each parameter stands in w, (p, 1), which counts it in units of `scale`, (p, 1).

    `labels` names every number of w: `a`, or `w[0]`, `w[1]` for the entries of a vector.
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    labels: tuple[str, ...]
    scale: Tensor

    def unpack(self, w: Tensor) -> dict[str, Tensor]:
        """The parameters by name, in the user's units, tracked by autograd as w is."""
        sizes = [torch.Size(shape).numel() for shape in self.shapes]
        parts = torch.split((w * self.scale)[:, 0], sizes)
        return {name: part.reshape(shape) for name, shape, part in zip(self.names, self.shapes, parts, strict=True)}

    def to_user(self, weights: Tensor) -> Tensor:
        """Weights (p, q) of descent in the user's units."""
        return weights * self.scale

    def from_user(self, weights: Tensor) -> Tensor:
        """Weights (p, q) in the user's units as descent sees them."""
        return weights / self.scale
