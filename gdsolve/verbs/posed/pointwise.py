"""From a table and a loss that is no square to what descent sees: a linear model on all rows."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.data import Table, prefetch
from gdsolve.spec import Engine, Spec
from gdsolve.status import DataError, GdsolveError
from gdsolve.verbs.data import DataInfo, open_problem, sampler_of
from gdsolve.verbs.device import device_of, dtype_of
from gdsolve.verbs.imports import collector_at_rest
from gdsolve.verbs.memory import demand_of_loss
from gdsolve.verbs.posed.problem import Kind, Posed
from gdsolve.verbs.start import start_of

if TYPE_CHECKING:
    from gdsolve.objective.kept_rows import KeptRows
    from gdsolve.objective.triangle import Triangle


def pose_pointwise(spec: Spec, table: Table | None = None) -> Posed:
    """A linear model with a pointwise loss, all rows in memory; the triangle of the same pass gives the coordinates.

    Raises:
        GdsolveError: flags that do not fit the table or the loss.
        DataError: data that cannot be used.
    """
    if spec.engine not in (Engine.AUTO, Engine.ROWS):
        raise GdsolveError(
            f"engine: {spec.engine.value} is for squared losses; {spec.loss.value} needs every row at every step",
            "leave --engine out",
        )
    began = time.perf_counter()
    with table or open_problem(spec) as opened:
        demand, count = demand_of_loss(spec, opened), opened.count()
        demand.require(count)
        batches = prefetch(opened.batches())
        with collector_at_rest():
            from gdsolve.objective.kept_rows import KeptRows
            from gdsolve.objective.triangle import build_triangle
        demand.require_on(device_of(spec), count)
        kept = KeptRows(dtype_of(spec), demand.grow)
        sample, stream = sampler_of(spec), kept.passing(batches)
        triangle = build_triangle(stream if sample is None else sample.through(stream), dtype_of(spec))
        if triangle is None:
            raise DataError(f"{opened.source[0]}: no rows", "the table has a header but no data")
        info = DataInfo(opened.source, opened.rows, opened.rows_dropped, opened.cells_filled, opened.roles)
    posed = _pose(spec, info, triangle, kept, began)
    return posed if sample is None else replace(posed, sample=sample.rows())


def _pose(spec: Spec, info: DataInfo, triangle: Triangle, kept: KeptRows, began: float) -> Posed:
    from gdsolve.objective.base import TwiceDifferentiable
    from gdsolve.objective.coordinates import Coordinates
    from gdsolve.objective.pointwise import POINTWISE
    from gdsolve.objective.pointwise_rows import collect_pointwise_rows, coordinates_for
    from gdsolve.objective.quadratic import Penalty

    intercept = not spec.no_intercept
    loss = POINTWISE[spec.loss].of(spec)
    standard = triangle.standardised(intercept=intercept)
    raw = Coordinates.raw(triangle.n, intercept=intercept, device=triangle.factor.device)
    coordinates = coordinates_for(loss, standard) if spec.standardise else raw
    penalty = Penalty.ridge(spec.ridge, coordinates, penalize_intercept=spec.penalize_intercept)
    device, dtype = device_of(spec), dtype_of(spec)
    objective = collect_pointwise_rows(kept, coordinates, penalty, loss, device)
    start = start_of(spec, coordinates, info.roles.design).to(device, dtype)
    return Posed(
        spec=spec,
        kind=Kind.LINEAR,
        engine=Engine.ROWS,
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
        smooth=isinstance(objective, TwiceDifferentiable),
        seconds=time.perf_counter() - began,
    )
