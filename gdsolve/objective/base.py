"""What descent needs to know of a problem, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Value and gradient of an objective at one point.

    Shapes: `value` is (), `gradient` is (p, 1). Both stay on their device: reading them is the driver's business.
    """

    value: Tensor
    gradient: Tensor


class Objective(Protocol):
    """A differentiable function of w, (p, 1), with the sum of squared errors of its data part."""

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`."""
        ...

    def sse(self, weights: Tensor) -> Tensor:
        """‖X wᵢ − y‖² for every column wᵢ of `weights`, (p, q): a tensor (q,)."""
        ...

    @property
    def step_elements(self) -> int:
        """Numbers read from memory for one evaluation: what a step costs."""
        ...
