"""What the row weights of a spec say of errors."""

from __future__ import annotations

from gdsolve.objective.inference import Weighting
from gdsolve.spec import Spec
from gdsolve.spec.choices import WeightKind


def weighting_of(spec: Spec) -> Weighting:
    """What the weights of `spec` mean to standard errors and their degrees of freedom."""
    if spec.weight_column is None:
        return Weighting.NONE
    if spec.sigma is not None:
        return Weighting.KNOWN if spec.absolute_sigma else Weighting.PRECISION
    return Weighting.FREQUENCY if spec.weight_kind is WeightKind.FREQUENCY else Weighting.PRECISION
