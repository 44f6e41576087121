"""From a table and a loss that is no square to what descent sees: a linear model on all rows."""

from __future__ import annotations

import time
from dataclasses import replace

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.pointwise import POINTWISE
from gdsolve.objective.pointwise_rows import collect_pointwise_rows, coordinates_for
from gdsolve.objective.quadratic import Penalty
from gdsolve.objective.separation import find_separation
from gdsolve.objective.shared import own_penalty, share
from gdsolve.solve.device import device_of, dtype_of
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.read import TableRead
from gdsolve.solve.start import start_of

# Of so many numbers it is found before the first step whether the loss has a minimum: that takes milliseconds. In a
# larger table the place where descent ends proves it faster.
MOST_BEFORE = 200_000


def pose_pointwise(read: TableRead) -> Problem:
    """A linear model with a pointwise loss, all rows in memory; the triangle of the same pass gives the coordinates.

    Of several ranks each has its own rows in memory.
    """
    spec, info, triangle, ranks = read.spec, read.data, read.triangles[0], read.ranks
    intercept = not spec.no_intercept
    loss = POINTWISE[spec.loss].of(spec)
    standard = triangle.standardised(intercept=intercept)
    raw = Coordinates.raw(triangle.n, intercept=intercept, device=triangle.factor.device)
    coordinates = coordinates_for(loss, standard) if spec.standardise else raw
    penalty = Penalty.ridge(spec.ridge, coordinates, penalize_intercept=spec.penalize_intercept)
    device, dtype = device_of(spec), dtype_of(spec)
    start = start_of(spec, coordinates, info.roles.design).to(device, dtype)
    own = collect_pointwise_rows(read.kept, coordinates, own_penalty(penalty, ranks), loss, device)
    objective = share(replace(own, total_weight=triangle.total_weight), ranks) if ranks.several else own
    penalised, separation = spec.ridge > 0.0, None
    if objective.step_elements <= MOST_BEFORE:
        separation = find_separation(
            objective, start, intercept=intercept, penalised=penalised, whole=spec.penalize_intercept
        )
    return Problem(
        spec=spec,
        kind=Kind.LINEAR,
        objective=objective,
        start=start,
        labels=info.roles.design,
        intercept=intercept,
        units=coordinates.to(device),
        box=None,
        data=info,
        rows=triangle.total_weight,
        total_sum_of_squares=triangle.total_sum_of_squares(intercept=intercept) if loss.of_residual else None,
        modes=None,
        bound=objective.curvature_bound(),
        convex=True,
        smooth=loss.differentiable,
        seconds=time.perf_counter() - read.began,
        sample=read.sample,
        separation=separation,
    )
