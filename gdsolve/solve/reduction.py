"""A problem with more weights than rows, on the span of its rows: all that Newton's method has to look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from gdsolve.objective.pointwise_rows import SmoothPointwiseRows
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.wide import row_span
from gdsolve.solve.problem import Problem

if TYPE_CHECKING:
    from gdsolve.solve.minimum import Certificate


@dataclass(frozen=True, slots=True)
class Reduction:
    """`problem` on q weights a, w = Q·a + w₀: there no gradient of the whole one has a part across Q.

    Q has orthonormal columns, so that curvatures are those of the whole problem along its span; `rest` is the
    curvature across it, d²/M of a ridge penalty or 0. Shapes: `basis` Q is (p, q), `origin` w₀ (p, 1), `place`, the
    point that was asked for, (q, 1).
    """

    problem: Problem
    basis: torch.Tensor
    origin: torch.Tensor
    place: torch.Tensor
    rest: float

    def lift(self, found: Certificate) -> Certificate:
        """A certificate of the reduced problem as one of the whole."""
        if found.minimum is None:
            return found
        minimum, rest = found.minimum, self.rest
        spectrum = minimum.spectrum
        if spectrum is not None and rest > 0.0:
            across = len(self.basis) - self.basis.shape[1]
            spectrum = replace(spectrum, smallest=min(spectrum.smallest, rest), rank=spectrum.rank + across)
        lifted = replace(
            minimum,
            w=self.origin + self.basis @ minimum.w,
            hessian=None,
            spectrum=spectrum,
            unique=minimum.unique and rest > 0.0,
        )
        return replace(found, minimum=lifted)


def reduce_problem(problem: Problem, w: torch.Tensor) -> Reduction | None:
    """The reduction around `w`, (p, 1); None where there is none, within bounds, or with nothing to gain.

    Q spans the rows; w₀ is the part of `w` that is across them, where the loss is flat. With ridge, of one size on all
    features, that part runs to zero instead: then w₀ = 0, and Q spans it as well. Source: Hastie and Tibshirani (2004),
    Efficient quadratic regularization for expression arrays, Biostatistics 5(3).
    """
    objective = problem.objective
    if not isinstance(objective, SmoothPointwiseRows) or problem.box is not None:
        return None
    penalty, (m, p), w = objective.penalty, objective.design.shape, w.to(problem.start)
    d = float(penalty.diagonal[0]) if len(penalty.diagonal) else 0.0
    even = not d or bool((penalty.diagonal - d).abs().amax() <= torch.finfo(w.dtype).eps * d)
    if m + len(penalty.coupled) + 3 >= p or not even or not bool(torch.isfinite(w).all()):
        return None
    n = p - problem.intercept
    tied = torch.cat([objective.design, penalty.coupled])
    span = row_span(tied[:, :n], w[:n] if d else None)
    basis = span.new_zeros(p, span.shape[1] + p - n)
    basis[:n, : span.shape[1]] = span
    basis[n:, span.shape[1] :] = 1.0
    place = basis.mT @ w
    origin = torch.zeros_like(w) if d else w - basis @ place
    within = Penalty(w.new_full((span.shape[1] if d else 0,), d), penalty.coupled @ basis, penalty.aim)
    small = replace(objective, design=objective.design @ basis, penalty=within)
    reduced = replace(problem, objective=small, start=basis.mT @ (problem.start - origin))
    return Reduction(reduced, basis, origin, place, d * d / objective.total_weight)
