"""What a saved model holds of the errors of its weights: the triangle that intervals and leverages are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdsolve.model import MOST_KEPT
from gdsolve.report.inference_record import NOT_CONVERGED

if TYPE_CHECKING:
    from gdsolve.solve.outcome import Fit


def covariance_record(fit: Fit) -> dict[str, Any] | None:
    """The key `covariance` of `gdsolve.fit/1`: scale²·(RᵀR)⁻¹ in the user's units; None for a formula.

    `factor` is R, a row from its diagonal on, in the order of `parameters`: the intercept, if there is one, comes
    first. These are classic errors; `errors` says which ones the fit shows. Where there is no factor, `reason` says
    why; where `scale` is None alone, `reason` is of that.
    """
    if fit.subject.kind == "formula":
        return None
    names, triangle, scale, reason = _kept(fit)
    found = fit.errors
    exists = triangle is not None and found is not None
    return {
        "statistic": found.statistic if exists and found is not None else None,
        "scale": scale,
        "degrees_of_freedom": found.degrees_of_freedom if exists and found is not None else None,
        "parameters": names,
        "factor": triangle,
        "errors": "classic" if found is None or found.robust is None else found.robust.asked.kind.value,
        "reason": reason,
    }


def _kept(fit: Fit) -> tuple[list[str] | None, list[list[float]] | None, float | None, str | None]:
    """Names, triangle and scale, and the reason why one of them is not there."""
    found = fit.errors
    if found is None:
        return None, None, None, NOT_CONVERGED
    kept = found.covariance
    if kept is None:
        reasons = [one.reason for one in found.estimates if one.reason is not None]
        return None, None, None, reasons[0] if reasons else not_kept(len(found.estimates))
    reasons = [one.reason for one in found.estimates if one.reason is not None and one.name in kept.names]
    if reasons and kept.scale is not None:
        return None, None, None, reasons[0]
    names, triangle = kept.triangle(intercept=fit.intercept is not None)
    return list(names), triangle, kept.scale, reasons[0] if reasons else None


def not_kept(weights: int) -> str:
    """Why the covariance of a fit is not kept that exists."""
    if weights > MOST_KEPT:
        return f"{weights} weights are more than the {MOST_KEPT} whose covariance is saved"
    return "the covariance of weights of several classes is not saved"
