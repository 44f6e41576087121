"""What is appended to a row: the prediction, the class, an interval, and how much the row bears upon the fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.beside import Beside, classes_of
from gdsolve.data.covariance import SavedCovariance
from gdsolve.data.deviance import parameter_of, variance_of
from gdsolve.data.predictor import CurveModel, Predictor, read_predictor, slopes_of, values_of
from gdsolve.data.response import MEANS, slope_of_mean
from gdsolve.model import AGAIN
from gdsolve.spec import Loss, Spec, flag
from gdsolve.spec.choices import IntervalOf
from gdsolve.spec.losses import USUAL_LOSS, Mean, Target
from gdsolve.status import GdsolveError

PREDICTION = "prediction"
PROBABILITY = "probability"
CLASS = "class"
INTERVAL = ("lower", "upper")
DIAGNOSIS = ("residual", "standardised_residual", "leverage", "cooks_distance")
# Rows of which the slopes are held at once.
_AT_ONCE = 50_000
# A row of more leverage than 1 less this has a residual of 0 whatever its target is: there is nothing to standardise.
_WHOLLY = 1e-12
WHAT = {Target.TWO_CLASSES: "class", Target.COUNTS: "count"}


@dataclass(frozen=True, slots=True, eq=False)
class Appended:
    """The columns beside the prediction that were asked for; `read` is what they need of a row beside its features.

    `classes` are the labels, where the one of a row is asked for; `each` are those of several classes, which have a
    probability each, and `labels` those that are predicted themselves, where they are texts; `parameter` is that of the
    loss. `level` is that of the interval of the mean, or with `observation` of a new row.
    """

    loss: Loss
    read: Beside
    covariance: SavedCovariance | None = None
    level: float | None = None
    observation: bool = False
    diagnosis: bool = False
    classes: tuple[str, ...] | None = None
    each: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    parameter: float = 0.0

    @property
    def alone(self) -> bool:
        """True where nothing but the prediction is wanted."""
        return self.covariance is None and self.classes is None

    def titles(self, taken: Collection[str] = ()) -> list[str]:
        """The names of the columns, each with a number where a table has a column of that name: `lower_2`."""
        predicted = [PREDICTION] if self.each is None else [f"{PROBABILITY}_{name}" for name in self.each]
        wanted = [*predicted, *([CLASS] if self.classes else []), *(INTERVAL if self.level is not None else ())]
        found: list[str] = []
        for name in [*wanted, *(DIAGNOSIS if self.diagnosis else ())]:
            title, count = name, 2
            while title in taken or title in found:
                title, count = f"{name}_{count}", count + 1
            found.append(title)
        return found

    def columns(self, cells: pl.DataFrame, model: Predictor) -> list[pl.Series]:
        """The columns of rows of a table, in the order of `titles`; null where there is no figure."""
        z = values_of(cells, model)
        mean = MEANS[model.mean](z)
        if self.each is not None:
            series = [pl.Series(values).fill_nan(None) for values in mean.T]
            return series if self.classes is None else [*series, self._most_probable(z, self.classes)]
        found = [mean]
        spread = None if self.covariance is None else self._spread(cells, model, self.covariance)
        if spread is not None and self.level is not None:
            found += self._interval(cells, model, z, spread)
        if spread is not None and self.diagnosis:
            found += self._diagnosis(cells, model, z, mean, spread)
        series = [pl.Series(values).fill_nan(None) for values in found]
        if self.labels is not None:
            series[0] = self._class(mean, self.labels)
        return series if self.classes is None else [series[0], self._class(mean, self.classes), *series[1:]]

    def frame(self, cells: pl.DataFrame, model: Predictor) -> pl.DataFrame:
        """The same as a table."""
        return pl.DataFrame(dict(zip(self.titles(), self.columns(cells, model), strict=True)))

    def nothing(self) -> pl.DataFrame:
        """The columns without rows."""
        texts = (CLASS,) if self.labels is None else (CLASS, PREDICTION)
        return pl.DataFrame(schema={name: pl.String if name in texts else pl.Float64 for name in self.titles()})

    def returned(self, found: pl.DataFrame) -> np.ndarray | pl.DataFrame:
        """What Python is given: an array, (m,), of several classes (m, C), or the table where more is asked for.

        NaN where there is no prediction.
        """
        if self.alone and self.labels is not None:
            return found.to_series().to_numpy()
        if self.each is not None and self.alone:
            return found.fill_null(np.nan).to_numpy()
        return found.to_series().fill_null(np.nan).to_numpy() if self.alone else found

    @staticmethod
    def _spread(cells: pl.DataFrame, model: Predictor, covariance: SavedCovariance) -> np.ndarray:
        """The variance of z over scale², (rows,)."""
        parts = [
            covariance.leverages(slopes_of(part, model, covariance.parameters)) for part in cells.iter_slices(_AT_ONCE)
        ]
        return np.concatenate([np.empty(0), *parts])

    def _interval(self, cells: pl.DataFrame, model: Predictor, z: np.ndarray, spread: np.ndarray) -> list[np.ndarray]:
        """Both ends: z ± q·scale·√(spread + 1/ω), the latter for an observation of weight ω, as means of the target."""
        assert self.covariance is not None and self.level is not None
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = spread + 1.0 / model.beside.weights_of(cells) if self.observation else spread
            half = self.covariance.quantile(self.level) * self.covariance.scaled("interval") * np.sqrt(variance)
            ends = [MEANS[model.mean](z - half), MEANS[model.mean](z + half)]
        return [np.where(np.isfinite(half), end, np.nan) for end in ends]

    def _diagnosis(
        self, cells: pl.DataFrame, model: Predictor, z: np.ndarray, mean: np.ndarray, spread: np.ndarray
    ) -> list[np.ndarray]:
        """Residual, standardised residual, leverage and Cook's distance.

        With ω the weight of the row, V the variance of the target at its mean μ (1 for squares) and W = (dμ/dz)²/V:
        y − μ; r = √(ω/V)·(y − μ)/(scale·√(1 − h)); h = ωW·spread; r²·h/((1 − h)·q).
        Source: Cook and Weisberg, Residuals and Influence in Regression, sections 2.1, 2.2, 3.1 and 5.4; McCullagh and
        Nelder, Generalized Linear Models, 2nd ed., sections 12.5 and 12.7.
        """
        assert self.covariance is not None
        beside, scale = model.beside, self.covariance.scale
        residual, weight = beside.targets_of(cells) - mean, beside.weights_of(cells)
        with np.errstate(all="ignore"):
            variance = variance_of(self.loss, self.parameter, mean)
            leverage = weight * slope_of_mean(model.mean, z) ** 2 / variance * spread
            left = np.where(1.0 - leverage > _WHOLLY, 1.0 - leverage, np.nan)
            standardised = np.sqrt(weight / variance / left) * residual / (np.nan if scale is None else scale)
            distance = standardised**2 * leverage / left / len(self.covariance.parameters)
        return [residual, standardised, leverage, distance]

    @staticmethod
    def _most_probable(z: np.ndarray, classes: tuple[str, ...]) -> pl.Series:
        """The class of largest probability, the first one of those; null where there is none."""
        names = pl.Series(np.where(np.isnan(z), -np.inf, z).argmax(axis=1))
        named = names.replace_strict(list(range(len(classes))), list(classes), return_dtype=pl.String)
        return pl.select(pl.when(~pl.Series(np.isnan(z).any(axis=1))).then(named)).to_series()

    @staticmethod
    def _class(mean: np.ndarray, classes: tuple[str, ...]) -> pl.Series:
        """The class of larger probability, the first one where both are alike."""
        named = pl.Series(mean > 0.5).replace_strict([False, True], classes, return_dtype=pl.String)
        return pl.select(pl.when(~pl.Series(np.isnan(mean))).then(named)).to_series()


def read_appending(model: Mapping[str, Any], curve: CurveModel | None, spec: Spec) -> tuple[Predictor, Appended]:
    """What predicts, of the JSON of a fit, and what `spec` asks to be appended to the rows.

    Raises:
        GdsolveError: the model is not one that a fit wrote, or has not what is asked for.
    """
    known = read_predictor(model, curve)
    appended = _appended(model, spec)
    if appended.covariance is not None:
        weights, names = model["weights"], appended.covariance.parameters
        beyond = [name for name in names if name not in weights]
        if len(beyond) != (model.get("intercept") is not None and curve is None):
            raise GdsolveError("weights and covariance of the model are of other parameters", AGAIN)
    read = replace(appended.read, expression=None if curve is None else curve.target)
    return known.with_beside(read), replace(appended, read=read)


def _appended(model: Mapping[str, Any], spec: Spec) -> Appended:
    loss = Loss((model.get("descent") or {}).get("loss", USUAL_LOSS))
    classes = _classes(model, loss) if spec.class_ else None
    if loss is Loss.SOFTMAX:
        asked = "interval" if spec.interval is not None else "diagnose"
        if spec.interval is not None or spec.diagnose:
            raise GdsolveError(
                "the model is of --loss softmax: a row has a probability a class, and these have none of that",
                f"leave {flag(asked)} out",
                option=asked,
            )
        each = tuple(map(str, model.get("weights_by_class") or ()))
        return Appended(loss, Beside(loss), classes=classes, each=each)
    if spec.interval is None and not spec.diagnose:
        labels = classes_of(model) if loss.info.mean is Mean.LABEL else None
        return Appended(loss, Beside(loss), classes=classes, labels=labels)
    covariance = SavedCovariance.of(model, "diagnose" if spec.interval is None else "interval")
    observation = spec.interval is not None and _is_of_observation(spec, loss)
    if spec.interval is not None:
        covariance.scaled("interval")
    beside = Beside.of(model, target=spec.diagnose, weight=spec.diagnose or observation)
    parameter = parameter_of(loss, model.get("descent"))
    return Appended(loss, beside, covariance, spec.interval, observation, spec.diagnose, classes, parameter=parameter)


def _is_of_observation(spec: Spec, loss: Loss) -> bool:
    if not loss.info.likelihood:
        return spec.interval_of is not IntervalOf.MEAN
    if spec.interval_of is IntervalOf.OBSERVATION:
        what = WHAT.get(loss.info.target, "number")
        has = "a probability" if loss.info.target in WHAT else "a skewed distribution"
        raise GdsolveError(
            f"the model is of --loss {loss}: a {what} has {has}, and no interval around its mean",
            "give --interval-of mean",
            option="interval_of",
        )
    return False


def _classes(model: Mapping[str, Any], loss: Loss) -> tuple[str, ...]:
    if loss is Loss.SOFTMAX:
        return tuple(map(str, model.get("weights_by_class") or ()))
    if loss.info.target is not Target.TWO_CLASSES:
        raise GdsolveError(
            f"is for models of classes, and this one is of --loss {loss}", "leave --class out", option="class_"
        )
    return classes_of(model) or ("0", "1")
