"""The errors of the weights: from the triangle, the Jacobian of a curve, or the Hessian of a likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from gdsolve.descent.solution import Solution
from gdsolve.objective.base import SumOfSquares
from gdsolve.objective.inference import (
    AT_BOUND,
    PENALISED,
    SHRUNK,
    Inference,
    from_factor,
    from_hessian,
    too_far,
    withhold,
    without_bars,
)
from gdsolve.objective.singular import Singular
from gdsolve.solve.certify import linear_map
from gdsolve.solve.device import dtype_of
from gdsolve.solve.minimum import Certificate, Minimum
from gdsolve.solve.outcome import parameter_names
from gdsolve.solve.problem import Kind, Problem, Squares
from gdsolve.solve.weighting import weighting_of
from gdsolve.spec import Loss, Spec
from gdsolve.spec.losses import Mean
from gdsolve.spec.parameters import entries, labels, parameters_of
from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.objective.sandwich import Sandwich

NO_DATA = "a formula has no residuals to estimate an error from"
NOT_SQUARED = "this loss is neither a sum of squares nor a likelihood"
NO_LARGEST = "no weights are large enough: the loss has no minimum"
NOT_CERTIFIED = "no minimum is certified here"
UNFINISHED = {
    Status.DIVERGED: "the run diverged",
    Status.FAILED: "the run failed",
    Status.INTERRUPTED: "the run was interrupted",
    Status.EDGE_OF_STABILITY: "the run did not converge",
}
SHORT = "the run stopped short of the minimum"
WITH_INFORMATION = (Loss.GAMMA, Loss.TWEEDIE, Loss.NEGATIVE_BINOMIAL)
"""Losses whose errors come from the expected Hessian, as in R's glm and in statsmodels."""
MOST_TRADED = 300
"""Of so many weights it is worth finding which trade against each other, unasked."""
MOST_REPORTED = 1000
"""And of so many where a report is asked for: it takes a table of all pairs of them."""


def inference_of(problem: Problem, solution: Solution, certificate: Certificate) -> Inference:
    """The inference where a run ended; its estimates are in the user's units.

    There is no error bar without a minimum: none of a run that did not end at one, and of one that was stopped by its
    limit only where it had come near enough. A weight at its bound has none, nor has one that is fixed. Without
    `spec.report` there are standard errors and their t or z alone.
    """
    spec, minimum, status = problem.spec, certificate.minimum, solution.status
    w = solution.w.to(problem.start)
    names, user = parameter_names(problem.labels, intercept=problem.intercept), problem.units.to_user(w)
    reason = None
    if certificate.separation is not None:
        reason = NO_LARGEST
    elif spec.is_penalised:
        reason = SHRUNK if spec.l1 else PENALISED
    elif problem.kind is Kind.FORMULA:
        reason = NO_DATA
    elif problem.squares is None and not isinstance(problem.objective, SumOfSquares) and not spec.loss.info.likelihood:
        reason = NOT_SQUARED
    elif status in UNFINISHED:
        reason = UNFINISHED[status]
    elif minimum is None:
        reason = certificate.reason or NOT_CERTIFIED
    elif problem.squares is not None and problem.box is None:
        reason = _too_many(spec, problem.squares.minimisers.rank, len(names))
    elif minimum.spectrum is not None and not minimum.unique:
        reason = _too_many(spec, minimum.spectrum.rank, len(names))
    if reason is not None:
        return without_bars(names, user[:, 0], reason, confidence=spec.confidence if spec.report else None)
    sse: float | None
    if problem.squares is not None:
        assert minimum is not None
        found, optimum, sse = _of_squares(problem, problem.squares, minimum, user, names)
    else:
        assert minimum is not None
        found, sse = _of_rows(problem, w, certificate, names, _held(problem, w, names, AT_BOUND))
        optimum = problem.units.to_user(minimum.w.to(w.dtype))
    away = too_far(found, optimum[:, 0])
    if away and status is Status.MAX_ITER:
        return withhold(found, dict.fromkeys(names, SHORT) | away)
    return withhold(_completed(found, problem, w, sse), away)


def _completed(found: Inference, problem: Problem, w: torch.Tensor, sse: float | None) -> Inference:
    """The inference with how good the fit is, where a report is asked for."""
    if not problem.spec.report:
        return found
    # What a plain fit can do without is not imported.
    from gdsolve.solve.goodness import with_goodness

    return with_goodness(found, problem, w, sse=sse)


def fixed_values(problem: Problem) -> dict[str, float]:
    """The parameters of a formula that are fixed, by name."""
    if problem.kind is Kind.LINEAR:
        return {}
    return {
        name: value
        for parameter in parameters_of(problem.spec)
        if parameter.fixed
        for name, value in zip(labels(parameter), entries(parameter.start), strict=True)
    }


def _too_many(spec: Spec, rank: int, count: int) -> str | None:
    if rank == count or count <= (MOST_REPORTED if spec.report else MOST_TRADED):
        return None
    return f"not all weights are determined by the data: rank {rank} < {count}"


