"""From a table and a loss that is no square to what descent sees: a linear model on all rows."""

from __future__ import annotations

import time
from dataclasses import replace

from gdsolve.descent.methods.bounds import project
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.pointwise_rows import collect_pointwise_rows, coordinates_for
from gdsolve.objective.separation import find_separation
from gdsolve.objective.shared import own_penalty, share
from gdsolve.solve.classes import classes_of
from gdsolve.solve.device import dtype_of, place_rows
from gdsolve.solve.dispersion import dispersion_is_sought, with_dispersion
from gdsolve.solve.guards import require_corner
from gdsolve.solve.likely import MOST_BEFORE, likely_updates
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.read import TableRead
from gdsolve.solve.robust import delta_is_sought, loss_before, with_delta
from gdsolve.solve.squares import penalised_coordinates, ridge_of, shrinkage_of
from gdsolve.solve.start import start_of
from gdsolve.solve.within import within
from gdsolve.spec import Loss


def pose_pointwise(read: TableRead) -> Problem:
    """A linear model with a pointwise loss, all rows in memory; the triangle of the same pass gives the coordinates.

    Of several ranks each has its own rows in memory.
    """
    if read.spec.loss is Loss.SOFTMAX:
        from gdsolve.solve.softmax import pose_softmax

        return pose_softmax(read)
    spec, info, triangle, ranks = read.spec, read.data, read.triangles[0], read.ranks
    intercept = not spec.no_intercept
    classes = classes_of(spec, info, read.kept, ranks)
    info = info if classes is None else replace(info, classes=classes)
    total = triangle.total_weight if classes is None or classes.total is None else classes.total
    loss = loss_before(spec)
    standard = triangle.standardised(intercept=intercept)
    raw = Coordinates.raw(triangle.n, intercept=intercept, device=triangle.factor.device)
    standard = penalised_coordinates(spec, triangle, standard)
    coordinates = coordinates_for(loss, standard) if spec.standardise else raw
    penalty = ridge_of(spec, coordinates, triangle)
    shrinkage = shrinkage_of(spec, coordinates, triangle, 1.0 / total)
    place = place_rows(spec, read.kept.rows, coordinates.p, likely_updates(spec), ranks)
    device, dtype = place.device, dtype_of(spec)
    units, box = within(spec, coordinates, info.roles.design)
    start = project(box, start_of(spec, coordinates, info.roles.design)).to(device, dtype)
    own = collect_pointwise_rows(read.kept, coordinates, own_penalty(penalty, ranks), loss, device)
    if ranks.several:
        own = replace(own, total_weight=total)
        # No rank waits for the scale of rows that another could not bring into memory.
        ranks.gather(None)
    found, own = with_delta(spec, own, triangle, coordinates, ranks)
    found, own = with_dispersion(found, own, start, ranks)
    require_corner(found, info, standard.target_scale, dtype)
    objective = share(own, ranks) if ranks.several else own
    penalised, separation = spec.is_penalised, None
    if objective.step_elements <= MOST_BEFORE:
        separation = find_separation(
            objective, start, intercept=intercept, penalised=penalised, whole=spec.penalize_intercept, box=box
        )
    return Problem(
        spec=found,
        kind=Kind.LINEAR,
        objective=objective,
        start=start,
        labels=info.roles.design,
        intercept=intercept,
        units=units.to(device),
        box=None if box is None else box.to(start),
        data=info,
        rows=total,
        total_sum_of_squares=triangle.total_sum_of_squares(intercept=intercept) if loss.of_residual else None,
        modes=None,
        bound=objective.curvature_bound(),
        convex=True,
        smooth=loss.differentiable,
        seconds=time.perf_counter() - read.began,
        sample=read.sample,
        delta_found=delta_is_sought(spec) or dispersion_is_sought(spec),
        separation=separation,
        placed=place.reason,
        shrinkage=None if shrinkage is None else shrinkage.to(start),
        triangle=triangle,
        clusters=read.clusters,
    )
