"""Huber's δ where none is asked for: found before the descent, since it is a part of what is minimised."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

import torch

from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.levenberg_marquardt import LevenbergMarquardt
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import LeftDomain
from gdsolve.objective.box import Box, Boxed
from gdsolve.objective.coordinates import Coordinates
from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.mean_losses import OF_MEANS
from gdsolve.objective.offset import with_offset
from gdsolve.objective.pointwise import POINTWISE, Huber, PointwiseLoss
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.robust import TUNING, RobustScale, huber_weights, robust_scale, scale_of
from gdsolve.objective.triangle import Triangle
from gdsolve.ranks import ALONE, Ranks
from gdsolve.solve.dispersion import dispersion_is_sought
from gdsolve.spec import Loss, Spec
from gdsolve.status import Status

logger = logging.getLogger("gdsolve")

DIGITS = 8
"""Of δ, so that the number that is shown is the one that was used."""
MOST_UPDATES = 500
FEW_UPDATES = 4
"""Of a curve at every step of the scale: each goes on where the last one stood, and need not be exact."""
ROUNDING = 2.0


def delta_is_sought(spec: Spec) -> bool:
    """True where δ has to be found."""
    return spec.loss is Loss.HUBER and spec.delta is None and spec.minimize is None


def loss_before(spec: Spec) -> PointwiseLoss:
    """The loss of a spec, for a curve with its link; Huber's without δ is that of least squares until δ is found.

    A negative binomial has the dispersion 1 until α is found.
    """
    if delta_is_sought(spec):
        return Huber(math.inf)
    if dispersion_is_sought(spec):
        spec = replace(spec, dispersion=1.0)
    found = (POINTWISE if spec.mean is spec.loss.info.mean else OF_MEANS)[spec.loss].of(spec)
    return found if spec.offsets is None or found.of_residual else with_offset(found)


def with_delta(
    spec: Spec, rows: PointwiseRows, triangle: Triangle, coordinates: Coordinates, ranks: Ranks
) -> tuple[Spec, PointwiseRows]:
    """The spec with the δ of a linear model, and its rows with that loss; as they are where δ need not be found."""
    if not delta_is_sought(spec):
        return spec, rows
    factor = triangle.in_coordinates(coordinates)[0]
    if len(rows.design) < rows.design.shape[1] and not ranks.several:
        # Wider than long: fewer numbers say as much.
        factor = rows.design.to(torch.float64)
        factor = factor if rows.weight is None else rows.weight.to(torch.float64).sqrt() * factor
    unit = coordinates.target_scale
    noise = _noise(rows.target, rows.target.dtype, abs(coordinates.target_centre) / unit)
    found = _told(spec, robust_scale(rows, factor, max(ranks.gather(noise)), ranks), unit)
    return found, replace(rows, loss=Huber.of(found).in_units_of(unit))


def with_delta_of_curve(
    spec: Spec, curve: PointwiseCurve, start: torch.Tensor, box: Box | None
) -> tuple[Spec, PointwiseCurve]:
    """The same of a curve: by Levenberg and Marquardt from `start`, (p, 1), reweighted until it settles."""
    if not delta_is_sought(spec):
        return spec, curve
    weight = None if curve.weight is None else curve.weight[:, 0].to(torch.float64)
    w = start

    def step(scale: float | None) -> torch.Tensor:
        nonlocal w
        tuned = curve.weight
        if scale is not None:
            robust = huber_weights(residuals(), scale)[:, None].to(start.dtype)
            tuned = robust if tuned is None else tuned * robust
        squares = Curve(curve.model, curve.target, None if tuned is None else tuned.sqrt(), 1.0 / curve.total_weight)
        objective = squares if box is None else Boxed(squares, box)
        method, schedule = LevenbergMarquardt(box), Schedule("log")
        most = MOST_UPDATES if scale is None else FEW_UPDATES
        solution = iterate(objective, w, method, (LeftDomain(),), max_iter=most, schedule=schedule)
        if solution.status is Status.INTERRUPTED:
            raise KeyboardInterrupt
        w = solution.w
        return residuals()

    def residuals() -> torch.Tensor:
        with torch.no_grad():
            return (curve.target - curve.model.at(w))[:, 0].to(torch.float64)

    first = step(None)
    if not bool(torch.isfinite(first).all()):
        # Least squares never leaves the domain: descent fails at this start as well, whatever δ is.
        found = replace(spec, delta=1.0)
    else:
        noise = _noise(curve.target, start.dtype, 0.0)
        found = _told(spec, scale_of(step, first, weight, noise, ALONE), 1.0)
    return found, replace(curve, loss=Huber.of(found))


def _noise(target: torch.Tensor, dtype: torch.dtype, centre: float) -> float:
    """What rounding leaves of residuals that are 0, in units of `target`, (m, 1), which is moved by `centre`."""
    largest = float(target.abs().amax()) if len(target) else 0.0
    return ROUNDING * torch.finfo(dtype).eps * (largest + centre)


def _told(spec: Spec, found: RobustScale, unit: float) -> Spec:
    """The spec with δ = 1.345·s in the user's units, to eight digits, of a scale in units of `unit`.

    Where more than half of the rows are fitted exactly s is 0: δ is then 1.345 times the scale of the residuals of
    least squares; where that is 0 too, times their root mean square; and where that is 0, 1: every δ gives the same.
    """
    exact = found.scale == 0.0
    delta = float(f"{TUNING * unit * (found.of_squares if exact else found.scale):.{DIGITS}g}") or 1.0
    if exact:
        logger.warning(
            "more than half of the rows are fitted exactly, so that the scale of the residuals is 0: δ = %.8g is %s; "
            "--delta NUMBER sets it",
            delta,
            "taken from the residuals of least squares" if found.of_squares else "as good as any other",
        )
    elif not found.settled:
        logger.warning(
            "the scale of the residuals does not settle: δ = %.8g is 1.345 × the last one; --delta NUMBER sets it",
            delta,
        )
    return replace(spec, delta=delta)
