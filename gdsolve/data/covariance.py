"""The covariance of the weights of a saved model: what intervals and leverages are made from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gdsolve.model import AGAIN, MOST_KEPT
from gdsolve.spec.option import flag
from gdsolve.status import GdsolveError


@dataclass(frozen=True, slots=True, eq=False)
class SavedCovariance:
    """scale²·(RᵀR)⁻¹ of the weights named in `parameters`, in the user's units.

    `factor` is R, (q, q), upper triangular. `freedom` is that of Student's t, infinite for the normal distribution.
    `scale` is None, with its `reason`, where the fit left no residuals to estimate it from.
    """

    factor: np.ndarray
    parameters: tuple[str, ...]
    scale: float | None
    freedom: float
    reason: str | None

    @classmethod
    def of(cls, model: Mapping[str, Any], option: str) -> SavedCovariance:
        """Read what a fit saved, for what `option` asks.

        Raises:
            GdsolveError: the model has none; it is told why.
        """
        leave = f"leave {flag(option)} out"
        if "groups" in model:
            raise GdsolveError(
                "is for a model of all rows, and this one is of groups",
                f"{leave}, or fit the rows of one group by themselves",
                option=option,
            )
        saved = model.get("covariance")
        if saved is None:
            raise GdsolveError(
                "the model was saved without the covariance of its weights, which that needs", AGAIN, option=option
            )
        if saved.get("factor") is None:
            fewer = ", or fit fewer columns, with --features" if len(model["weights"]) >= MOST_KEPT else ""
            raise GdsolveError(f"the model has no error bars: {saved.get('reason')}", leave + fewer, option=option)
        if option == "interval" and saved.get("errors", "classic") != "classic":
            raise GdsolveError(
                f"intervals are of classic errors, and those of the model are {saved['errors']}",
                "fit and save it without --se",
                option=option,
            )
        try:
            rows = saved["factor"]
            factor = np.zeros((len(rows), len(rows)))
            for place, row in enumerate(rows):
                factor[place, place:] = row
            freedom = float(saved["degrees_of_freedom"]) if saved["statistic"] == "t" else math.inf
            scale = None if saved["scale"] is None else float(saved["scale"])
            names = tuple(map(str, saved["parameters"]))
        except (KeyError, TypeError, ValueError):
            raise GdsolveError("the covariance of the model is damaged", AGAIN, option=option) from None
        if len(names) != len(rows) or not np.isfinite(factor).all() or not factor.diagonal().all():
            raise GdsolveError("the covariance of the model is damaged", AGAIN, option=option)
        return cls(factor, names, scale, freedom, saved.get("reason"))

    def scaled(self, option: str) -> float:
        """The scale.

        Raises:
            GdsolveError: there is none.
        """
        if self.scale is None:
            raise GdsolveError(
                f"the model has no residual scale: {self.reason}", f"leave {flag(option)} out", option=option
            )
        return self.scale

    def leverages(self, slopes: np.ndarray) -> np.ndarray:
        """g(RᵀR)⁻¹gᵀ of every row g of `slopes`, (rows, q): the variance of g·w over scale², (rows,).

        It is ‖z‖² with Rᵀz = gᵀ; no matrix is inverted. Source: Golub and Van Loan, Matrix Computations, 4th ed.,
        section 5.3.
        """
        from scipy.linalg import solve_triangular

        solved = solve_triangular(self.factor, slopes.T, trans="T", check_finite=False)
        return np.asarray(np.einsum("ij,ij->j", solved, solved))

    def quantile(self, level: float) -> float:
        """q with P(|T| < q) = `level`, of Student's t or the normal distribution."""
        from scipy.special import ndtri, stdtrit

        tail = (1.0 - level) / 2.0
        return -float(ndtri(tail) if math.isinf(self.freedom) else stdtrit(self.freedom, tail))
