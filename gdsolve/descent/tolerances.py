"""How small an update must be, so that the error is small as well."""

from __future__ import annotations

import math

from gdsolve.objective.namespace import Array, namespace

USUAL_TOLERANCE = 1e-10
SMALLEST_SHARE = 1e-9


def tightened_tolerances(minimisers: Array, contractions: Array, size: float = 0.0) -> Array:
    """The default tolerances, (q,), where gdsolve chooses the rates, of `minimisers`, (q, p), and αμ, (q,)."""
    xp = namespace(minimisers)
    sizes = abs(minimisers)
    least = SMALLEST_SHARE * xp.amax(sizes, axis=1)[:, None].clip(size, None)
    counted = xp.amin(xp.where(sizes > least, sizes, math.inf), axis=1)
    tightened = USUAL_TOLERANCE * contractions * xp.where(xp.isfinite(counted), counted, 1.0)
    told = (tightened > 0.0) & xp.isfinite(tightened)
    return xp.where(told, tightened.clip(None, USUAL_TOLERANCE), USUAL_TOLERANCE)
