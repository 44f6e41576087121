"""Sums over rows, batch by batch, from which the figures of a score are made."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from gdsolve.data.deviance import deviance_of
from gdsolve.data.ranking import area_under_curve, macro_area
from gdsolve.data.response import MEANS
from gdsolve.spec.losses import Loss, Mean, Target

_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class LargestError:
    """The row whose prediction is farthest from its target: the first one, counted from 1 in its `source`."""

    error: float
    source: str
    row: int
    target: float
    prediction: float


@dataclass(slots=True)
class ScoreSums:
    """What is summed up of the rows of a table: residuals r = μ − y, and what the loss needs; a row of weight ω.

    `level` is τ of a quantile, `parameter` that of another loss. Of classes the probabilities are kept, as their order
    is wanted: 9 bytes a row, and 17 with weights. Means and squares about them are merged batch by batch, so that
    nothing cancels.
    Source: Chan, Golub and LeVeque (1983), Algorithms for computing the sample variance, The American Statistician 37.
    """

    loss: Loss
    mean: Mean
    level: float
    parameter: float = 0.0
    rows: int = 0
    weight: float = 0.0
    target_mean: float = 0.0
    target_squares: float = 0.0
    squares: float = 0.0
    absolute: float = 0.0
    pinball: float = 0.0
    deviance: float = 0.0
    log_loss: float = 0.0
    largest: LargestError | None = None
    confusion: np.ndarray = field(default_factory=lambda: np.zeros((2, 2)))
    kept: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]] = field(default_factory=list)

    @classmethod
    def of(cls, loss: Loss, mean: Mean, level: float, classes: int, parameter: float = 0.0) -> ScoreSums:
        """The sums of no rows yet, of so many classes, if it is of classes."""
        return cls(loss, mean, level, parameter, confusion=np.zeros((classes, classes)))

    def add(
        self,
        y: np.ndarray,
        z: np.ndarray,
        weight: np.ndarray | None,
        source: str = "",
        rows: np.ndarray | None = None,
        offset: np.ndarray | float = 0.0,
    ) -> None:
        """Add rows, all of which have a target y, a value z and a weight above 0, (rows,) each, or all the weight 1.

        `rows` are their numbers in `source`, (rows,), from 1; without them they are 1, 2, …. `offset` is what the model
        subtracts from the targets that it explains.
        """
        if not len(y):
            return
        if self.mean is Mean.SOFTMAX:
            self._add_classes(y.astype(np.int64), z, weight)
            return
        predicted = MEANS[self.mean](z)
        ones = np.ones_like(y) if weight is None else weight
        with np.errstate(all="ignore"):
            error = predicted - y
            self._add_target(y - offset, ones)
            self.squares += float((ones * error**2).sum())
            self.absolute += float((ones * np.abs(error)).sum())
            self._find_largest(y, predicted, source, np.arange(1, len(y) + 1) if rows is None else rows)
            self.pinball += float((ones * np.maximum(-self.level * error, (1.0 - self.level) * error)).sum())
            if self.loss.info.likelihood and self.loss.info.target is not Target.TWO_CLASSES:
                deviance = deviance_of(self.loss, self.mean, self.parameter, y, z, predicted)
                self.deviance += float((ones * deviance).sum())
            if self.loss.info.target is Target.TWO_CLASSES:
                self.log_loss += float((ones * _log_loss(y, z, predicted, self.mean)).sum())
                cells = 2 * (y > 0.5) + (predicted > 0.5)
                self.confusion += np.bincount(cells, weights=ones, minlength=4).reshape(2, 2)
                self.kept.append((z if self.mean is Mean.LABEL else predicted, y > 0.5, weight))
        self.rows += len(y)

    def _add_classes(self, y: np.ndarray, z: np.ndarray, weight: np.ndarray | None) -> None:
        """Add rows of the classes y, from 0, with a value z for each class, (rows, C)."""
        count, ones = z.shape[1], np.ones(len(y)) if weight is None else weight
        shares, own = MEANS[self.mean](z), np.arange(len(y))
        others = z - z[own, y][:, None]
        others[own, y] = -np.inf
        most = others.max(axis=1)
        with np.errstate(all="ignore"):
            towards = most + np.log(np.exp(others - most[:, None]).sum(axis=1))
        self.log_loss += float((ones * np.logaddexp(0.0, towards)).sum())
        away = shares.copy()
        away[own, y] -= 1.0
        self.squares += float((ones * (away**2).sum(axis=1)).sum())
        cells = count * y + z.argmax(axis=1)
        self.confusion += np.bincount(cells, weights=ones, minlength=count * count).reshape(count, count)
        self.kept.append((shares, y, weight))
        self.weight += float(ones.sum())
        self.rows += len(y)

    def _add_target(self, y: np.ndarray, ones: np.ndarray) -> None:
        weight = float(ones.sum())
        mean = float((ones * y).sum()) / weight
        away = mean - self.target_mean
        total = self.weight + weight
        self.target_squares += float((ones * (y - mean) ** 2).sum()) + away**2 * (self.weight * weight / total)
        self.target_mean += away * weight / total
        self.weight = total

    def _find_largest(self, y: np.ndarray, predicted: np.ndarray, source: str, rows: np.ndarray) -> None:
        error = np.abs(predicted - y)
        place = int(error.argmax())
        if self.largest is None or error[place] > self.largest.error:
            figures = float(y[place]), float(predicted[place])
            self.largest = LargestError(float(error[place]), source, int(rows[place]), *figures)

    @property
    def r2(self) -> float | None:
        """1 − Σωr²/Σω(y − ȳ)², ȳ the mean of these rows; None for a constant target."""
        still = self.weight * (4.0 * _EPSILON * self.target_mean) ** 2
        return 1.0 - self.squares / self.target_squares if self.target_squares > still else None

    def auc(self) -> float | None:
        """The area under the ROC curve; None where all rows are of one class."""
        if not self.kept:
            return None
        weights = [one[2] for one in self.kept if one[2] is not None]
        weight = np.concatenate(weights) if weights else None
        predicted, second = (np.concatenate([one[place] for one in self.kept]) for place in (0, 1))
        if self.mean is Mean.SOFTMAX and predicted.shape[1] == 2:
            return area_under_curve(predicted[:, 1], second == 1, weight)
        return (macro_area if self.mean is Mean.SOFTMAX else area_under_curve)(predicted, second, weight)


def _log_loss(y: np.ndarray, z: np.ndarray, predicted: np.ndarray, mean: Mean) -> np.ndarray:
    """Minus the logarithm of the probability of the row's own class: from z where μ = 1/(1 + e⁻ᶻ)."""
    if mean is Mean.SIGMOID:
        return np.asarray(np.logaddexp(0.0, np.where(y > 0.5, -z, z)))
    return np.asarray(-np.where(y > 0.5, np.log(predicted), np.log1p(-predicted)))


def mean_of(total: float, weight: float) -> float | None:
    """The mean; None where it is not finite."""
    found = total / weight
    return found if math.isfinite(found) else None
