"""The triangles of many groups of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gdsolve.objective.namespace import Array, namespace
from gdsolve.objective.rank import EPSILON, stored_errors

if TYPE_CHECKING:
    import torch

    from gdsolve.objective.triangle import Triangle


@dataclass(frozen=True, slots=True)
class GroupTriangles:
    """For every group an R with RᵀR = AᵀA, A = √ω·[1, X − shift, y − shift_y], as `Triangle` has it for one table.

    Shapes: G groups; `factor` is (G, n + 2, n + 2), `shift` is (G, n + 1), the target last; `rows`, int64, those with
    a weight above 0, and `total_weight` are (G,). Source: docs/design.md, section 2, "The triangle".
    """

    factor: Array
    shift: Array
    rows: Array
    total_weight: Array

    @property
    def n(self) -> int:
        """The number of features."""
        return int(self.factor.shape[2]) - 2

    def to(self, device: torch.device) -> GroupTriangles:
        """The same triangles as tensors on a device."""
        import torch

        parts = (self.factor, self.shift, self.rows, self.total_weight)
        return GroupTriangles(*(torch.from_numpy(part).to(device) for part in parts))

    @classmethod
    def empty(cls, n: int) -> GroupTriangles:
        """No group, of tables with `n` features."""
        factor = np.zeros((0, n + 2, n + 2))
        return cls(factor, factor[:, 0, 1:], np.zeros(0, dtype=np.int64), factor[:, 0, 0])

    def padded(self, groups: int) -> GroupTriangles:
        """The same with groups without rows at the end, `groups` in all."""
        parts = (self.factor, self.shift, self.rows, self.total_weight)
        return GroupTriangles(*(padded(part, groups) for part in parts))

    def only(self, chosen: Array | Sequence[int]) -> GroupTriangles:
        """The triangles of some groups."""
        return GroupTriangles(self.factor[chosen], self.shift[chosen], self.rows[chosen], self.total_weight[chosen])

    def triangle(self, place: int) -> Triangle:
        """That of one group."""
        import torch

        from gdsolve.objective.triangle import Triangle

        rows, weight = int(self.rows[place]), float(self.total_weight[place])
        return Triangle(torch.as_tensor(self.factor[place]), torch.as_tensor(self.shift[place]), rows, weight)

    def means(self) -> Array:
        """Weighted column means, (G, n + 1), the target last."""
        return self.shift + self.factor[:, 0, 1:] / self.factor[:, 0, :1]

    def raw(self) -> Array:
        """The factors of [X, 1, y] themselves, (G, n + 2, n + 2)."""
        ones = self.factor[:, :, :1]
        moved = self.factor[:, :, 1:] + ones * self.shift[:, None, :]
        return namespace(moved).concatenate([moved[:, :, :-1], ones, moved[:, :, -1:]], axis=2)

    def columns(self, *, intercept: bool) -> Array:
        """The factors of [X − x̄, y − ȳ], (G, n + 2, n + 1), or of [X, y] for a model without intercept."""
        if not intercept:
            return self.raw()[:, :, [*range(self.n), self.n + 1]]
        block = 1.0 * self.factor[:, :, 1:]
        # Centring by clearing a row instead of subtracting means: nothing cancels.
        block[:, 0] = 0.0
        return block

    def constant(self) -> Array:
        """Tell the features that do not vary within their group, (G, n), bool."""
        return (self.factor[:, 1:, 1:-1] == 0.0).all(axis=1)

    def total_sum_of_squares(self, *, intercept: bool) -> Array:
        """Σω(y − ȳ)², (G,), or Σωy² for a model without intercept."""
        return (self.columns(intercept=intercept)[:, :, -1] ** 2).sum(axis=1)

    def errors(self, *, intercept: bool) -> Array:
        """The errors of the columns of the design, (G, p), beside their lengths: see `Triangle.errors`."""
        xp = namespace(self.shift)
        if not intercept:
            return xp.full_like(self.shift[:, :-1], EPSILON)
        spreads = xp.linalg.norm(self.columns(intercept=True), axis=1) / self.total_weight[:, None] ** 0.5
        stored = stored_errors(self.means(), spreads)[:, :-1]
        return xp.concatenate([stored, xp.full_like(self.shift[:, :1], EPSILON)], axis=1)

    def lengths(self) -> Array:
        """‖x_j‖ and ‖y‖ over the rows of each group, (G, n + 1): not finite where that is beyond float64."""
        xp = namespace(self.factor)
        columns = self.columns(intercept=False)
        largest = xp.amax(abs(columns), axis=1)
        unit = xp.where((largest > 0) & xp.isfinite(largest), largest, 1.0)
        return xp.linalg.norm(columns / unit[:, None, :], axis=1) * unit


def padded(part: np.ndarray, groups: int) -> np.ndarray:
    """The rows of an array and rows of zeros, `groups` in all, unless there are as many already."""
    new = groups - len(part)
    return np.concatenate([part, np.zeros((new, *part.shape[1:]), dtype=part.dtype)]) if new > 0 else part
