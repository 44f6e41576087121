"""The errors of the weights of a curve or of a likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.solve.outcome import parameter_names
from gdsolve.solve.posed.problem import Kind, Posed
from gdsolve.spec.parameters import entries, labels, parameters_of

if TYPE_CHECKING:
    import torch

    from gdsolve.objective.inference import Inference
    from gdsolve.solve.posed.polish import Place

NO_DATA = "a formula has no residuals to estimate an error from"
NOT_SQUARED = "unavailable for this loss"
NOT_CERTIFIED = "no minimum is certified here"


def posed_inference(posed: Posed, w: torch.Tensor, place: Place) -> Inference:
    """The inference at `w`, (p, 1) in descent's coordinates: by the Jacobian of a curve or the Hessian of a likelihood.

    A weight at its bound, one that is fixed, and all of a run that stopped too far from the minimum get no error bar.
    Without `spec.report` standard errors and their t or z alone, and those of a certified minimum.
    """
    from gdsolve.objective.base import SumOfSquares
    from gdsolve.objective.inference import AT_BOUND, PENALISED, from_factor, from_hessian, withhold, without_bars
    from gdsolve.objective.inference import too_far as far_from

    spec, user, minimum = posed.spec, posed.units.to_user(w), place.minimum
    names, confidence = (
        parameter_names(posed.labels, intercept=posed.intercept),
        spec.confidence if spec.report else None,
    )
    held = {} if posed.box is None else _held(posed, w, names, AT_BOUND)
    if spec.ridge:
        return without_bars(names, user[:, 0], PENALISED, confidence=confidence)
    if posed.kind is Kind.FORMULA:
        return without_bars(names, user[:, 0], NO_DATA, confidence=confidence)
    squares = isinstance(posed.objective, SumOfSquares)
    if not squares and not spec.loss.info.likelihood:
        return without_bars(names, user[:, 0], NOT_SQUARED, confidence=confidence)
    if minimum is None and not spec.report:
        return without_bars(names, user[:, 0], place.reason or NOT_CERTIFIED, confidence=confidence)
    to_user = _linear_map(posed)
    if isinstance(posed.objective, SumOfSquares):
        found = from_factor(
            posed.objective.jacobian(w),
            user[:, 0],
            _sse(posed, w),
            posed.rows,
            names=names,
            confidence=confidence,
            held=held,
            to_user=to_user,
            weighted=posed.data is not None and posed.data.roles.weight is not None,
        )
    else:
        curved = None if minimum is None or spec.report else minimum.hessian
        hessian = (posed.objective.hessian(w) if curved is None else curved) * posed.rows  # type: ignore[attr-defined]
        found = from_hessian(hessian, user[:, 0], names=names, confidence=confidence, held=held, to_user=to_user)
    if minimum is None:
        return found
    return withhold(found, far_from(found, posed.units.to_user(minimum.w.to(w.dtype))[:, 0]))


def fixed_values(posed: Posed) -> dict[str, float]:
    """The parameters of a formula that are fixed, by name."""
    if posed.kind is Kind.LINEAR:
        return {}
    return {
        name: value
        for parameter in parameters_of(posed.spec)
        if parameter.fixed
        for name, value in zip(labels(parameter), entries(parameter.start), strict=True)
    }


def _held(posed: Posed, w: torch.Tensor, names: list[str], reason: str) -> dict[str, str]:
    assert posed.box is not None
    at_bound = ((w <= posed.box.lower) | (w >= posed.box.upper))[:, 0].tolist()
    return {name: reason for name, stands in zip(names, at_bound, strict=True) if stands}


def _linear_map(posed: Posed) -> torch.Tensor:
    """The matrix (p, p) from descent's coordinates to the user's, without its constant part."""
    import torch

    p = len(posed.start)
    identity = torch.eye(p, dtype=posed.start.dtype, device=posed.start.device)
    origin = torch.zeros(p, 1, dtype=posed.start.dtype, device=posed.start.device)
    return posed.units.to_user(identity) - posed.units.to_user(origin)


def _sse(posed: Posed, w: torch.Tensor) -> float:
    found = posed.objective.sse(w)
    assert found is not None
    return float(found)
