"""From a table and a loss that is no square to what descent sees: a linear model on all rows."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.data import Table, prefetch
from gdsolve.imports import collector_at_rest
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.data import DataInfo, open_problem, sampler_of, tell_table
from gdsolve.solve.device import device_of, dtype_of
from gdsolve.solve.memory import demand_of_loss, on_this_machine
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.squares import tell_rounding
from gdsolve.solve.start import start_of
from gdsolve.spec import Engine, Spec
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    from gdsolve.objective.kept_rows import KeptRows
    from gdsolve.objective.triangle import Triangle


def pose_pointwise(spec: Spec, table: Table | None = None, ranks: Ranks = ALONE) -> Problem:
    """A linear model with a pointwise loss, all rows in memory; the triangle of the same pass gives the coordinates.

    Of several ranks each has its own rows in memory.

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
    with table or open_problem(spec, ranks) as opened:
        demand, count = demand_of_loss(spec, opened), opened.count()
        demand.require(count, on_this_machine(count, ranks))
        batches = prefetch(opened.batches())
        with collector_at_rest():
            import torch

            from gdsolve.objective.kept_rows import KeptRows
            from gdsolve.objective.merge import merge_ranks
            from gdsolve.objective.triangle import build_triangles
        demand.require_on(device_of(spec), count)
        kept = KeptRows(dtype_of(spec), demand.grow)
        sample, stream = sampler_of(spec), kept.passing(batches)
        dtypes = tuple(dict.fromkeys((dtype_of(spec), torch.float64)))
        built = build_triangles(stream if sample is None else sample.through(stream), dtypes)
        opened.complete()
        built = merge_ranks(built, len(dtypes), len(opened.roles.design) + 1, ranks)
        if not built:
            raise DataError(f"{opened.source[0]}: no rows", "the table has a header but no data")
        kept.settle(built[0].constants())
        info = DataInfo.of(opened)
        tell_table(info)
        # Beside what descent in float32 sees, the cells as they are: to tell what was lost.
        tell_rounding(info, built, spec)
    # Rows are gathered before those in memory become an objective of all ranks.
    shown = None if sample is None else sample.rows(ranks)
    return replace(_pose(spec, info, built[0], kept, began, ranks), sample=shown)


def _pose(spec: Spec, info: DataInfo, triangle: Triangle, kept: KeptRows, began: float, ranks: Ranks) -> Problem:
    from gdsolve.objective.coordinates import Coordinates
    from gdsolve.objective.pointwise import POINTWISE
    from gdsolve.objective.pointwise_rows import collect_pointwise_rows, coordinates_for
    from gdsolve.objective.quadratic import Penalty
    from gdsolve.objective.shared import own_penalty, share

    intercept = not spec.no_intercept
    loss = POINTWISE[spec.loss].of(spec)
    standard = triangle.standardised(intercept=intercept)
    raw = Coordinates.raw(triangle.n, intercept=intercept, device=triangle.factor.device)
    coordinates = coordinates_for(loss, standard) if spec.standardise else raw
    penalty = Penalty.ridge(spec.ridge, coordinates, penalize_intercept=spec.penalize_intercept)
    device, dtype = device_of(spec), dtype_of(spec)
    start = start_of(spec, coordinates, info.roles.design).to(device, dtype)
    own = collect_pointwise_rows(kept, coordinates, own_penalty(penalty, ranks), loss, device)
    objective = share(replace(own, total_weight=triangle.total_weight), ranks) if ranks.several else own
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
        seconds=time.perf_counter() - began,
    )
