"""What a fit says of its parameters' errors, as a plain dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.objective.goodness import Goodness, ModelTest
    from gdsolve.objective.inference import Inference
    from gdsolve.solve.outcome import Fit

FIGURES = ("standard_error", "statistic", "p_value", "lower", "upper", "reason", "vif", "vif_reason")
GOODNESS = ("adjusted_r2", "log_likelihood", "aic", "bic", "deviance", "null_deviance", "pseudo_r2")
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
        "dispersion": inference.dispersion,
        "statistic": inference.statistic,
        "errors": kind_record(inference),
        **_goodness_record(inference.goodness),
        "parameters": {
            one.name: {"estimate": one.value, **{figure: getattr(one, figure) for figure in FIGURES}}
            for one in inference.estimates
        },
        "reference": _reference_record(inference),
        "correlation": table
        and {name: dict(zip(names, row, strict=True)) for name, row in zip(names, table, strict=True)},
    }


def _reference_record(inference: Inference) -> dict[str, Any] | None:
    """The weights of several classes less those of the reference class."""
    found = inference.contrasts
    if found is None:
        return None
    return {
        "class": found.reference,
        "parameters": {
            one.name: {"estimate": one.value, **{figure: getattr(one, figure) for figure in FIGURES[:6]}}
            for one in found.estimates
        },
    }


def errors_record(fit: Fit) -> dict[str, Any]:
    """The key `standard_errors` of `gdsolve.fit/1`: one a weight, None where there is none.

    `errors` says which errors they are. `reasons` has why, each with the weights that it holds for; `statistic` names
    the weight over its standard error, t
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
        "degrees_of_freedom": _counted(found) if found is not None and exists else None,
        "errors": kind_record(found) if found is not None and exists else None,
        "reasons": [{"reason": reason, "weights": names} for reason, names in lacking.items()],
    }


def kind_record(inference: Inference) -> dict[str, Any]:
    """Which errors these are, the column and number of clusters, and the degrees of freedom of t, if any."""
    robust = inference.robust
    return {
        "kind": "classic" if robust is None else robust.asked.kind.value,
        "column": None if robust is None else robust.asked.cluster,
        "clusters": None if robust is None else robust.clusters,
        "degrees_of_freedom": _freedom(inference),
    }


def _counted(inference: Inference) -> float | None:
    """Degrees of freedom: of t, or else of the residuals."""
    return inference.degrees_of_freedom if inference.robust is None else inference.robust.freedom


def _freedom(inference: Inference) -> float | None:
    return None if inference.statistic == "z" else _counted(inference)


def _goodness_record(goodness: Goodness | None) -> dict[str, Any]:
    """The figures of the fit as a whole: null where one does not exist."""
    if goodness is None:
        return {**dict.fromkeys(GOODNESS), "f": None, "likelihood_ratio": None, "criteria_parameters": None}
    return {
        **{name: getattr(goodness, name) for name in GOODNESS},
        "f": _test_record(goodness.f),
        "likelihood_ratio": _test_record(goodness.likelihood_ratio),
        "criteria_parameters": goodness.parameters,
    }


def _test_record(test: ModelTest | None) -> dict[str, Any] | None:
    if test is None:
        return None
    residual = {} if test.residual_freedom is None else {"residual_degrees_of_freedom": test.residual_freedom}
    return {"statistic": test.statistic, "degrees_of_freedom": test.freedom, **residual, "p_value": test.p_value}
