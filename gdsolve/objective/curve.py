"""A curve through data: nonlinear least squares, and other losses of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import torch
from torch import Tensor

from gdsolve.objective.base import Evaluation
from gdsolve.objective.degree import meets
from gdsolve.objective.differentiate import hessian, value_and_gradient
from gdsolve.objective.edges import evaluate_at_edges
from gdsolve.objective.expression import Expression
from gdsolve.objective.layout import Layout
from gdsolve.objective.pointwise import PointwiseLoss, named_scores, tally


@dataclass(frozen=True, slots=True)
class CurveFunction:
    """f(x; w): an expression of the parameters in `layout`, of `constants`, and of `columns` of a table, (m,) each.

    `at_edges` is True where some rows are at the edge of a function's domain: see `gdsolve.objective.edges`.
    """

    expression: Expression
    layout: Layout
    constants: Mapping[str, Tensor]
    columns: Mapping[str, Tensor]
    rows: int
    at_edges: bool = False

    @property
    def joins(self) -> bool:
        """True where rows of the table meet: in a sum of a column, say."""
        return meets(self.expression, tuple(self.columns))

    def at(self, w: Tensor) -> Tensor:
        """f at all rows, (m, 1), tracked by autograd."""
        return self._evaluate(w, self.columns).to(w.dtype).expand(self.rows)[:, None]

    def jacobian(self, w: Tensor) -> Tensor:
        """∂f/∂w, (m, p), exact: row by row where rows do not meet in the expression, else one parameter at a time."""
        if not self.expression.reduces and not any(self.layout.shapes):
            return self._jacobian_of_numbers(w)
        slopes: Tensor
        with warnings.catch_warnings():
            # Importing the transforms makes torch warn of a function of its own.
            warnings.simplefilter("ignore", DeprecationWarning)
            if self.joins:
                slopes = torch.func.jacfwd(lambda point: self.at(point)[:, 0])(w)
            elif self.columns:
                slopes = torch.func.vmap(torch.func.grad(self._evaluate), in_dims=(None, 0))(w, dict(self.columns))
            else:
                slopes = torch.func.grad(self._evaluate)(w, {}).expand(self.rows, -1, -1)
        return slopes[:, :, 0]

    def _jacobian_of_numbers(self, w: Tensor) -> Tensor:
        """The same by one backward pass: every row has parameters of its own, equal in value.

        The transforms of torch.func take as long to import as torch itself, which most curves can do without.
        """
        own = w.detach().mT.repeat(self.rows, 1).requires_grad_()
        scaled = own * self.layout.scale.mT
        parameters = {name: scaled[:, place] for place, name in enumerate(self.layout.names)}
        values = self._values({**self.constants, **self.columns, **parameters})
        (slopes,) = torch.autograd.grad(values.sum(), own)
        return slopes

    def row(self, w: Tensor, cells: Mapping[str, Tensor]) -> Tensor:
        """f at one row, (), which has these cells, () each; for a model whose rows do not meet."""
        return self._evaluate(w, cells).to(w.dtype).reshape(())

    def _evaluate(self, w: Tensor, columns: Mapping[str, Tensor]) -> Tensor:
        value = self._values({**self.constants, **columns, **self.layout.unpack(w)})
        return value.reshape(-1) if value.numel() == 1 and value.dim() > 1 else value

    def at_rows(self, rows: slice) -> Self:
        """The same function of some of the rows."""
        columns = {name: column[rows] for name, column in self.columns.items()}
        return replace(self, columns=columns, rows=len(range(*rows.indices(self.rows))))

    def _values(self, values: Mapping[str, Tensor]) -> Tensor:
        if self.at_edges:
            return evaluate_at_edges(self.expression, values, self.layout.names)
        return self.expression.evaluate(values)

    @property
    def elements(self) -> int:
        """Numbers read for one evaluation, at least."""
        return len(self.expression.steps) * self.rows


@dataclass(frozen=True, slots=True)
class Curve:
    """c/2·‖√ω(f(x; w) − y)‖², with c the curvature scale of the loss.

    Shapes: `target` is (m, 1), `root_weight` √ω is (m, 1) or None. Source: Seber and Wild, Nonlinear Regression, ch. 2.
    """

    model: CurveFunction
    target: Tensor
    root_weight: Tensor | None
    curvature_scale: float

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation, at least."""
        return self.model.elements

    def at_rows(self, rows: slice) -> Self:
        """The same loss, of some of the rows."""
        root = None if self.root_weight is None else self.root_weight[rows]
        return replace(self, model=self.model.at_rows(rows), target=self.target[rows], root_weight=root)

    def residuals(self, w: Tensor) -> Tensor:
        """√ω(f(x; w) − y), (m, 1)."""
        errors = self.model.at(w) - self.target
        return errors if self.root_weight is None else self.root_weight * errors

    def jacobian(self, w: Tensor) -> Tensor:
        """∂(√ω f)/∂w, (m, p)."""
        slopes = self.model.jacobian(w)
        return slopes if self.root_weight is None else self.root_weight * slopes

    def value(self, w: Tensor) -> Tensor:
        """The loss, (), tracked by autograd."""
        return 0.5 * self.curvature_scale * self.residuals(w).square().sum()

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        return value_and_gradient(self.value, w)

    def hessian(self, w: Tensor) -> Tensor:
        """c·(JᵀJ + Σ rᵢ∇²rᵢ), (p, p)."""
        return hessian(self.value, w)

    def sse(self, weights: Tensor) -> Tensor:
        """‖√ω(f − y)‖² for every column of `weights`, (p, q): a tensor (q,)."""
        with torch.no_grad():
            return torch.stack([self.residuals(w[:, None]).square().sum() for w in weights.mT])


