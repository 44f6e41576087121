"""A curve that is a mean must be able to be one where descent starts."""

from __future__ import annotations

import torch

from gdsolve.objective.curve import PointwiseCurve
from gdsolve.spec import Spec
from gdsolve.spec.losses import Link, Target
from gdsolve.status import GdsolveError

TAKEN = {Target.TWO_CLASSES: "between 0 and 1"}
"""What a mean must be, where that is not above 0."""


def require_means(spec: Spec, curve: PointwiseCurve, start: torch.Tensor) -> None:
    """See that the values of a curve at `start`, (p, 1), can be means of its target, where they are finite.

    Raises:
        GdsolveError: they cannot, so that the loss has no value there.
    """
    if spec.link_used is not Link.IDENTITY:
        return
    with torch.no_grad():
        values = curve.model.at(start)
        losses, _ = curve.loss.loss_and_slope(values, curve.target)
    outside = torch.isfinite(values) & ~torch.isfinite(losses)
    if curve.weight is not None:
        outside &= curve.weight > 0.0
    if not bool(outside.any()):
        return
    rows, count, found = curve.model.rows, int(outside.sum()), values[outside]
    # The farthest one, and no negative zero.
    value = float(found[(found - 0.5).abs().argmax()]) + 0.0
    taken, other = TAKEN.get(spec.loss.info.target, "above 0"), spec.loss.info.links[-1]
    raise GdsolveError(
        f"at the start the curve is {value:.6g} on {count:,} of {rows:,} rows, and as the mean of --loss {spec.loss} "
        f"it must be {taken}",
        f"start it {taken}, or give --link {other} for a curve of the {other} of the mean",
        option="model",
    )
