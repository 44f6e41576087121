"""What a model keeps of its formula, as JSON: the text, which columns are text, levels, and what functions learnt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gdsolve.data.formula.columns import FormulaColumns
from gdsolve.data.formula.design import FormulaDesign, build_design
from gdsolve.model import AGAIN
from gdsolve.spec.model_formula import read_formula
from gdsolve.status import GdsolveError


def formula_record(columns: FormulaColumns) -> dict[str, Any]:
    """The key `data.formula` of `gdsolve.fit/1`.

    `rest` are the columns that a dot stands for, `levels` are by factor, and `state` by call: knots, means and so on.
    Keys that are no texts, and arrays, are written as {"map": [[key, value]]} and {"array": […]}.
    """
    design = columns.design
    assert design is not None
    return {
        "text": design.formula.text,
        "rest": None if design.rest is None else list(design.rest),
        "texts": list(design.texts),
        "levels": {factor: list(levels) for factor, levels in design.levels.items()},
        "state": {
            call: {name: _plain(value) for name, value in found.items()} for call, found in design.states.items()
        },
    }


def design_of(record: Mapping[str, Any]) -> FormulaDesign:
    """The formula of a saved model, with all that it learnt.

    Raises:
        GdsolveError: `formulaic` is not installed, or what no model has.
    """
    try:
        rest = None if record["rest"] is None else tuple(map(str, record["rest"]))
        formula = read_formula(str(record["text"]), rest)
        states = {
            call: {name: _restored(value) for name, value in found.items()} for call, found in record["state"].items()
        }
        levels = {str(factor): tuple(levels) for factor, levels in record["levels"].items()}
        return build_design(formula, rest, tuple(map(str, record["texts"])), states, levels)
    except (KeyError, AttributeError, TypeError, ValueError) as fault:
        raise GdsolveError(f"data.formula of the model is damaged ({fault})", AGAIN) from None


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {"map": [[_plain(key), _plain(one)] for key, one in value.items()]}
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.item() if isinstance(value, np.generic) else value


def _restored(value: Any) -> Any:
    if isinstance(value, Mapping):
        (kind, found), *_ = value.items()
        return np.array(found) if kind == "array" else {_restored(key): _restored(one) for key, one in found}
    return [_restored(one) for one in value] if isinstance(value, list) else value
