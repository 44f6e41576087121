"""How good a fit is as a whole, for its report: from the triangle, the figures of fit, and the robust covariance."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from gdsolve.objective.curve import PointwiseCurve
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
from gdsolve.objective.pointwise_rows import PointwiseRows, Scored
from gdsolve.objective.shared import Shared
from gdsolve.objective.spread import spread_of, square
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.outcome import adjusted
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.weighting import weighting_of
from gdsolve.spec.losses import Loss

CONSTANT = "the column does not vary"
CONSTANT_TARGET = "the target does not vary"


def with_goodness(found: Inference, problem: Problem, w: Tensor, *, sse: float | None) -> Inference:
    """The inference with how good the fit is; `sse` is that of the fit in the user's units, where it is of squares."""
    rank = problem.p if found.rank is None else found.rank
    if sse is None:
        goodness = _of_likelihood(problem, w, rank)
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
            nested=problem.kind is Kind.LINEAR,
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

    That model is no part of a curve, where it is not `nested`: there is no F. Without intercept it is 0, so that R² and
    F are not centred, as in R and statsmodels. The F of robust errors is Wald's. Where the variances are known a
    likelihood ratio takes the place of F. `log_weight` is Σ log ω, None where that is not known.
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


def _of_likelihood(problem: Problem, w: Tensor, rank: int) -> Goodness:
    """Log-likelihood, deviance, and the test against the model without columns, of classes and counts.

    McFadden's pseudo-R² is 1 − ℓ/ℓ₀. Without intercept the model without columns is z = 0, as R has it.
    Source: McFadden (1974), Conditional logit analysis of qualitative choice behavior; McCullagh and Nelder, section
    2.3.
    """
    objective, m = problem.objective, problem.rows
    assert isinstance(objective, Scored)
    scores = objective.scores(w)
    counts = problem.spec.loss is Loss.POISSON
    if counts:
        factorials = log_factorials(problem)
        likelihood = -float(objective.evaluate(w).value) * m - factorials
        deviance = scores["deviance"]
    else:
        factorials = 0.0
        likelihood = -scores["log_loss"] * m
        deviance = -2.0 * likelihood
    if problem.triangle is None:
        # A curve has no columns, and so no model without them.
        return Goodness(problem.observations, rank, likelihood, deviance=deviance)
    null = _null(problem, float(problem.triangle.means()[-1]), counts=counts) - factorials
    of_classes = problem.spec.loss is Loss.SOFTMAX
    if of_classes or problem.spec.class_weight:
        null = _null_of_classes(problem)
    ratio = 2.0 * (likelihood - null)
    return Goodness(
        observations=problem.observations,
        parameters=rank,
        log_likelihood=likelihood,
        deviance=deviance,
        null_deviance=deviance + ratio,
        pseudo_r2=1.0 - likelihood / null if null else None,
        likelihood_ratio=chi_square_test(ratio, rank - _own_intercepts(problem)),
    )


def _own_intercepts(problem: Problem) -> int:
    """How many intercepts the model without columns has: of C classes C − 1, as one may be 0."""
    data = problem.data
    if problem.spec.loss is not Loss.SOFTMAX or data is None or data.classes is None:
        return int(problem.intercept)
    return (len(data.classes.names) - 1) * (not problem.spec.no_intercept)


def _null_of_classes(problem: Problem) -> float:
    """The log-likelihood of the model without columns: the shares of the classes, or all alike without intercept."""
    from gdsolve.solve.class_figures import class_totals

    totals = class_totals(problem)
    if problem.spec.no_intercept:
        return -float(totals.sum()) * math.log(len(totals))
    return float(torch.special.xlogy(totals, totals / totals.sum()).sum())


def _null(problem: Problem, mean: float, *, counts: bool) -> float:
    """The log-likelihood of the model without columns, less Σω·log y! of counts; `mean` is that of the target."""
    m = problem.rows
    if not problem.intercept:
        return -m if counts else -m * math.log(2.0)
    if counts:
        return m * (mean * math.log(mean) - mean) if mean > 0.0 else 0.0
    shares = (mean, 1.0 - mean)
    return m * sum(share * math.log(share) for share in shares if share > 0.0)


def log_factorials(problem: Problem) -> float:
    """Σ ω·log y! over the rows of all ranks."""
    objective = problem.objective
    own = objective.own if isinstance(objective, Shared) else objective
    total = torch.zeros(1, dtype=torch.float64, device=problem.start.device)
    if isinstance(own, PointwiseCurve):
        parts = [(own.target, own.weight)]
    else:
        assert isinstance(own, PointwiseRows)
        parts = [(target, weight) for _, target, weight in own.blocks()]
    for target, weight in parts:
        terms = torch.lgamma(target.to(torch.float64) + 1.0)
        total += (terms if weight is None else weight * terms).sum()
    return float(objective.ranks.total(total) if isinstance(objective, Shared) else total)


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