def _of_squares(
    problem: Problem, squares: Squares, minimum: Minimum, user: torch.Tensor, names: list[str]
) -> tuple[Inference, torch.Tensor, float]:
    """The inference of a linear fit, the optimum, (p, 1), in the user's units, and its SSE, 0 where that is rounding.

    Covariance s²·T(BᵀB)⁻¹Tᵀ, B the design factor in standardised coordinates and T their map to the user's, so that
    nothing cancels however large the means are. s² is that of the optimum, SSE*/(N − rank): the data decide over it,
    not how far descent came; a weight that stopped too far from the optimum gets no error bar. Weights at their bounds
    count as known.
    """
    spec, within = problem.spec, problem.box is not None
    triangle, standard = squares.triangle, squares.standard
    own = minimum.unique and not within
    optimum = squares.minimisers.point if own else problem.units.to_user(minimum.w)
    # What storing cells and weights leaves of a residual that is zero.
    lengths = triangle.raw().norm(dim=0)
    # Those of a scan were not rounded, whatever descent computes in.
    epsilon = torch.finfo(torch.float64 if problem.data and problem.data.is_scan else dtype_of(spec)).eps
    noise = 8.0 * epsilon * float(optimum[:, 0].abs() @ lengths[: len(names)] + lengths[-1])
    sse = float(problem.objective.sse(minimum.w)) * problem.loss_unit  # type: ignore[arg-type]
    found = from_factor(
        triangle.in_coordinates(standard)[0] * standard.target_scale,
        user[:, 0],
        sse,
        problem.observations,
        names=names,
        confidence=spec.confidence if spec.report else None,
        held=_held(problem, problem.units.from_user(user), names, AT_BOUND),
        to_user=standard.matrix(),
        errors=triangle.errors(intercept=standard.intercept),
        noise=noise,
        weighting=weighting_of(spec),
        singular=squares.minimisers.known if isinstance(squares.minimisers.known, Singular) else None,
        sandwich=squares.sandwich,
    )
    return found, optimum, sse if sse**0.5 > noise else 0.0


def _of_rows(
    problem: Problem, w: torch.Tensor, certificate: Certificate, names: list[str], held: dict[str, str]
) -> tuple[Inference, float | None]:
    """By the Jacobian of a curve, or the Hessian of a likelihood: of Σωl, in which weights count as they are.

    The SSE is beside it, where there is one. A likelihood has no variance to be estimated, so that weights of any kind
    multiply its terms, and a weight of 2 is the row written twice, as in R's glm and in statsmodels. Source: McCullagh
    and Nelder, section 2.2.2.
    """
    spec, minimum, objective = problem.spec, certificate.minimum, problem.objective
    user, to_user = problem.units.to_user(w)[:, 0], linear_map(problem)[0]
    confidence = spec.confidence if spec.report else None
    if isinstance(objective, SumOfSquares):
        sse = problem.objective.sse(w)
        assert sse is not None
        found = from_factor(
            objective.jacobian(w),
            user,
            float(sse),
            problem.observations,
            names=names,
            confidence=confidence,
            held=held,
            to_user=to_user,
            weighting=weighting_of(spec),
            sandwich=_sandwich(problem, w),
        )
        return found, float(sse)
    if spec.loss is Loss.SOFTMAX:
        from gdsolve.solve.class_inference import class_inference

        return class_inference(problem, w, names, _sandwich(problem, w)), None
    sandwich, dispersed = _sandwich(problem, w), None
    hessian = _information(problem, w)
    if hessian is None:
        curved = None if minimum is None or spec.report else minimum.hessian
        hessian = (objective.hessian(w) if curved is None else curved) * problem.rows  # type: ignore[attr-defined]
    if spec.loss.info.dispersed:
        from gdsolve.objective.dispersion import pearson

        dispersed = pearson(objective, w, torch.exp if spec.mean is Mean.EXP else _itself), problem.observations
    found = from_hessian(
        hessian,
        user,
        names=names,
        confidence=confidence,
        held=held,
        to_user=to_user,
        sandwich=sandwich,
        dispersed=dispersed,
    )
    return found, None


def _information(problem: Problem, w: torch.Tensor) -> torch.Tensor | None:
    """The expectation of the Hessian of Σωl, where it is another one than that; robust errors take the Hessian itself.

    So does statsmodels. Source: McCullagh and Nelder, section 2.5; White (1982), Maximum Likelihood Estimation of
    Misspecified Models, Econometrica 50(1).
    """
    if problem.spec.loss not in WITH_INFORMATION or problem.spec.errors.robust:
        return None
    from gdsolve.objective.dispersion import information

    return information(problem.objective, w)


def _itself(mean: torch.Tensor) -> torch.Tensor:
    return mean


def _sandwich(problem: Problem, w: torch.Tensor) -> Sandwich | None:
    if not problem.spec.errors.robust:
        return None
    from gdsolve.solve.sandwich import sandwich_of

    return sandwich_of(problem, w)


def _held(problem: Problem, w: torch.Tensor, names: list[str], reason: str) -> dict[str, str]:
    if problem.box is None:
        return {}
    at_bound = ((w <= problem.box.lower) | (w >= problem.box.upper))[:, 0].tolist()
    return {name: reason for name, stands in zip(names, at_bound, strict=True) if stands}
