"""Weights from anywhere: a saved model, plain JSON, or what scikit-learn calls them; and what they were fitted to."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gdsolve.advice import Advice
from gdsolve.data.columns import first_of
from gdsolve.form import is_finite_number
from gdsolve.model import Model, read_json, read_model
from gdsolve.spec import Categorical, Loss
from gdsolve.spec.parameter import Constant
from gdsolve.spec.values import convert
from gdsolve.status import GdsolveError

HINT = Advice(
    'write {"weights": {"x": 2.5}, "intercept": 1}, {"coef_": [2.5], "intercept_": 1}, or give a model of --save',
    verbatim=True,
)
OF_COLUMNS = ("target", "features", "categorical", "no_intercept")
"""What a formula that is asked for says in place of the weights."""
MODEL_LOSS: tuple[str, ...] = ("loss", "delta", "quantile", "power", "dispersion", "class_weight")
MODEL_LOSS += ("ridge", "l1", "penalty_scale", "penalize_intercept")
"""What a saved model says of its loss, by the names of the options."""


@dataclass(frozen=True, slots=True)
class GivenWeights:
    """Weights by name, or in the order of the columns; `intercept` is None where there is none.

    `model` is what `fit` saved, where they come from there. Where they are `of_classes` they are those of one class
    after the other, with the intercept of each, if there are `class_intercepts`; `columns` are those of a class.
    """

    name: str
    by_name: Mapping[str, float] | None
    in_order: tuple[float, ...] | None
    intercept: float | None
    model: Mapping[str, Any] | None = None
    columns: tuple[str, ...] | None = None
    of_classes: bool = False
    class_intercepts: bool = False

    def options(self, *, formula: bool) -> dict[str, Any]:
        """The options that these weights imply: columns and intercept, and of a saved model its loss and the rest.

        A `formula` that was asked for has no such columns.
        """
        found = {} if self.model is None else _options_of(self.model)
        if formula or "model" in found or "minimize" in found:
            return found
        if self.model is None and (self.columns or self.by_name is not None):
            found["features"] = self.columns or tuple(self.by_name or ())
        if self.of_classes and self.model is None:
            found["loss"] = Loss.SOFTMAX
        if self.intercept is None and not self.class_intercepts and "formula" not in found:
            found["no_intercept"] = True
        return found

    def of(self, names: Sequence[str], *, intercept: bool, formula: bool = False) -> list[float]:
        """The weights of the columns `names`, in their order, the intercept last if there is one.

        Raises:
            GdsolveError: other columns, or an intercept that the model asked for has not; where a `formula` of R's kind
                makes the columns it is told so.
        """
        found = self._ordered(names, "in --formula" if formula else "with --features")
        if intercept:
            return [*found, self.intercept or 0.0]
        if self.intercept and formula:
            raise GdsolveError(
                f"{self.name}: has an intercept, {self.intercept:.6g}, and the formula has none",
                "take - 1 out of --formula, or certify weights of a model without intercept",
                about=("formula",),
            )
        if self.intercept:
            raise GdsolveError(
                f"{self.name}: has an intercept, {self.intercept:.6g}, which --no-intercept would drop",
                "leave --no-intercept out, or certify weights of a model without intercept",
                about=("no_intercept",),
            )
        return found

    def _ordered(self, names: Sequence[str], chosen: str) -> list[float]:
        if self.by_name is None:
            given = self.in_order or ()
            if len(given) != len(names):
                raise GdsolveError(
                    f"{self.name}: {len(given)} weights for {len(names)} columns: {first_of(names)}",
                    f"give one weight a column, in their order, or name the columns {chosen}",
                    option="weights",
                )
            return list(given)
        for name in names:
            if name not in self.by_name:
                raise GdsolveError(
                    f"{self.name}: no weight for {name!r}",
                    f"give it one, 0 say, or leave it out {chosen}",
                    option="weights",
                )
        known = frozenset(names)
        for name in self.by_name:
            if name not in known:
                raise GdsolveError(
                    f"{self.name}: {name!r} is not used here",
                    f"name the columns of these weights {chosen}, or take it out of the weights",
                    option="weights",
                )
        return [self.by_name[name] for name in names]


def read_weights(weights: str | Model) -> GivenWeights:
    """Weights from a file, or from what is at hand.

    Raises:
        GdsolveError: no such file (exit code 5), no weights in it, or weights that are not finite numbers (2).
    """
    name = str(weights)
    record = weights.record if isinstance(weights, Model) else read_json(weights, HINT)
    if not isinstance(record, Mapping):
        raise GdsolveError(f"{name}: no weights in it", HINT, option="weights")
    if "schema" in record:
        return _of_model(name, read_model(weights))
    if "coef_" in record:
        return _of_coefficients(name, record)
    return _of_mapping(name, record)


def _of_model(name: str, model: Mapping[str, Any]) -> GivenWeights:
    subject = model.get("objective") or {}
    numbers = {**model["weights"], **(subject.get("fixed") or {})}
    by_name = {key: float(value) for key, value in numbers.items()}
    intercept = model.get("intercept")
    each = model.get("weights_by_class") or {}
    constants = any(one.get("intercept") is not None for one in each.values())
    constant = None if intercept is None else float(intercept)
    return GivenWeights(name, by_name, None, constant, model, of_classes=bool(each), class_intercepts=constants)


def _of_mapping(name: str, record: Mapping[str, Any]) -> GivenWeights:
    weights, intercept = record.get("weights"), record.get("intercept")
    constant = None if intercept is None else _number(name, "intercept", intercept)
    if isinstance(weights, Mapping):
        return GivenWeights(name, {str(k): _number(name, k, v) for k, v in weights.items()}, None, constant)
    return GivenWeights(name, None, _numbers(name, "weights", weights), constant)


def _of_coefficients(name: str, record: Mapping[str, Any]) -> GivenWeights:
    """What scikit-learn calls `coef_`, (n,) or (1, n), `intercept_`, a number or (1,), and `feature_names_in_`."""
    if isinstance(record["coef_"], list) and len(record["coef_"]) > 1 and isinstance(record["coef_"][0], list):
        return _of_classes(name, record)
    values = _numbers(name, "coef_", _flat(record["coef_"]))
    constants = _numbers(name, "intercept_", _flat(record.get("intercept_", ())))
    if len(constants) > 1:
        raise GdsolveError(f"{name}: {len(constants)} intercepts, and one is expected", HINT, option="weights")
    constant = constants[0] if constants else None
    names = record.get("feature_names_in_")
    if names is None:
        return GivenWeights(name, None, values, constant)
    if len(names) != len(values):
        raise GdsolveError(f"{name}: {len(values)} coefficients for {len(names)} names", HINT, option="weights")
    return GivenWeights(name, dict(zip(map(str, names), values, strict=True)), None, constant)


def _of_classes(name: str, record: Mapping[str, Any]) -> GivenWeights:
    """The same of several classes: `coef_` is (C, n), and `intercept_` (C,), one row and one number a class."""
    rows = [_numbers(name, f"coef_[{place}]", row) for place, row in enumerate(record["coef_"])]
    constants = _numbers(name, "intercept_", record.get("intercept_") or [])
    if len({len(row) for row in rows}) > 1 or len(constants) not in (0, len(rows)):
        raise GdsolveError(f"{name}: coef_ and intercept_ are not of the same classes", HINT, option="weights")
    values = [[*row, *constants[place : place + 1]] for place, row in enumerate(rows)]
    names = record.get("feature_names_in_")
    columns = None if names is None else tuple(map(str, names))
    flat = tuple(value for row in values for value in row)
    return GivenWeights(name, None, flat, None, columns=columns, of_classes=True, class_intercepts=any(constants))


def _flat(value: Any) -> Any:
    if isinstance(value, int | float):
        return [value]
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) else value


def _numbers(name: str, key: str, values: Any) -> tuple[float, ...]:
    if not isinstance(values, list | tuple):
        raise GdsolveError(f"{name}: no weights in it", HINT, option="weights")
    return tuple(_number(name, f"{key}[{place}]", value) for place, value in enumerate(values))


def _number(name: str, key: object, value: Any) -> float:
    if not is_finite_number(value):
        raise GdsolveError(f"{name}: {key} is {reprlib.repr(value)}, not a finite number", HINT, option="weights")
    return float(value)


def _options_of(model: Mapping[str, Any]) -> dict[str, Any]:
    """What a saved model was fitted to, and how its loss was, as options."""
    data, descent, subject = (model.get(key) or {} for key in ("data", "descent", "objective"))
    taken = {name: descent.get(name) for name in MODEL_LOSS}
    taken |= {name: data.get(name) for name in ("target", "weight", "weight_kind", "sigma", "offset", "exposure")}
    for side in ("lower", "upper"):
        bounds = {name.partition("[")[0]: one[side] for name, one in (model.get("bounds") or {}).items()}
        taken[side] = tuple(f"{name}={bound!r}" for name, bound in bounds.items() if bound is not None) or None
    taken["na_values"] = tuple(data.get("na_values") or ()) or None
    if subject.get("kind", "linear") == "linear":
        taken |= _columns_of(data)
    else:
        taken |= {"minimize" if subject["kind"] == "formula" else "model": subject["formula"]}
        taken |= {"link": descent.get("link"), "fix": tuple(subject.get("fixed") or ()) or None}
        constants = subject.get("constants") or {}
        taken["constants"] = tuple(Constant(name, _value(value)) for name, value in constants.items()) or None
        if subject["kind"] == "formula":
            taken |= {"target": None, "loss": None, "link": None}
    return {
        name: convert(name, value) if isinstance(value, str) else value
        for name, value in taken.items()
        if value is not None
    }


def _columns_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The features, those of text by the column that their levels come from."""
    if data.get("formula"):
        return {"formula": data["formula"]["text"], "target": None}
    levels = data.get("levels") or {}
    encoded = {f"{column}={level}": column for column, known in levels.items() for level in known}
    names = [encoded.get(name, name) for name in data.get("features") or ()]
    found: dict[str, Any] = {"features": tuple(dict.fromkeys([*names, *levels]))}
    return found | {"categorical": Categorical.ONEHOT} if levels else found


def _value(value: Any) -> Any:
    return tuple(map(_value, value)) if isinstance(value, list | tuple) else float(value)
