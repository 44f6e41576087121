"""What a saved model makes of the columns of a table, row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from gdsolve.advice import Advice
from gdsolve.data.beside import NOTHING, Beside
from gdsolve.data.columns import first_of, nearest, split_hint
from gdsolve.data.group_models import UNKNOWN, GroupModels, model_of_group, models_by_group
from gdsolve.data.literal import cells_in
from gdsolve.data.offsets import offset_columns, offset_of, saved_offsets
from gdsolve.data.response import MEANS
from gdsolve.data.shell import PREDICT
from gdsolve.imports import collector_at_rest
from gdsolve.model import AGAIN
from gdsolve.spec import Loss, Spec, flag
from gdsolve.spec.losses import MEAN_AT, USUAL_LOSS, Link, Mean
from gdsolve.spec.missing import added_to
from gdsolve.status import DataError, GdsolveError

if TYPE_CHECKING:
    from gdsolve.data.dated_columns import DatedColumns
    from gdsolve.data.formula.predicting import SavedFormula

_SAVED = Advice("give a file that gdsolve fit wrote with --save or --format json", verbatim=True)


class _Term(NamedTuple):
    """One summand: weight times a column, or weight where a column of text has this level.

    Of several classes there is a weight for each, (C,).
    """

    name: str
    column: str
    level: str | None
    weight: float | np.ndarray

    def cells(self, frame: pl.DataFrame) -> np.ndarray:
        """The numbers that are summed up, (rows,); NaN where the cell is missing."""
        cells = cells_in(frame, self.column)
        return np.asarray((cells if self.level is None else (cells == self.level).cast(pl.Float64)).to_numpy())


@dataclass(frozen=True)
class Predictor:
    """What a saved model makes of the columns that it needs, and what is read `beside` them; `run` is for hints.

    Of several `classes` it has a value for each. Of groups that do not share their columns it has `each`. `dates` are
    the columns of dates that are read as numbers.
    """

    terms: tuple[_Term, ...]
    levels: Mapping[str, Sequence[str]]
    intercept: float | np.ndarray
    mean: Mean
    curve: CurveModel | None
    groups: GroupModels | None = None
    na_values: tuple[str, ...] = ()
    beside: Beside = NOTHING
    run: str = PREDICT
    offset: str | None = None
    exposure: str | None = None
    classes: tuple[str, ...] | None = None
    formula: SavedFormula | None = None
    each: tuple[Predictor, ...] = ()
    dates: DatedColumns | None = None

    def dates_in(self, spec: Spec) -> DatedColumns | None:
        """The columns of dates, as they are written where `spec` says how, else as they were when it was fitted."""
        return self.dates and (self.dates if spec.date_format is None else replace(self.dates, form=spec.date_format))

    def reading(self, spec: Spec) -> Spec:
        """Give the spec with the cells that the fit took as missing beside its own."""
        return replace(spec, na_values=added_to(self.na_values, spec.na_values))

    @cached_property
    def columns(self) -> list[str]:
        """The columns that the prediction is made of, in the order of the weights."""
        if self.curve is not None:
            return list(self.curve.columns)
        if self.formula is not None:
            return self.formula.columns
        return list(dict.fromkeys([*(term.column for term in self.terms), *self.levels]))

    @property
    def texts(self) -> list[str]:
        """Those of them that hold texts."""
        own = self.levels if self.formula is None else self.formula.texts
        return [*own, *(self.groups.columns if self.groups else ())]

    @cached_property
    def needed(self) -> list[str]:
        """The columns, with those of the groups last."""
        own = self.columns
        beside = [name for name in offset_columns(self) if name not in own]
        return [*own, *beside, *(self.groups.columns if self.groups else ())]

    @cached_property
    def read(self) -> list[str]:
        """All columns that are read, each once."""
        return list(dict.fromkeys([*self.needed, *self.beside.columns]))

    @property
    def numbers_read(self) -> list[str]:
        """Those of them that are read as numbers."""
        named, texts = [*self.columns, *offset_columns(self), *self.beside.numbers], frozenset(self.texts_read)
        return [name for name in dict.fromkeys(named) if name not in texts]

    @property
    def texts_read(self) -> list[str]:
        """Those of them that are read as texts."""
        return list(dict.fromkeys([*self.texts, *self.beside.texts]))

    def prepared(
        self, cells: pl.DataFrame, where: Callable[[int, str | None], str], remedy: Callable[[str], str]
    ) -> pl.DataFrame:
        """Give the cells with what a formula makes of them; `where` a row stands, and what to do about a level.

        Raises:
            DataError: a row in which the formula has no value.
        """
        return cells if self.formula is None else self.formula.added_to(cells, where, remedy, self.beside.loss)

    def with_beside(self, beside: Beside) -> Predictor:
        """The same, that reads these columns beside; a target that a formula makes is made as well."""
        made = beside.target if beside.sources else None
        formula = self.formula if self.formula is None else replace(self.formula, target=made)
        return replace(self, beside=beside, formula=formula)

    def within(self, names: list[str]) -> Predictor:
        """The same, of a table with the columns `names`."""
        return replace(self, beside=self.beside.within(names))


@dataclass(frozen=True, slots=True)
class CurveModel:
    """A curve of a saved model: the columns that it needs, and its values from theirs, (m,) each.

    `slopes` gives its derivatives by the parameters of these names, (m, q), from the same; `target` what its target is
    of the cells of that column, (m,), where it is an expression of one. Of groups there is a curve for `each`.
    """

    columns: tuple[str, ...]
    at: Callable[[Mapping[str, np.ndarray], int], np.ndarray]
    slopes: Callable[[Mapping[str, np.ndarray], int, tuple[str, ...]], np.ndarray] | None = None
    target: Callable[[np.ndarray], np.ndarray] | None = None
    each: tuple[CurveModel, ...] = ()


def read_predictor(model: Mapping[str, Any], curve: CurveModel | None) -> Predictor:
    """What predicts, of the JSON of a fit.

    Raises:
        GdsolveError: the model is not one that a fit wrote.
    """
    try:
        with collector_at_rest():
            known = _read_predictor(model, curve)
        if (record := model["data"].get("dates")) is None:
            return known
        from gdsolve.data.dated_columns import DatedColumns

        return replace(known, dates=DatedColumns.of_record(record))
    except KeyError as error:
        raise GdsolveError(f"the model lacks {error.args[0]!r}", _SAVED) from None
    except (AttributeError, TypeError, ValueError) as error:
        raise GdsolveError(f"the model is damaged ({error})", _SAVED) from None


def _read_predictor(model: Mapping[str, Any], curve: CurveModel | None) -> Predictor:
    absent = tuple(map(str, model["data"].get("na_values") or ()))
    moved = saved_offsets(model["data"])
    if curve is not None:
        mean = _mean_of(model["descent"])
        whole = Predictor((), {}, 0.0, mean, curve, na_values=absent, offset=moved[0], exposure=moved[1])
        if not curve.each:
            return whole
        each = tuple(replace(whole, curve=one) for one in curve.each)
        return replace(whole, groups=GroupModels.of(model), each=each)
    formula = _formula_of(model)
    levels = {name: tuple(texts) for name, texts in model["data"].get("levels", {}).items()}
    encoded: dict[str, tuple[str, str | None]] = {
        f"{name}={level}": (name, level) for name, texts in levels.items() for level in texts
    }
    groups = GroupModels.of(model) if "groups" in model else None
    features = model["data"]["features"]
    weights = [0.0] * len(features) if groups else _weights_of(model, features)
    columns = [encoded.get(name, (name, None)) for name in features]
    terms = [
        _Term(name, column, level, weight)
        for name, (column, level), weight in zip(features, columns, weights, strict=True)
    ]
    mean = _mean_of(model.get("descent", {}))
    if mean is Mean.SOFTMAX and groups:
        each = tuple(read_predictor(model_of_group(model, place), None) for place in models_by_group(model).values())
        classes = tuple(map(str, model["weights_by_class"]))
        return Predictor(
            tuple(terms), levels, 0.0, mean, None, groups, absent, classes=classes, formula=formula, each=each
        )
    if mean is Mean.SOFTMAX:
        each = model["weights_by_class"]
        constants = np.array([float(one["intercept"] or 0.0) for one in each.values()])
        names = tuple(map(str, each))
        return Predictor(tuple(terms), levels, constants, mean, None, None, absent, classes=names, formula=formula)
    intercept = float(model.get("intercept") or 0.0) * (not groups)
    return Predictor(
        tuple(terms),
        levels,
        intercept,
        mean,
        None,
        groups,
        absent,
        offset=moved[0],
        exposure=moved[1],
        formula=formula,
    )


def _formula_of(model: Mapping[str, Any]) -> SavedFormula | None:
    """The formula of a model that has one; its features are those that the model has weights of.

    Raises:
        GdsolveError: the model has others.
    """
    record = model["data"].get("formula")
    if record is None:
        return None
    from gdsolve.data.formula.predicting import SavedFormula
    from gdsolve.data.formula.saved import design_of

    design = design_of(record)
    if list(design.names) != list(model["data"]["features"]):
        raise GdsolveError("data.formula of the model makes other features than it has weights of", AGAIN)
    return SavedFormula(design)


def _weights_of(model: Mapping[str, Any], names: Sequence[str]) -> Sequence[float | np.ndarray]:
    each = model.get("weights_by_class")
    if each is None:
        weights = model["weights"]
        return [float(weights[name]) for name in names]
    return [np.array([float(one["weights"][name]) for one in each.values()]) for name in names]


def _mean_of(descent: Mapping[str, Any]) -> Mean:
    """What is predicted at z; models from before there were links have that of their loss, curves among them."""
    link, loss = descent.get("link"), Loss(descent.get("loss", USUAL_LOSS))
    return loss.info.mean if link is None else MEAN_AT[Link(link)]


def require_columns(table: str, names: Sequence[str], model: Predictor) -> None:
    """See that a table has all columns that a model needs.

    Raises:
        DataError: one is not there.
    """
    needed, known = model.needed, frozenset(names)
    for name in needed:
        if name not in known:
            near = nearest(name, names)
            split = split_hint(names[0]) if len(names) == 1 else None
            remedy = split or (f"rename {near!r}?" if near else f"the model needs: {first_of(needed)}")
            raise DataError(f"{table}: has no column {name!r}, which the model needs", remedy)


def require_beside(table: str, names: Sequence[str], model: Predictor, option: str = "") -> None:
    """See that a table has the target, and the weights, that are read beside the columns of a model.

    Raises:
        DataError: one is not there.
    """
    beside = model.beside
    for name in beside.columns:
        if name not in names:
            needed = frozenset(model.needed)
            near = nearest(name, [other for other in names if other not in needed])
            what = "the target of the model" if name == beside.target else "the row weights"
            asked = f", which {flag(option)} needs" if option else ""
            remedy = f"rename {near!r}?" if near else f"add the column {name!r}"
            if not option and name == beside.weight:
                remedy = "choose another with --weight, or leave it out"
            otherwise = f", or leave {flag(option)} out" if option else ""
            raise DataError(f"{table}: has no column {name!r}, {what}{asked}", remedy + otherwise)


def predictions_of(frame: pl.DataFrame, model: Predictor) -> np.ndarray:
    """Give the mean that the loss has at `values_of`, of the same shape; NaN where a cell is missing."""
    return MEANS[model.mean](values_of(frame, model))


def values_of(frame: pl.DataFrame, model: Predictor) -> np.ndarray:
    """Give z, (rows,), of several classes (rows, C): of the features, or the curve, and the offset; else NaN."""
    if model.each:
        return _of_each(frame, model)
    offset = offset_of(frame, model)
    if model.curve is not None:
        return np.asarray(model.curve.at(_cells_of(frame, model), frame.height) + offset)
    return np.asarray(_linear(frame, model) + offset)


def _of_each(frame: pl.DataFrame, model: Predictor) -> np.ndarray:
    """The values of rows by the models of their groups; a class that a group has not is of no probability there."""
    assert model.groups is not None
    rows = model.groups.rows_of(frame)
    shape = (frame.height,) if model.classes is None else (frame.height, len(model.classes))
    found = np.full(shape, np.nan)
    for place in np.unique(rows[rows != UNKNOWN]).tolist():
        own, chosen = model.each[place], rows == place
        values = values_of(frame.filter(pl.Series(chosen)), own)
        if model.classes is None or own.classes is None:
            found[chosen] = values
            continue
        spread = np.full((len(values), len(model.classes)), -np.inf)
        spread[:, [model.classes.index(name) for name in own.classes]] = values
        spread[np.isnan(values).any(axis=1)] = np.nan
        found[chosen] = spread
    return found


def slopes_of(frame: pl.DataFrame, model: Predictor, parameters: tuple[str, ...]) -> np.ndarray:
    """Give ∂z/∂w, (rows, q), for weights by name: the cells of the features and 1 for the intercept, or of the curve.

    NaN where a cell is missing.
    """
    if model.curve is not None:
        assert model.curve.slopes is not None
        return model.curve.slopes(_cells_of(frame, model), frame.height, parameters)
    found = np.ones((frame.height, len(parameters)))
    terms = {term.name: term for term in model.terms}
    for place, name in enumerate(parameters):
        if name in terms:
            found[:, place] = terms[name].cells(frame)
    return found


def _cells_of(frame: pl.DataFrame, model: Predictor) -> dict[str, np.ndarray]:
    # numpy would hand out read-only memory of polars, which torch does not take.
    return {name: frame[name].to_numpy().copy() for name in model.columns}


def _of_classes(frame: pl.DataFrame, model: Predictor) -> np.ndarray:
    total = np.zeros((frame.height, len(model.classes or ())))
    for term in model.terms:
        total += np.multiply.outer(term.cells(frame), term.weight)
    for name in model.levels:
        total[cells_in(frame, name).is_null().to_numpy()] = np.nan
    return total + model.intercept


def _linear(frame: pl.DataFrame, model: Predictor) -> np.ndarray:
    if model.classes is not None:
        return _of_classes(frame, model)
    total = np.zeros(frame.height)
    groups = model.groups
    own = None if groups is None else groups.weights[groups.rows_of(frame)]
    for place, term in enumerate(model.terms):
        total += (term.weight if own is None else own[:, place]) * term.cells(frame)
    for name in model.levels:
        # A column of one level has no term, but an unknown level is unknown all the same.
        total[cells_in(frame, name).is_null().to_numpy()] = np.nan
    return total + (model.intercept if own is None else own[:, -1])
