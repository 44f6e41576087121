"""The covariance of the estimates as a triangle: what intervals and leverages of a saved model are made from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Covariance:
    """scale²·(JᵀΩJ)⁻¹ of the parameters in `names`, which are those that are free.

    Shapes: `factor` is (r, q) with factorᵀ·factor = JᵀΩJ in coordinates that `to_user`, (q, q), takes to the user's.
    `scale` is the residual standard deviation, 1 where variances are known; None where nothing is left to estimate it
    from. Source: Seber and Lee, Linear Regression Analysis, 2nd ed., section 3.2.
    """

    factor: Tensor
    to_user: Tensor
    names: tuple[str, ...]
    scale: float | None

    def triangle(self, *, intercept: bool) -> tuple[tuple[str, ...], list[list[float]]]:
        """The names, and rows from the diagonal on of R with RᵀR = (covariance/scale²)⁻¹ in the user's units.

        With `intercept`, which is the last parameter, that comes first: Rᵀz = x then centres x by a difference of its
        own and the mean, so that columns like 1e9 ± 1 keep their digits (docs/design.md, section 2). The map is a
        triangle then as well, and R is made by multiplying two of them, in which nothing cancels.
        """
        count = len(self.names)
        order = [count - 1, *range(count - 1)] if intercept else [*range(count)]
        factor = torch.linalg.qr(self.factor.to(torch.float64)[:, order], mode="r").R
        back = torch.linalg.inv(self.to_user.to(torch.float64)[order][:, order])
        upper = torch.linalg.qr(factor @ back, mode="r").R if bool(back.tril(-1).any()) else (factor @ back).triu()
        upper = upper * torch.where(upper.diagonal() < 0.0, -1.0, 1.0)[:, None]
        return tuple(self.names[place] for place in order), [row[at:] for at, row in enumerate(upper.tolist())]
