"""A target that suits a loss, for tests that walk all of them."""

from __future__ import annotations

import numpy as np

from gdsolve.spec.losses import Target


def target_of(kind: Target, z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Values, (rows,), of this kind whose mean, or whose odds, grow with z."""
    size = len(z)
    made = {
        Target.NUMBERS: lambda: z + rng.standard_t(2, size=size),
        Target.TWO_CLASSES: lambda: rng.uniform(size=size) < 1.0 / (1.0 + np.exp(-z)),
        Target.COUNTS: lambda: rng.poisson(np.exp(z)),
        Target.POSITIVE: lambda: rng.gamma(2.0, np.exp(z) / 2.0),
        Target.NOT_NEGATIVE: lambda: rng.poisson(np.exp(z)) * rng.gamma(2.0, 0.5, size=size),
        Target.CLASSES: lambda: np.digitize(z + rng.logistic(size=size), [-0.5, 1.0]),
    }
    return made[kind]().astype(float)
