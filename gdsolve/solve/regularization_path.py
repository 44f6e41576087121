"""What `path` returns: the weights for every λ, how good they are, and the model that is chosen among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gdsolve.class_names import intercept_names
from gdsolve.presented import Drawn, Tabled
from gdsolve.solve.data import DataInfo
from gdsolve.solve.outcome import Fit
from gdsolve.spec import Spec
from gdsolve.spec.choices import Select
from gdsolve.spec.losses import Loss
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.picture import Picture

RULES = (Select.MIN, Select.ONE_SE)
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class FoldErrors:
    """What the fits without each of K folds score on it, `scores` (K, q); dealt by `seed`, and `by` a column."""

    scores: Floats
    rows: tuple[int, ...]
    seed: int
    by: str | None

    @property
    def means(self) -> Floats:
        """The mean over folds, (q,), each of which counts once."""
        mean: Floats = self.scores.mean(axis=0)
        return mean

    @property
    def standard_errors(self) -> Floats:
        """Those of the means, (q,): the standard deviation over folds, with K − 1, over √K."""
        spread: Floats = self.scores.std(axis=0, ddof=1) / len(self.scores) ** 0.5
        return spread

    def place(self, rule: Select) -> int:
        """The point that a rule selects: that of least error, or the largest λ within a standard error of it.

        Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 7.10.
        """
        means = self.means
        least = int(means.argmin())
        if rule is Select.MIN:
            return least
        return int((means <= means[least] + self.standard_errors[least]).argmax())


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RegularizationPath(Drawn, Tabled):
    """Minimisers of ½SSE + λ₁‖w‖₁ + λ₂/2·‖w‖² in the user's units, from the largest λ down (docs/guide/path.md).

    Of other losses than squares the loss, summed over rows, stands for ½SSE.

    λ₁ = λ·ratio and λ₂ = λ·(1 − ratio), `l1` and `ridge`. Shapes: arrays are (q,), a number a point, `weights` (q, n)
    and `intercepts` (q,), None without one; `names` are those of the weights. `score` names what `scores` are: rmse,
    deviance (a mean) or loss (the mean loss without penalty), on the `rows` fitted, Σω of them; `explained` is the part
    of that without weights that is gone, R² for squares. `losses`, penalties included, and `duality_gaps` are in units
    of the loss; `freedom`, the effective degrees of freedom, is there for ridge of squares alone. `folds` has the
    errors over folds where they were asked for, and `model` the fit that was selected.
    """

    spec: Spec
    data: DataInfo
    names: tuple[str, ...]
    lambdas: Floats
    l1: Floats
    ridge: Floats
    weights: Floats
    intercepts: Floats | None
    score: str
    scores: Floats
    explained: Floats
    rows: float
    losses: Floats
    duality_gaps: Floats
    freedom: Floats | None
    folds: FoldErrors | None
    refit: Callable[[int], Fit]
    seconds: dict[str, float]
    model: Fit | None = None
    picture: Picture | None = None
    advice: tuple[str, ...] = ()

    @property
    def _counted(self) -> list[int]:
        """The places of the weights that are no intercept of a class."""
        data = self.data
        apart = frozenset[str]()
        if self.spec.loss is Loss.SOFTMAX and data.classes is not None:
            apart = intercept_names(data.roles.design, data.classes.names)
        return [place for place, name in enumerate(self.names) if name not in apart]

    @property
    def nonzero(self) -> np.ndarray:
        """How many weights beside the intercept are not zero, (q,)."""
        counts: np.ndarray = (self.weights[:, self._counted] != 0.0).sum(axis=1)
        return counts

    @property
    def rmse(self) -> Floats | None:
        """The root mean squared error on the rows fitted, (q,); None for other losses."""
        return self.scores if self.score == "rmse" else None

    @property
    def sse(self) -> Floats | None:
        """The SSE on the rows fitted, (q,); None for other losses."""
        return None if self.rmse is None else self.rmse**2 * self.rows

    @property
    def r2(self) -> Floats | None:
        """R², (q,); None for other losses."""
        return None if self.rmse is None else self.explained

    @property
    def errors(self) -> Floats | None:
        """The mean score over folds, (q,); None without folds."""
        return None if self.folds is None else self.folds.means

    @property
    def standard_errors(self) -> Floats | None:
        """The standard error of `errors`, (q,); None without folds."""
        return None if self.folds is None else self.folds.standard_errors

    def place(self, rule: str) -> int:
        """The point that a rule, min or 1se, selects.

        Raises:
            GdsolveError: another rule, or a path without folds.
        """
        if rule not in RULES:
            raise GdsolveError(f"{rule!r} is no rule", 'give "min" or "1se"', option="select")
        if self.folds is None:
            raise GdsolveError("a point is selected by its error over folds", "give cv=10, say", option="cv")
        return self.folds.place(Select(rule))

    def select(self, rule: str = Select.MIN) -> Fit:
        """The model that a rule selects: what `fit` gives at that λ, certified.

        Raises:
            GdsolveError: as `place`.
        """
        place = self.place(rule)
        if self.model is not None and self.spec.select == rule:
            return self.model
        return self.refit(place)

    def drawn(self, picture: Picture) -> RegularizationPath:
        """The same, with its picture."""
        return replace(self, picture=picture)
