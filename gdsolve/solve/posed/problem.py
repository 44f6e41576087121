"""An objective that is no least squares on a table, as descent sees it, with what is known of it beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    import torch

    from gdsolve.objective.base import Objective
    from gdsolve.objective.box import Box
    from gdsolve.objective.modes import Modes
    from gdsolve.solve.data import DataInfo
    from gdsolve.spec import Engine, Spec


class Kind(StrEnum):
    """What is minimised."""

    FORMULA = "formula"
    CURVE = "curve"
    LINEAR = "linear"


class Units(Protocol):
    """The map between the user's weights and those of descent, (p, q) each."""

    def to_user(self, weights: torch.Tensor) -> torch.Tensor: ...  # noqa: D102
    def from_user(self, weights: torch.Tensor) -> torch.Tensor: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Posed:
    """What there is to descend on, and from where; `start` is (p, 1), in descent's coordinates.

    `labels` names the weights, the intercept left out. `modes` are known where the objective is a quadratic, `bound`, a
    bound on its largest curvature anywhere, where there is one. `smooth` is False where the gradient has jumps.
    `sample` has rows of the table, (r, n + 1), for a picture that shows them.
    """

    spec: Spec
    kind: Kind
    engine: Engine
    objective: Objective
    start: torch.Tensor
    labels: tuple[str, ...]
    intercept: bool
    units: Units
    box: Box | None
    data: DataInfo | None
    rows: float
    total_sum_of_squares: float | None
    modes: Modes | None
    bound: float | None
    convex: bool
    smooth: bool
    seconds: float
    sample: np.ndarray | None = None


def loss_unit(posed: Posed) -> float:
    """What a loss in descent's coordinates counts for in the user's units."""
    return float(getattr(posed.units, "target_scale", 1.0)) ** 2
