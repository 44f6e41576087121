"""What validation finds: errors on rows that a fit has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class StopPoint:
    """The error over the folds after `iteration` updates (None: where descent has converged), and its standard error.

    `ridge` is the penalty with as many degrees of freedom (None where no penalty leaves so few), and `ridge_mean` the
    error over the folds with it.
    """

    iteration: int | None
    degrees_of_freedom: float
    mean: float
    standard_error: float
    ridge: float | None
    ridge_mean: float | None


@dataclass(frozen=True, slots=True)
class Stopping:
    """The `best` update at a learning rate, None where descent had better converge, and some `points` beside it.

    `iterations`, `means` and `standard_errors` are for a picture; `last` is the error where descent has converged.
    """

    rate: float
    best: int | None
    points: tuple[StopPoint, ...]
    iterations: tuple[int, ...]
    means: tuple[float, ...]
    standard_errors: tuple[float, ...]
    last: float


@dataclass(frozen=True, slots=True)
class Validation:
    """Errors of the fits without one fold each, on that fold.

    `score` names what they are: rmse, deviance (a mean over rows), or loss (the mean loss without penalty), in the
    user's units; `own` is that of the fit on its own rows. `scores` and `rows` are those of the folds, a score None
    where the fit without the fold has none, and `note` says why. `by` is the column that keeps rows together.
    `stopping` is how the run's number of updates was found, where that was asked for.
    """

    seed: int
    by: str | None
    score: str
    own: float | None
    scores: tuple[float | None, ...]
    rows: tuple[int, ...]
    note: str | None = None
    stopping: Stopping | None = None

    @property
    def folds(self) -> int:
        """K."""
        return len(self.rows)

    @property
    def mean(self) -> float | None:
        """The mean over folds, each of which counts once; None where a fold has no score."""
        known = [score for score in self.scores if score is not None]
        return sum(known) / len(known) if known and len(known) == len(self.scores) else None

    @property
    def standard_error(self) -> float | None:
        """That of the mean: the standard deviation over folds, with K − 1, over √K.

        Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 7.10.
        """
        mean, known = self.mean, [score for score in self.scores if score is not None]
        if mean is None:
            return None
        return sqrt(sum((score - mean) ** 2 for score in known) / (len(known) - 1) / len(known))


@dataclass(frozen=True, slots=True)
class FoundStrength:
    """The `strength` of a penalty, l1 or ridge, at which the mean RMSE over the folds is least.

    It is one of so many `points` between `largest` and `least`; `one_standard_error` is the largest of them whose mean
    is within a standard error of that.
    """

    option: str
    strength: float
    mean: float
    standard_error: float
    one_standard_error: float
    points: int
    largest: float
    least: float


@dataclass(frozen=True, slots=True)
class Holdout:
    """How good the fit is on rows that were set aside, which are `rows`; what there is not is None.

    `r2` compares with the mean of the target over these rows; `deviance` and `loss` are means over them.
    """

    share: float
    seed: int
    by: str | None
    rows: int
    rmse: float | None
    mae: float | None
    r2: float | None
    deviance: float | None
    accuracy: float | None
    loss: float | None
