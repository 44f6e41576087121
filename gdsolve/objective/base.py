"""What descent needs to know of a problem, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Value and gradient of an objective at one point.

    Shapes: `value` is (), `gradient` is (p, 1). Both stay on their device: reading them is the driver's business.
    """

    value: Tensor
    gradient: Tensor


class Objective(Protocol):
    """A differentiable function of w, (p, 1)."""

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`."""
        ...

    def sse(self, weights: Tensor) -> Tensor | None:
        """The sum of squared errors at every column of `weights`, (p, q): a tensor (q,); None where it has no data."""
        ...

    @property
    def step_elements(self) -> int:
        """Numbers read from memory for one evaluation: what a step costs."""
        ...


@runtime_checkable
class TwiceDifferentiable(Protocol):
    """An objective whose second derivatives are at hand."""

    def hessian(self, w: Tensor) -> Tensor:
        """∇²L(w), (p, p), at `w`, (p, 1)."""
        ...


@runtime_checkable
class SumOfSquares(Protocol):
    """An objective c/2·‖r(w)‖², with c its `curvature_scale`."""

    @property
    def curvature_scale(self) -> float: ...  # noqa: D102

    def residuals(self, w: Tensor) -> Tensor:
        """r(w), (m, 1), at `w`, (p, 1)."""
        ...

    def jacobian(self, w: Tensor) -> Tensor:
        """∂r/∂w, (m, p), at `w`, (p, 1)."""
        ...