@dataclass(frozen=True, slots=True)
class PointwiseCurve:
    """1/M·Σ ωᵢ·l(f(xᵢ; w), yᵢ), with M = Σ ωᵢ: a curve and a loss that is no square.

    Shapes: `target` and `weight` are (m, 1), the latter None where all rows weigh 1. Source: docs/design.md, section 2.
    """

    model: CurveFunction
    target: Tensor
    weight: Tensor | None
    loss: PointwiseLoss
    total_weight: float

    @property
    def step_elements(self) -> int:
        """Numbers read for one evaluation, at least."""
        return self.model.elements

    def at_rows(self, rows: slice) -> Self:
        """The same loss, of some of the rows."""
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, model=self.model.at_rows(rows), target=self.target[rows], weight=weight)

    def value(self, w: Tensor) -> Tensor:
        """The loss, (), tracked by autograd."""
        losses, _ = self.loss.loss_and_slope(self.model.at(w), self.target)
        if self.weight is not None:
            # A row of weight 0 is no row: were its loss infinite, 0·∞ would be no number.
            losses = self.weight * torch.where(self.weight > 0.0, losses, 0.0)
        return losses.sum() / self.total_weight

    def evaluate(self, w: Tensor) -> Evaluation:
        """Value and gradient at `w`, (p, 1)."""
        return value_and_gradient(self.value, w)

    def hessian(self, w: Tensor) -> Tensor:
        """∇²L(w), (p, p)."""
        return hessian(self.value, w)

    def sse(self, weights: Tensor) -> Tensor | None:
        """Σ ω(f − y)² for every column of `weights`, (p, q): a tensor (q,); None for classes and counts."""
        if not self.loss.of_residual:
            return None
        with torch.no_grad():
            errors = torch.cat([self.model.at(w[:, None]) - self.target for w in weights.mT], dim=1).square()
            return (errors if self.weight is None else self.weight * errors).sum(dim=0)

    def scores(self, w: Tensor) -> dict[str, Any]:
        """The figures of fit of the loss, by name, at `w`, (p, 1)."""
        with torch.no_grad():
            found = self.loss.score(self.model.at(w).to(torch.float64), self.target.to(torch.float64))
        return named_scores(self.loss, tally(found, self.weight, self.loss), self.total_weight) if found else {}
