"""A linear model with a loss that is no square, on rows that are read anew every epoch."""

from __future__ import annotations

import time

from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.pointwise_rows import coordinates_for
from gdsolve.objective.streamed import Stream
from gdsolve.objective.streamed_pointwise import StreamedPointwise
from gdsolve.solve.device import device_of, dtype_of
from gdsolve.solve.dispersion import dispersion_is_sought
from gdsolve.solve.guards import require_corner
from gdsolve.solve.problem import Kind, Problem
from gdsolve.solve.read import TableRead
from gdsolve.solve.robust import delta_is_sought, loss_before
from gdsolve.solve.squares import penalised_coordinates, ridge_of
from gdsolve.solve.start import start_of
from gdsolve.spec import Spec
from gdsolve.spec.losses import Target
from gdsolve.status import GdsolveError


def pose_streamed(read: TableRead, stream: Stream) -> Problem:
    """The problem of rows that nothing keeps: its coordinates come from the triangle, and it has no certificate.

    Raises:
        GdsolveError: Huber's δ, or the α of a negative binomial, is to be found, which takes all rows; or what rows are
            made of while they are kept.
    """
    spec, info, triangle = read.spec, read.data, read.triangles[0]
    _require_plain(spec)
    if delta_is_sought(spec):
        raise GdsolveError(
            "δ is found from the residuals of all rows, and they are read anew every epoch",
            "give --delta 1.5, say, in units of the target",
            option="delta",
        )
    if dispersion_is_sought(spec):
        raise GdsolveError(
            "α is found from all rows, and they are read anew every epoch",
            "give --dispersion 0.5, say",
            option="dispersion",
        )
    intercept, device, dtype = not spec.no_intercept, device_of(spec), dtype_of(spec)
    loss = loss_before(spec)
    standard = penalised_coordinates(spec, triangle, triangle.standardised(intercept=intercept))
    raw = Coordinates.raw(triangle.n, intercept=intercept, device=triangle.factor.device)
    coordinates = coordinates_for(loss, standard) if spec.standardise else raw
    require_corner(spec, info, standard.target_scale, dtype)
    objective = StreamedPointwise(
        stream,
        triangle,
        coordinates,
        ridge_of(spec, coordinates, triangle).to(dtype, device),
        loss.in_units_of(coordinates.target_scale),
        triangle.total_weight,
        triangle.rows,
        dtype,
        device,
    )
    return Problem(
        spec=spec,
        kind=Kind.LINEAR,
        objective=objective,
        start=start_of(spec, coordinates, info.roles.design).to(device, dtype),
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
        triangle=triangle,
        is_streamed=True,
    )


def _require_plain(spec: Spec) -> None:
    """See that rows are as the table has them, one number of target each."""
    if spec.class_weight:
        raise GdsolveError(
            "goes with rows that are kept, and these are read anew every epoch",
            "leave --class-weight out, or give --shuffle rows",
            option="class_weight",
        )
    if spec.loss.info.target is Target.CLASSES:
        raise GdsolveError(
            f"--loss {spec.loss} takes rows that are kept, and these are read anew every epoch",
            "give --shuffle rows",
            option="shuffle",
        )
