"""The dispersion of counts and positive numbers: α of a negative binomial, and φ of gamma and Tweedie losses."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from gdsolve.objective.base import Objective
from gdsolve.objective.curve import PointwiseCurve
from gdsolve.objective.offset import moved, plain
from gdsolve.objective.pointwise import PointwiseLoss
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.positive import Informed
from gdsolve.objective.shared import Shared


def predicted_rows(objective: Objective, w: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
    """z, y and ω of the rows of this rank, (h, 1) each, in float64, some at a time; None for ω where all weigh 1."""
    own = objective.own if isinstance(objective, Shared) else objective
    if isinstance(own, PointwiseCurve):
        with torch.no_grad():
            z = own.model.at(w)
        weight = None if own.weight is None else own.weight.to(torch.float64)
        yield *moved(z.to(torch.float64), own.target.to(torch.float64)), weight
        return
    assert isinstance(own, PointwiseRows)
    for design, target, omega in own.blocks():
        weight = None if omega is None else omega.to(torch.float64)
        yield *moved((design @ w).to(torch.float64), target.to(torch.float64)), weight


def sum_over_rows(objective: Objective, w: Tensor, term: Callable[[Tensor, Tensor], Tensor]) -> float:
    """Σ ω·term(z, y) over the rows of all ranks, at `w`, (p, 1), in float64."""
    total = torch.zeros(1, dtype=torch.float64, device=w.device)
    for z, y, weight in predicted_rows(objective, w):
        found = term(z, y)
        total += (found if weight is None else weight * found).sum()
    return float(objective.ranks.total(total) if isinstance(objective, Shared) else total)


def loss_of_rows(objective: Objective) -> PointwiseLoss:
    """The loss of rows, or of a curve."""
    own = objective.own if isinstance(objective, Shared) else objective
    assert isinstance(own, PointwiseRows | PointwiseCurve)
    return plain(own.loss)


def pearson(objective: Objective, w: Tensor, mean: Callable[[Tensor], Tensor]) -> float:
    """Σ ω·(y − μ)²/V(μ) at `w`, (p, 1); over N − p it is φ. `mean` takes z to μ.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., sections 2.2.4 and 8.3.6.
    """
    loss = loss_of_rows(objective)
    assert isinstance(loss, Informed)
    informed = loss

    def term(z: Tensor, y: Tensor) -> Tensor:
        at = mean(z)
        return (y - at).square() / informed.variance(at)

    return sum_over_rows(objective, w, term)


def information(objective: Objective, w: Tensor) -> Tensor | None:
    """Σ ω·E[l″]·xxᵀ, (p, p), at `w`, (p, 1), the expectation of the Hessian of Σωl; None of other losses.

    x is the row of the design, or of a curve the slopes ∂z/∂w. Errors of the weights come from it in R's glm, and in
    statsmodels. Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed., section 2.5.
    """
    own = objective.own if isinstance(objective, Shared) else objective
    loss = loss_of_rows(objective)
    if not isinstance(loss, Informed):
        return None
    total = torch.zeros(len(w), len(w), dtype=torch.float64, device=w.device)
    if isinstance(own, PointwiseCurve):
        blocks = iter([(own.model.jacobian(w), own.target, own.weight)])
        values = iter([moved(own.model.at(w).detach(), own.target)[0]])
    else:
        assert isinstance(own, PointwiseRows)
        blocks, values = own.blocks(), (moved(design @ w, target)[0] for design, target, _ in own.blocks())
    for (slopes, _, weight), z in zip(blocks, values, strict=True):
        curved = loss.information(z.to(torch.float64))
        part = slopes.to(torch.float64)
        total += part.mT @ (part * (curved if weight is None else curved * weight.to(torch.float64)))
    return objective.ranks.total(total) if isinstance(objective, Shared) else total


def score_of_dispersion(z: Tensor, y: Tensor, alpha: float) -> Tensor:
    """α·∂ℓ/∂α of a negative binomial with mean eᶻ, row by row: 0 in all where α is most likely.

    (log(1 + αμ) − ψ(y + 1/α) + ψ(1/α))/α + y − (y + 1/α)·αμ/(1 + αμ).
    Source: Lawless (1987), Negative binomial and mixed Poisson regression, section 2; Cameron and Trivedi, Regression
    Analysis of Count Data, 2nd ed., section 3.3.1.
    """
    linear, inverse = z + torch.log(torch.tensor(alpha, dtype=z.dtype, device=z.device)), 1.0 / alpha
    log = -torch.nn.functional.logsigmoid(-linear)
    whole = torch.digamma(y + inverse) - torch.digamma(torch.full_like(y, inverse))
    return inverse * (log - whole) + y - (y + inverse) * torch.sigmoid(linear)


def log_gammas(y: Tensor, alpha: float) -> Tensor:
    """log Γ(y + 1/α) − log Γ(1/α) − log y! + y·log α: what the likelihood of counts has beside the loss."""
    inverse = torch.full_like(y, 1.0 / alpha)
    whole = torch.lgamma(y + inverse) - torch.lgamma(inverse)
    return whole - torch.lgamma(y + 1.0) + y * torch.log(torch.full_like(y, alpha))
