"""The squared hinge loss: classes by a margin, and no probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor

from gdsolve.objective.unitless import refuse_units
from gdsolve.spec import Spec


@dataclass(frozen=True, slots=True)
class SquaredHinge:
    """max(0, 1 − s·z)² with s = 2y − 1, for y in {0, 1}: the square of what a row lacks of a margin of 1.

    It has a minimum whatever the rows are: that of separated classes is 0, and is reached.
    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 12.3.2; as
    LinearSVC(loss="squared_hinge") of scikit-learn has it.
    """

    of_residual: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    largest_curvature: ClassVar[float | None] = 2.0
    curvature_at_zero: ClassVar[float | None] = 2.0
    curvature_course: ClassVar[str] = "is largest where no row has its margin"
    means: ClassVar[tuple[str, ...]] = ("accuracy",)
    sums: ClassVar[tuple[str, ...]] = ()
    counts: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def of(cls, spec: Spec) -> Self:
        """The loss, which has no parameters."""
        return cls()

    def loss_and_slope(self, z: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """With t = max(0, 1 − s·z): t² and −2s·t."""
        sign = 2.0 * y - 1.0
        lacking = (1.0 - sign * z).clamp(min=0.0)
        return lacking * lacking, -2.0 * sign * lacking

    def curvature(self, z: Tensor, y: Tensor) -> Tensor:
        """2 where a row lacks some of its margin, else 0."""
        return 2.0 * ((2.0 * y - 1.0) * z < 1.0).to(z.dtype)

    def score(self, z: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """1 where z is on the side of the row's class, 0 where it is not or z = 0."""
        return (torch.where(y > 0.5, z > 0.0, z < 0.0).to(z.dtype),)

    def in_units_of(self, scale: float) -> Self:
        """The loss itself, as classes have no units.

        Raises:
            ValueError: a scale other than 1.
        """
        refuse_units(scale)
        return self
