"""Saved models: the JSON that `fit` writes, read back and checked."""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gdsolve.advice import Advice
from gdsolve.class_names import names_of_model
from gdsolve.form import (
    Kind,
    anything,
    count,
    is_finite_number,
    level,
    list_of,
    mapping_of,
    number,
    record_of,
    text,
    truth,
)
from gdsolve.json_file import TooLargeError, parsed_file
from gdsolve.status import ExitCode, GdsolveError

SCHEMA = "gdsolve.fit/1"
GROUPS = "gdsolve.groups/1"
AGAIN = Advice("save the model again", "gdsolve fit DATA --save MODEL.json")
MOST_KEPT = 200
"""Weights up to which a model holds their covariance: the triangle of so many has 20,100 numbers."""
LEARNT = record_of(
    {
        "text": text,
        "rest": list_of(text),
        "texts": list_of(text),
        "levels": mapping_of(list_of(level)),
        "state": mapping_of(mapping_of(anything)),
    },
    needed=("text", "texts", "levels", "state"),
)
"""What is kept of a formula."""
DATED = record_of({"columns": mapping_of(text), "unit": text, "format": text}, needed=("columns", "unit"))
"""What is kept of columns of dates."""
_TEXTS = ("target", "target_column", "weight", "weight_kind", "offset", "exposure", "sigma")
_NUMBERS = ("delta", "quantile", "power", "dispersion", "ridge", "l1")
# What is read of a model beside its weights, where it is there.
_SHARED: dict[str, Kind] = {
    "objective": record_of(
        {"kind": text, "formula": text, "fixed": mapping_of(anything), "constants": mapping_of(anything)}
    ),
    "descent": record_of(
        {
            **dict.fromkeys(("loss", "link", "penalty_scale"), text),
            **dict.fromkeys(_NUMBERS, number),
            "penalize_intercept": truth,
            "class_weight": list_of(text),
        }
    ),
    "data": record_of(
        {
            **dict.fromkeys(_TEXTS, text),
            **dict.fromkeys(("rows", "rows_weightless"), count),
            "levels": mapping_of(list_of(text)),
            "target_levels": list_of(text),
            "na_values": list_of(text),
            "dates": DATED,
            "formula": LEARNT,
        }
    ),
    "covariance": record_of(
        {
            **dict.fromkeys(("statistic", "errors", "reason"), text),
            **dict.fromkeys(("scale", "degrees_of_freedom"), number),
            "factor": list_of(list_of(number)),
            "parameters": list_of(text),
        }
    ),
    "weights_by_class": mapping_of(record_of({"weights": mapping_of(number), "intercept": number})),
    "bounds": mapping_of(record_of({"lower": number, "upper": number})),
    "optimum": record_of(
        {"weights": mapping_of(number), "intercept": number, "sse": number, "unique": truth},
    ),
    "online": record_of({"rows": count, "updates": count}),
    "iterations": count,
}
_GROUP = record_of({**_SHARED, "message": text})
FORM = record_of({**_SHARED, "group_by": text, "group_keys": list_of(text), "groups": list_of(_GROUP)})
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
    return _checked(path, read_json(path, _HINT), groups)


def read_json(path: str, hint: Advice) -> Any:
    """What a file of JSON holds.

    Raises:
        GdsolveError: no such file (exit code 5), or no JSON that Python can hold (exit code 2).
    """
    try:
        return parsed_file(path)
    except OSError as fault:
        reason = fault.strerror or "cannot be read"
        raise GdsolveError(f"{path}: {reason[0].lower()}{reason[1:]}", hint, ExitCode.DATA) from None
    except TooLargeError as fault:
        raise GdsolveError(f"{path}: {fault}", hint, ExitCode.DATA) from None
    except UnicodeEncodeError:
        raise GdsolveError(f"{path!r}: no file has such a name", hint, ExitCode.DATA) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as fault:
        where = f" (line {fault.lineno})" if isinstance(fault, json.JSONDecodeError) else ""
        raise GdsolveError(f"{path}: not JSON{where}", hint) from None
    except RecursionError:
        raise GdsolveError(f"{path}: is nested too deeply", hint) from None
    except ValueError:
        if "\0" in path:
            raise GdsolveError(f"{path!r}: no file has such a name", hint, ExitCode.DATA) from None
        raise GdsolveError(f"{path}: holds an integer of more digits than Python reads", hint) from None


def _checked(path: str, model: Any, groups: bool) -> Mapping[str, Any]:
    found = model.get("schema") if isinstance(model, dict) else None
    if not isinstance(model, dict) or found not in (SCHEMA, GROUPS if groups else SCHEMA):
        raise GdsolveError(f"{path}: schema is {found!r}, not {SCHEMA!r}", _HINT)
    if misfit := FORM("", model):
        raise GdsolveError(f"{path}: {misfit}", AGAIN)
    if found == GROUPS and not model.get("groups"):
        raise GdsolveError(f"{path}: groups are missing", AGAIN)
    if found == SCHEMA:
        _require_numbers(path, model)
    for one in model["groups"] if found == GROUPS else ():
        if one.get("weights") is not None:
            _require_numbers(f"{path}: group {one.get('group')}", {**model, **one, "data": model.get("data")})
    return model


def _require_numbers(path: str, model: Mapping[str, Any]) -> None:
    weights, data = model.get("weights"), model.get("data")
    features = data.get("features") if isinstance(data, dict) else None
    named = isinstance(features, list) and all(isinstance(name, str) for name in features)
    if not isinstance(weights, dict) or not named:
        raise GdsolveError(f"{path}: weights or data.features are missing", AGAIN)
    subject = model.get("objective") or {}
    expected = names_of_model(model) or features or ()
    linear = subject.get("kind", "linear") == "linear"
    if linear and set(weights) != set(expected):
        raise GdsolveError(f"{path}: weights and data.features name different columns", AGAIN)
    each = model.get("weights_by_class")
    own = [set(one.get("weights") or ()) for one in (each or {}).values()]
    if linear and each is not None and (not own or any(names != set(features or ()) for names in own)):
        raise GdsolveError(f"{path}: weights_by_class and data.features name different columns", AGAIN)
    numbers = {**(subject.get("fixed") or {}), **(subject.get("constants") or {}), **weights}
    if model.get("intercept") is not None:
        numbers["intercept"] = model["intercept"]
    if set(map(type, numbers.values())) == {float} and all(map(math.isfinite, numbers.values())):
        return
    for name, value in numbers.items():
        if not is_finite_number(value):
            raise GdsolveError(
                f"{path}: the weight of {name!r} is {reprlib.repr(value)}, not a finite number",
                "a diverged run leaves no usable model; fit again with --lr auto",
            )
