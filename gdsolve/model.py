"""Saved models: the JSON that `fit` writes, read back and checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdsolve.advice import Advice
from gdsolve.class_names import names_of_model
from gdsolve.imports import collector_at_rest
from gdsolve.status import ExitCode, GdsolveError

SCHEMA = "gdsolve.fit/1"
GROUPS = "gdsolve.groups/1"
AGAIN = Advice("save the model again", "gdsolve fit DATA --save MODEL.json")
MOST_KEPT = 200
"""Weights up to which a model holds their covariance: the triangle of so many has 20,100 numbers."""
# What is read of a model beside its weights, where it is there.
FORM: dict[tuple[str, ...], type] = {
    ("objective",): dict,
    ("objective", "kind"): str,
    ("objective", "formula"): str,
    ("objective", "fixed"): dict,
    ("objective", "constants"): dict,
    ("descent",): dict,
    ("descent", "loss"): str,
    ("descent", "link"): str,
    ("data", "levels"): dict,
    ("data", "target_levels"): list,
    ("data", "na_values"): list,
    ("data", "formula"): dict,
    ("data", "formula", "text"): str,
    ("data", "formula", "rest"): list,
    ("data", "formula", "texts"): list,
    ("data", "formula", "levels"): dict,
    ("data", "formula", "state"): dict,
    ("covariance",): dict,
    ("covariance", "factor"): list,
    ("covariance", "parameters"): list,
    ("groups",): list,
    ("group_by",): str,
    ("group_keys",): list,
}
NAMES: dict[type, str] = {dict: "a mapping", list: "a list", str: "a text"}
_HINT = Advice("a model is what `gdsolve fit --save MODEL.json` writes", verbatim=True)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model at hand, as its file would have it; `name` is what messages call it."""

    name: str
    record: Mapping[str, Any]

    def __str__(self) -> str:
        return self.name


def read_model(model: str | Model, *, groups: bool = False) -> Mapping[str, Any]:
    """The model at hand, or in a file that `fit --save` or `fit --format json` wrote; `groups` lets one of groups in.

    Raises:
        GdsolveError: no such file (exit code 5), not such a file, or weights that are not numbers (exit code 2).
    """
    return _checked(model.name, model.record, groups) if isinstance(model, Model) else _read(model, groups)


def _read(path: str, groups: bool) -> Mapping[str, Any]:
    try:
        with collector_at_rest():
            model = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as fault:
        reason = fault.strerror or "cannot be read"
        raise GdsolveError(f"{path}: {reason[0].lower()}{reason[1:]}", _HINT, ExitCode.DATA) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as fault:
        where = f" (line {fault.lineno})" if isinstance(fault, json.JSONDecodeError) else ""
        raise GdsolveError(f"{path}: not JSON{where}", _HINT) from None
    return _checked(path, model, groups)


def _checked(path: str, model: Any, groups: bool) -> Mapping[str, Any]:
    found = model.get("schema") if isinstance(model, dict) else None
    if not isinstance(model, dict) or found not in (SCHEMA, GROUPS if groups else SCHEMA):
        raise GdsolveError(f"{path}: schema is {found!r}, not {SCHEMA!r}", _HINT)
    _require_form(path, model)
    if found == SCHEMA:
        _require_numbers(path, model)
    for one in model["groups"] if found == GROUPS else ():
        if one.get("weights") is not None:
            _require_numbers(f"{path}: group {one.get('group')}", {**model, **one, "data": model.get("data")})
    return model


def _require_form(path: str, model: Mapping[str, Any]) -> None:
    """See that what is read of a model is of its kind: a file may have been edited, or broken off."""
    for place, kind in FORM.items():
        value: Any = model
        for name in place:
            value = value.get(name) if isinstance(value, dict) else None
        _require(path, ".".join(place), value, kind)
    data = model.get("data")
    for column, texts in ((data.get("levels") or {}) if isinstance(data, dict) else {}).items():
        _require(path, f"data.levels.{column}", texts, list)
    if model["schema"] == GROUPS and not all(isinstance(one, dict) for one in model.get("groups") or [None]):
        raise GdsolveError(f"{path}: groups are missing", AGAIN)


def _require(path: str, place: str, value: object, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        raise GdsolveError(f"{path}: {place} is {value!r}, not {NAMES[kind]}", AGAIN)


def _require_numbers(path: str, model: Mapping[str, Any]) -> None:
    weights, data = model.get("weights"), model.get("data")
    features = data.get("features") if isinstance(data, dict) else None
    named = isinstance(features, list) and all(isinstance(name, str) for name in features)
    if not isinstance(weights, dict) or not named:
        raise GdsolveError(f"{path}: weights or data.features are missing", AGAIN)
    subject = model.get("objective") or {}
    expected = names_of_model(model) or features or ()
    if subject.get("kind", "linear") == "linear" and set(weights) != set(expected):
        raise GdsolveError(f"{path}: weights and data.features name different columns", AGAIN)
    numbers = {**(subject.get("fixed") or {}), **(subject.get("constants") or {}), **weights}
    if model.get("intercept") is not None:
        numbers["intercept"] = model["intercept"]
    if set(map(type, numbers.values())) == {float} and all(map(math.isfinite, numbers.values())):
        return
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise GdsolveError(
                f"{path}: the weight of {name!r} is {value!r}, not a finite number",
                "a diverged run leaves no usable model; fit again with --lr auto",
            )
