"""Least squares on a table as a problem: decomposed once, and posed in any coordinates."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from gdsolve.descent.methods.bounds import project
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.kept_rows import KeptRows
from gdsolve.objective.losses import LOSSES
from gdsolve.objective.modes import decompose
from gdsolve.objective.optimum import Minimisers, find_minimisers
from gdsolve.objective.quadratic import Penalty, Quadratic
from gdsolve.objective.shrinkage import Shrinkage
from gdsolve.objective.singular import Singular
from gdsolve.objective.triangle import Triangle
from gdsolve.solve.data import DataInfo
from gdsolve.solve.device import device_of
from gdsolve.solve.guards import LEAST_SQUARE_32, require_square
from gdsolve.solve.problem import Kind, Problem, Squares
from gdsolve.solve.read import TableRead
from gdsolve.solve.start import start_of
from gdsolve.solve.within import within
from gdsolve.spec import DType, PenaltyScale, Spec
from gdsolve.spec.weight_bounds import holds_intercept

logger = logging.getLogger("gdsolve")


def pose_squares(read: TableRead) -> Problem:
    """Least squares on a table that was read, in the coordinates that its spec asks for.

    Raises:
        DataError: squares beyond the range of float64, or of float32 where that is asked for.
    """
    spec, device = read.spec, device_of(read.spec)
    # What follows the pass over the table is p×p, where it was asked for.
    triangle = read.triangles[0].to(device)
    squares = replace(_decompose(spec, read.data, triangle, read.kept), ranks=read.ranks, sandwich=read.sandwich)
    seconds = time.perf_counter() - read.began
    return squares_problem(spec, read.data, squares, squares.coordinates, seconds, read.sample)


def squares_problem(
    spec: Spec,
    data: DataInfo,
    squares: Squares,
    coordinates: Coordinates,
    seconds: float = 0.0,
    sample: np.ndarray | None = None,
) -> Problem:
    """The problem of `spec` in `coordinates`, with the modes of descent from its start."""

    units, box = within(spec, coordinates, data.roles.design)
    start = project(box, start_of(spec, coordinates, data.roles.design))
    quadratic = quadratic_of(spec, squares.triangle, coordinates, squares.curvature_scale)
    minimisers = squares.minimisers
    shrinkage = shrinkage_of(spec, coordinates, squares.triangle, squares.curvature_scale)
    # The span of the rows is the same where their columns have the same means.
    same = torch.equal(coordinates.centre, squares.standard.centre)
    known = minimisers.known if same or isinstance(minimisers.known, Singular) else None
    modes = decompose(quadratic, minimisers.nearest_to(start, coordinates), minimisers.rank, known, start)
    return Problem(
        spec=spec,
        kind=Kind.LINEAR,
        objective=quadratic,
        start=start,
        labels=data.roles.design,
        intercept=coordinates.intercept,
        units=units,
        box=box,
        data=data,
        rows=squares.triangle.total_weight,
        total_sum_of_squares=squares.triangle.total_sum_of_squares(intercept=coordinates.intercept),
        # Where they lead to is no minimum with an l1 penalty, or beyond the bounds.
        modes=modes if shrinkage is None and box is None else None,
        bound=modes.spectrum.largest or None,
        convex=True,
        smooth=True,
        seconds=seconds,
        squares=replace(squares, coordinates=coordinates),
        sample=sample,
        shrinkage=shrinkage,
        smooth_spectrum=None if shrinkage is None and box is None else modes.spectrum,
        triangle=squares.triangle,
    )


def pose_triangle(spec: Spec, data: DataInfo, triangle: Triangle, kept: KeptRows) -> Problem:
    """Least squares on the rows of a triangle, in the coordinates that `spec` asks for.

    Raises:
        DataError: as `pose_squares`.
    """
    squares = _decompose(spec, data, triangle, kept)
    return squares_problem(spec, data, squares, squares.coordinates)


def repose(
    problem: Problem, spec: Spec, coordinates: Coordinates | None = None, squares: Squares | None = None
) -> Problem:
    """Least squares on the same table for another spec, in its own coordinates unless others are given."""
    assert problem.squares is not None and problem.data is not None
    squares = squares or problem.squares
    chosen = coordinates or descent_coordinates(spec, squares)
    return squares_problem(spec, problem.data, squares, chosen, problem.seconds, problem.sample)


def descent_coordinates(spec: Spec, squares: Squares) -> Coordinates:
    """The coordinates that `spec` descends in."""
    return standard_coordinates(spec, squares) if spec.standardise else raw_coordinates(squares)


def standard_coordinates(spec: Spec, squares: Squares) -> Coordinates:
    """The standardised ones; with ridge, of many columns and fewer rows, with one scale for all columns."""
    return penalised_coordinates(spec, squares.triangle, squares.standard)


def penalised_coordinates(spec: Spec, triangle: Triangle, standard: Coordinates) -> Coordinates:
    """`standard` coordinates in which the penalties of `spec` are what descent can take."""
    if (spec.l1 and spec.penalize_intercept) or holds_intercept(spec):
        return standard.uncentred()
    even = spec.ridge and triangle.is_wide and spec.penalty_scale is PenaltyScale.USER
    return triangle.evened(standard) if even else standard


def raw_coordinates(squares: Squares) -> Coordinates:
    """The columns as they are."""

    triangle = squares.triangle
    return Coordinates.raw(triangle.n, intercept=squares.standard.intercept, device=triangle.factor.device)


def quadratic_of(spec: Spec, triangle: Triangle, coordinates: Coordinates, curvature_scale: float) -> Quadratic:
    """The objective of `spec` in `coordinates`, on the triangle."""

    design, target = triangle.in_coordinates(coordinates)
    penalty = ridge_of(spec, coordinates, triangle)
    return Quadratic(design, target, penalty, curvature_scale)


def ridge_of(spec: Spec, coordinates: Coordinates, triangle: Triangle) -> Penalty:
    """The ridge penalty of `spec` in `coordinates`."""
    spreads = _spreads(spec, triangle) if spec.ridge else None
    return Penalty.ridge(spec.ridge, coordinates, spreads, penalize_intercept=spec.penalize_intercept)


def shrinkage_of(spec: Spec, coordinates: Coordinates, triangle: Triangle, curvature_scale: float) -> Shrinkage | None:
    """The l1 penalty of `spec` in `coordinates`, on the scale of a loss c·(½SSE + λ₁‖w‖₁); None where there is none."""
    if not spec.l1:
        return None
    unit = curvature_scale / coordinates.target_scale**2
    spreads = _spreads(spec, triangle)
    return Shrinkage.of(spec.l1, unit, coordinates, spreads, penalize_intercept=spec.penalize_intercept)


def _spreads(spec: Spec, triangle: Triangle) -> Tensor | None:
    """The standard deviations of the columns, where their weights are penalised in units of them."""
    if spec.penalty_scale is PenaltyScale.USER:
        return None
    return triangle.standardised(intercept=not spec.no_intercept).scale


def minimisers_of(spec: Spec, triangle: Triangle, standard: Coordinates, curvature_scale: float) -> Minimisers:
    """All minimisers, found in standardised coordinates, where no rank depends on units."""

    quadratic = quadratic_of(spec, triangle, standard, curvature_scale)
    return find_minimisers(quadratic, standard, triangle.errors(intercept=standard.intercept))


def _decompose(spec: Spec, info: DataInfo, triangle: Triangle, kept: KeptRows) -> Squares:
    intercept = not spec.no_intercept
    scale = LOSSES[spec.loss].curvature_scale(triangle.total_weight)
    standard = triangle.standardised(intercept=intercept)
    minimisers = minimisers_of(spec, triangle, standard, scale)
    squares = Squares(triangle, standard, standard, minimisers, scale, kept)
    coordinates = descent_coordinates(spec, squares)
    if spec.dtype is DType.FLOAT32:
        _require_descent(info, quadratic_of(spec, triangle, coordinates, scale))
    return replace(squares, coordinates=coordinates)


def _require_descent(info: DataInfo, quadratic: Quadratic) -> None:
    """See that descent in float32 can form the squares of the columns that it runs on."""
    lengths = [*quadratic.lengths()[: len(info.roles.design)].tolist(), float(quadratic.aim().norm())]
    for name, length in zip([*info.roles.design, info.roles.target], lengths, strict=True):
        require_square(info, name, length, LEAST_SQUARE_32, DType.FLOAT32)
