"""The affine map between the user's weights and the weights that descent moves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Coordinates:
    """Columns (x − centre)/scale and target (y − target_centre)/target_scale.

    In them descent runs; `to_user` takes its weights back to the units of the file:
    w_j = s_y·w'_j/s_j and b = ȳ + s_y·w'_p − Σ w_j·x̄_j. Raw coordinates are the identity.
    Where they are not `centred`, both centres are 0 and the intercept is a weight by itself.
    Shapes: `scale` and `centre` are (n,); weights are (p, q), one problem a column, the intercept last.
    """

    scale: Tensor
    centre: Tensor
    target_scale: float
    target_centre: float
    intercept: bool
    centred: bool = True

    @classmethod
    def raw(cls, n: int, *, intercept: bool, device: torch.device) -> Coordinates:
        """The user's own coordinates."""
        one = torch.ones(n, dtype=torch.float64, device=device)
        return cls(one, torch.zeros_like(one), 1.0, 0.0, intercept)

    @property
    def n(self) -> int:
        """The number of features."""
        return self.scale.shape[0]

    @property
    def p(self) -> int:
        """The number of weights, with the intercept."""
        return self.n + self.intercept

    @property
    def is_raw(self) -> bool:
        """True for the identity."""
        unmoved = self.target_scale == 1.0 and self.target_centre == 0.0
        return unmoved and bool((self.scale == 1).all()) and bool((self.centre == 0).all())

    def without_target(self) -> Coordinates:
        """The same columns, and the target as it is: for classes and counts, which have no units."""
        return replace(self, target_scale=1.0, target_centre=0.0)

    def uncentred(self) -> Coordinates:
        """The same scales, and nothing moved."""
        return replace(self, centre=torch.zeros_like(self.centre), target_centre=0.0, centred=False)

    def to(self, device: torch.device) -> Coordinates:
        """The same coordinates on another device."""
        return replace(self, scale=self.scale.to(device), centre=self.centre.to(device))

    def to_user(self, weights: Tensor) -> Tensor:
        """Weights (p, q) of descent in the units of the file."""
        linear = weights[: self.n] * (self.target_scale / self.scale)[:, None]
        if not self.intercept:
            return linear
        constant = self.target_centre + self.target_scale * weights[self.n :] - self.centre[None, :] @ linear
        return torch.cat([linear, constant])

    def from_user(self, weights: Tensor) -> Tensor:
        """Weights (p, q) in the units of the file as descent sees them: the inverse of `to_user`."""
        linear = weights[: self.n] * (self.scale / self.target_scale)[:, None]
        if not self.intercept:
            return linear
        moved = weights[self.n :] - self.target_centre + self.centre[None, :] @ weights[: self.n]
        return torch.cat([linear, moved / self.target_scale])

    def rows_of(self, rows: Tensor, other: Coordinates) -> Tensor:
        """Linear forms (q, p) of weights in `other` coordinates as forms of weights in these.

        Means are subtracted from means before they meet a column, so that large ones that are equal cancel.
        """
        unit = self.target_scale / other.target_scale
        moved = rows[:, : self.n] * (other.scale * unit / self.scale)
        if not self.intercept:
            return moved
        constant = rows[:, self.n :] * unit
        return torch.cat([moved + constant * ((other.centre - self.centre) / self.scale), constant], dim=1)

    def matrix(self) -> Tensor:
        """The linear part of `to_user` as a matrix (p, p)."""
        identity = torch.eye(self.p, dtype=torch.float64, device=self.scale.device)
        return self.linear().to_user(identity)

    def linear(self) -> Coordinates:
        """The map without its constant part: less that part, a large mean of the target would take its digits along."""
        return replace(self, target_centre=0.0)

    def offset(self) -> Tensor:
        """The constant part of `to_user`, (p, 1)."""
        return self.to_user(torch.zeros(self.p, 1, dtype=torch.float64, device=self.scale.device))
