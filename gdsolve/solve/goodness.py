"""How good a fit is as a whole, for its report: from the triangle, the figures of fit, and the robust covariance."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from gdsolve.objective.goodness import (
    Goodness,
    ModelTest,
    chi_square_test,
    f_test,
    gaussian_log_likelihood,
    inflation,
    known_log_likelihood,
    wald_test,
)
from gdsolve.objective.inference import Estimate, Inference, Weighting
from gdsolve.objective.spread import spread_of, square
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.goodness_of_means import goodness_of_likelihood
from gdsolve.solve.outcome import adjusted
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.weighting import weighting_of
from gdsolve.spec import Loss

CONSTANT = "the column does not vary"
CONSTANT_TARGET = "the target does not vary"


def with_goodness(found: Inference, problem: Problem, w: Tensor, *, sse: float | None) -> Inference:
    """The inference with how good the fit is; `sse` is that of the fit in the user's units, where it is of squares."""
    rank = problem.p if found.rank is None else found.rank
    if sse is None:
        goodness = goodness_of_likelihood(problem, w, rank, found.dispersion)
    else:
        weighting = weighting_of(problem.spec)
        goodness = goodness_of_squares(
            found,
            sse=sse,
            total=problem.total_sum_of_squares,
            observations=problem.observations,
            rank=rank,
            weighting=weighting,
            log_weight=0.0 if weighting is Weighting.NONE else problem.data.log_weight if problem.data else None,
            intercept=problem.intercept or problem.kind is Kind.CURVE,
            nested=problem.kind is Kind.LINEAR and problem.box is None,
        )
    found = replace(found, goodness=goodness)
    # Of several classes a column has a weight in each, and one inflation: `check` tells what it is.
    return (
        found if problem.spec.loss is Loss.SOFTMAX else with_vif(found, problem.triangle, intercept=problem.intercept)
    )


def goodness_of_squares(
    found: Inference,
    *,
    sse: float,
    total: float | None,
    observations: float,
    rank: int,
    weighting: Weighting,
    log_weight: float | None,
    intercept: bool,
    nested: bool = True,
) -> Goodness:
    """Log-likelihood, adjusted R² and F of least squares; `total` is what the model without columns leaves.

    That model is no part of a curve, nor of weights within bounds, where it is not `nested`: there is no F. Without
    intercept it is 0, so that R² and F are not centred, as in R and statsmodels. The F of robust errors is Wald's.
    Where the variances are known a likelihood ratio takes the place of F. `log_weight` is Σ log ω, None where that is
    not known.
    """
    q, left = rank - intercept, observations - rank
    known = weighting is Weighting.KNOWN
    r2 = 1.0 - sse / total if total else None
    likelihood = None
    if weighting is Weighting.FREQUENCY:
        likelihood = gaussian_log_likelihood(sse, observations, 0.0)
    elif log_weight is not None:
        of = known_log_likelihood if known else gaussian_log_likelihood
        likelihood = of(sse, observations, log_weight)
    f, ratio = None, None
    if total and nested:
        explained = max(total - sse, 0.0)
        if known:
            ratio = chi_square_test(explained, q)
        elif found.robust is None:
            f = f_test(explained, q, sse, left)
        else:
            f = _wald(found, q, intercept=intercept)
    return Goodness(
        observations=observations,
        parameters=rank + (not known),
        log_likelihood=likelihood,
        adjusted_r2=adjusted(r2, observations, rank, intercept=intercept),
        f=f,
        likelihood_ratio=ratio,
    )


def _wald(found: Inference, q: int, *, intercept: bool) -> ModelTest | None:
    """The test of all slopes with their robust covariance; None where they are not all determined."""
    slopes = found.estimates[:-1] if intercept else found.estimates
    robust = found.robust
    if (
        robust is None
        or robust.freedom is None
        or len(slopes) != q
        or any(one.standard_error is None for one in slopes)
    ):
        return None
    values = torch.tensor([one.value for one in slopes], dtype=torch.float64, device=robust.root.device)
    return wald_test(values, robust.root[:q], robust.freedom)


def with_vif(found: Inference, triangle: Triangle | None, *, intercept: bool) -> Inference:
    """The estimates with the variance inflation factors of their columns, in words where they are infinite.

    They are of the columns with the weights of their rows, whatever the loss; the intercept has none. Without intercept
    they are not centred.
    """
    if triangle is None:
        return found
    block = triangle.centred()[:, :-1] if intercept else triangle.raw()[:, : triangle.n]
    errors = triangle.errors(intercept=intercept)[: triangle.n]
    names = [one.name for one in found.estimates[: triangle.n]]
    still = (block == 0.0).all(dim=0).tolist()
    held = {name: CONSTANT for name, same in zip(names, still, strict=True) if same}
    free = [place for place, same in enumerate(still) if not same]
    identity = torch.eye(len(free), dtype=torch.float64, device=block.device)
    columns = block[:, free]
    spread = spread_of(square(columns), identity, free, names, held, errors=errors[free])
    factors = dict(zip((names[place] for place in free), inflation(columns, spread.root[free]), strict=True))
    estimates: list[Estimate] = []
    for one in found.estimates:
        reason = _collinear(spread.reasons.get(one.name))
        vif = None if reason else factors.get(one.name)
        estimates.append(replace(one, vif=vif, vif_reason=reason))
    return replace(found, estimates=tuple(estimates))


def _collinear(reason: str | None) -> str | None:
    return reason if reason in (None, CONSTANT) else "infinite: the column is a combination of others"
