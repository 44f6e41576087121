"""The robust errors of a fit, from the rows that are in memory, or as another pass over the table has found them."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.inference import Weighting
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.sandwich import Middle, RobustRoot, Sandwich, correction, freedom_of, normal
from gdsolve.objective.shared import Shared
from gdsolve.objective.softmax import SoftmaxRows
from gdsolve.solve.problem import Problem
from gdsolve.solve.weighting import weighting_of


def sandwich_of(problem: Problem, w: Tensor) -> Sandwich | None:
    """The robust errors of a fit that ended at `w`, (p, 1), if they are asked for."""
    spec, objective = problem.spec, problem.objective
    if not spec.errors.robust:
        return None
    if problem.squares is not None:
        return problem.squares.sandwich
    own = objective.own if isinstance(objective, Shared) else objective
    assert isinstance(own, PointwiseRows | SoftmaxRows | Curve | PointwiseCurve)
    clusters, asked, rows = problem.clusters, spec.errors, problem.observations
    count, frequency = None if clusters is None else clusters.count, weighting_of(spec) is Weighting.FREQUENCY

    def root(inner: Tensor) -> RobustRoot:
        middle = Middle.empty(asked, inner.shape[1], frequency=frequency, device=inner.device)
        place = 0
        for slopes, error, weight in _scores(own, w):
            here = slice(place, place + len(slopes))
            codes = None if clusters is None else clusters.codes[here].to(inner.device)
            middle.add(slopes.to(inner) @ inner, error.to(inner), None if weight is None else weight.to(inner), codes)
            place += len(slopes)
        total = objective.ranks.total(middle.total) if isinstance(objective, Shared) else None
        return middle.root(inner, correction(asked, rows, inner.shape[1], count), total)

    freedom = freedom_of(asked, rows, count) if isinstance(own, Curve) else normal
    return Sandwich(asked, root, freedom, count)


def _scores(
    own: PointwiseRows | SoftmaxRows | Curve | PointwiseCurve, w: Tensor
) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """∂z/∂w, (h, p), ∂l/∂z and the weights, (h, 1), of all rows, some at a time; of a curve ∂l/∂z is the residual.

    Of several classes they are ∂l/∂w, (h, pC), and 1.
    """
    if isinstance(own, SoftmaxRows):
        weights = own.matrix(w.to(torch.float64))
        for design, target, weight in own.blocks():
            cells = design.to(torch.float64)
            slopes = own.loss.loss_and_slope(cells @ weights, target)[1]
            yield (slopes[:, :, None] * cells[:, None]).reshape(len(cells), -1), torch.ones_like(slopes[:, :1]), weight
        return
    if isinstance(own, PointwiseRows):
        for design, target, weight in own.blocks():
            yield design, own.loss.loss_and_slope(design.to(torch.float64) @ w.to(torch.float64), target)[1], weight
        return
    slopes = own.model.jacobian(w)
    with torch.no_grad():
        fitted = own.model.at(w)
        if isinstance(own, Curve):
            yield slopes, fitted - own.target, None if own.root_weight is None else own.root_weight.square()
        else:
            yield slopes, own.loss.loss_and_slope(fitted, own.target)[1], own.weight
