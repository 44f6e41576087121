"""What a fit says of its parameters' errors, as a plain dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gdsolve.objective.inference import Inference

FIGURES = ("standard_error", "statistic", "p_value", "lower", "upper", "reason")


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
