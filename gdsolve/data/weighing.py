"""Row weights from the cells of their column: the cells themselves, or 1/σ² where these are standard deviations."""

from __future__ import annotations

import numpy as np

from gdsolve.spec import Spec
from gdsolve.status import DataError

# Beyond these 1/σ², or sums of it, are no numbers of float64.
SMALLEST_SIGMA, LARGEST_SIGMA = 1e-140, 1e140


def weights_of(cells: np.ndarray, spec: Spec) -> np.ndarray:
    """Give the weights, (rows,), of the cells of `spec.weight_column`; those that are `unusable` have none."""
    if spec.sigma is None:
        return cells
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(np.square(1.0 / cells.astype(np.float64)))


def unusable(cells: np.ndarray, spec: Spec) -> np.ndarray:
    """Tell the cells, (rows,), that are numbers and not what weighs a row; a missing one is not among them."""
    if spec.sigma is None:
        return np.asarray(cells < 0.0)
    return np.asarray((cells < SMALLEST_SIGMA) | (cells > LARGEST_SIGMA))


def weighing_error(at: str, cell: str, value: float, spec: Spec) -> DataError:
    """Explain a cell, shown as `cell`, whose `value` is `unusable`; `at` says where it is."""
    if spec.sigma is None:
        return DataError(
            f"{at}: the weight {cell} is negative", "weights are 0 or more; or choose another with --weight"
        )
    if value > 0.0:
        return DataError(
            f"{at}: the standard deviation {cell} is not between {SMALLEST_SIGMA:g} and {LARGEST_SIGMA:g}, as weights "
            "1/σ² need",
            "rescale the target and its standard deviations: other units",
        )
    return DataError(
        f"{at}: the standard deviation {cell} is not above 0",
        "standard deviations are more than 0; or choose another with --sigma",
    )
