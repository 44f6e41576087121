"""Least squares on a table as a problem: read once, decomposed once, and posed in any coordinates."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gdsolve.data import Batch, Table, prefetch
from gdsolve.imports import collector_at_rest
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.data import DataInfo, open_problem, sampler_of, tell_table
from gdsolve.solve.device import device_for, device_of, dtype_of
from gdsolve.solve.memory import demand_of, on_this_machine
from gdsolve.solve.problem import Kind, Problem, Squares
from gdsolve.solve.start import start_of
from gdsolve.spec import DType, Spec
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    import numpy as np

    from gdsolve.objective.coordinates import Coordinates
    from gdsolve.objective.kept_rows import KeptRows
    from gdsolve.objective.optimum import Minimisers
    from gdsolve.objective.quadratic import Quadratic
    from gdsolve.objective.triangle import Triangle


logger = logging.getLogger("gdsolve")

# Sums of squares between these and their inverses keep all digits, with room for what descent makes of them.
LEAST_SQUARE = 1e-300
LEAST_SQUARE_32 = 1e-36


def pose_squares(spec: Spec, table: Table | None = None, ranks: Ranks = ALONE) -> Problem:
    """Read `table` (that of the spec, unless given) and build its triangle; rows are kept where the engine needs them.

    Of several ranks each reads and keeps its share of the rows; the triangle of all is the same on all of them.

    Raises:
        GdsolveError: flags that do not fit the table.
        DataError: data that cannot be used.
    """
    from gdsolve.objective.losses import LOSSES

    if spec.loss not in LOSSES:
        raise GdsolveError(f"loss: {spec.loss} is not a squared loss", f"give --loss {'|'.join(LOSSES)}")
    began = time.perf_counter()
    with table or open_problem(spec, ranks) as opened:
        demand = demand_of(spec, opened)
        count = opened.count() if demand else None
        if demand:
            demand.require(count, on_this_machine(count, ranks))
        batches = prefetch(opened.batches())
        sample = sampler_of(spec)
        # torch takes about as long to import as the table to read: polars reads in its own threads meanwhile.
        with collector_at_rest():
            import torch

            from gdsolve.objective.kept_rows import KeptRows
            from gdsolve.objective.merge import merge_ranks
            from gdsolve.objective.triangle import build_triangles

        device, dtype = device_of(spec), dtype_of(spec)
        kept = KeptRows(dtype)
        stream: Iterator[Batch] = batches if sample is None else sample.through(batches)
        if demand:
            demand.require_on(device_for(spec.device, spec.engine), count)
            kept = KeptRows(dtype, demand.grow)
            stream = kept.passing(stream)
        # Beside what descent in float32 sees, the cells as they are: to tell what was lost.
        dtypes = tuple(dict.fromkeys((dtype, torch.float64)))
        built = build_triangles(stream, dtypes)
        opened.complete()
        built = merge_ranks(built, len(dtypes), len(opened.roles.design) + 1, ranks)
        if not built:
            raise DataError(f"{opened.source[0]}: no rows", "the table has a header but no data")
        kept.settle(built[0].constants())
        # The pass over the table is the host's by design: cells are parsed there, and blocks of a few columns are
        # factorised while the next ones are parsed. What follows is p×p, where it was asked for.
        triangle = built[0].to(device)
        info = DataInfo.of(opened)
        tell_table(info)
        _require_squares(info, triangle, spec.dtype)
        tell_rounding(info, built, spec)
        logger.info("%s rows read in %.2f s", f"{opened.rows:,}", time.perf_counter() - began)
    shown = None if sample is None else sample.rows(ranks)
    squares = replace(_decompose(spec, info, triangle, kept), ranks=ranks)
    posed = squares_problem(spec, info, squares, squares.coordinates, time.perf_counter() - began, shown)
    # What every rank reads for itself, a start say, is there on all of them.
    ranks.gather(None)
    return posed


def squares_problem(
    spec: Spec,
    data: DataInfo,
    squares: Squares,
    coordinates: Coordinates,
    seconds: float = 0.0,
    sample: np.ndarray | None = None,
) -> Problem:
    """The problem of `spec` in `coordinates`, with the modes of descent from its start."""
    from gdsolve.objective.modes import decompose

    start = start_of(spec, coordinates, data.roles.design)
    quadratic = quadratic_of(spec, squares.triangle, coordinates, squares.curvature_scale)
    known = squares.minimisers
    modes = decompose(quadratic, known.nearest_to(start, coordinates), known.rank, known.singular)
    return Problem(
        spec=spec,
        kind=Kind.LINEAR,
        objective=quadratic,
        start=start,
        labels=data.roles.design,
        intercept=coordinates.intercept,
        units=coordinates,
        box=None,
        data=data,
        rows=squares.triangle.total_weight,
        total_sum_of_squares=squares.triangle.total_sum_of_squares(intercept=coordinates.intercept),
        modes=modes,
        bound=modes.spectrum.largest or None,
        convex=True,
        smooth=True,
        seconds=seconds,
        squares=replace(squares, coordinates=coordinates),
        sample=sample,
    )


def repose(
    problem: Problem, spec: Spec, coordinates: Coordinates | None = None, squares: Squares | None = None
) -> Problem:
    """Least squares on the same table for another spec, in its own coordinates unless others are given."""
    assert problem.squares is not None and problem.data is not None
    squares = squares or problem.squares
    chosen = coordinates or (squares.standard if spec.standardise else raw_coordinates(squares))
    return squares_problem(spec, problem.data, squares, chosen, problem.seconds, problem.sample)


def raw_coordinates(squares: Squares) -> Coordinates:
    """The columns as they are."""
    from gdsolve.objective.coordinates import Coordinates

    triangle = squares.triangle
    return Coordinates.raw(triangle.n, intercept=squares.standard.intercept, device=triangle.factor.device)


def quadratic_of(spec: Spec, triangle: Triangle, coordinates: Coordinates, curvature_scale: float) -> Quadratic:
    """The objective of `spec` in `coordinates`, on the triangle."""
    from gdsolve.objective.quadratic import Penalty, Quadratic

    design, target = triangle.in_coordinates(coordinates)
    penalty = Penalty.ridge(spec.ridge, coordinates, penalize_intercept=spec.penalize_intercept)
    return Quadratic(design, target, penalty, curvature_scale)


def minimisers_of(spec: Spec, triangle: Triangle, standard: Coordinates, curvature_scale: float) -> Minimisers:
    """All minimisers, found in standardised coordinates, where no rank depends on units."""
    from gdsolve.objective.optimum import find_minimisers

    quadratic = quadratic_of(spec, triangle, standard, curvature_scale)
    return find_minimisers(quadratic, standard, triangle.errors(intercept=standard.intercept))


def tell_rounding(info: DataInfo, built: Sequence[Triangle], spec: Spec) -> None:
    """Warn of columns that rounding the cells has changed for good; `built` ends with the cells as they are."""
    from gdsolve.objective.dependence import lost_in_rounding

    names, intercept = info.roles.design, not spec.no_intercept
    for lost in lost_in_rounding(built[0], built[-1], names, info.roles.target, intercept=intercept):
        logger.warning("%s: %s; --dtype float64 keeps it", info.source[0], lost)


def _decompose(spec: Spec, info: DataInfo, triangle: Triangle, kept: KeptRows) -> Squares:
    from gdsolve.objective.losses import LOSSES

    intercept = not spec.no_intercept
    scale = LOSSES[spec.loss].curvature_scale(triangle.total_weight)
    standard = triangle.standardised(intercept=intercept)
    minimisers = minimisers_of(spec, triangle, standard, scale)
    squares = Squares(triangle, standard, standard, minimisers, scale, kept)
    coordinates = standard if spec.standardise else raw_coordinates(squares)
    if spec.dtype is DType.FLOAT32:
        _require_descent(info, quadratic_of(spec, triangle, coordinates, scale))
    return replace(squares, coordinates=coordinates)


def _require_squares(info: DataInfo, triangle: Triangle, dtype: DType) -> None:
    """See that least squares can be formed: squares of columns and weights within the range of float64."""
    if not LEAST_SQUARE < triangle.total_weight < 1.0 / LEAST_SQUARE:
        raise DataError(
            f"{info.source[0]}: column {info.roles.weight!r}: its weights sum to {triangle.total_weight:.3g}",
            "rescale them: only their ratios matter to the weights of the model",
        )
    lengths = triangle.lengths().tolist()
    # Cells that are rounded to infinity were beyond float32 alone.
    rounded = dtype is DType.FLOAT32 and not all(math.isfinite(length) for length in lengths)
    for name, length in zip([*info.roles.design, info.roles.target], lengths, strict=True):
        _require_square(info, name, length, LEAST_SQUARE, DType.FLOAT32 if rounded else DType.FLOAT64)


def _require_descent(info: DataInfo, quadratic: Quadratic) -> None:
    """See that descent in float32 can form the squares of the columns that it runs on."""
    stacked, target = quadratic.stacked()
    lengths = [*stacked.norm(dim=0)[: len(info.roles.design)].tolist(), float(target.norm())]
    for name, length in zip([*info.roles.design, info.roles.target], lengths, strict=True):
        _require_square(info, name, length, LEAST_SQUARE_32, DType.FLOAT32)


def _require_square(info: DataInfo, name: str, length: float, least: float, dtype: DType) -> None:
    if length == 0.0 or least**0.5 < length < least**-0.5:
        return
    small = length < 1.0
    raise DataError(
        f"{info.source[0]}: column {name!r}: its squares {'vanish in' if small else 'are beyond'} {dtype.value}",
        ("--dtype float64, or " if dtype is DType.FLOAT32 else "")
        + f"rescale it: other units, {'larger' if small else 'smaller'} numbers",
    )
