"""The errors of the weights of one group, from its triangle: those of a fit of its rows alone."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from gdsolve.objective.inference import (
    PENALISED,
    Inference,
    Weighting,
    from_factor,
    too_far,
    withhold,
    without_bars,
)
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.goodness import goodness_of_squares, with_vif
from gdsolve.solve.outcome import parameter_names
from gdsolve.solve.weighting import weighting_of
from gdsolve.spec import Spec
from gdsolve.status import Status

NOT_CONVERGED = "the run has not converged"


def group_inference(
    spec: Spec, triangle: Triangle, labels: tuple[str, ...], w: Tensor, *, optimum: Tensor, least: float, status: Status
) -> Inference:
    """The inference at `w`, (p,), of a group whose minimum is `optimum`, (p,), with the SSE `least`.

    All in the user's units, the intercept last, if there is one. See `gdsolve.objective.inference.from_factor`.
    """
    names = parameter_names(labels, intercept=not spec.no_intercept)
    reason = PENALISED if spec.ridge else None if status is Status.CONVERGED else NOT_CONVERGED
    if reason is not None:
        return without_bars(names, w, reason, confidence=spec.confidence)
    weighting, standard = weighting_of(spec), triangle.standardised(intercept=not spec.no_intercept)
    # What storing cells and weights leaves of a residual that is zero.
    lengths, epsilon = triangle.raw().norm(dim=0), torch.finfo(torch.float64).eps
    noise = 8.0 * epsilon * float(optimum.abs() @ lengths[: len(names)] + lengths[-1])
    observations = triangle.total_weight if weighting is Weighting.FREQUENCY else float(triangle.rows)
    found = from_factor(
        triangle.in_coordinates(standard)[0] * standard.target_scale,
        w,
        least,
        observations,
        names=names,
        confidence=spec.confidence,
        to_user=standard.matrix(),
        errors=triangle.errors(intercept=standard.intercept),
        noise=noise,
        weighting=weighting,
    )
    goodness = goodness_of_squares(
        found,
        sse=least if least**0.5 > noise else 0.0,
        total=triangle.total_sum_of_squares(intercept=standard.intercept),
        observations=observations,
        rank=found.rank if found.rank is not None else len(names),
        weighting=weighting,
        # The logarithms of weights are not summed up group by group.
        log_weight=0.0 if weighting is Weighting.NONE else None,
        intercept=standard.intercept,
    )
    found = with_vif(replace(found, goodness=goodness), triangle, intercept=standard.intercept)
    return withhold(found, too_far(found, optimum))
