"""A formula as what is minimised: any differentiable expression, by autograd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from gdsolve.objective.base import Evaluation
from gdsolve.objective.differentiate import hessian, value_and_gradient
from gdsolve.objective.edges import evaluate_at_edges
from gdsolve.objective.expression import Expression
from gdsolve.objective.layout import Layout


@dataclass(frozen=True, slots=True)
class Formula:
    """L(w), one number, an expression of the parameters in `layout` and of `given`: constants and columns of a table.

    `at_edges` is True where rows are at the edge of a function's domain: see `gdsolve.objective.edges`.
    Gradient and Hessian by autograd. Source: Griewank and Walther, Evaluating Derivatives, 2nd ed., chapter 3.
    """

    expression: Expression
    layout: Layout
    given: Mapping[str, Tensor]
    at_edges: bool = False

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation, at least."""
        return len(self.expression.steps) * max((tensor.numel() for tensor in self.given.values()), default=1)

    def value(self, w: Tensor) -> Tensor:
        """L(w), (), tracked by autograd."""
        values = {**self.given, **self.layout.unpack(w)}
        if self.at_edges:
            found = evaluate_at_edges(self.expression, values, self.layout.names)
        else:
            found = self.expression.evaluate(values)
        return found.to(w.dtype).reshape(())

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        return value_and_gradient(self.value, w)

    def hessian(self, w: Tensor) -> Tensor:
        """∇²L(w), (p, p)."""
        return hessian(self.value, w)

    def sse(self, weights: Tensor) -> None:
        """None: a formula knows of no errors."""
