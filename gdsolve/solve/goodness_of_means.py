"""How good a fit of a likelihood is: log-likelihood, deviance, and the test against the model without columns."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from gdsolve.objective.dispersion import loss_of_rows, predicted_rows, sum_over_rows
from gdsolve.objective.goodness import Goodness, chi_square_test, f_test
from gdsolve.objective.likelihood import log_likelihood_of
from gdsolve.objective.pointwise import POINTWISE, PointwiseLoss
from gdsolve.objective.pointwise_rows import Scored
from gdsolve.objective.shared import Shared
from gdsolve.solve.problem import Kind, Problem
from gdsolve.spec.choices import WeightKind
from gdsolve.spec.losses import Loss, Mean

MOST_STEPS = 100
STILL = 1e-13


def goodness_of_likelihood(problem: Problem, w: Tensor, rank: int, dispersion: float | None) -> Goodness:
    """Log-likelihood, deviance, and the test against the model without columns, of a loss that is a likelihood.

    McFadden's pseudo-R² is 1 − ℓ/ℓ₀. Where a `dispersion` φ is estimated, the test is F = ((D₀ − D)/q)/φ, ℓ is that at
    φ, and φ counts among the parameters, as R has it; there is no pseudo-R², as ℓ₀ had a φ of its own. The α of a
    negative binomial counts where it was found, and is the same in ℓ₀. Without intercept the model without columns is
    z = 0, as R has it. Source: McFadden (1974), Conditional logit analysis of qualitative choice behavior; McCullagh
    and Nelder, sections 2.3 and 8.3.6.
    """
    objective = problem.objective
    assert isinstance(objective, Scored)
    dispersed, kind = problem.spec.loss.info.dispersed, rank + problem.delta_found
    likelihood = None if dispersed and dispersion is None else _likelihood(problem, w, dispersion)
    scores = objective.scores(w)
    deviance = scores["deviance"] if "deviance" in scores else -2.0 * (likelihood or 0.0)
    parameters = kind + dispersed
    if problem.kind is not Kind.LINEAR:
        # A curve has no columns, and so no model without them.
        return Goodness(problem.observations, parameters, likelihood, deviance=deviance)
    of_classes = problem.spec.loss is Loss.SOFTMAX
    if of_classes:
        assert likelihood is not None
        ratio = max(2.0 * (likelihood - _null_of_classes(problem)), 0.0)
    else:
        ratio = max(2.0 * (_least(problem, w) - _value(problem, w)), 0.0)
    q = rank - _own_intercepts(problem)
    if dispersed:
        left = problem.observations - rank
        f = None if dispersion is None else f_test(ratio, q, dispersion * left, left)
        return Goodness(
            problem.observations, parameters, likelihood, f=f, deviance=deviance, null_deviance=deviance + ratio
        )
    assert likelihood is not None
    null = likelihood - 0.5 * ratio
    return Goodness(
        observations=problem.observations,
        parameters=parameters,
        log_likelihood=likelihood,
        deviance=deviance,
        null_deviance=deviance + ratio,
        pseudo_r2=1.0 - likelihood / null if null else None,
        likelihood_ratio=chi_square_test(ratio, q),
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


def _value(problem: Problem, w: Tensor) -> float:
    loss = loss_of_rows(problem.objective)
    return sum_over_rows(problem.objective, w, lambda z, y: loss.loss_and_slope(z, y)[0])


def _likelihood(problem: Problem, w: Tensor, dispersion: float | None) -> float:
    """ℓ over the rows of all ranks: of weights that are precisions each row has the dispersion φ/ω."""
    spec, objective, phi = problem.spec, problem.objective, 1.0 if dispersion is None else dispersion
    if spec.loss is Loss.SOFTMAX:
        assert isinstance(objective, Scored)
        return -float(objective.scores(w)["log_loss"]) * problem.rows
    loss, log = POINTWISE[spec.loss].of(spec), _to_linear(spec.mean, spec.loss.info.mean)
    precise = spec.loss.info.dispersed and spec.weight_kind is not WeightKind.FREQUENCY
    total = torch.zeros(1, dtype=torch.float64, device=w.device)
    for z, y, weight in predicted_rows(objective, w):
        scale = torch.full_like(y, phi)
        if weight is None or not precise:
            found = log_likelihood_of(loss, log(z), y, scale)
            total += (found if weight is None else weight * found).sum()
        else:
            there = weight > 0.0
            found = log_likelihood_of(loss, log(z), y, scale / torch.where(there, weight, 1.0))
            total += torch.where(there, found, 0.0).sum()
    return float(objective.ranks.total(total) if isinstance(objective, Shared) else total)


def _to_linear(mean: Mean, usual: Mean) -> Callable[[Tensor], Tensor]:
    """From what is predicted by a curve, which may be the mean itself, to the z of the usual link."""
    if mean is usual:
        return lambda z: z
    return torch.log if usual is Mean.EXP else torch.logit


def _slope(loss: PointwiseLoss, at: Tensor, z: Tensor, y: Tensor) -> Tensor:
    return loss.loss_and_slope(z + at, y)[1]


def _curvature(loss: PointwiseLoss, at: Tensor, z: Tensor, y: Tensor) -> Tensor:
    return loss.curvature(z + at, y)


def _least(problem: Problem, w: Tensor) -> float:
    """Σωl of the model without columns: at z = 0, or at the intercept that is best by itself.

    That is found by Newton's method in one number, from the logarithm, or the logit, of the mean of the target.
    """
    loss, objective = loss_of_rows(problem.objective), problem.objective
    # At weights of zero z is the offset of a row, if it has one.
    nothing = torch.zeros_like(w)
    if not problem.intercept:
        return _value(problem, nothing)
    assert problem.triangle is not None
    mean = float(problem.triangle.means()[-1])
    sure = mean <= 0.0 or (problem.spec.mean is Mean.SIGMOID and mean >= 1.0)
    if sure:
        # All rows are alike, and their likelihood is 1.
        return 0.0
    b = math.log(mean) if problem.spec.mean is Mean.EXP else math.log(mean / (1.0 - mean))
    for _ in range(MOST_STEPS if problem.spec.offsets or problem.spec.class_weight else 0):
        at = torch.tensor(b, dtype=torch.float64, device=w.device)
        slope = sum_over_rows(objective, nothing, partial(_slope, loss, at))
        curved = sum_over_rows(objective, nothing, partial(_curvature, loss, at))
        step = max(-1.0, min(1.0, slope / curved)) if curved > 0.0 else 0.0
        b -= step
        if abs(step) <= STILL * max(1.0, abs(b)):
            break
    return sum_over_rows(objective, nothing, lambda z, y: loss.loss_and_slope(z + b, y)[0])
