"""What a fit says of its parameters' errors, as a plain dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.objective.inference import Inference
    from gdsolve.solve.outcome import Fit

FIGURES = ("standard_error", "statistic", "p_value", "lower", "upper", "reason")
NOT_CONVERGED = "the run has not converged"
STOPPED = "the run stopped before the minimum"


def inference_record(inference: Inference) -> dict[str, Any]:
    """The key `report` of `gdsolve.fit/1`; a figure that does not exist is None, and `reason` says why."""
    names = [one.name for one in inference.estimates]
    table = inference.correlation
    return {
        "confidence": inference.confidence,
        "residual_standard_deviation": inference.residual_standard_deviation,
        "degrees_of_freedom": inference.degrees_of_freedom,
        "statistic": inference.statistic,
        "parameters": {
            one.name: {"estimate": one.value, **{figure: getattr(one, figure) for figure in FIGURES}}
            for one in inference.estimates
        },
        "correlation": table
        and {name: dict(zip(names, row, strict=True)) for name, row in zip(names, table, strict=True)},
    }


def errors_record(fit: Fit) -> dict[str, Any]:
    """The key `standard_errors` of `gdsolve.fit/1`: one a weight, None where there is none.

    `reasons` has why, each with the weights that it holds for; `statistic` names the weight over its standard error, t
    (with `degrees_of_freedom`) or z.
    """
    names, errors = list(fit.weights), list(fit.standard_errors.values())
    found = fit.errors if fit.status is Status.CONVERGED else None
    lacking: dict[str, list[str]] = {}
    for place, name in enumerate(fit.standard_errors):
        if errors[place] is None:
            reason = (
                (STOPPED if fit.stopped_by == "validation" else NOT_CONVERGED)
                if found is None
                else found.estimates[place].reason
            )
            lacking.setdefault(reason or NOT_CONVERGED, []).append(name)
    exists = any(error is not None for error in errors)
    return {
        "weights": dict(zip(names, errors, strict=False)),
        "intercept": None if fit.intercept is None else errors[-1],
        "statistic": found.statistic if found is not None and exists else None,
        "degrees_of_freedom": found.degrees_of_freedom if found is not None and exists else None,
        "reasons": [{"reason": reason, "weights": names} for reason, names in lacking.items()],
    }
